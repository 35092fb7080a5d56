"""One instrument: what it is, its depth for a window, its calendar and its tape."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.catalogue.instruments import Instrument
from exchange.marketdata.bars import Bar, BarLength
from exchange.marketdata.depth import Books, Depth, instrument_depth
from exchange.marketdata.displaced import Displaced, displaced_by_day
from exchange.marketdata.history import History
from exchange.marketdata.resources import day_of, slots_of
from exchange.persistence.queries.displacements import displacements
from exchange.persistence.queries.market import Clock
from exchange.persistence.queries.tape import Trade, Wanted, last_trade, tape
from matching.terms import Slot, Tier, Window
from web.pages import offers as worked_out
from web.pages.board import BookStand
from web.pages.charts import DepthChart, depth_chart, level
from web.pages.fields import Reader
from web.pages.offers import Cell, Quoted
from web.pages.routing import PageRequest, address_query, live, not_here, page, sent_query
from web.pages.timelines import PriceChart, price_chart
from web.session import Caller
from web.storefront.market import AHEAD_HOURS, market_row

TAPE_ROWS = 30
DISPLACED_DAYS = 30
HOURS_USUAL = 1
DAY = 86_400
BARS_LEAST, BARS_SHOWN = 12, {BarLength.HOUR: 96, BarLength.DAY: 90, BarLength.WEEK: 52}


@dataclass(frozen=True, slots=True)
class ShownDepth:
    """The book for one window. `asked` keeps what the visitor typed."""

    asked: Reader
    depth: Depth
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


@dataclass(frozen=True, slots=True)
class ShownHistory:
    """The bars of the length that was asked for, up to the one that is running."""

    length: BarLength
    bars: list[Bar]
    chart: PriceChart | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next seven days of an instrument: its row of the market, without its last trade, and its calendar."""

    quoted: Quoted
    days: list[CalendarDay]


@get("/instruments/{market:str}/{tier:str}")
async def instrument_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    book_stand: NamedDependency[BookStand],
    history: NamedDependency[History],
    caller: NamedDependency[Caller | None],
    market: FromPath[str],
    tier: FromPath[str],
) -> Template:
    """Everything about one instrument."""
    instrument = _known(exchange, f"{market}/{tier}")
    clock = (await book_stand.books()).clock
    ahead = await book_stand.ask(outlook, instrument)
    trades = await _tape(exchange, instrument)
    asked = Reader(sent_query(request))
    quoted = replace(ahead.quoted, last=await last_trade(exchange.readers, instrument))
    return page(
        "instrument/page.html",
        caller,
        instrument=instrument,
        clock=clock,
        row=market_row(quoted, exchange.catalogue, clock),
        shown=await _shown(book_stand, instrument, clock, asked),
        history=await _history(history, instrument, clock, asked),
        days=ahead.days,
        trades=trades,
        displaced=await _displaced(exchange, instrument, clock),
        DISPLACED_DAYS=DISPLACED_DAYS,
        weight=exchange.catalogue.chips[instrument.chip].weight_milli,
        query=address_query(request),
    )


@get("/instruments/{market:str}/{tier:str}/depth")
async def instrument_depth_part(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    book_stand: NamedDependency[BookStand],
    caller: NamedDependency[Caller | None],
    market: FromPath[str],
    tier: FromPath[str],
) -> Template:
    """The depth alone, for a page that follows it."""
    instrument = _known(exchange, f"{market}/{tier}")
    clock = (await book_stand.books()).clock
    shown = await _shown(book_stand, instrument, clock, Reader(sent_query(request)))
    return live("instrument/_depth.html", caller, instrument=instrument, clock=clock, shown=shown)


@get("/instruments/{market:str}/{tier:str}/tape")
async def instrument_tape(
    exchange: NamedDependency[Exchange],
    book_stand: NamedDependency[BookStand],
    caller: NamedDependency[Caller | None],
    market: FromPath[str],
    tier: FromPath[str],
) -> Template:
    """The tape alone, for a page that follows it."""
    instrument = _known(exchange, f"{market}/{tier}")
    return live(
        "instrument/_tape.html",
        caller,
        clock=(await book_stand.books()).clock,
        trades=await _tape(exchange, instrument),
        weight=exchange.catalogue.chips[instrument.chip].weight_milli,
    )


def outlook(books: Books, instrument: Instrument) -> Outlook:
    """What is ahead of an instrument; it has a row even while nothing of it is on offer."""
    clock, offers = books.clock, books.of(instrument)
    end = Slot(clock.now + AHEAD_HOURS * 3600 // clock.terms.slot_seconds)
    runs = [
        run
        for offer in offers
        if instrument.tier in offer.asks
        for run in worked_out.free_runs(offer, instrument.tier, clock.now, end)
    ]
    return Outlook(worked_out.quoted(instrument, runs, None, clock.now), _days(books, instrument))


def _known(exchange: Exchange, text: str) -> Instrument:
    try:
        return exchange.catalogue.instrument(text)
    except ValueError:
        raise not_here() from None


async def _tape(exchange: Exchange, instrument: Instrument) -> list[Trade]:
    return await tape(exchange.readers, Wanted.of(instrument), None, TAPE_ROWS)


async def _displaced(exchange: Exchange, instrument: Instrument, clock: Clock) -> list[Displaced]:
    """What was taken back in the last days: nothing where nothing can be."""
    if instrument.tier is not Tier.SPOT:
        return []
    today, terms = day_of(clock.instant, clock.terms), clock.terms
    since, _ = slots_of(today - timedelta(days=DISPLACED_DAYS - 1), terms)
    _, until = slots_of(today, terms)
    found = await displacements(exchange.readers, since, until, instrument.chip, instrument.region)
    return displaced_by_day(found, terms)


async def _shown(book_stand: BookStand, instrument: Instrument, clock: Clock, asked: Reader) -> ShownDepth:
    depth = await book_stand.ask(instrument_depth, instrument, asked_window(asked, clock))
    return ShownDepth(asked, depth, depth_chart(depth.asks, depth.bids))


async def _history(history: History, instrument: Instrument, clock: Clock, asked: Reader) -> ShownHistory:
    name = asked.text("bars")
    length = BarLength(name) if name in set(BarLength) else BarLength.DAY
    running = length.begins(clock.instant, clock.terms.utc_offset_seconds)
    since, until = running - (BARS_SHOWN[length] - 1) * length.seconds, running + length.seconds
    bars = await history.bars(instrument, length, since, until)
    if bars:  # what is younger fills the chart, too
        since = max(since, min(bars[0].begins, until - BARS_LEAST * length.seconds))
    return ShownHistory(length, bars, price_chart(bars, length, since, until))


def asked_window(asked: Reader, clock: Clock) -> Window:
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


def _days(books: Books, instrument: Instrument) -> list[CalendarDay]:
    """Seven days from this one's midnight in UTC+8, hour by hour."""
    clock = books.clock
    today = int(clock.instant - (clock.instant + 8 * 3600) % DAY)
    slots_an_hour = 3600 // clock.terms.slot_seconds
    start = clock.terms.slot_of(today)
    cells = worked_out.calendar(
        books.of(instrument), instrument.tier, start, AHEAD_HOURS, slots_an_hour, clock.now
    )
    most = max(cell.free for cell in cells)
    return [
        CalendarDay(
            begins=today + day * DAY,
            cells=cells[24 * day : 24 * day + 24],
            shades=[level(cell.free, most) for cell in cells[24 * day : 24 * day + 24]],
        )
        for day in range(AHEAD_HOURS // 24)
    ]
