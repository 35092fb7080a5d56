"""What regions have promised buyers in vouchers, as the state and the events hold it."""

from dataclasses import dataclass, field

from exchange.names import Instant, PartyId, ProgrammeId, VoucherId
from matching.terms import RegionCode
from settlement.money import Fen
from settlement.terms import VoucherTerms
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
class LiveProgramme:
    """A programme's versions as they were adopted, the newest last, and how much of it is issued and taken, in fen.

    Years are those of Beijing. What is `taken` is held by orders and leases, or used; `claimed` is when a buyer last
    claimed.
    """

    versions: list[Programme]
    claim: Claim | None
    issued: dict[int, Fen] = field(default_factory=dict)
    taken: dict[PartyId, dict[int, Fen]] = field(default_factory=dict)
    claimed: dict[PartyId, int] = field(default_factory=dict)

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
    """A voucher that is not used up, and not over: what it may still cover, and what orders and leases hold of it."""

    terms: Voucher
    left: Fen
    held: Fen


@dataclass(frozen=True, slots=True)
class Pledge:
    """What an order or a lease holds of a voucher, and the terms under which it is used.

    `version` is the programme's, and `at` the instant of the order, by which it was judged.
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

    `at` is the instant of the order: what is covered counts against the caps of its year.
    """

    voucher: VoucherId
    programme: ProgrammeId
    issuer: RegionCode
    terms: VoucherTerms
    at: Instant
    covered: Fen
