"""What can happen while a period closes."""

from dataclasses import dataclass
from enum import StrEnum

from exchange.names import PackageId, PartyId, RunId
from exchange.promises import VoucherPart
from exchange.state import CloseRun
from matching.terms import RegionCode
from settlement.carbon import Emissions
from settlement.meters import Meter
from settlement.money import Fen
from settlement.rating.service_credits import Credit
from settlement.statement import Line


@dataclass(frozen=True, slots=True)
class CloseBegun:
    """A run closes a period; nothing else can be closed until it is finished."""

    run: CloseRun


@dataclass(frozen=True, slots=True)
class UsageCut:
    """A run knows which usage it settles."""

    run: CloseRun


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of a statement: what was measured, at which price, and every figure that follows.

    `quantity` and `lost` are in card-seconds or tokens; `price` is micro-yuan per card-hour or per million tokens.
    `before_loss` is the gross of all that was contracted; `over_budget` is what use beyond a budget would have
    cost: recorded, not charged. `price_version` is the version of a contract's prices that was in force.
    `package` is the package that is sold, one at its price, or else that the tokens were taken from: what they would
    have cost is recorded, not charged. `credits` come off what was delivered, since the seller did not keep its promise.
    """

    service_period: str
    meter: Meter
    price: int
    price_version: int | None
    quantity: int
    lost: int
    agreement: tuple[str, int] | None
    before_loss: Fen
    over_budget: Fen
    line: Line
    vouchers: tuple[VoucherPart, ...] = ()
    package: PackageId | None = None
    credits: tuple[Credit, ...] = ()


class SubjectKind(StrEnum):
    """What a statement is about."""

    LEASE = "lease"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class StatementPosted:
    """A lease's or contract's use in one run is charged, and what it held beyond that is released.

    `settled` says how many slots of each price (micro-yuan per card-slot) are done with: none for a contract.
    `slots_left` and `held_left` are what remains of the subject after this statement: of a contract, what remains of
    its budget. `packages_left` says how many tokens are left of each package that was used.
    """

    run: RunId
    kind: SubjectKind
    subject: str
    buyer: PartyId
    seller: PartyId
    source: str
    destination: str
    lines: tuple[StatementLine, ...]
    settled: tuple[tuple[int, int], ...]
    charged: Fen
    released: Fen
    slots_left: int
    held_left: Fen
    packages_left: tuple[tuple[PackageId, int], ...] = ()


@dataclass(frozen=True, slots=True)
class LineEmissions:
    """What a statement line drew and emitted: the `n`-th of its statement.

    `it_wh` is what the cards drew, in Wh. `factor_year` says of which year the grid's factor is, in mg of CO₂ per kWh.
    `certificates` are the references that were used, each with its Wh. `by_region` shares the market-based grams
    between the parties of `agreement`; it is empty where none was in force, or where that says nothing of carbon.
    """

    n: int
    it_wh: int
    pue_milli: int
    factor_year: int
    grid_mg_per_kwh: int
    emissions: Emissions
    certificates: tuple[tuple[str, int], ...]
    agreement: tuple[str, int] | None
    by_region: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class EmissionsReckoned:
    """What the lines of a lease's statement emitted, by one version of the tables. Never edited."""

    run: RunId
    subject: str
    seller: PartyId
    region: RegionCode
    tables: str
    lines: tuple[LineEmissions, ...]


@dataclass(frozen=True, slots=True)
class PeriodClosed:
    """A period is closed for good."""

    run: CloseRun


ClosingEvent = CloseBegun | UsageCut | StatementPosted | PeriodClosed
