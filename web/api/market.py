"""The catalogue and the market: for everybody, and without anybody's name."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from exchange.app import Exchange
from exchange.catalogue.instruments import Instrument
from exchange.persistence.queries.market import bids, clock, offers, tape
from matching.terms import Slot, Window
from web.api.asking import Limit
from web.bodies.common import WindowOut
from web.bodies.market import ChipOut, DepthOut, InstrumentOut, RegionOut, RungOut, TradeOut
from web.pages.board import Board
from web.pages.offers import demand, ladder
from web.problems import unknown_id

Slots = Annotated[int, QueryParameter(ge=1, le=2160, description="How many slots from now.")]


@get("/chips")
async def list_chips(exchange: NamedDependency[Exchange]) -> list[ChipOut]:
    """The chips that are traded, and how they compare."""
    return [ChipOut.of(chip) for chip in exchange.catalogue.chips.values()]


@get("/regions")
async def list_regions(exchange: NamedDependency[Exchange]) -> list[RegionOut]:
    """The places where work is wanted and where it runs."""
    return [RegionOut.of(region) for region in exchange.catalogue.regions.values()]


@get("/instruments")
async def list_instruments(board: NamedDependency[Board]) -> list[InstrumentOut]:
    """Every instrument on offer: a chip in a region at a tier, with what is free and what it costs."""
    table = await board.table()
    return [InstrumentOut.of(quoted, table.clock.terms) for quoted in table.rows]


@get("/instruments/{place:str}/{tier:str}/depth")
async def get_depth(
    place: FromPath[str], tier: FromPath[str], exchange: NamedDependency[Exchange], slots: Slots = 1
) -> DepthOut:
    """Cards to be had, and cards that wait, for so many slots from now."""
    instrument = _instrument(exchange, place, tier)
    now = (await clock(exchange.readers)).now
    window, seconds = Window(now, Slot(now + slots)), slots * exchange.terms.slot_seconds
    on_offer = await offers(exchange.readers, now, instrument.chip, instrument.region)
    waiting = await bids(exchange.readers, instrument.chip, instrument.region, instrument.tier)
    return DepthOut(
        code=str(instrument),
        window=WindowOut.of(window, exchange.terms),
        asks=[RungOut.of(rung, seconds) for rung in ladder(on_offer, instrument.tier, window)],
        bids=[RungOut.of(rung, seconds) for rung in demand(waiting, window)],
    )


@get("/instruments/{place:str}/{tier:str}/trades")
async def list_trades(
    place: FromPath[str], tier: FromPath[str], exchange: NamedDependency[Exchange], limit: Limit = 50
) -> list[TradeOut]:
    """The latest leases of an instrument, the newest first: `place` is its chip and region, as in `chip@region`."""
    instrument = _instrument(exchange, place, tier)
    trades = await tape(exchange.readers, instrument.chip, instrument.region, instrument.tier, limit)
    return [TradeOut.of(trade, exchange.terms) for trade in trades]


def _instrument(exchange: Exchange, place: str, tier: str) -> Instrument:
    try:
        return exchange.catalogue.instrument(f"{place}/{tier}")
    except ValueError:
        raise unknown_id() from None


HANDLERS = [list_chips, list_regions, list_instruments, get_depth, list_trades]
