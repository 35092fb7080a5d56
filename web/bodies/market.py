"""The catalogue and the market as they are answered: nobody's name in either."""

from dataclasses import dataclass
from datetime import datetime

from exchange.catalogue.chips import Chip, WeightBasis
from exchange.catalogue.regions import Region
from exchange.persistence.queries.market import Trade
from exchange.state import VenueTerms
from matching.terms import Tier
from settlement.meters import SECONDS_PER_HOUR
from settlement.money import round_half_away
from web.bodies.common import WindowOut
from web.bodies.fields import price_per_hour
from web.pages.offers import Quoted, Rung


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
            last_micro_yuan_per_card_hour=_hourly(terms, None if last is None else last.price),
        )


@dataclass(frozen=True, slots=True)
class RungOut:
    """Cards at one price, averaged over the window."""

    price_micro_yuan_per_card_hour: int
    cards: int

    @classmethod
    def of(cls, rung: Rung, seconds: int) -> "RungOut":
        """A rung whose price is for a window of so many seconds."""
        return cls(round_half_away(rung.price * SECONDS_PER_HOUR, seconds), rung.cards)


@dataclass(frozen=True, slots=True)
class DepthOut:
    """Cards to be had for all of a window, cheapest first, and cards wanted for just that long, dearest first."""

    code: str
    window: WindowOut
    asks: list[RungOut]
    bids: list[RungOut]


@dataclass(frozen=True, slots=True)
class TradeOut:
    """A lease as the tape tells it."""

    cards: int
    window: WindowOut
    price_micro_yuan_per_card_hour: int
    granted_at: datetime
    seq: int

    @classmethod
    def of(cls, trade: Trade, terms: VenueTerms) -> "TradeOut":
        """A trade of the tape."""
        return cls(
            cards=trade.cards,
            window=WindowOut.of(trade.window, terms),
            price_micro_yuan_per_card_hour=price_per_hour(terms, trade.price),
            granted_at=trade.granted,
            seq=trade.seq,
        )


def _hourly(terms: VenueTerms, price: int | None) -> int | None:
    return None if price is None else price_per_hour(terms, price)
