"""Money in and out as data: what a gateway is asked to do, under which key, and how far that has got.

A movement is one step of money. It is written down before the gateway hears of it, with the key that makes every
repetition the same request, so whoever finds it later, after whatever crash, can bring it to its end: money moves once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from settlement.money import NOTHING, Fen

KEY_SECONDS = 23 * 3600
"""How long a key is trusted to make a repetition the same request. Stripe keeps keys for 24 hours at least."""


NEVER_ARRIVED = "never_arrived"
"""Why a movement has failed that the gateway knows nothing of."""

TAKEN_BACK = "taken_back"
"""Why a refund has failed whose payment the buyer may have back already: disputed, or refunded by another hand."""


@dataclass(frozen=True, slots=True)
class TopUp:
    """A buyer pays money in."""

    party: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class Authorise:
    """A buyer's bank sets money aside, which is taken later by a capture or not at all."""

    party: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class Capture:
    """Take what was set aside, or a part of it; the rest is free again. `payment` is the gateway's reference."""

    party: str
    payment: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class Refund:
    """Give a buyer back what it paid, or a part of it, by the way it came."""

    party: str
    payment: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """Open a seller's account at the gateway, to which it can be paid. `country` is ISO 3166, such as CN."""

    party: str
    country: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Pay a seller. `account` is its account: at the gateway, or at its bank."""

    party: str
    account: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class BankTransfer:
    """Pay somebody at an account of its bank, whatever the gateway."""

    party: str
    account: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class Reversal:
    """Take back what a seller was paid, or a part of it. `transfer` is the gateway's reference."""

    party: str
    transfer: str
    amount: Fen


Instruction = TopUp | Authorise | Capture | Refund | OpenAccount | Transfer | BankTransfer | Reversal


def moved(instruction: Instruction) -> Fen:
    """What an instruction brings to the venue's account at the gateway, before fees; negative where it takes it away."""
    match instruction:
        case TopUp() | Capture() | Reversal():
            return instruction.amount
        case Refund() | Transfer() | BankTransfer():
            return Fen(-instruction.amount)
        case Authorise() | OpenAccount():
            return NOTHING


class MovementState(StrEnum):
    """How far a movement has got."""

    PLANNED = "planned"
    """Written down with its key. The gateway has not been asked."""
    REQUESTED = "requested"
    """The gateway is being asked, or was when the process ended: money may have moved."""
    UNKNOWN = "unknown"
    """The gateway was asked, and no answer says what came of it."""
    PENDING = "pending"
    """The gateway has it. How it ends depends on others: a buyer who pays, a bank."""
    SUCCEEDED = "succeeded"
    """It is done."""
    FAILED = "failed"
    """It was refused, or never reached the gateway. No money has moved, and none will."""
    RETURNED = "returned"
    """It was done, and came back: a bank refused a refund, say."""
    RECONCILED = "reconciled"
    """It is done, and stands in the gateway's books with the same amount."""


class Turn(StrEnum):
    """What happens to a movement."""

    SEND = "send"
    LOSE = "lose"
    ACCEPT = "accept"
    SUCCEED = "succeed"
    FAIL = "fail"
    RETURN = "return"
    RECONCILE = "reconcile"


_S, _T = MovementState, Turn

LIFE: Mapping[tuple[MovementState, Turn], MovementState] = {
    (_S.PLANNED, _T.SEND): _S.REQUESTED,
    (_S.REQUESTED, _T.LOSE): _S.UNKNOWN,
    (_S.REQUESTED, _T.ACCEPT): _S.PENDING,
    (_S.REQUESTED, _T.SUCCEED): _S.SUCCEEDED,
    (_S.REQUESTED, _T.FAIL): _S.FAILED,
    (_S.UNKNOWN, _T.LOSE): _S.UNKNOWN,
    (_S.UNKNOWN, _T.ACCEPT): _S.PENDING,
    (_S.UNKNOWN, _T.SUCCEED): _S.SUCCEEDED,
    (_S.UNKNOWN, _T.FAIL): _S.FAILED,
    (_S.PENDING, _T.LOSE): _S.PENDING,
    (_S.PENDING, _T.ACCEPT): _S.PENDING,
    (_S.PENDING, _T.SUCCEED): _S.SUCCEEDED,
    (_S.PENDING, _T.FAIL): _S.FAILED,
    (_S.SUCCEEDED, _T.SUCCEED): _S.SUCCEEDED,
    (_S.SUCCEEDED, _T.RETURN): _S.RETURNED,
    (_S.SUCCEEDED, _T.RECONCILE): _S.RECONCILED,
    (_S.RECONCILED, _T.SUCCEED): _S.RECONCILED,
    (_S.RECONCILED, _T.RETURN): _S.RETURNED,
    (_S.RECONCILED, _T.RECONCILE): _S.RECONCILED,
    (_S.FAILED, _T.FAIL): _S.FAILED,
    (_S.RETURNED, _T.RETURN): _S.RETURNED,
}
"""The life of a movement. What is not here can't happen: it contradicts what we have written down."""

DONE = frozenset({_S.SUCCEEDED, _S.FAILED, _S.RETURNED, _S.RECONCILED})
"""States in which nothing is asked of the gateway any more."""


class ContradictionError(Exception):
    """The gateway says what can't be, by what we have written down: a person has to look."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One step of money: the `n`-th of its plan.

    `key` is sent with every request for it. `requested_at` is when the first was sent, in seconds since 1970.
    `reference` is the gateway's own, once it is known; `why` the code of a failure. `told` is whether the venue's books
    were told how it has ended: an end is written down first, and told until that is written down, too.
    """

    plan: str
    n: int
    instruction: Instruction
    key: str
    state: MovementState = MovementState.PLANNED
    requested_at: int | None = None
    reference: str | None = None
    why: str | None = None
    told: bool = False

    @property
    def id(self) -> str:
        """What the gateway is told to write beside it, and the books to book it under."""
        return f"{self.plan}/{self.n}"

    @property
    def is_done(self) -> bool:
        """Whether nothing is asked of the gateway any more."""
        return self.state in DONE

    @property
    def is_untold(self) -> bool:
        """Whether it has ended, and the books have yet to hear of it."""
        return self.is_done and not self.told

    def key_holds(self, now: int) -> bool:
        """Whether to repeat the request is sure to be the same request."""
        return self.requested_at is None or now - self.requested_at < KEY_SECONDS

    def after(self, turn: Turn, reference: str | None = None, why: str | None = None) -> "Movement":
        """The movement after what has happened to it. Raises `ContradictionError` where that can't be."""
        state = LIFE.get((self.state, turn))
        if state is None:
            raise ContradictionError(f"movement {self.id} is {self.state}, and the gateway says {turn}")
        told = self.told and state is not MovementState.RETURNED
        return replace(
            self, state=state, reference=reference or self.reference, why=why or self.why, told=told
        )

    def sent(self, now: int) -> "Movement":
        """The movement as it is written down just before the gateway is asked for the first time."""
        return replace(self.after(Turn.SEND), requested_at=now)


def planned(plan: str, *instructions: Instruction) -> list[Movement]:
    """The movements of a plan, in the order in which they are made: each waits until the one before is done.

    Money is taken back before it is given: a plan that pays a buyer back after its seller was paid begins with the
    reversal, so that the venue is never out of pocket by stopping half-way.
    """
    return [Movement(plan, n, one, key_of(plan, n)) for n, one in enumerate(instructions)]


def key_of(plan: str, n: int) -> str:
    """The idempotency key of a movement. It follows from the movement's id alone, so no two have the same."""
    return f"suanli-{hashlib.sha256(f'{plan}/{n}'.encode()).hexdigest()[:40]}"
