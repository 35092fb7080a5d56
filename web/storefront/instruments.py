"""One instrument: what it is, its depth for a window, its calendar and its tape."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.catalogue.instruments import Instrument
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.market import Bid, Clock, Offered, Trade
from matching.terms import Slot, Window
from settlement.money import round_half_away
from web.pages import offers as worked_out
from web.pages.charts import DepthChart, depth_chart, level
from web.pages.fields import Reader
from web.pages.offers import Cell, Rung
from web.pages.routing import PageRequest, address_query, live, not_here, page, sent_query
from web.session import Caller
from web.storefront.market import AHEAD_HOURS, MarketRow, market_row

TAPE_ROWS = 30
HOURS_USUAL = 24
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Depth:
    """The book for one window, its prices by the hour. `asked` keeps what the visitor typed."""

    window: Window
    asked: Reader
    asks: list[Rung]
    bids: list[Rung]
    waiting: list[Bid]
    chart: DepthChart | None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """The hours of one day in UTC+8; `shades` has the heat of each."""

    begins: int
    cells: Sequence[Cell]
    shades: Sequence[int]

    @property
    def any_free(self) -> bool:
        """Whether anything is free in any hour of the day."""
        return any(cell.free for cell in self.cells)


@get("/instruments/{market:str}/{tier:str}")
async def instrument_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller | None],
    market: FromPath[str],
    tier: FromPath[str],
) -> Template:
    """Everything about one instrument."""
    instrument = _known(exchange, f"{market}/{tier}")
    clock = await queries.clock(exchange.readers)
    offers = await queries.offers(exchange.readers, clock.now, instrument.chip, instrument.region)
    trades = await queries.tape(
        exchange.readers, instrument.chip, instrument.region, instrument.tier, TAPE_ROWS
    )
    asked = Reader(sent_query(request))
    return page(
        "instrument/page.html",
        caller,
        instrument=instrument,
        clock=clock,
        row=_row(exchange, instrument, offers, trades, clock),
        depth=await _depth(exchange, instrument, offers, clock, asked),
        days=_days(offers, instrument, clock),
        trades=trades,
        query=address_query(request),
    )


@get("/instruments/{market:str}/{tier:str}/depth")
async def instrument_depth(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller | None],
    market: FromPath[str],
    tier: FromPath[str],
) -> Template:
    """The depth alone, for a page that follows it."""
    instrument = _known(exchange, f"{market}/{tier}")
    clock = await queries.clock(exchange.readers)
    offers = await queries.offers(exchange.readers, clock.now, instrument.chip, instrument.region)
    depth = await _depth(exchange, instrument, offers, clock, Reader(sent_query(request)))
    return live("instrument/_depth.html", caller, instrument=instrument, clock=clock, depth=depth)


@get("/instruments/{market:str}/{tier:str}/tape")
async def instrument_tape(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller | None],
    market: FromPath[str],
    tier: FromPath[str],
) -> Template:
    """The tape alone, for a page that follows it."""
    instrument = _known(exchange, f"{market}/{tier}")
    clock = await queries.clock(exchange.readers)
    trades = await queries.tape(
        exchange.readers, instrument.chip, instrument.region, instrument.tier, TAPE_ROWS
    )
    return live("instrument/_tape.html", caller, clock=clock, trades=trades)


def _known(exchange: Exchange, text: str) -> Instrument:
    try:
        return exchange.catalogue.instrument(text)
    except ValueError:
        raise not_here() from None


def _row(
    exchange: Exchange, instrument: Instrument, offers: list[Offered], trades: list[Trade], clock: Clock
) -> MarketRow:
    """The instrument's row of the market; it has one even while nothing of it is on offer."""
    ahead = AHEAD_HOURS * 3600 // clock.terms.slot_seconds
    rows = worked_out.market_table(offers, trades[:1], clock.now, ahead)
    found = [row for row in rows if row.instrument == instrument]
    nothing = worked_out.quoted(instrument, [], trades[0] if trades else None, clock.now)
    return market_row(found[0] if found else nothing, exchange.catalogue, clock)


async def _depth(
    exchange: Exchange, instrument: Instrument, offers: list[Offered], clock: Clock, asked: Reader
) -> Depth:
    window = _window(asked, clock)
    waiting = await queries.bids(exchange.readers, instrument.chip, instrument.region, instrument.tier)
    asks = _by_the_hour(worked_out.ladder(offers, instrument.tier, window), window, clock)
    bids = _by_the_hour(worked_out.demand(waiting, window), window, clock)
    return Depth(window, asked, asks, bids, waiting, depth_chart(asks, bids))


def _by_the_hour(rungs: list[Rung], window: Window, clock: Clock) -> list[Rung]:
    """The same rungs with the price of a card-hour, on average over the window."""
    seconds = len(window) * clock.terms.slot_seconds
    return [rung._replace(price=round_half_away(rung.price * 3600, seconds)) for rung in rungs]


def _window(asked: Reader, clock: Clock) -> Window:
    """The window that was asked for, or the next day from now. What can't be read or has passed begins now."""
    start = clock.now
    if asked.text("start"):
        instant = asked.instant("start")
        start = clock.now if instant is None else max(clock.now, clock.terms.slot_of(instant))
    usual = max(1, HOURS_USUAL * 3600 // clock.terms.slot_seconds)
    length = usual
    if asked.text("hours"):
        length = min(asked.slots("hours", clock.terms.slot_seconds) or usual, clock.terms.horizon_slots)
    return Window(Slot(start), Slot(start + length))


def _days(offers: list[Offered], instrument: Instrument, clock: Clock) -> list[CalendarDay]:
    """Seven days from this one's midnight in UTC+8, hour by hour."""
    today = int(clock.instant - (clock.instant + 8 * 3600) % DAY)
    slots_an_hour = 3600 // clock.terms.slot_seconds
    start = clock.terms.slot_of(today)
    cells = worked_out.calendar(offers, instrument.tier, start, AHEAD_HOURS, slots_an_hour, clock.now)
    most = max(cell.free for cell in cells)
    return [
        CalendarDay(
            begins=today + day * DAY,
            cells=cells[24 * day : 24 * day + 24],
            shades=[level(cell.free, most) for cell in cells[24 * day : 24 * day + 24]],
        )
        for day in range(AHEAD_HOURS // 24)
    ]
