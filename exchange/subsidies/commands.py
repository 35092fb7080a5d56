"""What may be asked about what regions pay for vouchers."""

from dataclasses import dataclass

from exchange.names import ProgrammeId
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class BookSubsidy:
    """A region has paid so much for vouchers of a programme that were used in a month or quarter (`period`).

    `reference` is the bank's, and is booked once for each region. Nothing of it goes to the statements that are
    `withheld`: the region has not agreed to pay for them yet. An amount of nothing sets off what was paid too much.
    """

    programme: ProgrammeId
    period: str
    amount: Fen
    reference: str
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepaySubsidy:
    """The venue has given a region back so much of what it had paid too much for a programme."""

    programme: ProgrammeId
    amount: Fen
    reference: str


SubsidyCommand = BookSubsidy | RepaySubsidy
