"""What can happen about what regions pay for vouchers."""

from dataclasses import dataclass

from exchange.names import PartyId, ProgrammeId, RunId, VoucherId
from matching.terms import RegionCode
from settlement.money import Fen
from settlement.terms import VoucherMode


@dataclass(frozen=True, slots=True)
class SubsidyPart:
    """What is paid of a voucher's part of the `n`-th line of a statement, and what `party` gets of that.

    A buyer gets all of it. A seller gets less while it pays the rest of a fee.
    """

    run: RunId
    subject: str
    n: int
    voucher: VoucherId
    mode: VoucherMode
    party: PartyId
    amount: Fen
    received: Fen

    @property
    def statement(self) -> str:
        """The id of the line's statement."""
        return f"{self.run}/{self.subject}"

    @property
    def line(self) -> str:
        """The line's own name among all lines."""
        return f"{self.statement}/{self.n}"


@dataclass(frozen=True, slots=True)
class SubsidyPaid:
    """A region has paid for vouchers of a programme: with money, and with what it had paid too much before (`credit`)."""

    programme: ProgrammeId
    issuer: RegionCode
    period: str
    amount: Fen
    credit: Fen
    reference: str
    withheld: tuple[str, ...]
    parts: tuple[SubsidyPart, ...]


@dataclass(frozen=True, slots=True)
class SubsidyRepaid:
    """A region has back what it had paid too much for a programme, or a part of it."""

    programme: ProgrammeId
    issuer: RegionCode
    amount: Fen
    reference: str


SubsidyEvent = SubsidyPaid | SubsidyRepaid
