"""Token packages: use is taken from what is free, then from packages, and only then paid as it goes.

Free quotas and packages end at an instant; of each kind the one that ends first is used first, so that as little as
possible expires. A period is deducted as a whole: a correction is merged into it before, never deducted by itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from settlement.money import Fen
from settlement.rating.tokens import Tokens, TokenUse, distinct


@dataclass(frozen=True, slots=True)
class TokenPackage:
    """Tokens in advance for one `price`, VAT included, to be used from `valid_from` until before `valid_to` (UTC seconds).

    One without a price is free: it was given.
    """

    id: str
    tokens: int
    price: Fen
    valid_from: int
    valid_to: int

    def quota(self, left: int) -> "Quota":
        """What use may take of it, when so many tokens are left."""
        return Quota(self.id, left, self.valid_from, self.valid_to, free=self.price == 0)


@dataclass(frozen=True, slots=True)
class Quota:
    """Tokens that need not be paid as they go, whatever their kind, from `valid_from` until before `valid_to`.

    Instants are UTC seconds; None is no end. `free` was given, anything else was bought.
    """

    id: str
    left: int
    valid_from: int
    valid_to: int | None
    free: bool = False

    def covers(self, instant: int) -> bool:
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one use took from one quota."""

    use: str
    quota: str
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Deducted:
    """A period deducted: the quotas as they are left, who took what, and the use that is paid by tariff."""

    quotas: tuple[Quota, ...]
    taken: tuple[Taken, ...]
    payable: tuple[TokenUse, ...]


def deduct(uses: Iterable[TokenUse], quotas: Sequence[Quota]) -> Deducted:
    """Deduct use from quotas, in the order in which it happened; at one instant in the order of ids."""
    left = {quota.id: quota for quota in sorted(quotas, key=_turn)}
    taken: list[Taken] = []
    payable: list[TokenUse] = []
    for use in sorted(distinct(uses), key=lambda use: (use.at, use.id)):
        rest = use.tokens
        for quota in left.values():
            if rest.total and quota.left and quota.covers(use.at):
                part = first_tokens(rest, quota.left)
                left[quota.id] = replace(quota, left=quota.left - part.total)
                taken.append(Taken(use.id, quota.id, part))
                rest -= part
        if rest.total:
            payable.append(replace(use, tokens=rest))
    return Deducted(tuple(left[quota.id] for quota in quotas), tuple(taken), tuple(payable))


def first_tokens(tokens: Tokens, most: int) -> Tokens:
    """Take as many tokens as a quota has, output first and cached input last: the dearest are paid for first."""
    assert min(tokens.input, tokens.cached_input, tokens.output) >= 0, "a correction is merged before"
    output = min(tokens.output, most)
    fresh = min(tokens.input, most - output)
    return Tokens(fresh, min(tokens.cached_input, most - output - fresh), output)


def _turn(quota: Quota) -> tuple[bool, bool, int, str]:
    """Free ones first, then those that end first; those that never end last."""
    return not quota.free, quota.valid_to is None, quota.valid_to or 0, quota.id
