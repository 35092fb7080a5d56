"""The depth of all chips together, in standard cards: at a tier, in one region or in all of them."""

from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.catalogue.regions import Region
from exchange.marketdata.depth import Depth, standard_depth
from exchange.persistence.queries.market import Clock
from matching.terms import RegionCode, Tier
from web.pages.board import BookStand
from web.pages.charts import DepthChart, depth_chart
from web.pages.fields import Reader
from web.pages.routing import PageRequest, address_query, live, not_here, page, sent_query
from web.session import Caller
from web.storefront.instruments import asked_window


@dataclass(frozen=True, slots=True)
class ShownStandardDepth:
    """The book across chips for one window. `region` is None for all of them; `asked` keeps what the visitor typed."""

    clock: Clock
    tier: Tier
    region: RegionCode | None
    asked: Reader
    depth: Depth
    chart: DepthChart | None


@get("/depth/{tier:str}")
async def depth_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    book_stand: NamedDependency[BookStand],
    caller: NamedDependency[Caller | None],
    tier: FromPath[str],
) -> Template:
    """The depth of all chips, and the regions to choose from: those of which anything is listed."""
    shown, books = await _shown(request, exchange, book_stand, tier), await book_stand.books()
    listed = {region for _, region in books.offers}
    regions: list[Region] = [one for one in exchange.catalogue.regions.values() if one.code in listed]
    return page("depth/page.html", caller, shown=shown, regions=regions, query=address_query(request))


@get("/depth/{tier:str}/table")
async def depth_part(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    book_stand: NamedDependency[BookStand],
    caller: NamedDependency[Caller | None],
    tier: FromPath[str],
) -> Template:
    """The depth alone, for a page that follows it."""
    return live("depth/_table.html", caller, shown=await _shown(request, exchange, book_stand, tier))


async def _shown(
    request: PageRequest, exchange: Exchange, book_stand: BookStand, tier: str
) -> ShownStandardDepth:
    """What an address asks for. A region that is not known is none."""
    if tier not in set(Tier):
        raise not_here()
    asked, clock = Reader(sent_query(request)), (await book_stand.books()).clock
    code = asked.text("region")
    region = RegionCode(code) if code in exchange.catalogue.regions else None
    depth = await book_stand.ask(standard_depth, Tier(tier), region, asked_window(asked, clock))
    return ShownStandardDepth(clock, Tier(tier), region, asked, depth, depth_chart(depth.asks, depth.bids))
