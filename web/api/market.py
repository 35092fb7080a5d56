"""The catalogue and the market: for everybody, and without anybody's name."""

from datetime import timedelta
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from exchange.app import Exchange
from exchange.catalogue.instruments import Instrument
from exchange.marketdata.bars import BarLength
from exchange.marketdata.depth import instrument_depth, standard_depth
from exchange.marketdata.displaced import displaced_by_day
from exchange.marketdata.history import History
from exchange.marketdata.resources import day_of, slots_of
from exchange.persistence.queries.displacements import displacements
from exchange.persistence.queries.market import Clock, clock
from exchange.persistence.queries.tape import Wanted, tape
from matching.terms import ChipCode, RegionCode, Slot, Tier, Window
from settlement.meters import SECONDS_PER_HOUR
from web.api.asking import Cursor, Days, Limit, day_given, one_of, page, place_after, slot_asked
from web.bodies.common import Page
from web.bodies.market import (
    BarOut,
    ChipOut,
    DepthOut,
    DisplacedOut,
    InstrumentOut,
    RegionOut,
    StandardDepthOut,
    TradeOut,
)
from web.pages.board import Board, BookStand
from web.problems import DoorRejection, ProblemError, unknown_id

BARS_USUAL, BARS_MAX = 90, 1_000

Length = Annotated[str, QueryParameter(description="`hour`, `day` or `week`.")]
Start = Annotated[str | None, QueryParameter(description="RFC 3339, on the grid of slots.")]
End = Annotated[str | None, QueryParameter(description="RFC 3339, on the grid of slots.")]
ChipAsked = Annotated[str | None, QueryParameter(description="A chip, if not all.")]
RegionAsked = Annotated[str | None, QueryParameter(description="A region, if not all.")]
LastDay = Annotated[
    str | None, QueryParameter(description="The last day, such as 2026-11-30; usually the running one.")
]
TierAsked = Annotated[str | None, QueryParameter(description="A tier, if not both.")]


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
    place: FromPath[str],
    tier: FromPath[str],
    exchange: NamedDependency[Exchange],
    book_stand: NamedDependency[BookStand],
    start: Start = None,
    end: End = None,
) -> DepthOut:
    """Cards to be had in every slot of a window, and cards wanted in it, by price: `place` is as in `chip@region`.

    The window is the next hour, unless it is named. Levels are anonymous: each adds up all cards at its price.
    """
    instrument = instrument_of(exchange, place, tier)
    clock = (await book_stand.books()).clock
    window = _window(clock, start, end)
    depth = await book_stand.ask(instrument_depth, instrument, window)
    return DepthOut.of(instrument, depth, clock.terms)


@get("/depth/{tier:str}")
async def get_standard_depth(
    tier: FromPath[str],
    exchange: NamedDependency[Exchange],
    book_stand: NamedDependency[BookStand],
    region: RegionAsked = None,
    start: Start = None,
    end: End = None,
) -> StandardDepthOut:
    """The depth of all chips together, in standard cards: each card counts the weight of its chip in the catalogue.

    An order that would take several chips counts once, as the one for which it would pay the most.
    """
    asked, place = _tier(tier), _region(exchange, region)
    clock = (await book_stand.books()).clock
    depth = await book_stand.ask(standard_depth, asked, place, _window(clock, start, end))
    return StandardDepthOut.of(asked, place, depth, clock.terms)


@get("/instruments/{place:str}/{tier:str}/bars")
async def list_bars(
    place: FromPath[str],
    tier: FromPath[str],
    exchange: NamedDependency[Exchange],
    history: NamedDependency[History],
    length: Length = "day",
    start: Start = None,
    end: End = None,
) -> list[BarOut]:
    """What was traded of an instrument in each hour, day or week, the oldest first; none where nothing was.

    A trade belongs to the slot in which it was granted. Usually the latest 90; at most 1,000 can lie between `start`
    and `end`. The last one may be running still.
    """
    instrument = instrument_of(exchange, place, tier)
    step, terms = BarLength(one_of("length", length, set(BarLength))), exchange.terms
    now = (await clock(exchange.readers)).instant
    until = now + 1 if end is None else terms.instant_of(slot_asked("end", end, terms))
    since = until - BARS_USUAL * step.seconds
    since = since if start is None else terms.instant_of(slot_asked("start", start, terms))
    if until - since > BARS_MAX * step.seconds:
        raise ProblemError(DoorRejection.INVALID_PARAMETER, f"Ask for at most {BARS_MAX:,} bars at once.")
    return [BarOut.of(bar) for bar in await history.bars(instrument, step, since, until)]


@get("/trades")
async def list_trades(
    exchange: NamedDependency[Exchange],
    chip: ChipAsked = None,
    region: RegionAsked = None,
    tier: TierAsked = None,
    start: Start = None,
    end: End = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TradeOut]:
    """The tape: every lease as it was granted, the newest slot first, and nobody's name.

    Within a slot the order says nothing: no two trades can be seen to be one buyer's. `start` and `end` bound the venue's time of the grant. A row never changes, whatever becomes of its lease.
    """
    terms, chips = exchange.terms, exchange.catalogue.chips
    wanted = Wanted(
        chip=None if chip is None else ChipCode(one_of("chip", chip, chips)),
        region=_region(exchange, region),
        tier=None if tier is None else Tier(one_of("tier", tier, set(Tier))),
        since=None if start is None else slot_asked("start", start, terms),
        until=None if end is None else slot_asked("end", end, terms),
    )
    rows = await tape(exchange.readers, wanted, place_after(cursor), limit + 1)
    return page(
        rows,
        limit,
        lambda trade: (trade.slot, trade.id),
        lambda trade: TradeOut.of(trade, chips[trade.instrument.chip].weight_milli, terms),
    )


@get("/displacements")
async def list_displacements(
    exchange: NamedDependency[Exchange],
    chip: ChipAsked = None,
    region: RegionAsked = None,
    day: LastDay = None,
    days: Days = 30,
) -> list[DisplacedOut]:
    """The spot leases that were taken back each day, by instrument, the latest day first; none where none was.

    A lease counts on the day, at the venue's offset from UTC, in which its buyer lost it, whenever it was to run.
    """
    now, chips = await clock(exchange.readers), exchange.catalogue.chips
    last = day_given(day) or day_of(now.instant, now.terms)
    found = await displacements(
        exchange.readers,
        slots_of(last - timedelta(days=days - 1), now.terms)[0],
        slots_of(last, now.terms)[1],
        None if chip is None else ChipCode(one_of("chip", chip, chips)),
        _region(exchange, region),
    )
    return [DisplacedOut.of(one) for one in displaced_by_day(found, now.terms)]


def instrument_of(exchange: Exchange, place: str, tier: str) -> Instrument:
    """The instrument that an address names, or the refusal of one that means nothing."""
    try:
        return exchange.catalogue.instrument(f"{place}/{tier}")
    except ValueError:
        raise unknown_id() from None


def _tier(name: str) -> Tier:
    if name not in set(Tier):
        raise unknown_id()
    return Tier(name)


def _region(exchange: Exchange, code: str | None) -> RegionCode | None:
    return None if code is None else RegionCode(one_of("region", code, exchange.catalogue.regions))


def _window(clock: Clock, start: str | None, end: str | None) -> Window:
    """The window that was asked for, of slots that are not over; usually the next hour."""
    terms = clock.terms
    first = clock.now if start is None else slot_asked("start", start, terms)
    last = Slot(first + SECONDS_PER_HOUR // terms.slot_seconds)
    last = last if end is None else slot_asked("end", end, terms)
    if not clock.now <= first < last <= clock.now + terms.horizon_slots:
        raise ProblemError(
            DoorRejection.INVALID_PARAMETER,
            f"The window begins now or later, and ends after that, at most {terms.horizon_slots} slots from now.",
        )
    return Window(first, last)


HANDLERS = [
    list_chips,
    list_regions,
    list_instruments,
    get_depth,
    get_standard_depth,
    list_bars,
    list_trades,
    list_displacements,
]
