"""The public market: every instrument on offer, and what it costs now and in the hours ahead."""

from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from exchange.app import Exchange
from exchange.catalogue.catalogue import Catalogue
from exchange.catalogue.chips import Chip
from exchange.catalogue.regions import Region
from exchange.persistence.queries.market import Clock
from matching.terms import Tier
from settlement.money import round_half_away
from web.pages.board import Board, MarketTable
from web.pages.fields import Reader
from web.pages.offers import Quoted
from web.pages.routing import PageRequest, address_query, live, page, sent_query
from web.session import Caller

AHEAD_HOURS = 7 * 24
ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class MarketRow:
    """One instrument with the facts about its chip and region. Prices are micro-yuan per card-hour.

    `standard` is what the best ask comes to for as much speed as the reference card has.
    """

    quoted: Quoted
    chip: Chip
    region: Region
    best_now: int | None
    standard: int | None
    cheapest: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Market:
    """The market as a visitor has filtered it; `total` counts the rows that the filter left."""

    clock: Clock
    rows: list[MarketRow]
    total: int
    chips: list[Chip]
    regions: list[Region]


@get("/")
async def market_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    week_board: NamedDependency[Board],
    caller: NamedDependency[Caller | None],
) -> Template:
    """The market, filtered by what stands in the address."""
    asked = Reader(sent_query(request))
    market = filtered_market(await week_board.table(), exchange.catalogue, asked)
    return page("market/page.html", caller, asked=asked, market=market, query=address_query(request))


@get("/market/rows")
async def market_rows(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    week_board: NamedDependency[Board],
    caller: NamedDependency[Caller | None],
) -> Template:
    """The market's table alone, for a page that follows it."""
    asked = Reader(sent_query(request))
    market = filtered_market(await week_board.table(), exchange.catalogue, asked)
    return live("market/_table.html", caller, asked=asked, market=market)


def filtered_market(table: MarketTable, catalogue: Catalogue, asked: Reader) -> Market:
    """The instruments on offer that a filter by chip, region and tier leaves."""
    left = [row for row in table.rows if _wanted(row, asked)]
    chips = {row.instrument.chip for row in table.rows}
    regions = {row.instrument.region for row in table.rows}
    return Market(
        clock=table.clock,
        rows=[market_row(row, catalogue, table.clock) for row in left[:ROWS_MAX]],
        total=len(left),
        chips=[chip for chip in catalogue.chips.values() if chip.code in chips],
        regions=[region for region in catalogue.regions.values() if region.code in regions],
    )


def market_row(quoted: Quoted, catalogue: Catalogue, clock: Clock) -> MarketRow:
    """An instrument's row with its prices by the hour."""
    chip = catalogue.chips[quoted.instrument.chip]
    best = None if quoted.best_now is None else clock.hourly(quoted.best_now)
    return MarketRow(
        quoted=quoted,
        chip=chip,
        region=catalogue.regions[quoted.instrument.region],
        best_now=best,
        standard=None if best is None else round_half_away(best * 1000, chip.weight_milli),
        cheapest=None if quoted.cheapest is None else clock.hourly(quoted.cheapest),
        last=None if quoted.last is None else quoted.last.hourly(clock.terms.slot_seconds),
    )


def _wanted(row: Quoted, asked: Reader) -> bool:
    """Whether a row passes the filter; a filter that names nothing known leaves nothing."""
    chip, region, tier = asked.text("chip"), asked.text("region"), asked.text("tier")
    key = row.instrument
    return (
        chip in {"", key.chip}
        and region in {"", key.region}
        and (tier in {"", key.tier} or tier not in set(Tier))
    )
