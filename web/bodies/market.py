"""The catalogue and the market as they are answered: nobody's name in either."""

from dataclasses import dataclass
from datetime import date, datetime

from exchange.catalogue.chips import Chip, WeightBasis
from exchange.catalogue.instruments import Instrument
from exchange.catalogue.regions import Region
from exchange.marketdata.bars import Bar
from exchange.marketdata.depth import Depth, Level
from exchange.marketdata.displaced import Displaced
from exchange.persistence.projections.tape import PricedBy
from exchange.persistence.queries.tape import Trade
from exchange.state import VenueTerms
from matching.terms import RegionCode, Tier
from web.bodies.common import WindowOut
from web.bodies.fields import price_per_hour, utc
from web.pages.offers import Quoted


@dataclass(frozen=True, slots=True)
class ChipOut:
    """A chip, one card of it. `weight_milli` is its half-precision speed in thousandths of the reference card's."""

    code: str
    name: str
    vendor: str
    memory_gb: int
    tdp_w: int | None
    fp16_tflops: int | None
    weight_milli: int
    weight_basis: WeightBasis

    @classmethod
    def of(cls, chip: Chip) -> "ChipOut":
        """A chip of the catalogue."""
        return cls(
            code=chip.code,
            name=chip.name,
            vendor=chip.vendor.code,
            memory_gb=chip.memory_gb,
            tdp_w=chip.tdp_w,
            fp16_tflops=chip.fp16_tflops,
            weight_milli=chip.weight_milli,
            weight_basis=chip.weight_basis,
        )


@dataclass(frozen=True, slots=True)
class RegionOut:
    """A place where work is wanted or runs, by its GB/T 2260 code."""

    code: str
    name_zh: str
    name_en: str
    province: str
    hub: str | None
    grid: str
    carbon_g_per_kwh: int
    pue_milli: int
    time_zone: str

    @classmethod
    def of(cls, region: Region) -> "RegionOut":
        """A region of the catalogue."""
        return cls(
            code=region.code,
            name_zh=region.name_zh,
            name_en=region.name_en,
            province=region.province,
            hub=None if region.cluster is None else region.cluster.hub.code,
            grid=region.grid,
            carbon_g_per_kwh=region.carbon_g_per_kwh,
            pue_milli=region.pue_milli,
            time_zone=region.zone.key,
        )


@dataclass(frozen=True, slots=True)
class InstrumentOut:
    """A chip in a region at a tier, as it stands now. Prices are null where nothing is free or was ever traded."""

    code: str
    chip: str
    region: str
    tier: Tier
    free_cards_now: int
    best_now_micro_yuan_per_card_hour: int | None
    cheapest_micro_yuan_per_card_hour: int | None
    last_micro_yuan_per_card_hour: int | None

    @classmethod
    def of(cls, quoted: Quoted, terms: VenueTerms) -> "InstrumentOut":
        """A row of the market's table."""
        instrument, last = quoted.instrument, quoted.last
        return cls(
            code=str(instrument),
            chip=instrument.chip,
            region=instrument.region,
            tier=instrument.tier,
            free_cards_now=quoted.free_now,
            best_now_micro_yuan_per_card_hour=_hourly(terms, quoted.best_now),
            cheapest_micro_yuan_per_card_hour=_hourly(terms, quoted.cheapest),
            last_micro_yuan_per_card_hour=None if last is None else last.hourly(terms.slot_seconds),
        )


@dataclass(frozen=True, slots=True)
class LevelOut:
    """All cards at one price, averaged over the window, and those of it and of all better prices together."""

    price_micro_yuan_per_card_hour: int
    cards: int
    cards_upto: int

    @classmethod
    def of(cls, level: Level) -> "LevelOut":
        """A level of a depth."""
        return cls(level.price, level.cards, level.upto)


@dataclass(frozen=True, slots=True)
class DepthOut:
    """Cards to be had in every slot of a window, cheapest first, and cards that orders may want in it, dearest first.

    An order counts where it could be at work through all of the window, with as many cards as it would take at most.
    """

    code: str
    window: WindowOut
    asks: list[LevelOut]
    bids: list[LevelOut]

    @classmethod
    def of(cls, instrument: Instrument, depth: Depth, terms: VenueTerms) -> "DepthOut":
        """The depth of one instrument."""
        asks, bids = ([LevelOut.of(level) for level in side] for side in (depth.asks, depth.bids))
        return cls(str(instrument), WindowOut.of(depth.window, terms), asks, bids)


@dataclass(frozen=True, slots=True)
class StandardLevelOut:
    """All cards at one price per standard card-hour, in thousandths of standard cards."""

    price_micro_yuan_per_standard_card_hour: int
    standard_milli_cards: int
    standard_milli_cards_upto: int

    @classmethod
    def of(cls, level: Level) -> "StandardLevelOut":
        """A level of a depth."""
        return cls(level.price, level.cards, level.upto)


@dataclass(frozen=True, slots=True)
class StandardDepthOut:
    """The depth of all chips together at a tier, in one region or, where that is null, in all of them."""

    tier: Tier
    region: str | None
    window: WindowOut
    asks: list[StandardLevelOut]
    bids: list[StandardLevelOut]

    @classmethod
    def of(cls, tier: Tier, region: RegionCode | None, depth: Depth, terms: VenueTerms) -> "StandardDepthOut":
        """The depth across chips."""
        asks, bids = ([StandardLevelOut.of(level) for level in side] for side in (depth.asks, depth.bids))
        return cls(tier, region, WindowOut.of(depth.window, terms), asks, bids)


@dataclass(frozen=True, slots=True)
class TradeOut:
    """A lease as it was granted: the tape never changes, whatever becomes of the lease.

    The exact price of a card-hour is 3,600 times `cost_micro_yuan` over `card_seconds`: an average where the price changes
    with the hour. It is the listing's `ask`; the `limit` of an order that waited for a listing which pays that; or, by a
    `takeover` of spot leases, the ask or the highest limit that was displaced. `traded_in` is the slot in which the venue's clock stood, by which bars and index go. Nothing tells
    which trades of a slot came first, or which belong together.
    """

    id: str
    chip: str
    region: str
    tier: Tier
    cards: int
    window: WindowOut
    card_seconds: int
    cost_micro_yuan: int
    price_micro_yuan_per_card_hour: int
    price_micro_yuan_per_standard_card_hour: int
    priced_by: PricedBy
    traded_in: datetime

    @classmethod
    def of(cls, trade: Trade, weight_milli: int, terms: VenueTerms) -> "TradeOut":
        """A trade of the tape, and the weight of its chip."""
        instrument, seconds = trade.instrument, trade.card_slots * terms.slot_seconds
        return cls(
            id=trade.id,
            chip=instrument.chip,
            region=instrument.region,
            tier=instrument.tier,
            cards=trade.cards,
            window=WindowOut.of(trade.window, terms),
            card_seconds=seconds,
            cost_micro_yuan=trade.cost,
            price_micro_yuan_per_card_hour=trade.hourly(terms.slot_seconds),
            price_micro_yuan_per_standard_card_hour=trade.hourly(terms.slot_seconds, weight_milli),
            priced_by=trade.priced_by,
            traded_in=utc(terms.instant_of(trade.slot)),
        )


@dataclass(frozen=True, slots=True)
class DisplacedOut:
    """The spot leases of an instrument that were taken back on a day of the venue, and the card-seconds that they lost.

    So many as `reclaimed` were taken back by their sellers, the others for orders.
    """

    code: str
    chip: str
    region: str
    day: date
    leases: int
    reclaimed: int
    card_seconds: int

    @classmethod
    def of(cls, displaced: Displaced) -> "DisplacedOut":
        """What a day has lost of an instrument."""
        return cls(
            code=str(displaced.instrument),
            chip=displaced.instrument.chip,
            region=displaced.instrument.region,
            day=displaced.day,
            leases=displaced.leases,
            reclaimed=displaced.reclaimed,
            card_seconds=displaced.card_seconds,
        )


@dataclass(frozen=True, slots=True)
class BarOut:
    """What was traded of an instrument from `start` on. Prices are micro-yuan per card-hour, each trade's its average.

    `mean` is the turnover over what was traded, `open` and `close` are the means of the first and the last slot in which
    there was a trade. `p10`, `median` and `p90` are the lowest prices at or below which a
    tenth, half and nine tenths of the volume were traded.
    """

    start: datetime
    open_micro_yuan_per_card_hour: int
    high_micro_yuan_per_card_hour: int
    low_micro_yuan_per_card_hour: int
    close_micro_yuan_per_card_hour: int
    mean_micro_yuan_per_card_hour: int
    p10_micro_yuan_per_card_hour: int
    median_micro_yuan_per_card_hour: int
    p90_micro_yuan_per_card_hour: int
    card_seconds: int
    turnover_micro_yuan: int
    trades: int

    @classmethod
    def of(cls, bar: Bar) -> "BarOut":
        """A bar."""
        return cls(
            start=utc(bar.begins),
            open_micro_yuan_per_card_hour=bar.open,
            high_micro_yuan_per_card_hour=bar.high,
            low_micro_yuan_per_card_hour=bar.low,
            close_micro_yuan_per_card_hour=bar.close,
            mean_micro_yuan_per_card_hour=bar.mean,
            p10_micro_yuan_per_card_hour=bar.p10,
            median_micro_yuan_per_card_hour=bar.median,
            p90_micro_yuan_per_card_hour=bar.p90,
            card_seconds=bar.card_seconds,
            turnover_micro_yuan=bar.turnover,
            trades=bar.trades,
        )


def _hourly(terms: VenueTerms, price: int | None) -> int | None:
    return None if price is None else price_per_hour(terms, price)
