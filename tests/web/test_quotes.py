"""Quotes told by the API: every part of one, what cures an order that finds nothing, and a promise that is kept."""

import re
from typing import Any

import pytest

from exchange.state import Role
from tests.web.house import H100, HORINGER, SHANGHAI, YUAN, Door, code_of, listing, order

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
H20, GUIYANG = "nvidia-h20-96g", "520100"
NIGHT = {"start": "2026-11-30T12:00:00Z", "end": "2026-12-01T00:00:00Z"}


def ask_of(*yuan: int) -> list[Json]:
    """A price for the first twelve hours, and another from then on if one is given."""
    steps: list[Json] = [{"price_micro_yuan_per_card_hour": yuan[0] * YUAN}]
    return [
        *steps,
        *({"since": NIGHT["start"], "price_micro_yuan_per_card_hour": price * YUAN} for price in yuan[1:]),
    ]


async def publish(door: Door, **changed: object) -> None:
    answer = await door.ask("POST", "/v1/listings", by="seller", json=listing(**changed))
    assert answer.status_code == 201, answer.text


async def quoted(door: Door, by: str = "buyer", **changed: object) -> Json:
    answer = await door.ask("POST", "/v1/quotes", by=by, json=order(**changed))
    assert answer.status_code == 200, answer.text
    quote: Json = answer.json()
    return quote


@pytest.fixture
async def venue(door: Door) -> Door:
    """Two buyers and a seller: 16 H100 in Horinger, dear by day, and 8 cheaper ones in Guiyang."""
    await door.admit("buyer", Role.BUYER, fen=10**8)
    await door.admit("rival", Role.BUYER, fen=10**8)
    await door.admit("seller", Role.SELLER, region=HORINGER)
    await publish(door, cards=16, asks={"on_demand": ask_of(9, 6), "spot": ask_of(5)})
    await publish(door, cards=8, region=GUIYANG, asks={"on_demand": ask_of(4)})
    return door


async def test_a_quote_tells_what_waiting_saves(venue: Door) -> None:
    quote = await quoted(venue)
    assert (quote["found"]["total_fen"], quote["ends"]) == (8 * 4 * 600, "filled")
    assert quote["earliest"] == {
        "start": "2026-11-30T00:00:00Z",
        "total_fen": 8 * 4 * 900,
        "saving_fen": 8 * 4 * 300,
        "delay_minutes": 12 * 60,
    }
    assert quote["found"]["average_micro_yuan_per_card_hour"] == 6 * YUAN
    assert quote["found"]["got_card_minutes"] == 8 * 240
    assert (quote["why"], quote["refusal"], quote["risk"], quote["interrupted_leases"]) == (
        None,
        None,
        None,
        0,
    )


async def test_a_quote_tells_what_other_sizes_and_limits_would_get(venue: Door) -> None:
    quote = await quoted(venue, cards=32, least_cards=8, limit_micro_yuan_per_card_hour=6 * YUAN)
    assert [(step["percent"], step["cards"], step["got_card_minutes"]) for step in quote["sizes"]] == [
        (25, 8, 8 * 240),
        (50, 16, 16 * 240),
        (100, 32, 16 * 240),
    ]
    assert [
        (step["percent"], step["limit_micro_yuan_per_card_hour"], step["cost_micro_yuan"])
        for step in quote["limits"]
    ] == [
        (-10, 5_400_000, 0),
        (-5, 5_700_000, 0),
        (0, 6_000_000, 16 * 4 * 6 * YUAN),
        (5, 6_300_000, 16 * 4 * 6 * YUAN),
        (10, 6_600_000, 16 * 4 * 6 * YUAN),
    ]
    work: Json = {"cards": None, "duration_minutes": None, "work_card_minutes": 60 * 60, "rate_cards": 8}
    sizes = (await quoted(venue, **work))["sizes"]
    assert [(step["cards"], step["work_card_minutes"], step["got_card_minutes"]) for step in sizes] == [
        (None, 15 * 60, 15 * 60),
        (None, 30 * 60, 30 * 60),
        (None, 60 * 60, 60 * 60),
    ]


async def test_a_quote_tells_who_could_take_a_spot_lease_back(venue: Door) -> None:
    mine: Json = {"tier": "spot", "limit_micro_yuan_per_card_hour": 6 * YUAN, "duration_minutes": 12 * 60}
    risk = (await quoted(venue, **mine))["risk"]
    assert (risk["outbid_micro_yuan_per_card_hour"], risk["on_demand"]) == (6_300_000, True)
    assert (risk["exposed_milli"], risk["highest_micro_yuan_per_card_hour"]) == (0, None)
    assert (risk["notice_minutes"], risk["grace_minutes"]) == (60, 60)
    everything: Json = {**mine, "cards": 16, "duration_minutes": 48 * 60}
    everything["window"] = {"start": "2026-11-30T00:00:00Z", "end": "2026-12-02T00:00:00Z"}
    assert (await venue.ask("POST", "/v1/orders", by="rival", json=order(**everything))).status_code == 201
    firm = await quoted(venue)
    assert (firm["interrupted_leases"], firm["found"]["total_fen"]) == (1, 8 * 4 * 600)


@pytest.mark.parametrize(
    ("changed", "cures"),
    [
        ({"limit_micro_yuan_per_card_hour": 5 * YUAN}, {"limit", "region"}),
        ({"cards": 20}, {"size", "split"}),
        ({"cards": 20, "regions": [HORINGER, GUIYANG]}, {"size", "split"}),
        ({"chips": {H20: 1000}}, {"chip"}),
        ({"regions": [SHANGHAI]}, {"region"}),
        ({"window": {"start": "2026-12-01T21:00:00Z", "end": "2026-12-03T00:00:00Z"}}, {"hours"}),
        (
            {
                "cards": None,
                "duration_minutes": None,
                "work_card_minutes": 60_000,
                "rate_cards": 24,
                "all_at_once": True,
            },
            {"size"},
        ),
    ],
)
async def test_every_cure_is_an_order_that_gets_what_the_cure_says(
    venue: Door, changed: Json, cures: set[str]
) -> None:
    """The fields of a cure's `change`, sent in place of the order's own, are quoted at what the cure says."""
    quote = await quoted(venue, **changed)
    assert (quote["found"], quote["promise"]) == (None, None)
    why = quote["why"]
    assert why["listings"] == 2
    assert [barrier["dimension"] for barrier in why["barriers"]][:3] == ["tier", "chip", "region"]
    offered = {cure["dimension"] for cure in why["cures"]}
    assert cures & offered or not cures, offered
    averages = [cure["found"]["average_micro_yuan_per_card_hour"] for cure in why["cures"]]
    assert averages == sorted(averages)
    for cure in why["cures"]:
        cured = await quoted(venue, **{**changed, **cure["change"]})
        assert (cured["found"], cured["order_held_fen"]) == (cure["found"], cure["order_held_fen"]), cure


async def test_what_the_venue_would_refuse_is_told_by_its_code(venue: Door) -> None:
    far = {"start": "2026-11-30T00:00:00Z", "end": "2028-11-30T00:00:00Z"}
    quote = await quoted(venue, window=far)
    assert quote["refusal"]["code"] == "window_too_far"
    assert (quote["found"], quote["why"], quote["promise"], quote["sizes"]) == (None, None, None, [])


async def test_a_quote_says_which_legs_are_of_one_listing_and_not_of_which(venue: Door) -> None:
    spread: Json = {"regions": [HORINGER, GUIYANG], "prefer": "earliest"}
    gang = await quoted(venue, cards=24, split="regions", **spread)
    assert [leg["listing_alias"] for leg in gang["found"]["legs"]] == [1, 2]
    work: Json = {"cards": None, "duration_minutes": None, "work_card_minutes": 16 * 960, "rate_cards": 16}
    legs = (await quoted(venue, **work))["found"]["legs"]
    assert [leg["listing_alias"] for leg in legs] == [1, 1], "the night and the rest of the day"
    for dear in ({}, {"limit_micro_yuan_per_card_hour": YUAN}):
        answer = await venue.ask("POST", "/v1/quotes", by="buyer", json=order(**spread, **dear))
        assert not re.search(r"\blst-", answer.text), answer.text
    placed = await venue.ask(
        "POST",
        "/v1/orders",
        by="buyer",
        json=order(cards=24, split="regions", **spread, quoted=gang["promise"]),
    )
    assert placed.status_code == 201, placed.text
    assert len({lease["listing"] for lease in placed.json()["leases"]}) == 2, "its leases say whose they are"


async def test_a_promise_is_kept_or_the_order_is_not_placed(venue: Door) -> None:
    promise = (await quoted(venue))["promise"]
    assert promise == {
        "version": promise["version"],
        "cost_micro_yuan": 8 * 4 * 6 * YUAN,
        "filled_milli": 8000,
    }
    rival = await venue.ask("POST", "/v1/orders", by="rival", json=order(duration_minutes=12 * 60, cards=16))
    assert rival.json()["leases"][0]["window"] == NIGHT
    body = order(quoted=promise)
    passed = await venue.ask("POST", "/v1/orders", by="buyer", key="job", json=body)
    assert code_of(passed) == (409, "quote_passed")
    again = await venue.ask("POST", "/v1/orders", by="buyer", key="job", json=body)
    assert (code_of(again), again.headers["idempotent-replayed"]) == ((409, "quote_passed"), "true")
    assert (await venue.ask("GET", "/v1/orders", by="buyer")).json()["items"] == []
    fresh = (await quoted(venue))["promise"]
    assert fresh["cost_micro_yuan"] == 8 * 4 * 9 * YUAN
    placed = await venue.ask("POST", "/v1/orders", by="buyer", json=order(quoted=fresh))
    lease = placed.json()["leases"][0]
    assert lease["cost_micro_yuan"] == fresh["cost_micro_yuan"]
    assert lease["chip"] == H100
