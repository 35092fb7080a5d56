"""What sellers are owed and paid and buyers take back, as it is asked for and answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from exchange.names import PartyId
from exchange.payouts.commands import BeginWithdrawal, PayoutAsked, SetPayoutTerms
from exchange.payouts.rules import ACCOUNT_MAX, AT_ONCE_MAX, DAYS_MAX
from exchange.persistence.payments import Freeze
from exchange.persistence.queries.payouts import Due, StoredPayout
from exchange.state import PayoutState, PayoutTerms, PayoutWay
from settlement.gateways.bank_file import is_account
from settlement.money import Fen
from settlement.payments import Movement, MovementState
from settlement.reconciliation import Difference, DifferenceKind, Reconciliation
from web.bodies.fields import FenField, PartyField, TextField
from web.problems import DoorRejection
from web.strict import Body


def _payable(account: str) -> str:
    if not is_account(account):
        raise PydanticCustomError(
            DoorRejection.INVALID_VALUE, "An account has the digits that its bank gives it"
        )
    return account


AccountField = Annotated[str, StringConstraints(max_length=ACCOUNT_MAX), AfterValidator(_payable)]


class PayoutTermsIn(Body):
    """When sellers are paid: how long what a period came to is held back after its close, and the least payout."""

    hold_back_days: Annotated[int, Field(ge=0, le=DAYS_MAX)]
    minimum_fen: FenField

    def command(self) -> SetPayoutTerms:
        """The command that this asks for."""
        return SetPayoutTerms(PayoutTerms(self.hold_back_days, Fen(self.minimum_fen)))


@dataclass(frozen=True, slots=True)
class PayoutTermsOut:
    """When sellers are paid."""

    hold_back_days: int
    minimum_fen: int

    @classmethod
    def of(cls, terms: PayoutTerms) -> "PayoutTermsOut":
        """The terms in force."""
        return cls(terms.hold_back_days, terms.minimum)


class PayoutAccountIn(Body):
    """Your account at your bank, at which you are paid; null where the venue pays by a gateway that asks you itself."""

    account: AccountField | None


@dataclass(frozen=True, slots=True)
class PayoutAccountOut:
    """Where you are paid, and a page of the gateway where you say who you are: of use once, and for minutes.

    Where both are null the gateway could not be asked: send the same again.
    """

    account: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class DueOut:
    """What a seller is owed: `due_fen` of what is `payable_fen` may be paid now, the rest is held back.

    `in_transit_fen` is on its way. Without an `account` nothing can be paid.
    """

    party: str
    account: str | None
    payable_fen: int
    due_fen: int
    in_transit_fen: int

    @classmethod
    def of(cls, due: Due) -> "DueOut":
        """What is owed, as it is stored."""
        return cls(due.party, due.account, due.payable, due.due, due.in_transit)


@dataclass(frozen=True, slots=True)
class FreezeOut:
    """Since when nobody is paid, and what an audit had found."""

    frozen_at: datetime
    found: str


@dataclass(frozen=True, slots=True)
class PayoutPlanOut:
    """What could be paid now: `payouts` as they may be asked for. While payouts are `frozen`, none is begun."""

    terms: PayoutTermsOut
    frozen: FreezeOut | None
    owed: list[DueOut]
    payouts: list["PayoutAskedOut"]
    total_fen: int

    @classmethod
    def of(cls, terms: PayoutTerms, freeze: Freeze | None, owed: Sequence[Due]) -> "PayoutPlanOut":
        """A plan by what is owed: whoever has an account is paid all that is due, if that is not too little."""
        payable = [due for due in owed if due.account is not None and due.due >= terms.minimum]
        return cls(
            terms=PayoutTermsOut.of(terms),
            frozen=None if freeze is None else FreezeOut(freeze.frozen_at, freeze.found),
            owed=[DueOut.of(due) for due in owed],
            payouts=[PayoutAskedOut(due.party, due.due) for due in payable],
            total_fen=sum(due.due for due in payable),
        )


@dataclass(frozen=True, slots=True)
class PayoutAskedOut:
    """How much a seller could be paid."""

    party: str
    amount_fen: int


class PayoutAskedIn(Body):
    """How much a seller is to be paid."""

    party: PartyField
    amount_fen: FenField


class PayoutsIn(Body):
    """Payouts to begin: all of them, or none if any can't be."""

    payouts: Annotated[list[PayoutAskedIn], Field(min_length=1, max_length=AT_ONCE_MAX)]

    def asked(self) -> tuple[PayoutAsked, ...]:
        """The payouts that this asks for."""
        return tuple(PayoutAsked(PartyId(one.party), Fen(one.amount_fen)) for one in self.payouts)


class WithdrawalIn(Body):
    """How much of your balance you take back. `account` at your bank is for what can't go back by a top-up; else null."""

    amount_fen: FenField
    account: AccountField | None

    def command(self) -> BeginWithdrawal:
        """The command that this asks for."""
        return BeginWithdrawal(Fen(self.amount_fen), self.account)


@dataclass(frozen=True, slots=True)
class PayoutOut:
    """A payout: `begun` until the gateway has paid. `left_fen` is what has not come back; `why` the code of a failure.

    `way` says what `account` is: a `transfer` pays a seller at its account, a `refund` a buyer back by the top-up of this
    id, `bank` a buyer at an account of its bank.
    """

    id: str
    party: str
    way: PayoutWay
    account: str
    amount_fen: int
    left_fen: int
    state: PayoutState
    reference: str | None
    why: str | None
    seq: int

    @classmethod
    def of(cls, payout: StoredPayout) -> "PayoutOut":
        """A payout as it is stored."""
        return cls(
            id=payout.id,
            party=payout.party,
            way=payout.way,
            account=payout.account,
            amount_fen=payout.amount,
            left_fen=payout.left,
            state=payout.status,
            reference=payout.reference,
            why=payout.why,
            seq=payout.seq,
        )


@dataclass(frozen=True, slots=True)
class BegunOut:
    """Payouts that were begun together."""

    payouts: list[PayoutOut]


class TakeBackIn(Body):
    """How much of a paid payout is to be taken back."""

    amount_fen: FenField

    @property
    def amount(self) -> Fen:
        """How much."""
        return Fen(self.amount_fen)


@dataclass(frozen=True, slots=True)
class TakeBackOut:
    """How taking back stands: what has `succeeded` is payable again. `why` is the code of a failure."""

    id: str
    amount_fen: int
    state: MovementState
    why: str | None

    @classmethod
    def of(cls, movement: Movement, amount: int) -> "TakeBackOut":
        """A movement as it stands now."""
        return cls(movement.id, amount, movement.state, movement.why)


class LiftIn(Body):
    """Why payouts may go on, though an audit had found a difference."""

    why: TextField


@dataclass(frozen=True, slots=True)
class LiftOut:
    """How many freezes were lifted."""

    lifted: int


@dataclass(frozen=True, slots=True)
class ReconciliationPlanOut:
    """Movements since an instant that are done and `waiting` to be compared, and those that agreed before."""

    since: datetime
    waiting: int
    reconciled: int


@dataclass(frozen=True, slots=True)
class DifferenceOut:
    """One difference: about which movement, payout or line, and both amounts."""

    kind: DifferenceKind
    about: str
    ours_fen: int
    theirs_fen: int

    @classmethod
    def of(cls, one: Difference) -> "DifferenceOut":
        """A difference as it was found."""
        return cls(one.kind, one.about, one.ours, one.theirs)


@dataclass(frozen=True, slots=True)
class ReconciliationOut:
    """What is in both books alike, what is missing in one of them, what differs otherwise, and the gateway's fees."""

    matched: int
    missing: list[DifferenceOut]
    differing: list[DifferenceOut]
    fees_fen: int

    @classmethod
    def of(cls, found: Reconciliation) -> "ReconciliationOut":
        """A reconciliation as it came out."""
        return cls(
            matched=len(found.agreed),
            missing=[DifferenceOut.of(one) for one in found.missing],
            differing=[DifferenceOut.of(one) for one in found.differing],
            fees_fen=found.fees,
        )
