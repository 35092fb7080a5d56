"""Bars: what was traded in each hour, day or week, from the tape alone and in whole numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from exchange.marketdata.quantiles import weighted_quantile
from exchange.names import Instant
from exchange.persistence.queries.tape import Trade
from exchange.state import VenueTerms
from settlement.meters import SECONDS_PER_HOUR
from settlement.money import round_half_away

HOUR, DAY = SECONDS_PER_HOUR, 86_400
MONDAY = 4 * DAY  # the first one after 1970 began, on a Thursday


class BarLength(StrEnum):
    """How much of the venue's time a bar gathers."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    """From Monday."""

    @property
    def seconds(self) -> int:
        """How long it is."""
        match self:
            case BarLength.HOUR:
                return HOUR
            case BarLength.DAY:
                return DAY
            case BarLength.WEEK:
                return 7 * DAY

    def begins(self, instant: int, utc_offset_seconds: int) -> Instant:
        """When the bar began that an instant lies in. Days and weeks are those of the venue's offset from UTC."""
        first = (MONDAY if self is BarLength.WEEK else 0) - utc_offset_seconds
        return Instant(instant - (instant - first) % self.seconds)


@dataclass(frozen=True, slots=True)
class Bar:
    """What was traded of one instrument from `begins` on.

    Prices are micro-yuan per card-hour, each trade's its average, rounded half away from zero. The tape has no order
    within a slot, so `open` is the mean of the first slot in which there was a trade, by volume, and `close` that of
    the last. `p10`, `median` and `p90` are quantiles by volume: see
    `weighted_quantile`. `card_seconds` and `turnover`, in micro-yuan, are exact.
    """

    begins: Instant
    open: int
    high: int
    low: int
    close: int
    p10: int
    median: int
    p90: int
    card_seconds: int
    turnover: int
    trades: int

    @property
    def mean(self) -> int:
        """The price by volume: turnover over what was traded, rounded once."""
        return _mean(self.turnover, self.card_seconds)


def bars(trades: Iterable[Trade], length: BarLength, terms: VenueTerms) -> list[Bar]:
    """A bar for each hour, day or week in which there was a trade; `trades` come in the order of the tape.

    A trade belongs to the bar in which the venue's clock stood when it was granted, whenever its lease begins.
    """

    def begins(trade: Trade) -> Instant:
        return length.begins(terms.instant_of(trade.slot), terms.utc_offset_seconds)

    return [_bar(since, list(some), terms) for since, some in groupby(trades, begins)]


def _bar(begins: Instant, trades: Sequence[Trade], terms: VenueTerms) -> Bar:
    points = [(trade.hourly(terms.slot_seconds), trade.card_slots) for trade in trades]
    prices = [price for price, _ in points]
    first, last = ([one for one in trades if one.slot == end.slot] for end in (trades[0], trades[-1]))
    return Bar(
        begins=begins,
        open=_mean(_cost(first), _card_seconds(first, terms)),
        high=max(prices),
        low=min(prices),
        close=_mean(_cost(last), _card_seconds(last, terms)),
        p10=weighted_quantile(points, 1, 10),
        median=weighted_quantile(points, 1, 2),
        p90=weighted_quantile(points, 9, 10),
        card_seconds=_card_seconds(trades, terms),
        turnover=_cost(trades),
        trades=len(trades),
    )


def _mean(turnover: int, card_seconds: int) -> int:
    return round_half_away(turnover * SECONDS_PER_HOUR, card_seconds)


def _cost(trades: Iterable[Trade]) -> int:
    return sum(trade.cost for trade in trades)


def _card_seconds(trades: Iterable[Trade], terms: VenueTerms) -> int:
    return sum(trade.card_slots for trade in trades) * terms.slot_seconds
