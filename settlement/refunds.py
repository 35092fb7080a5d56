"""Refunds: what is taken back is the line that remains less the line that stands (F11).

No part of a refund is ever split by itself. So refunds in any order end alike, a full refund leaves nothing of any
figure, and a part is never taken from one in order to give to another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import reduce
from typing import TypeVar

from settlement.money import Fen
from settlement.statement import Line, RegionShares, paid_to_seller, statement_line, vouchers_of
from settlement.terms import Terms, VoucherTerms

Figure = TypeVar("Figure", Fen, RegionShares)


@dataclass(frozen=True, slots=True)
class Returned:
    """Where a refund goes, in fen and above zero: the buyer's own money to the buyer, a voucher's part to that voucher.

    `to_buyer` is of what the buyer was charged, so all of a price that is to be reimbursed: of such a voucher's part the
    government owes that much less, or has it back from the buyer if it has paid.
    """

    to_buyer: Fen
    to_vouchers: tuple[Fen, ...]


def refund(standing: Line, amount: Fen, terms: Terms) -> Line:
    """Give the line that takes an amount off what stands: the line as stored, with every refund since.

    The terms are those under which the line was settled. A refund goes towards zero and never beyond: a charge is
    refunded by a positive amount, a credit by a negative one.
    """
    remaining = Fen(standing.gross_fen - amount)
    low, high = sorted((0, standing.gross_fen))
    assert low <= remaining <= high, f"of {standing.gross_fen} fen no {amount} can be refunded"
    return total([statement_line(remaining, terms), negated(standing)])


def returned(gross: Fen, amount: Fen, vouchers: tuple[VoucherTerms, ...]) -> Returned:
    """Say who gets a refund of a gross: while a cap binds the buyer alone, then buyer and vouchers by their parts."""
    before, after = vouchers_of(gross, vouchers), vouchers_of(Fen(gross - amount), vouchers)
    to_vouchers = tuple(Fen(one - other) for one, other in zip(before, after, strict=True))
    return Returned(Fen(amount - paid_to_seller(to_vouchers, vouchers)), to_vouchers)


def total(lines: Iterable[Line]) -> Line:
    """Add lines figure by figure: a total is the sum of its lines and is never settled anew (F10)."""
    return reduce(_plus, lines)


def negated(line: Line) -> Line:
    """Turn the sign of every figure."""
    return Line(**{figure.name: _minus(getattr(line, figure.name)) for figure in fields(Line)})


def _plus(one: Line, other: Line) -> Line:
    return Line(
        **{
            figure.name: _sum(getattr(one, figure.name), getattr(other, figure.name))
            for figure in fields(Line)
        }
    )


def _sum(one: Figure, other: Figure) -> Figure:
    """Add two figures; of those by region each region's, in the order in which they first come."""
    if isinstance(one, tuple):
        mine, theirs = dict(one), dict(other)
        return tuple((name, Fen(mine.get(name, 0) + theirs.get(name, 0))) for name in {**mine, **theirs})
    return Fen(one + other)


def _minus(figure: Figure) -> Figure:
    if isinstance(figure, tuple):
        return tuple((name, Fen(-fen)) for name, fen in figure)
    return Fen(-figure)
