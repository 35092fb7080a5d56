"""Reconciliation: the gateway's books beside what we believe, and each difference by its name.

Nothing is tolerated and nothing is netted: a difference of one fen is a difference, and two that cancel are two.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from settlement.money import Fen
from settlement.payments import Movement, MovementState, moved


class LineKind(StrEnum):
    """What a line of a gateway's books is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    REFUND_FAILURE = "refund_failure"
    TRANSFER = "transfer"
    REVERSAL = "reversal"
    DISPUTE = "dispute"
    DISPUTE_REVERSAL = "dispute_reversal"
    PAYOUT = "payout"
    PAYOUT_FAILURE = "payout_failure"
    FEE = "fee"
    OTHER = "other"


OURS = frozenset({LineKind.PAYMENT, LineKind.REFUND, LineKind.TRANSFER, LineKind.REVERSAL})
"""Lines that some movement of ours must have made."""


@dataclass(frozen=True, slots=True)
class BookLine:
    """A line of the gateway's books, in fen: `amount` comes to the venue's account there, less the `fee`.

    `reference` is what the line is about. `movement` is our own id beside it, or empty.
    """

    id: str
    kind: LineKind
    amount: Fen
    fee: Fen
    reference: str
    movement: str = ""

    @property
    def net(self) -> Fen:
        """What the line changes in the balance."""
        return Fen(self.amount - self.fee)


@dataclass(frozen=True, slots=True)
class GatewayPayout:
    """What the gateway paid to the venue's bank, and the lines that it says this consists of."""

    id: str
    amount: Fen
    lines: tuple[BookLine, ...]


class DifferenceKind(StrEnum):
    """In what the two books differ."""

    NOT_IN_THEIR_BOOKS = "not_in_their_books"
    """We believe that it is done; the gateway has no line of it."""
    NOT_IN_OURS = "not_in_ours"
    """The gateway has a line of money that we have never moved: by hand on its pages, perhaps."""
    NOT_BELIEVED = "not_believed"
    """The gateway has a line of something that we believe is not done, or not yet."""
    AMOUNT = "amount"
    """Both have it, with different amounts."""
    TWICE = "twice"
    """The gateway has it more than once."""
    RETURNED = "returned"
    """A refund was done and came back: the buyer is still owed."""
    DISPUTED = "disputed"
    """A buyer's bank took its payment back, and the venue bears that until the dispute is won."""
    PAYOUT_FAILED = "payout_failed"
    """The venue's bank sent a payout back."""
    PAYOUT_TOTAL = "payout_total"
    """A payout is not the sum of its lines."""
    NOT_BOOKED = "not_booked"
    """We believe that it is done, and the ledger has no entry of it."""
    NOT_MOVED = "not_moved"
    """The ledger has it as paid, and we have moved no such money."""
    UNEXPLAINED = "unexplained"
    """A line that is none of these: somebody has to look at it."""


MISSING = frozenset(
    {
        DifferenceKind.NOT_IN_THEIR_BOOKS,
        DifferenceKind.NOT_IN_OURS,
        DifferenceKind.NOT_BOOKED,
        DifferenceKind.NOT_MOVED,
    }
)
"""Differences of which one book has nothing at all."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: about which movement, line or payout, and both amounts in fen."""

    kind: DifferenceKind
    about: str
    ours: Fen
    theirs: Fen


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was found: movements that both books have alike, what fees cost, and every difference."""

    agreed: tuple[Movement, ...]
    fees_by_line: Mapping[str, Fen]
    differences: tuple[Difference, ...]

    @property
    def fees(self) -> Fen:
        """What the gateway took for itself."""
        return Fen(sum(self.fees_by_line.values()))

    @property
    def missing(self) -> list[Difference]:
        """What one of the books has nothing of."""
        return [one for one in self.differences if one.kind in MISSING]

    @property
    def differing(self) -> list[Difference]:
        """What differs otherwise."""
        return [one for one in self.differences if one.kind not in MISSING]


def reconcile(movements: Iterable[Movement], lines: Sequence[BookLine]) -> Reconciliation:
    """Compare what we believe with the gateway's books.

    A movement that is done needs a line among these, unless it was reconciled before; so the lines reach back far enough.
    """
    believed = [movement for movement in movements if moved(movement.instruction)]
    by_reference = {movement.reference: movement for movement in believed if movement.reference}
    by_id = {movement.id: movement for movement in believed}
    met: dict[str, list[BookLine]] = defaultdict(list)
    differences: list[Difference] = []
    for line in lines:
        movement = by_reference.get(line.reference) or by_id.get(line.movement)
        if line.kind not in OURS:
            differences += _unusual(line)
        elif movement is None:
            differences.append(Difference(DifferenceKind.NOT_IN_OURS, line.reference, Fen(0), line.amount))
        else:
            met[movement.id].append(line)
    agreed = []
    for movement in believed:
        found = list(_compared(movement, met[movement.id]))
        differences += found
        if not found and met[movement.id]:
            agreed.append(movement)
    return Reconciliation(tuple(agreed), fees_of(lines), tuple(differences))


def explained(
    differences: Iterable[Difference], booked: Mapping[str, Fen], lines: Mapping[str, Fen]
) -> tuple[Difference, ...]:
    """The differences, but for lines that no movement has made and that were `booked` by their reference.

    Those are held against the bank's `lines` of these references by themselves.
    """
    unlike = [
        one for one in differences if one.kind is not DifferenceKind.NOT_IN_OURS or one.about not in booked
    ]
    for reference, ours in booked.items():
        theirs = lines.get(reference, Fen(0))
        if theirs != ours:
            kind = DifferenceKind.AMOUNT if theirs else DifferenceKind.NOT_IN_THEIR_BOOKS
            unlike.append(Difference(kind, reference, ours, theirs))
    return tuple(unlike)


def fees_of(lines: Iterable[BookLine]) -> dict[str, Fen]:
    """What the gateway took for itself by the line in which it did, beside something else or in a line of its own."""
    fees = {line.id: line.fee - (line.amount if line.kind is LineKind.FEE else 0) for line in lines}
    return {line: Fen(fee) for line, fee in fees.items() if fee}


def reconcile_payouts(payouts: Iterable[GatewayPayout]) -> list[Difference]:
    """Payouts that are not the sum of their lines."""
    sums = ((payout, Fen(sum(line.net for line in payout.lines))) for payout in payouts)
    return [
        Difference(DifferenceKind.PAYOUT_TOTAL, payout.id, total, payout.amount)
        for payout, total in sums
        if total != payout.amount
    ]


_BELIEVED_DONE = frozenset({MovementState.SUCCEEDED, MovementState.RECONCILED, MovementState.RETURNED})


def _compared(movement: Movement, lines: Sequence[BookLine]) -> Iterator[Difference]:
    """How one movement differs from the lines about it."""
    done = movement.state in _BELIEVED_DONE
    ours = moved(movement.instruction) if done else Fen(0)
    theirs = Fen(sum(line.amount for line in lines))
    if not lines:
        if done and movement.state is not MovementState.RECONCILED:
            yield Difference(DifferenceKind.NOT_IN_THEIR_BOOKS, movement.id, ours, theirs)
    elif len(lines) > 1:
        yield Difference(DifferenceKind.TWICE, movement.id, ours, theirs)
    elif not done:
        yield Difference(DifferenceKind.NOT_BELIEVED, movement.id, ours, theirs)
    elif ours != theirs:
        yield Difference(DifferenceKind.AMOUNT, movement.id, ours, theirs)


_UNUSUAL = {
    LineKind.REFUND_FAILURE: DifferenceKind.RETURNED,
    LineKind.DISPUTE: DifferenceKind.DISPUTED,
    LineKind.DISPUTE_REVERSAL: DifferenceKind.DISPUTED,
    LineKind.PAYOUT_FAILURE: DifferenceKind.PAYOUT_FAILED,
    LineKind.OTHER: DifferenceKind.UNEXPLAINED,
}


def _unusual(line: BookLine) -> Iterator[Difference]:
    """A line that no movement makes: payouts to the venue's own bank and fees are expected, the others are told."""
    kind = _UNUSUAL.get(line.kind)
    if kind is not None:
        yield Difference(kind, line.reference, Fen(0), line.amount)
