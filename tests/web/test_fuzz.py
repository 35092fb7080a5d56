"""Whatever is sent to any operation, the answer is a result or a refusal: never a fault of ours."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from copy import deepcopy
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.house import Door, open_market
from tests.web.nasty import JSON
from tests.web.test_access import ANYBODY, EXAMPLES, MAY
from tests.web.test_examples import HANDLER

Json = Any
Venue = tuple[asyncio.Runner, Door]

NUMBERS = st.sampled_from(
    [0, -1, 1, 2, 7, 15, 60, 10_000, 2**31, 2**53, 10**12, 10**15, 2**63 - 1, 2**63, 10**30, 1.5, 1e300]
)
WORDS = ["", "a", "venue", "buyer", "seller", "310000", "150100", "spot", "lst-12", "2026-11-30T00:00:00Z"]
TEXTS = st.sampled_from(WORDS) | st.text(max_size=12)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def venue(database_url: str) -> Iterator[Venue]:
    """A market and the loop that it lives in, for tests that have no loop of their own."""
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        door = runner.run(opened.enter_async_context(open_market(database_url)))
        yield runner, door
        runner.run(opened.aclose())


@FUZZ
@given(data=st.data())
def test_bodies_near_good_ones(venue: Venue, data: st.DataObject) -> None:
    """A good request with something put in place of a part of it, left out, or added."""
    runner, door = venue
    operation = data.draw(st.sampled_from([name for name in sorted(EXAMPLES) if "request" in EXAMPLES[name]]))
    body = deepcopy(EXAMPLES[operation]["request"])
    for _ in range(data.draw(st.integers(1, 3))):
        change(body, data)
    runner.run(ask(door, operation, EXAMPLES[operation].get("path", {}), json.dumps(body).encode()))


@FUZZ
@given(data=st.data(), raw=st.binary(max_size=200))
def test_bodies_that_are_bytes(venue: Venue, data: st.DataObject, raw: bytes) -> None:
    """A good request with some bytes of it changed."""
    runner, door = venue
    good = json.dumps(EXAMPLES["place_order"]["request"]).encode()
    at = data.draw(st.integers(0, len(good)))
    runner.run(ask(door, "place_order", {}, good[:at] + raw + good[at + len(raw) // 2 :]))


@FUZZ
@given(
    data=st.data(),
    query=st.dictionaries(
        st.sampled_from(["limit", "cursor", "start", "end", "day", "days", "length", "tier", "x"]), TEXTS
    ),
)
def test_addresses(venue: Venue, data: st.DataObject, query: dict[str, str]) -> None:
    """Any operation under any id, with any parameters."""
    runner, door = venue
    operation = data.draw(st.sampled_from(sorted(HANDLER)))
    path = {name: data.draw(TEXTS) for name in EXAMPLES[operation].get("path", {})}
    runner.run(ask(door, operation, path, b"{}", query))


async def ask(
    door: Door, operation: str, path: dict[str, str], body: bytes, query: dict[str, str] | None = None
) -> None:
    """Send it in the name of somebody who may; the house checks the answer."""
    handler = HANDLER[operation]
    address = min(handler.paths).replace(":str", "")
    by = "" if MAY[operation] == ANYBODY else MAY[operation].split()[0]
    named = {name: quote(part, safe="") for name, part in path.items()}
    method = next(iter(handler.http_methods))
    await door.ask(
        method,
        f"/v1{address}".format(**named),
        by=by,
        params=query,
        content=body,
        headers={"Content-Type": JSON},
    )


def change(value: Json, data: st.DataObject) -> None:
    """Change one part of a document in place, however deep."""
    places = list(range(len(value))) if isinstance(value, list) else sorted(value)
    place = data.draw(st.sampled_from(places)) if places else None
    inner = None if place is None else value[place]
    match data.draw(st.sampled_from(["put", "drop", "add", "inside", "inside"])):
        case "inside" if isinstance(inner, dict | list):
            change(inner, data)
        case "drop" if place is not None:
            del value[place]
        case "add" if isinstance(value, dict):
            value[data.draw(TEXTS)] = data.draw(ANYTHING)
        case "add":
            value.append(data.draw(ANYTHING))
        case _ if place is not None:
            value[place] = data.draw(ANYTHING)
