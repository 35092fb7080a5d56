"""The price index as it is answered: values, and the rows that anybody can make them of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from exchange.marketdata.index import METHOD, NoValue, Row, Value
from exchange.marketdata.resources import Resource
from matching.terms import Tier


@dataclass(frozen=True, slots=True)
class IndexValueOut:
    """The price of a resource on a day, or null with the reason.

    `trades`, `pairs`, `volume_milli_card_seconds` and `turnover_micro_yuan` are of the rows that count, so the value is
    3,600,000 times the turnover over the volume, rounded half away from zero; `left_out` counts the others. Where the
    rows as a whole don't do, median and band are null, and the figures are of all rows. `inputs_sha256` is over the rows.
    """

    resource: str
    chip: str | None
    place: str
    tier: Tier
    day: date
    value_micro_yuan_per_card_hour: int | None
    no_value: NoValue | None
    median_micro_yuan_per_card_hour: int | None
    band_micro_yuan_per_card_hour: int | None
    trades: int
    left_out: int
    pairs: int
    volume_milli_card_seconds: int
    turnover_micro_yuan: int
    inputs_sha256: str

    @classmethod
    def of(cls, resource: Resource, day: date, value: Value) -> "IndexValueOut":
        """A value of the index."""
        return cls(
            resource=str(resource),
            chip=resource.chip,
            place=resource.place,
            tier=resource.tier,
            day=day,
            value_micro_yuan_per_card_hour=value.price,
            no_value=value.reason,
            median_micro_yuan_per_card_hour=value.median,
            band_micro_yuan_per_card_hour=value.band,
            trades=value.counted.trades,
            left_out=len(value.left_out),
            pairs=value.counted.pairs,
            volume_milli_card_seconds=value.counted.volume,
            turnover_micro_yuan=value.counted.turnover,
            inputs_sha256=value.digest,
        )


@dataclass(frozen=True, slots=True)
class IndexOut:
    """What the index says of a day, or of a resource day by day, and by which method."""

    method: str
    values: list[IndexValueOut]

    @classmethod
    def of(cls, values: Sequence[IndexValueOut]) -> "IndexOut":
        """Values by the method that is in force."""
        return cls(METHOD, list(values))


@dataclass(frozen=True, slots=True)
class IndexRowOut:
    """A trade of the tape as the index sees it.

    `volume_milli_card_seconds` is its card-seconds times the thousandths that a card counts. `pair` says which rows of
    this resource and day have their buyer and seller in common.
    """

    trade: str
    volume_milli_card_seconds: int
    cost_micro_yuan: int
    pair: int
    left_out: bool

    @classmethod
    def of(cls, row: Row, value: Value) -> "IndexRowOut":
        """A row, and whether the value leaves it out."""
        return cls(row.trade, row.volume, row.cost, row.pair, row.trade in value.left_out)


@dataclass(frozen=True, slots=True)
class IndexInputsOut:
    """A value with all rows that it was made of, in the order of the tape."""

    method: str
    value: IndexValueOut
    rows: list[IndexRowOut]
