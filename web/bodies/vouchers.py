"""Programmes, vouchers, and what stands behind their use, as they are asked for and answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from exchange.names import Instant, PartyId, ProgrammeId
from exchange.persistence.queries.vouchers import (
    DeclaredFacts,
    Move,
    StoredProgramme,
    StoredUse,
    StoredVoucher,
)
from exchange.promises import Claim, Facts
from exchange.state import VenueTerms
from exchange.voucher_report import Report
from exchange.vouchers.commands import AdoptProgramme, DeclareFacts, IssueVoucher
from settlement.money import BasisPoints, Fen
from settlement.terms import VoucherMode
from settlement.vouchers.misuse import Misuse
from settlement.vouchers.parties import BuyerSize
from settlement.vouchers.presets import Preset
from settlement.vouchers.programme import (
    BudgetSpan,
    Buyers,
    ChipOrigin,
    Coverage,
    Evidence,
    ProductLine,
    Programme,
)
from web.bodies.fields import FenField, IdField, PartyField, RegionField, utc
from web.bodies.fields import Instant as InstantField
from web.strict import Body

REGIONS_MAX = 100
DAY = 86_400

Rate = Annotated[int, Field(ge=1, le=10_000, description="Ten-thousandths, rounded down.")]
Industry = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]


class FactsIn(Body):
    """What a party has shown: its size by the national standard, its industry, and who controls it.

    `controllers` are the ids of owners, of the legal representative and of the parent: ids of parties, or the registry's.
    """

    size: BuyerSize
    industry: Industry
    controllers: Annotated[list[IdField], Field(max_length=REGIONS_MAX)] = Field(default_factory=list)

    def command(self, party: str) -> DeclareFacts:
        """The command that this asks for."""
        return DeclareFacts(PartyId(party), Facts(self.size, self.industry, frozenset(self.controllers)))


@dataclass(frozen=True, slots=True)
class FactsOut:
    """What is on record of a party, since `at` by the venue's clock."""

    party: str
    size: BuyerSize
    industry: str
    controllers: list[str]
    at: datetime
    seq: int

    @classmethod
    def of(cls, declared: DeclaredFacts) -> "FactsOut":
        """Facts as they are stored."""
        facts = declared.facts
        controllers = sorted(facts.controllers)
        return cls(declared.party, facts.size, facts.industry, controllers, utc(declared.at), declared.seq)


class CoverageIn(Body):
    """The rate for a product line, on chips of an origin; without one on any."""

    product: ProductLine
    origin: ChipOrigin | None = None
    rate_bp: Rate


class ClaimIn(Body):
    """What an eligible buyer may claim itself, once in a calendar year, and for how many days that is valid."""

    amount_fen: FenField
    days: Annotated[int, Field(ge=1, le=3660)]


class ProgrammeIn(Body):
    """One version of a programme of your region. It is never edited: other terms are the next version.

    Who is eligible: `regions` (parts of them included), `sizes`, `industries`; an empty list asks nothing. Of `coverage`
    the first that fits a lease decides. `stacks_with` names programmes with which a contract may be shared, if they agree.
    """

    id: IdField
    version: Annotated[int, Field(ge=1, le=10_000)]
    regions: Annotated[list[RegionField], Field(max_length=REGIONS_MAX)] = Field(default_factory=list)
    sizes: Annotated[list[BuyerSize], Field(max_length=len(BuyerSize))] = Field(default_factory=list)
    industries: Annotated[list[Industry], Field(max_length=REGIONS_MAX)] = Field(default_factory=list)
    coverage: Annotated[list[CoverageIn], Field(min_length=1, max_length=REGIONS_MAX)]
    mode: VoucherMode
    valid_from: InstantField
    valid_to: InstantField | None = None
    per_order_cap_fen: FenField | None = None
    yearly_cap_fen: FenField | None = None
    budget_fen: FenField | None = None
    budget_span: BudgetSpan = BudgetSpan.WHOLE_PROGRAMME
    sellers_unrelated: bool = True
    stacks_with: Annotated[list[IdField], Field(max_length=REGIONS_MAX)] = Field(default_factory=list)
    evidence: Annotated[list[Evidence], Field(max_length=len(Evidence))] = Field(default_factory=list)
    claim: ClaimIn | None = None

    def command(self, issuer: str) -> AdoptProgramme:
        """The command that this asks for, of the office of a region."""
        programme = Programme(
            id=self.id,
            version=self.version,
            issuer=issuer,
            buyers=Buyers(tuple(self.regions), tuple(self.sizes), tuple(self.industries)),
            coverage=tuple(
                Coverage(one.product, one.origin, BasisPoints(one.rate_bp)) for one in self.coverage
            ),
            mode=self.mode,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            per_order_cap=_fen(self.per_order_cap_fen),
            yearly_cap=_fen(self.yearly_cap_fen),
            budget=_fen(self.budget_fen),
            budget_span=self.budget_span,
            sellers_unrelated=self.sellers_unrelated,
            stacks_with=tuple(self.stacks_with),
            evidence=tuple(self.evidence),
        )
        claim = None if self.claim is None else Claim(Fen(self.claim.amount_fen), self.claim.days * DAY)
        return AdoptProgramme(programme, claim)


@dataclass(frozen=True, slots=True)
class CoverageOut:
    """The rate for a product line, on chips of an origin; null is any."""

    product: ProductLine
    origin: ChipOrigin | None
    rate_bp: int


@dataclass(frozen=True, slots=True)
class ClaimOut:
    """What an eligible buyer may claim itself, once in a calendar year."""

    amount_fen: int
    days: int


@dataclass(frozen=True, slots=True)
class ProgrammeOut:
    """A version of a programme as it was adopted."""

    id: str
    version: int
    issuer: str
    regions: list[str]
    sizes: list[BuyerSize]
    industries: list[str]
    coverage: list[CoverageOut]
    mode: VoucherMode
    valid_from: datetime
    valid_to: datetime | None
    per_order_cap_fen: int | None
    yearly_cap_fen: int | None
    budget_fen: int | None
    budget_span: BudgetSpan
    sellers_unrelated: bool
    stacks_with: list[str]
    evidence: list[Evidence]
    claim: ClaimOut | None

    @classmethod
    def of(cls, programme: Programme, claim: Claim | None) -> "ProgrammeOut":
        """A programme as it is stored."""
        return cls(
            id=programme.id,
            version=programme.version,
            issuer=programme.issuer,
            regions=list(programme.buyers.regions),
            sizes=list(programme.buyers.sizes),
            industries=list(programme.buyers.industries),
            coverage=[CoverageOut(one.product, one.origin, one.rate_bp) for one in programme.coverage],
            mode=programme.mode,
            valid_from=utc(programme.valid_from),
            valid_to=None if programme.valid_to is None else utc(programme.valid_to),
            per_order_cap_fen=programme.per_order_cap,
            yearly_cap_fen=programme.yearly_cap,
            budget_fen=programme.budget,
            budget_span=programme.budget_span,
            sellers_unrelated=programme.sellers_unrelated,
            stacks_with=list(programme.stacks_with),
            evidence=list(programme.evidence),
            claim=None if claim is None else ClaimOut(claim.amount, claim.seconds // DAY),
        )

    @classmethod
    def stored(cls, programme: StoredProgramme) -> "ProgrammeOut":
        """The same from its row."""
        return cls.of(programme.terms, programme.claim)


@dataclass(frozen=True, slots=True)
class PresetOut:
    """An example of a programme, where it was read, and what was assumed. Read the notice before you adopt it."""

    programme: ProgrammeOut
    source: str
    dated: str
    note: str

    @classmethod
    def of(cls, preset: Preset) -> "PresetOut":
        """A preset as it is shipped."""
        return cls(ProgrammeOut.of(preset.programme, None), preset.source, preset.dated, preset.note)


class VoucherIn(Body):
    """A voucher for a buyer: valid for what it orders before `ends`."""

    buyer: PartyField
    amount_fen: FenField
    ends: InstantField

    def command(self, programme: str) -> IssueVoucher:
        """The command that this asks for."""
        return IssueVoucher(
            ProgrammeId(programme), PartyId(self.buyer), Fen(self.amount_fen), Instant(self.ends)
        )


@dataclass(frozen=True, slots=True)
class VoucherOut:
    """A voucher: what was promised is left, held by orders and leases, used, or expired."""

    id: str
    programme: str
    issuer: str
    buyer: str
    amount_fen: int
    left_fen: int
    held_fen: int
    used_fen: int
    expired_fen: int
    issued_at: datetime
    ends: datetime
    claimed: bool
    seq: int

    @classmethod
    def of(cls, voucher: StoredVoucher) -> "VoucherOut":
        """A voucher as it is stored."""
        return cls(
            id=voucher.id,
            programme=voucher.programme,
            issuer=voucher.issuer,
            buyer=voucher.buyer,
            amount_fen=voucher.amount,
            left_fen=voucher.left,
            held_fen=voucher.held,
            used_fen=voucher.used,
            expired_fen=voucher.expired,
            issued_at=utc(voucher.at),
            ends=utc(voucher.ends),
            claimed=voucher.claimed,
            seq=voucher.seq,
        )


@dataclass(frozen=True, slots=True)
class MoveOut:
    """What became of a voucher but that it was used: `held` by an order or contract, `passed` to a lease, `returned` or `expired`.

    And `refunded` by a refund, or `lapsed` where that came after its end: then its programme has it.
    """

    kind: str
    subject: str
    amount_fen: int
    at: datetime
    seq: int

    @classmethod
    def of(cls, move: Move, terms: VenueTerms) -> "MoveOut":
        """A move as it is stored."""
        return cls(move.kind, move.subject, move.amount, utc(terms.instant_of(move.slot)), move.seq)


@dataclass(frozen=True, slots=True)
class UseOut:
    """What a voucher covered of one line of a statement, counted from 0, and what refunds have returned of that since.

    The `subject` is a lease, or a token contract, which is its own `order`.
    Of the rest the region has paid `paid_fen`, and still owes `open_fen`.
    """

    statement: str
    line: int
    period: str
    order: str
    subject: str
    voucher: str
    programme: str
    issuer: str
    buyer: str
    seller: str
    mode: VoucherMode
    rate_bp: int
    gross_fen: int
    covered_fen: int
    returned_fen: int
    paid_fen: int
    open_fen: int

    @classmethod
    def of(cls, use: StoredUse) -> "UseOut":
        """A use as it is stored."""
        return cls(
            statement=use.statement,
            line=use.n,
            period=use.period,
            order=use.order,
            subject=use.subject,
            voucher=use.voucher,
            programme=use.programme,
            issuer=use.issuer,
            buyer=use.buyer,
            seller=use.seller,
            mode=use.mode,
            rate_bp=use.rate_bp,
            gross_fen=use.gross,
            covered_fen=use.covered,
            returned_fen=use.returned,
            paid_fen=use.paid,
            open_fen=use.open,
        )


@dataclass(frozen=True, slots=True)
class VoucherDetail:
    """A voucher with all that became of it."""

    voucher: VoucherOut
    moves: list[MoveOut]
    uses: list[UseOut]


@dataclass(frozen=True, slots=True)
class BuyersPartOut:
    """What one buyer was promised, and what became of it."""

    buyer: str
    issued_fen: int
    used_fen: int
    expired_fen: int
    held_fen: int
    left_fen: int


@dataclass(frozen=True, slots=True)
class ReportOut:
    """A programme's figures, of a month or of all time. What is held and left is as it stands now.

    Of what is used the region has paid a part and owes the rest, `open_fen`. `credit_fen` is what it has paid for lines
    that were refunded since: it comes off what it pays next.
    """

    programme: str
    period: str | None
    budget_fen: int | None
    issued_fen: int
    used_fen: int
    expired_fen: int
    held_fen: int
    left_fen: int
    paid_fen: int
    open_fen: int
    credit_fen: int
    by_buyer: list[BuyersPartOut]
    used_by_seller_fen: dict[str, int]
    uses: list[UseOut]

    @classmethod
    def of(cls, report: Report) -> "ReportOut":
        """A report as it was added up."""
        return cls(
            programme=report.programme,
            period=report.period,
            budget_fen=report.budget,
            issued_fen=report.issued,
            used_fen=report.used,
            expired_fen=report.expired,
            held_fen=report.held,
            left_fen=report.left,
            paid_fen=report.paid,
            open_fen=report.open,
            credit_fen=report.credit,
            by_buyer=[
                BuyersPartOut(part.buyer, part.issued, part.used, part.expired, part.held, part.left)
                for part in report.by_buyer
            ],
            used_by_seller_fen=dict(report.by_seller),
            uses=[UseOut.of(use) for use in report.uses],
        )


@dataclass(frozen=True, slots=True)
class MisuseOut:
    """Something that a voucher must not be used for, and was."""

    subject: str
    code: str
    detail: str

    @classmethod
    def of(cls, misuse: Misuse) -> "MisuseOut":
        """A misuse as it was found."""
        return cls(misuse.subject, misuse.code, misuse.sentence)


def _fen(amount: int | None) -> Fen | None:
    return None if amount is None else Fen(amount)
