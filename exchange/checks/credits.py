"""What should have come off a statement's lines, because the seller did not keep its promise?

Reckoned from slots, in fractions.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction

from exchange.persistence.queries.settled import StatementRow
from settlement.money import round_half_away
from settlement.rating.service_credits import ServicePromise

Owed = tuple[str, int]
"""Why something comes off, and how many basis points of what is left."""


def owed_by_period(
    statement: StatementRow, slot_seconds: int, utc_offset_seconds: int
) -> dict[str, list[Owed]]:
    """What comes off the lines of each service period, in the order in which it does."""
    promise = statement.promise
    if promise is None:
        return {}
    whole, lost = Counter[str](), Counter[str]()
    for line in statement.lines:
        whole[line.service_period] += line.quantity
        lost[line.service_period] += line.lost
    owed: dict[str, list[Owed]] = {period: [] for period in whole}
    if statement.taken_back is not None:
        start, end, told = statement.taken_back
        last = datetime.fromtimestamp((end - 1) * slot_seconds + utc_offset_seconds, UTC)
        ran, warned = (end - start) * slot_seconds, (end - told) * slot_seconds
        owed.get(f"{last:%Y-%m}", []).extend(_for_its_end(promise, ran, warned))
    for period, quantity in whole.items():
        owed[period] += _for_its_outages(promise, Fraction(quantity - lost[period], quantity or 1))
    return owed


def _for_its_end(promise: ServicePromise, ran: int, warned: int) -> Iterator[Owed]:
    if ran < promise.minimum_run and promise.minimum_run_credit_bp:
        yield "run_too_short", promise.minimum_run_credit_bp
    if warned < promise.notice and promise.notice_credit_bp:
        yield "notice_too_short", promise.notice_credit_bp


def _for_its_outages(promise: ServicePromise, available: Fraction) -> Iterator[Owed]:
    """The lowest step that was missed, which is the dearest."""
    missed = [credit for least, credit in promise.ladder if available < Fraction(least, 10_000)]
    rate_bp = max(missed, default=0)
    if rate_bp:
        yield "not_available", rate_bp


def credits_due(charge: int, owed: Sequence[Owed]) -> tuple[int, list[tuple[str, int, int]]]:
    """What is charged after all that comes off, and (reason, basis points, fen) of each that comes to a fen."""
    due: list[tuple[str, int, int]] = []
    for reason, rate_bp in owed:
        left = round_half_away(charge * (10_000 - rate_bp), 10_000)
        if left != charge:
            due.append((reason, rate_bp, charge - left))
        charge = left
    return charge, due
