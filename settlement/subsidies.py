"""Subsidies: what regions pay for vouchers that were used, who gets it, and what a refund takes back of what was paid.

The rest of a fee that the buyer's part does not cover comes off what the seller gets, before anything else of it. So what
seller and buyer have follows from what is settled and what is paid alone, and a refund moves each by what then remains.
"""

from collections.abc import Iterable, Iterator

from settlement.money import NOTHING, Fen


def at_once(on_charge: Fen) -> Fen:
    """What a seller gets of a line when its buyer is charged, by what that pays out: nothing where the fee takes more."""
    return max(NOTHING, on_charge)


def reaching_seller(on_charge: Fen, paid: Fen) -> Fen:
    """What a seller gets of what regions have paid it for a line: what the fee leaves that the buyer's part did not cover."""
    return max(NOTHING, Fen(paid + min(NOTHING, on_charge)))


def allotted(amount: Fen, claims: Iterable[Fen]) -> Iterator[Fen]:
    """Share a payment out among claims: each in turn is paid as far as the money goes."""
    left = amount
    for claim in claims:
        part = min(left, claim)
        left = Fen(left - part)
        yield part


def paid_too_much(paid: Fen, covered: Fen, returned: Fen) -> Fen:
    """What a region has paid of a voucher's part of a line beyond what a refund leaves of that part."""
    return max(NOTHING, Fen(paid - (covered - returned)))
