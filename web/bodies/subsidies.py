"""What regions pay for vouchers, as it is reported and answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from exchange.names import ProgrammeId
from exchange.parties.rules import AMOUNT_MAX
from exchange.persistence.queries.subsidies import ReceivedPart, StoredSubsidy
from exchange.state import VenueTerms
from exchange.subsidies.commands import BookSubsidy, RepaySubsidy
from settlement.money import Fen
from web.bodies.fields import FenField, StatementField, TextField, utc
from web.strict import Body

WITHHELD_MAX = 1_000


class SubsidyIn(Body):
    """What a region has paid for vouchers used in a month such as `2026-12`, or in a quarter such as `2026-Q4`.

    It is shared out among what the region owes for that, the oldest first, but to no statement that is `withheld`.
    `reference` is the bank's, and is booked once for each region. An amount of 0 sets off what was paid too much before.
    """

    period: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(?:[0-9]{2}|Q[1-4])$")]
    amount_fen: Annotated[int, Field(ge=0, le=AMOUNT_MAX, description="Hundredths of a yuan.")]
    reference: TextField
    withheld: Annotated[list[StatementField], Field(max_length=WITHHELD_MAX)] = Field(default_factory=list)

    def command(self, programme: str) -> BookSubsidy:
        """The command that this asks for."""
        amount, withheld = Fen(self.amount_fen), tuple(self.withheld)
        return BookSubsidy(ProgrammeId(programme), self.period, amount, self.reference, withheld)


class RepaymentIn(Body):
    """What a region has back of what it had paid too much, under a reference of the bank."""

    amount_fen: FenField
    reference: TextField

    def command(self, programme: str) -> RepaySubsidy:
        """The command that this asks for."""
        return RepaySubsidy(ProgrammeId(programme), Fen(self.amount_fen), self.reference)


@dataclass(frozen=True, slots=True)
class SubsidyOut:
    """A region's payment: with money, and with `credit_fen` that it had paid too much before.

    What it was given back has no period, and an amount below zero.
    """

    programme: str
    issuer: str
    period: str | None
    amount_fen: int
    credit_fen: int
    reference: str
    withheld: list[str]
    at: datetime
    seq: int

    @classmethod
    def of(cls, subsidy: StoredSubsidy, terms: VenueTerms) -> "SubsidyOut":
        """A payment as it is stored."""
        return cls(
            programme=subsidy.programme,
            issuer=subsidy.issuer,
            period=subsidy.period,
            amount_fen=subsidy.amount,
            credit_fen=subsidy.credit,
            reference=subsidy.reference,
            withheld=list(subsidy.withheld),
            at=utc(terms.instant_of(subsidy.slot)),
            seq=subsidy.seq,
        )


@dataclass(frozen=True, slots=True)
class ReceivedOut:
    """What a region has paid of a voucher's part of a line, counted from 0, and what of that `party` has got.

    A seller gets less while it pays the rest of a fee that the buyer's part did not cover.
    """

    line: int
    voucher: str
    issuer: str
    party: str
    amount_fen: int
    received_fen: int
    reference: str

    @classmethod
    def of(cls, part: ReceivedPart) -> "ReceivedOut":
        """A part as it is stored."""
        return cls(part.n, part.voucher, part.issuer, part.party, part.amount, part.received, part.reference)
