"""What vouchers cover of the lines of a statement: each line of what the lines before it have left of them."""

from collections.abc import Sequence
from dataclasses import replace

from exchange.promises import Pledge, VoucherPart
from settlement.money import NOTHING, Fen
from settlement.statement import vouchers_of
from settlement.terms import VoucherTerms

Pledges = tuple[Pledge, ...]


def terms_of(pledges: Pledges) -> tuple[VoucherTerms, ...]:
    """The terms of a line that may use all that is held."""
    return tuple(replace(one.terms, balance=one.amount) for one in pledges)


def covered(pledges: Pledges, gross: Fen) -> tuple[VoucherPart, ...]:
    """What each voucher covers of a line's price, where it covers anything."""
    vouchers = terms_of(pledges)
    return tuple(
        VoucherPart(one.voucher, one.programme, one.issuer, terms, one.at, amount)
        for one, terms, amount in zip(pledges, vouchers, vouchers_of(gross, vouchers), strict=True)
        if amount
    )


def left_of(pledges: Pledges, parts: Sequence[VoucherPart]) -> Pledges:
    """What is held once a line has used its part."""
    used = {part.voucher: part.covered for part in parts}
    return tuple(replace(one, amount=Fen(one.amount - used.get(one.voucher, NOTHING))) for one in pledges)
