"""What the venue remembers between two commands: the state that events build and rules read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from exchange.catalogue.catalogue import Catalogue
from exchange.earnings import Earnings, LiveChargeback
from exchange.names import (
    ContractId,
    Instant,
    LeaseId,
    PackageId,
    PartyId,
    PayoutId,
    ProgrammeId,
    RefundId,
    RunId,
    VoucherId,
)
from exchange.promises import CoveredLine, Facts, LiveProgramme, LiveVoucher, Pledge, VoucherPart
from matching.curves import Run
from matching.market import Market
from matching.terms import (
    ChipCode,
    ListingId,
    MarketTerms,
    OrderId,
    OwnerGroup,
    RegionCode,
    Slot,
    Tier,
    Window,
)
from settlement.agreements import PairAgreement
from settlement.credit_notes import CreditNote
from settlement.ledger.chart import AccountKind
from settlement.ledger.journal import Balances
from settlement.money import NOTHING, BasisPoints, Fen
from settlement.power import PowerTables
from settlement.quarters import PairQuarter, Version
from settlement.rating.packages import TokenPackage
from settlement.rating.service_credits import ServicePromise
from settlement.rating.tokens import TokenPrices, TokenTariff
from settlement.terms import FeeTerms
from settlement.vouchers.programme import ChipOrigin

MICRO_PER_FEN = 10_000
LEAST_PAYOUT = Fen(100_00)


class Role(StrEnum):
    """What a party may do."""

    BUYER = "buyer"
    SELLER = "seller"
    REGION = "region"
    """The finance office of a region: it reads what concerns its region."""
    CLERK = "clerk"
    """The venue's own staff: parties, deposits, agreements, closing."""


@dataclass(frozen=True, slots=True)
class VenueTerms:
    """The rules of the house, as adopted. A lease keeps the rates that were in force when it was granted.

    `slot_seconds`, `lot_max` and `utc_offset_seconds` are fixed by the first adoption. `lot_max` bounds every
    listing's lot, because holds depend on it. `late_window_seconds` is how long after a slot its delivery may still
    be reported; it may only get shorter. `vat_rates_bp` gives each catalogue line its rate. The periods of settlement
    are calendar months at `utc_offset_seconds`. `market` says what may happen in the market: it holds from now on for
    whatever is decided. `promises` are what every seller promises of its leases of a tier, and a lease keeps its own too.
    """

    slot_seconds: int
    lot_max: int
    horizon_slots: int
    late_window_seconds: int
    fee: FeeTerms
    vat_rates_bp: Mapping[str, BasisPoints]
    utc_offset_seconds: int
    market: MarketTerms
    promises: Mapping[Tier, ServicePromise] = field(default_factory=dict)

    def slot_of(self, instant: int) -> Slot:
        """The slot that an instant lies in."""
        return Slot(instant // self.slot_seconds)

    def instant_of(self, slot: int) -> Instant:
        """When a slot begins."""
        return Instant(slot * self.slot_seconds)

    @property
    def price_tick(self) -> int:
        """Smallest step of a price, in micro-yuan per card-slot: one fen per card-hour."""
        return MICRO_PER_FEN * self.slot_seconds // 3600


@dataclass(frozen=True, slots=True)
class Party:
    """A firm, an institution or an office that trades, settles or watches. Never a person.

    `region` is where it is registered (GB/T 2260). Parties of one `group` have one interest and never trade
    with each other.
    """

    id: PartyId
    name: str
    roles: frozenset[Role]
    region: RegionCode
    group: OwnerGroup


@dataclass(frozen=True, slots=True)
class OpenListing:
    """Whose listing it is, and under which catalogue line it is taxed."""

    party: PartyId
    line: str


@dataclass(slots=True)
class OpenOrder:
    """Whose order it is, where its demand comes from, and what it still holds of its buyer's money."""

    party: PartyId
    source: RegionCode
    held: Fen


@dataclass(frozen=True, slots=True)
class Reserve:
    """What a closed order keeps of its buyer's money while its leases can be taken back.

    With what they hold themselves it covers looking for capacity anew, unless the hours that were delivered were dearer
    than the limit, which holds for the average of a run.
    """

    party: PartyId
    held: Fen


@dataclass(frozen=True, slots=True)
class PricedRun:
    """Slots of a lease that cost the same: `price` in micro-yuan per card-slot."""

    window: Window
    price: int


def priced(runs: Iterable[Run]) -> tuple[PricedRun, ...]:
    """What a lease costs slot by slot, in the venue's words."""
    return tuple(PricedRun(Window(Slot(start), Slot(end)), price) for start, end, price in runs)


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """A lease as granted: what was bought, from whom, for whom, and the rates and the promise in force that day."""

    id: LeaseId
    order: OrderId
    listing: ListingId
    buyer: PartyId
    seller: PartyId
    source: RegionCode
    destination: RegionCode
    cards: int
    runs: tuple[PricedRun, ...]
    vat_rate_bp: BasisPoints
    fee: FeeTerms
    promise: ServicePromise | None = None


@dataclass(slots=True)
class LiveLease:
    """A lease that is not settled to its end: slots still to settle, by price in micro-yuan per card-slot.

    `last_run` is the run of its last statement: a lease has at most one in each. `chip` is what its cards are. If it
    was taken back, it ran on for `notice` slots.
    """

    terms: LeaseTerms
    chip: ChipCode
    unsettled: dict[int, int]
    last_run: RunId | None = None
    notice: int | None = None


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """A token contract: `budget` is prepaid and held, `prices` are the first, in force until others are agreed."""

    id: ContractId
    buyer: PartyId
    seller: PartyId
    source: RegionCode
    destination: RegionCode
    prices: TokenPrices
    budget: Fen
    begins: Instant
    ends: Instant
    line: str
    vat_rate_bp: BasisPoints
    fee: FeeTerms


@dataclass(slots=True)
class LivePackage:
    """A package of tokens, what is left of it, and whether its price is still held: no statement has charged it yet."""

    terms: TokenPackage
    left: int
    due: bool


@dataclass(slots=True)
class LiveContract:
    """A token contract whose use is not settled to its end, what is left of its budget, and its last statement's run.

    `tariffs` are all versions of its prices, in order. None is ever changed.
    """

    terms: ContractTerms
    left: Fen
    tariffs: list[TokenTariff]
    packages: dict[PackageId, LivePackage] = field(default_factory=dict)
    last_run: RunId | None = None

    @property
    def held(self) -> Fen:
        """What it holds of its buyer's money: the rest of the budget, and the prices of packages that are due."""
        return Fen(self.left + sum(package.terms.price for package in self.packages.values() if package.due))


@dataclass(frozen=True, slots=True)
class CloseRun:
    """The closing of one period, and all that its figures depend on.

    It settles what was delivered before `ends` and reported in usage batches up to `usage_batch`; slots that ended
    by `late_until`, and so had their whole late window, are settled as lost if nobody reported them. The same three
    marks of the run before say what was settled already, so a run's sums come out the same at any time.

    `usage_batch` is None until the run has begun to refuse late reports: only then is it known what came in time.
    """

    id: RunId
    period: str
    begins: Instant
    ends: Instant
    usage_batch: int | None
    late_until: Instant


@dataclass(frozen=True, slots=True)
class SettledLine:
    """A statement line as it was posted, with the terms under which it was settled: all that a refund is reckoned from.

    It is the `n`-th of the statement of a lease or contract (`subject`) in a run. `agreement` is (id, version), or None.
    """

    run: RunId
    subject: str
    n: int
    buyer: PartyId
    seller: PartyId
    gross: Fen
    vat_rate_bp: BasisPoints
    fee: FeeTerms
    agreement: tuple[str, int] | None
    vouchers: tuple[VoucherPart, ...]

    @property
    def statement(self) -> str:
        """The id of its statement."""
        return f"{self.run}/{self.subject}"

    @property
    def name(self) -> str:
        """Its own name among all lines."""
        return f"{self.statement}/{self.n}"


@dataclass(slots=True)
class LiveNote:
    """A credit note that waits for something, and between whom it is."""

    buyer: PartyId
    seller: PartyId
    note: CreditNote


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """When sellers are paid: what a run settled is held back for some days after its close; less than `minimum` waits."""

    hold_back_days: int = 7
    minimum: Fen = LEAST_PAYOUT


class PayoutWay(StrEnum):
    """Whom a payout pays, and by which way: what its `account` is."""

    TRANSFER = "transfer"
    """A seller, at the account that it has named."""
    REFUND = "refund"
    """A buyer, back by the top-up of this reference: the way the money had come."""
    BANK = "bank"
    """A buyer, at an account of its bank."""

    @property
    def balance(self) -> AccountKind:
        """Out of which balance it is paid, and into which it goes back."""
        return AccountKind.PAYABLE if self is PayoutWay.TRANSFER else AccountKind.AVAILABLE


WITHDRAWAL_WAYS = (PayoutWay.REFUND, PayoutWay.BANK)
"""The ways by which a buyer has its balance back."""


class PayoutState(StrEnum):
    """How far a payout has got."""

    BEGUN = "begun"
    """Its money is set aside, and on its way by the gateway."""
    PAID = "paid"
    """The seller or buyer has it."""
    FAILED = "failed"
    """The gateway refused it: the money is back in the balance that it was taken from."""
    RETURNED = "returned"
    """All of it has come back, into the same balance."""


@dataclass(slots=True)
class LivePayout:
    """A payout that is begun or paid, and how much of it has not come back."""

    party: PartyId
    account: str
    way: PayoutWay
    left: Fen
    state: PayoutState = PayoutState.BEGUN


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed for a region, with which of its keys, when by the venue's clock, and the SHA-256 of what was signed."""

    region: RegionCode
    party: PartyId
    key: str
    at: Instant
    digest: str


class DraftStatus(StrEnum):
    """What has become of a version of an agreement that was proposed."""

    OPEN = "open"
    SIGNED = "signed"
    """By every party: the version is in force, from its first instant until its last."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(slots=True)
class Draft:
    """A version of an agreement as it was proposed, by whom, and who has signed it."""

    agreement: PairAgreement
    by: PartyId
    digest: str
    status: DraftStatus = DraftStatus.OPEN
    signatures: dict[RegionCode, Signature] = field(default_factory=dict)

    @property
    def waits_for(self) -> list[str]:
        """The parties that have not signed."""
        return [region for region in self.agreement.parties if region not in self.signatures]


@dataclass(slots=True)
class QuarterStanding:
    """Where a pair's quarter stands: the digest that each region has confirmed last, and what is recognised.

    `booked` are the versions of agreements under which a line of an earlier month was posted in the quarter, or any was
    refunded: they need not be in force in it.
    """

    confirmed: dict[str, str] = field(default_factory=dict)
    agreed: bool = False
    recognised: dict[tuple[str, AccountKind], Fen] = field(default_factory=dict)
    references: set[tuple[str, AccountKind, str]] = field(default_factory=set)
    booked: set[Version] = field(default_factory=set)


@dataclass(slots=True)
class PowerStanding:
    """The tables that carbon is reckoned by, and what sellers have declared.

    `pues` are by seller and region, and then by the month from which they hold; `certificates` are the references of a
    seller, region and month in the order in which they came, and `left` what is not used of each, in Wh: for ever, since
    one counts once.
    """

    tables: PowerTables | None = None
    versions: set[str] = field(default_factory=set)
    pues: dict[tuple[PartyId, str], dict[str, int]] = field(default_factory=dict)
    certificates: dict[tuple[PartyId, str, str], list[str]] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """Everything that the next decision depends on."""

    market: Market = field(default_factory=Market)
    terms: VenueTerms | None = None
    parties: dict[PartyId, Party] = field(default_factory=dict)
    keys: dict[PartyId, set[str]] = field(default_factory=dict)
    """The names of the keys in force."""
    balances: Balances = field(default_factory=Balances)
    references: dict[PartyId, set[str]] = field(default_factory=dict)
    """The bank's references that are booked for each party: for ever, since a slip may come again after years.

    It grows with deposits alone, which a clerk books one by one: a million of them take some hundred megabytes.
    """
    listings: dict[ListingId, OpenListing] = field(default_factory=dict)
    orders: dict[OrderId, OpenOrder] = field(default_factory=dict)
    reserves: dict[OrderId, Reserve] = field(default_factory=dict)
    leases: dict[LeaseId, LiveLease] = field(default_factory=dict)
    contracts: dict[ContractId, LiveContract] = field(default_factory=dict)
    agreements: list[PairAgreement] = field(default_factory=list)
    """Those that every party has signed."""
    drafts: dict[tuple[str, int], Draft] = field(default_factory=dict)
    """Every version that was ever proposed, by id and version."""
    quarters: dict[PairQuarter, QuarterStanding] = field(default_factory=dict)
    power: PowerStanding = field(default_factory=PowerStanding)
    facts: dict[PartyId, Facts] = field(default_factory=dict)
    programmes: dict[ProgrammeId, LiveProgramme] = field(default_factory=dict)
    vouchers: dict[VoucherId, LiveVoucher] = field(default_factory=dict)
    pledges: dict[str, tuple[Pledge, ...]] = field(default_factory=dict)
    """What orders, leases and contracts hold of vouchers, by their ids."""
    covered: dict[str, CoveredLine] = field(default_factory=dict)
    """Settled lines that vouchers cover, by name: for ever, since a line may be refunded after years."""
    subsidy_references: dict[RegionCode, set[str]] = field(default_factory=dict)
    """The bank's references of what each region has paid, or was given back."""
    origins: Mapping[ChipCode, ChipOrigin] = field(default_factory=dict)
    """Which chips are domestic: the catalogue's, and no event's."""
    first_slot: Slot | None = None
    """The slot of the first tick: the venue's time begins in it, and so does its first period."""
    last_run: CloseRun | None = None
    open_run: CloseRun | None = None
    runs: int = 0
    refunds: dict[str, dict[str, Fen]] = field(default_factory=dict)
    """What was refunded of each settled line, by reference: lines of which nothing was are not remembered."""
    notes: dict[RefundId, LiveNote] = field(default_factory=dict)
    payout_terms: PayoutTerms = field(default_factory=PayoutTerms)
    payout_accounts: dict[PartyId, str] = field(default_factory=dict)
    earnings: dict[RunId, Earnings] = field(default_factory=dict)
    payouts: dict[PayoutId, LivePayout] = field(default_factory=dict)
    topups: dict[PartyId, dict[str, Fen]] = field(default_factory=dict)
    """What may go back by each top-up of a party, the oldest first: not those by which nothing can go back any more."""
    chargebacks: dict[PartyId, dict[str, LiveChargeback]] = field(default_factory=dict)
    """What banks took back of each party's payments, by the dispute, the oldest first: for ever, since each is booked once."""
    paid_out: Fen = NOTHING
    """What sellers and buyers have been paid in all, less what came back."""

    @property
    def rules(self) -> VenueTerms:
        """The terms in force. Nothing but their adoption may be asked of a venue that has none."""
        assert self.terms is not None, "the venue has adopted its terms"
        return self.terms

    @property
    def closed_until(self) -> Instant:
        """Until when periods are closed, or about to be."""
        return max(
            (run.ends for run in (self.last_run, self.open_run) if run is not None), default=Instant(0)
        )

    @property
    def now(self) -> Instant:
        """When the slot began that the venue's clock stands in."""
        return self.rules.instant_of(self.market.now)


def before_all(catalogue: Catalogue) -> State:
    """The state before the first command: a market of the catalogue's chips and regions."""
    origins = {code: chip.vendor.origin for code, chip in catalogue.chips.items()}
    return State(market=Market(frozenset(catalogue.chips), frozenset(catalogue.regions)), origins=origins)
