"""Money at the gateway, as it is asked for and answered."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from exchange.payments import Standing
from settlement.gateways.bank_file import BYTES_MAX
from settlement.money import Fen
from settlement.payments import MovementState
from web.bodies.fields import FenField
from web.strict import Body

LETTERS_MAX = BYTES_MAX // 4  # of a statement, each of four bytes at most


class TopUpIn(Body):
    """Money that you want to pay in."""

    amount_fen: FenField

    @property
    def amount(self) -> Fen:
        """How much."""
        return Fen(self.amount_fen)


@dataclass(frozen=True, slots=True)
class TopUpOut:
    """A top-up as it stands. It is booked when its state is `succeeded`.

    While it is `pending`, pay by the form of the gateway with `client_secret`, or by a bank transfer with
    `transfer_code` in its remark. `why` is the code of a failure.
    """

    id: str
    amount_fen: int
    state: MovementState
    client_secret: str | None
    transfer_code: str | None
    why: str | None

    @classmethod
    def of(cls, standing: Standing, amount: Fen) -> "TopUpOut":
        """A top-up as it stands now."""
        movement = standing.movement
        return cls(movement.id, amount, movement.state, standing.secret, standing.code, movement.why)


class BankStatementIn(Body):
    """A statement of the venue's bank: CSV in the venue's own form (docs/payments.md)."""

    csv: Annotated[str, Field(min_length=1, max_length=LETTERS_MAX)]


@dataclass(frozen=True, slots=True)
class BankStatementOut:
    """How many lines of a statement are new. A line counts once, however often it is sent."""

    new_lines: int


@dataclass(frozen=True, slots=True)
class PaymentFileOut:
    """Payments for the venue's bank to carry out: CSV in the venue's own form (docs/payments.md)."""

    number: int | None
    csv: str
