"""What cards draw, what facilities take beside it, and what the grid emits for it: dated tables that a venue adopts.

A version is never edited: other figures are another version, and what was reckoned by one names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CardPower:
    """What one card is reckoned to draw, in W, and where the figure is from."""

    watts: int
    source: str


@dataclass(frozen=True, slots=True)
class GridFactor:
    """What the grid of a place emitted in a year, in mg of CO₂ per kWh, and where the figure is from."""

    year: int
    mg_per_kwh: int
    source: str


@dataclass(frozen=True, slots=True)
class PowerTables:
    """One version of the tables: cards by chip; factors and PUE (in thousandths) by region.

    The factors of a region are in the order of their years. A PUE holds until a seller declares its own.
    """

    version: str
    cards: Mapping[str, CardPower]
    factors: Mapping[str, tuple[GridFactor, ...]]
    pues: Mapping[str, int]

    def knows(self, chip: str, region: str) -> bool:
        """Whether it has every figure that a card needs there: a catalogue may have grown since it was adopted."""
        return chip in self.cards and region in self.factors and region in self.pues

    def factor_of(self, region: str, year: int) -> GridFactor:
        """The factor for a year: the newest that is not of a later one, since factors come out years after; or the first."""
        known = self.factors[region]
        return next((factor for factor in reversed(known) if factor.year <= year), known[0])

    def problems(self) -> list[str]:
        """Say what is wrong with the figures; an empty list means that they can be used."""
        found = [f"{chip} draws {card.watts} W" for chip, card in self.cards.items() if card.watts < 1]
        found += [
            f"{region} has a PUE of {pue} thousandths" for region, pue in self.pues.items() if pue < PUE_LEAST
        ]
        for region, factors in self.factors.items():
            years = [factor.year for factor in factors]
            if not years or years != sorted(set(years)) or any(factor.mg_per_kwh < 0 for factor in factors):
                found.append(f"{region} has no factors, or a year twice, or one below zero")
        return found


PUE_LEAST, PUE_MOST = 1_000, 3_000
"""A facility takes at least what its machines do. Beyond three times as much is taken for a slip of the pen."""
