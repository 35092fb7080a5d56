"""What regions have promised buyers in vouchers, as the state and the events hold it."""

from dataclasses import dataclass, field

from exchange.names import Instant, PartyId, ProgrammeId, RunId, VoucherId
from matching.terms import RegionCode
from settlement.money import NOTHING, Fen
from settlement.terms import VoucherMode, VoucherTerms
from settlement.vouchers.parties import BuyerSize
from settlement.vouchers.programme import Programme


@dataclass(frozen=True, slots=True)
class Facts:
    """What a party has declared of itself, as far as voucher programmes ask.

    `controllers` are the ids of all who control it: owners, legal representative, parent.
    """

    size: BuyerSize
    industry: str
    controllers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """What an eligible buyer may claim of a programme itself, once in a calendar year, and for how long that is valid."""

    amount: Fen
    seconds: int


@dataclass(slots=True)
class Subsidy:
    """What a voucher covers of a settled line, less what refunds returned of it, and what its region has paid of that."""

    programme: ProgrammeId
    mode: VoucherMode
    covered: Fen
    paid: Fen = NOTHING

    @property
    def open(self) -> Fen:
        """What the region still owes."""
        return Fen(self.covered - self.paid)


@dataclass(slots=True)
class CoveredLine:
    """A settled line that vouchers cover, with what they do, in the line's order.

    `on_charge` is what the seller was to get when the buyer was charged, less what refunds took of it: below zero where
    the fee took more.
    """

    run: RunId
    subject: str
    n: int
    period: str
    buyer: PartyId
    seller: PartyId
    on_charge: Fen
    subsidies: dict[VoucherId, Subsidy]

    @property
    def statement(self) -> str:
        """The id of its statement."""
        return f"{self.run}/{self.subject}"

    @property
    def name(self) -> str:
        """Its own name among all lines."""
        return f"{self.statement}/{self.n}"

    @property
    def paid_for_seller(self) -> Fen:
        """What regions have paid of it that is the seller's, before the rest of any fee."""
        to_seller = (
            one.paid for one in self.subsidies.values() if one.mode is not VoucherMode.REIMBURSE_BUYER
        )
        return Fen(sum(to_seller))


@dataclass(slots=True)
class LiveProgramme:
    """A programme's versions as they were adopted, the newest last, and how much of it is issued and taken, in fen.

    Years are those of Beijing. What is `taken` is held by orders and leases, or used; `claimed` is when a buyer last
    claimed. `owed` are the settled lines of which something is not paid yet, oldest first, with the voucher of each.
    """

    versions: list[Programme]
    claim: Claim | None
    issued: dict[int, Fen] = field(default_factory=dict)
    taken: dict[PartyId, dict[int, Fen]] = field(default_factory=dict)
    claimed: dict[PartyId, int] = field(default_factory=dict)
    owed: dict[str, VoucherId] = field(default_factory=dict)

    def in_force(self, at: int) -> Programme:
        """The newest version that has begun at an instant, or the first."""
        return next((one for one in reversed(self.versions) if one.valid_from <= at), self.versions[0])


@dataclass(frozen=True, slots=True)
class Voucher:
    """What a region has promised a buyer: up to `amount` of what it orders before `ends`. Nobody else can use it."""

    id: VoucherId
    programme: ProgrammeId
    issuer: RegionCode
    buyer: PartyId
    amount: Fen
    ends: Instant


@dataclass(slots=True)
class LiveVoucher:
    """A voucher that is not used up, and not over: what it may still cover, and what is held of it."""

    terms: Voucher
    left: Fen
    held: Fen


@dataclass(frozen=True, slots=True)
class Pledge:
    """What an order, a lease or a contract holds of a voucher, and the terms under which it is used.

    `version` is the programme's, and `at` the instant of the order or contract, by which it was judged.
    """

    voucher: VoucherId
    programme: ProgrammeId
    version: int
    issuer: RegionCode
    terms: VoucherTerms
    at: Instant
    amount: Fen


@dataclass(frozen=True, slots=True)
class VoucherPart:
    """What a voucher covers of a line, the terms under which it does, and the region that owes it.

    `at` is the instant of the order or contract: what is covered counts against the caps of its year.
    """

    voucher: VoucherId
    programme: ProgrammeId
    issuer: RegionCode
    terms: VoucherTerms
    at: Instant
    covered: Fen
