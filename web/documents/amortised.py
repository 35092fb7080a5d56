"""How the price of a package of tokens is spread over its use, for the effective cost of FOCUS.

Each use bears the part that it takes of the tokens, in the order of the lines that took them; what is left when the package
ends expires, and is a cost of that month. So all parts together are the price, to the fen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise

from exchange.periods import Period
from exchange.persistence.queries.billed import BoughtPackage
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a price: without VAT, and its VAT."""

    net: Fen
    vat: Fen

    def __sub__(self, other: "Part") -> "Part":
        return Part(Fen(self.net - other.net), Fen(self.vat - other.vat))


NOTHING = Part(Fen(0), Fen(0))

LinePlace = tuple[str, int]
"""A line: its statement, and its number within that, from 1."""


def borne_by_use(packages: Iterable[BoughtPackage]) -> Mapping[LinePlace, Part]:
    """What each line bears that took tokens of these packages."""
    return {
        (taking.statement, taking.n): until - before
        for package in packages
        for taking, (before, until) in zip(package.taken, _reached(package), strict=True)
    }


def expired(package: BoughtPackage, month: Period) -> Part:
    """What of a package expires in a month: what is left when it has ended, less what late use takes of that later on."""
    if package.ends > month.ends:
        return NOTHING
    before = sum(taking.tokens for taking in package.taken if taking.period < month.name)
    by_now = sum(taking.tokens for taking in package.taken if taking.period <= month.name)
    known = before if package.ends <= month.begins else package.tokens
    return _spent(package, known) - _spent(package, by_now)


def _reached(package: BoughtPackage) -> Iterable[tuple[Part, Part]]:
    used = accumulate((taking.tokens for taking in package.taken), initial=0)
    return pairwise(_spent(package, tokens) for tokens in used)


def _spent(package: BoughtPackage, used: int) -> Part:
    """What of the price is spent when so many of its tokens are used. The fraction of a fen waits for more."""
    figures = package.line.line.figures
    return Part(Fen(figures.net_fen * used // package.tokens), Fen(figures.vat_fen * used // package.tokens))
