"""The price index: what a day says of every resource, and each resource day by day."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.catalogue.catalogue import Catalogue
from exchange.catalogue.regions import HubCode
from exchange.marketdata.days import IndexDays
from exchange.marketdata.index import METHOD, Value
from exchange.marketdata.resources import ALL, Resource
from matching.terms import RegionCode
from web.pages.fields import Reader
from web.pages.routing import PageRequest, not_here, page, sent_query
from web.pages.timelines import IndexChart, index_chart
from web.session import Caller

DAYS_SHOWN = 90


class Named(NamedTuple):
    """A resource in words: what it is, and where, in English and Chinese."""

    what: str
    where_en: str
    where_zh: str


@dataclass(frozen=True, slots=True)
class Valued:
    """A resource's value on a day."""

    resource: Resource
    named: Named
    day: date
    value: Value


@dataclass(frozen=True, slots=True)
class Course:
    """A resource day by day, the latest first."""

    valued: list[Valued]
    chart: IndexChart | None


@get("/index")
async def index_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    index: NamedDependency[IndexDays],
    caller: NamedDependency[Caller | None],
) -> Template:
    """The index of a day: the last that is over, unless the address names another."""
    span = await index.span()
    day = None if span is None else _day(Reader(sent_query(request)).text("day"), span)
    values = {} if day is None else await index.values(day)
    groups: dict[str, list[Valued]] = {"standard": [], "all": [], "hub": [], "region": []}
    for resource in sorted(values, key=str):
        assert day is not None, "a value is of a day"
        valued = _valued(resource, day, values[resource], exchange.catalogue)
        groups[_group(resource, exchange.catalogue)].append(valued)
    return page("index/page.html", caller, groups=groups, span=span, day=day, method=METHOD)


@get("/index/{resource:str}/{tier:str}")
async def index_course_page(
    exchange: NamedDependency[Exchange],
    index: NamedDependency[IndexDays],
    caller: NamedDependency[Caller | None],
    resource: FromPath[str],
    tier: FromPath[str],
) -> Template:
    """The index of one resource over the last days."""
    try:
        known = index.resource(f"{resource}/{tier}")
    except ValueError:
        raise not_here() from None
    course = await _course(index, known, exchange.catalogue)
    return page(
        "index/course.html",
        caller,
        resource=known,
        named=_named(known, exchange.catalogue),
        course=course,
        method=METHOD,
    )


async def _course(index: IndexDays, resource: Resource, catalogue: Catalogue) -> Course:
    span = await index.span()
    if span is None:
        return Course([], None)
    first = max(span[0], span[1] - timedelta(days=DAYS_SHOWN - 1))
    days = [first + timedelta(days=n) for n in range((span[1] - first).days + 1)]
    valued = [_valued(resource, day, await index.value(day, resource), catalogue) for day in days]
    return Course(valued[::-1], index_chart([one.value.price for one in valued]))


def _day(text: str, span: tuple[date, date]) -> date:
    """The day that was asked for, if it is one that can have values; else the last."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return span[1]
    return asked if span[0] <= asked <= span[1] else span[1]


def _valued(resource: Resource, day: date, value: Value, catalogue: Catalogue) -> Valued:
    return Valued(resource, _named(resource, catalogue), day, value)


def _named(resource: Resource, catalogue: Catalogue) -> Named:
    what = "Standard card" if resource.chip is None else catalogue.chips[resource.chip].name
    if resource.place == ALL:
        return Named(what, "everywhere", "全国")
    hub = catalogue.hubs.get(HubCode(resource.place))
    if hub is not None:
        return Named(what, hub.name_en, hub.name_zh)
    region = catalogue.regions[RegionCode(resource.place)]
    return Named(what, region.name_en, region.name_zh)


def _group(resource: Resource, catalogue: Catalogue) -> str:
    """Under which heading a resource stands."""
    if resource.chip is None:
        return "standard"
    if resource.place == ALL:
        return "all"
    return "hub" if HubCode(resource.place) in catalogue.hubs else "region"
