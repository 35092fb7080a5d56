"""The clerk's form for service promises: the ladder in force, another one, and plain words for what can't be one."""

from dataclasses import replace

import pytest

from exchange.persistence.queries.market import clock
from exchange.state import VenueTerms
from matching.terms import Tier
from settlement.rating.service_credits import ServicePromise
from tests.web.pages.conftest import Browser, Venue
from tests.web.pages.test_ordering import told
from tests.web.seed import HOUR, bp

pytestmark = pytest.mark.anyio

PATH = "/clerk/promises"


async def in_force(venue: Venue) -> VenueTerms:
    return (await clock(venue.exchange.readers)).terms


async def typed(clerk: Browser, **changed: str) -> dict[str, str | list[str]]:
    """What the form holds as it is opened, with some fields changed."""
    values: dict[str, str | list[str]] = {}
    values |= {name: held[0] for name, held in (await clerk.get(PATH)).page.values().items()}
    return values | changed


async def test_what_the_form_holds_is_what_is_in_force(venue: Venue) -> None:
    before, clerk = await in_force(venue), await venue.as_party("clerk-1")
    page = (await clerk.get(PATH)).page.text
    assert "Taken back after a run of less than 6 h 20 %" in page
    assert "Less than 99.8 % delivered of what a statement settles of a month 10 %" in page
    assert PATH in (await clerk.get("/clerk")).page.links()
    assert (await clerk.send(PATH, **await typed(clerk))).location == f"{PATH}?adopted=1"
    assert await in_force(venue) == before


async def test_another_ladder_is_adopted_in_whatever_order_it_is_typed_and_nothing_else(venue: Venue) -> None:
    before, clerk = await in_force(venue), await venue.as_party("clerk-1")
    steps = {"below-on_demand-1": "95", "credit-on_demand-1": "50", "below-on_demand-4": "99.95"}
    changed = await typed(
        clerk, **steps, **{"credit-on_demand-4": "2.5", "notice": "", "notice_credit": "", "minimum_run": "8"}
    )
    assert (await clerk.send(PATH, **changed)).status == 303
    firm = ServicePromise(tuple(zip(bp(9500, 9900, 9995), bp(5000, 2500, 250), strict=True)))
    spot = ServicePromise(before.promises[Tier.SPOT].ladder, 8 * HOUR, bp(2000)[0])
    assert await in_force(venue) == replace(before, promises={Tier.ON_DEMAND: firm, Tier.SPOT: spot})
    assert "99.95 %" in (await clerk.get("/clerk")).page.text


async def test_an_empty_form_promises_nothing(venue: Venue) -> None:
    clerk = await venue.as_party("clerk-1")
    sent = await typed(clerk)
    empty = {name: held if name == "once" else "" for name, held in sent.items()}
    assert (await clerk.send(PATH, **empty)).status == 303
    assert (await in_force(venue)).promises == {}
    assert "Nothing is promised" in (await clerk.get(PATH)).page.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("credit-on_demand-1", "", "Fill in “Comes off, %”."),
        ("below-on_demand-1", "101", "At most 100."),
        ("credit-spot-1", "0.001", "Write per cent with at most two decimals"),
        ("below-spot-2", "x", "Write a number, such as 8 or 12.50."),
        ("notice", "0.5", "Write hours as a whole number of 60-minute slots"),
        ("minimum_run_credit", "", "Fill in “Comes off, %”."),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(calm: Venue, field: str, value: str, sentence: str) -> None:
    before, clerk = await in_force(calm), await calm.as_party("clerk-1")
    wrong = await clerk.send(PATH, **await typed(clerk, **{field: value}))
    assert (wrong.status, sentence in told(wrong, field)) == (422, True), told(wrong, field)
    assert wrong.page.values()[field] == [value]
    assert await in_force(calm) == before


async def test_a_ladder_that_credits_less_for_less_is_refused(calm: Venue) -> None:
    clerk = await calm.as_party("clerk-1")
    wrong = await clerk.send(PATH, **await typed(clerk, **{"credit-on_demand-1": "40"}))
    assert wrong.status == 422
    assert "a lower step never credits less than a higher one" in wrong.page.text
