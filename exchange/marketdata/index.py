"""The price index: one price a day for each resource, by a method that anybody can repeat with the tape.

A pure function over rows of whole numbers. `docs/index-method.md` tells the method in words; a change of any figure
here is another method, with another name.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from exchange.catalogue.chips import WHOLE
from exchange.marketdata.quantiles import weighted_quantile
from exchange.persistence.queries.tape import TradeId
from settlement.meters import SECONDS_PER_HOUR
from settlement.money import round_half_away

METHOD = "1"

TRADES_MIN = 5
PAIRS_MIN = 3
DEVIATIONS = 5
"""A trade counts if it is within so many median absolute deviations of the median …"""
HALF = 2
"""… or within half of the median, whichever is more: a night may cost a third less than a day."""


class NoValue(StrEnum):
    """Why a day has no value. The value of another day is never put in its place."""

    NO_TRADES = "no_trades"
    TOO_FEW_TRADES = "too_few_trades"
    TOO_FEW_PAIRS = "too_few_pairs"
    ONE_PAIR_DOMINATES = "one_pair_dominates"
    """One pair has half of the volume or more."""


@dataclass(frozen=True, slots=True)
class Row:
    """A trade as the index sees it.

    `volume` is card-seconds times the thousandths that a card counts: 1,000, or for standard card-hours its chip's
    weight. `cost` is micro-yuan. `pair` numbers the pairs of buyer and seller from 1, in the order in which the
    day's tape has them: it says which rows have one pair in common, and no more.
    """

    trade: TradeId
    volume: int
    cost: int
    pair: int

    @property
    def price(self) -> int:
        """Micro-yuan per card-hour, rounded half away from zero."""
        return round_half_away(self.cost * SECONDS_PER_HOUR * WHOLE, self.volume)


@dataclass(frozen=True, slots=True)
class Counted:
    """What some rows come to together."""

    trades: int
    pairs: int
    volume: int
    turnover: int


@dataclass(frozen=True, slots=True)
class Value:
    """The index of a resource on a day: micro-yuan per card-hour, or why there is none.

    A trade is left out if it is further than `band` from `median`. `counted` are the others. Where the rows as a whole
    don't do, neither is worked out, and nothing is left out.
    """

    price: int | None
    reason: NoValue | None
    median: int | None
    band: int | None
    counted: Counted
    left_out: tuple[TradeId, ...]
    digest: str


def value_of(resource: str, day: date, rows: Sequence[Row]) -> Value:
    """The index from all trades of a resource on a day, in the order of the tape."""
    digest = digest_of(resource, day, rows)
    reason = _unfit(rows)
    if reason is not None:
        return Value(None, reason, None, None, _count(rows), (), digest)
    median, band = _median_and_band(rows)
    kept = [row for row in rows if abs(row.price - median) <= band]
    left_out = tuple(row.trade for row in rows if abs(row.price - median) > band)
    counted, reason = _count(kept), _unfit(kept)
    price = round_half_away(counted.turnover * SECONDS_PER_HOUR * WHOLE, counted.volume)
    return Value(None if reason else price, reason, median, band, counted, left_out, digest)


def digest_of(resource: str, day: date, rows: Sequence[Row]) -> str:
    """SHA-256 over the method, what is valued, and the rows: a line for each, its parts by a space."""
    lines = [f"{METHOD} {resource} {day}", *(f"{r.trade} {r.volume} {r.cost} {r.pair}" for r in rows)]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def _unfit(rows: Sequence[Row]) -> NoValue | None:
    """Why some rows don't make a price, in the order in which that is tested."""
    counted = _count(rows)
    if not rows:
        return NoValue.NO_TRADES
    if counted.trades < TRADES_MIN:
        return NoValue.TOO_FEW_TRADES
    if counted.pairs < PAIRS_MIN:
        return NoValue.TOO_FEW_PAIRS
    if 2 * max(_volume_by_pair(rows).values()) >= counted.volume:
        return NoValue.ONE_PAIR_DOMINATES
    return None


def _median_and_band(rows: Sequence[Row]) -> tuple[int, int]:
    """The median by volume, and how far from it a price may be."""
    median = weighted_quantile([(row.price, row.volume) for row in rows], 1, 2)
    deviation = weighted_quantile([(abs(row.price - median), row.volume) for row in rows], 1, 2)
    return median, max(DEVIATIONS * deviation, median // HALF)


def _count(rows: Sequence[Row]) -> Counted:
    by_pair = _volume_by_pair(rows)
    return Counted(len(rows), len(by_pair), sum(by_pair.values()), sum(row.cost for row in rows))


def _volume_by_pair(rows: Sequence[Row]) -> dict[int, int]:
    volumes: dict[int, int] = {}
    for row in rows:
        volumes[row.pair] = volumes.get(row.pair, 0) + row.volume
    return volumes
