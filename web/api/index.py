"""The price index: for everybody, with all that it takes to work it out again."""

from datetime import timedelta
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from exchange.marketdata.days import IndexDays
from exchange.marketdata.index import METHOD, value_of
from exchange.marketdata.resources import Resource
from web.api.asking import Days, day_given, day_in
from web.bodies.index import IndexInputsOut, IndexOut, IndexRowOut, IndexValueOut
from web.problems import unknown_id

Day = Annotated[
    str | None, QueryParameter(description="A day such as 2026-11-30; usually the last that is over.")
]


@get("/index")
async def get_index(index: NamedDependency[IndexDays], day: Day = None) -> IndexOut:
    """The prices of a day that is over, of every resource that was traded: see the method's page in the docs.

    What is not named was not traded. A day whose trades don't make a price has no value, and says why; the value of
    another day is never put in its place.
    """
    given, span = day_given(day), await index.span()
    if span is None or not span[0] <= (asked := given or span[1]) <= span[1]:
        return IndexOut.of([])
    values = await index.values(asked)
    return IndexOut.of(
        [IndexValueOut.of(resource, asked, values[resource]) for resource in sorted(values, key=str)]
    )


@get("/index/{resource:str}/{tier:str}")
async def get_index_history(
    resource: FromPath[str],
    tier: FromPath[str],
    index: NamedDependency[IndexDays],
    day: Day = None,
    days: Days = 30,
) -> IndexOut:
    """The prices of one resource, day by day, the oldest first: `resource` is as in `chip@region`, `standard@all`."""
    known, given, span = resource_of(index, resource, tier), day_given(day), await index.span()
    if span is None:
        return IndexOut.of([])
    last = min(span[1], given or span[1])
    first = max(span[0], last - timedelta(days=days - 1))
    asked = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return IndexOut.of([IndexValueOut.of(known, one, await index.value(one, known)) for one in asked])


@get("/index/{resource:str}/{tier:str}/{day:str}/inputs")
async def get_index_inputs(
    resource: FromPath[str], tier: FromPath[str], day: FromPath[str], index: NamedDependency[IndexDays]
) -> IndexInputsOut:
    """Exactly the rows that a value was made of, for whoever works it out again."""
    known, span = resource_of(index, resource, tier), await index.span()
    asked = day_in(day)
    if asked is None or span is None or asked > span[1]:
        raise unknown_id()
    rows = await index.rows(asked, known)
    value = value_of(str(known), asked, rows)
    return IndexInputsOut(
        METHOD, IndexValueOut.of(known, asked, value), [IndexRowOut.of(row, value) for row in rows]
    )


def resource_of(index: IndexDays, resource: str, tier: str) -> Resource:
    """What an address names, or the refusal of one that means nothing."""
    try:
        return index.resource(f"{resource}/{tier}")
    except ValueError:
        raise unknown_id() from None


HANDLERS = [get_index, get_index_history, get_index_inputs]
