"""What the market tells everybody: the tape in pages, depth that is worked out once, and nobody's name anywhere."""

import asyncio
import re
import threading
from typing import Any
from unittest.mock import ANY

import pytest

from exchange.catalogue.instruments import Instrument
from exchange.marketdata import depth
from exchange.marketdata.depth import Books, Depth
from exchange.persistence.projections.tape import trade_id
from exchange.state import Role
from matching.terms import Window
from tests.web.house import H100, HORINGER, Door, code_of, listing, order
from web.api import market as market_api

pytestmark = pytest.mark.anyio

Json = Any
PLACE = f"/v1/instruments/{H100}@{HORINGER}/on_demand"
A800 = "nvidia-a800-80g"
SOON = {"start": "2026-11-30T00:00:00Z", "end": "2026-11-30T02:00:00Z"}
NAMES = re.compile(r"\b(buyer|rival|seller|office)\b|\b(ord|lst|lse)-")


async def buy(door: Door, by: str = "buyer", **changed: object) -> None:
    placed = await door.ask("POST", "/v1/orders", by=by, json=order(**changed))
    assert placed.json()["status"] == "filled", placed.text


async def tape(door: Door, **asked: object) -> list[Json]:
    """All pages of the tape, two trades at a time."""
    found: list[Json] = []
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = (await door.ask("GET", "/v1/trades", params={"limit": 2, **asked, **more})).json()
        found += page["items"]
        if (cursor := page["next"]) is None:
            return found


async def test_the_tape_tells_every_grant_once_and_the_newest_slot_first(market: Door) -> None:
    for hour in range(3):
        await market.at(f"2026-11-30T0{hour}:00:00Z")
        await buy(market)
        await buy(market, "rival", cards=16)
    trades = await tape(market)
    assert [trade["traded_in"][11:13] for trade in trades] == ["02", "02", "01", "01", "00", "00"]
    assert [{trade["cards"] for trade in trades[n : n + 2]} for n in (0, 2, 4)] == [{8, 16}] * 3
    assert next(trade for trade in trades if trade["cards"] == 16) == {
        "id": ANY,
        "chip": H100,
        "region": HORINGER,
        "tier": "on_demand",
        "cards": 16,
        "window": {"start": "2026-11-30T04:00:00Z", "end": "2026-11-30T08:00:00Z"},
        "card_seconds": 16 * 4 * 3600,
        "cost_micro_yuan": 16 * 4 * 9_000_000,
        "price_micro_yuan_per_card_hour": 9_000_000,
        "price_micro_yuan_per_standard_card_hour": 2_839_117,
        "priced_by": "ask",
        "traded_in": "2026-11-30T02:00:00Z",
    }


async def test_the_tape_does_not_tell_what_a_gang_took_together(market: Door) -> None:
    """Its legs stand among the others of their slot in the order of their ids, which say nothing of each other."""
    await market.admit("other-dc", Role.SELLER, region=HORINGER)
    await market.admit("third-dc", Role.SELLER, region=HORINGER)
    await market.ask("POST", "/v1/listings", by="other-dc", json=listing(cards=8))
    await market.ask("POST", "/v1/listings", by="third-dc", json=listing(cards=8))
    for by in ("rival", "buyer", "rival", "buyer"):
        await buy(market, by, duration_minutes=60)
    await buy(market, cards=48, split="sellers", duration_minutes=60)
    await buy(market, "rival", duration_minutes=60, prefer="earliest")
    rows = await market.app.state.exchange.readers.fetch("SELECT id, seq, number FROM trades ORDER BY number")
    legs = {row["id"] for row in rows if row["seq"] == max(row["seq"] for row in rows[:-1])}
    assert len(legs) == 3
    told = [trade["id"] for trade in await tape(market)]
    assert told == sorted((row["id"] for row in rows), reverse=True)
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in told)
    assert not {"number", "seq", "granted_at", "order_id"} & (await tape(market))[0].keys()
    guessed = {trade_id(digest, row["number"]) for row in rows for digest in (b"", bytes(32))}
    assert not guessed & {*told}, "who knows the numbers alone can't tell them by the ids"


async def test_the_tape_is_filtered_by_what_and_when(market: Door) -> None:
    spot = {"spot": [{"price_micro_yuan_per_card_hour": 5_000_000}]}
    await market.ask("POST", "/v1/listings", by="seller", json=listing(asks=spot))
    for hour in range(3):
        await market.at(f"2026-11-30T0{hour}:00:00Z")
        await buy(market)
        await buy(market, tier="spot")

    async def found(**asked: object) -> list[tuple[int, str]]:
        trades = await tape(market, **asked)
        return sorted((int(trade["traded_in"][11:13]), trade["tier"]) for trade in trades)

    both = [(hour, name) for hour in range(3) for name in ("on_demand", "spot")]
    assert await found(chip=H100, region=HORINGER) == both
    assert await found(tier="spot") == [(0, "spot"), (1, "spot"), (2, "spot")]
    assert await found(region="310000") == []
    one, two, far = (f"2026-{day}:00:00Z" for day in ("11-30T01", "11-30T02", "12-30T00"))
    assert await found(start=one) == both[2:]
    assert await found(start=one, end=two) == both[2:4]
    assert await found(end=one, tier="on_demand") == both[:1]
    assert await found(start=far) == []
    assert await found(end=far) == both


async def test_a_trade_says_what_its_price_is_and_a_day_what_it_took_back(market: Door) -> None:
    both = {tier: [{"price_micro_yuan_per_card_hour": 5_000_000}] for tier in ("spot", "on_demand")}
    elsewhere = {"chip": A800, "cards": 8}
    spot: Json = {"chips": {A800: 1000}, "tier": "spot", "limit_micro_yuan_per_card_hour": 6_000_000}

    async def told() -> dict[str, list[int]]:
        trades = await tape(market, chip=A800)
        prices: dict[str, list[int]] = {}
        for trade in trades:
            price = trade["price_micro_yuan_per_card_hour"] // 1_000_000
            prices[trade["priced_by"]] = sorted([*prices.get(trade["priced_by"], []), price])
        return prices

    listed = await market.ask("POST", "/v1/listings", by="seller", json=listing(asks=both, **elsewhere))
    await buy(market, **spot, duration_minutes=720)
    assert await told() == {"ask": [5]}
    thirteen = {"start": "2026-11-30T00:00:00Z", "end": "2026-11-30T13:00:00Z"}
    dearer = {**spot, "limit_micro_yuan_per_card_hour": 9_000_000, "window": thirteen}
    await buy(market, "rival", **dearer, duration_minutes=720)
    assert await told() == {"ask": [5, 5], "takeover": [6]}, "and the first goes on after it, at the ask"
    await market.ask(
        "POST", "/v1/orders", by="buyer", json=order(**(spot | {"duration_minutes": 60, "window": SOON}))
    )
    maker = listing(asks=both, price_rule="maker", **elsewhere)
    await market.ask("POST", "/v1/listings", by="seller", json=maker)
    assert await told() == {"ask": [5, 5], "takeover": [6], "limit": [6]}
    path = f"/v1/listings/{listed.json()['id']}/reclaim"
    await market.ask("POST", path, by="seller", json={"from": "2026-11-30T02:00:00Z"})
    day = {"code": f"{A800}@{HORINGER}/spot", "chip": A800, "region": HORINGER, "day": "2026-11-30"}
    # By the rival eleven hours of eight cards; then the seller takes back what the rival and the first still had.
    (lost,) = (await market.ask("GET", "/v1/displacements", params={"chip": A800})).json()
    assert {name: lost[name] for name in day} == day
    assert (lost["leases"], lost["reclaimed"]) == (3, 2)
    leases = await market.exchange.readers.fetch(
        "SELECT cards, granted_end_slot - end_slot AS lost FROM leases"
    )
    assert lost["card_seconds"] == sum(row["cards"] * row["lost"] for row in leases) * 3600 > 0
    assert (await market.ask("GET", "/v1/displacements", params={"day": "2026-11-29"})).json() == []
    assert (await market.ask("GET", "/v1/displacements", params={"region": "310000"})).json() == []
    wrong = await market.ask("GET", "/v1/displacements", params={"day": "today"})
    assert code_of(wrong) == (422, "invalid_parameter")
    page = (await market.client.get(f"/instruments/{A800}@{HORINGER}/spot")).text
    assert "Taken back in the last 30 days" in page
    assert "a takeover&#39;s" in page


async def test_nobody_is_named(market: Door) -> None:
    await buy(market)
    await market.ask("POST", "/v1/orders", by="rival", json=order(limit_micro_yuan_per_card_hour=5_000_000))
    for path in (
        "/v1/trades",
        "/v1/displacements",
        "/v1/instruments",
        f"{PLACE}/depth",
        "/v1/depth/on_demand",
    ):
        answer = await market.ask("GET", path)
        assert answer.status_code == 200, answer.text
        assert NAMES.search(answer.text) is None, answer.text
    assert NAMES.search('{"buyer": "x"}') and NAMES.search('"lse-1"'), "a name would be seen"


async def test_depth_is_of_the_next_hour_unless_a_window_is_named(market: Door) -> None:
    await buy(market)
    await market.ask("POST", "/v1/orders", by="rival", json=order(limit_micro_yuan_per_card_hour=5_000_000))
    now = (await market.ask("GET", f"{PLACE}/depth")).json()
    assert now["window"] == {"start": "2026-11-30T00:00:00Z", "end": "2026-11-30T01:00:00Z"}
    level = {"price_micro_yuan_per_card_hour": 9_000_000, "cards": 56, "cards_upto": 56}
    assert now["asks"] == [level]
    assert now["bids"] == [{"price_micro_yuan_per_card_hour": 5_000_000, "cards": 8, "cards_upto": 8}]
    asked = {"start": "2026-11-30T04:00:00Z", "end": "2026-12-01T06:00:00Z"}
    later = (await market.ask("GET", f"{PLACE}/depth", params=asked)).json()
    assert (later["window"], later["asks"][0]["cards"], later["bids"]) == (asked, 64, [])
    past = {"start": "2026-11-29T00:00:00Z"}
    assert code_of(await market.ask("GET", f"{PLACE}/depth", params=past)) == (422, "invalid_parameter")


async def test_who_asks_for_the_same_depth_shares_it(market: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def noted(books: Books, instrument: Instrument, window: Window) -> Depth:
        threads.append(threading.current_thread())
        return depth.instrument_depth(books, instrument, window)

    monkeypatch.setattr(market_api, "instrument_depth", noted)
    answers = await asyncio.gather(*(market.ask("GET", f"{PLACE}/depth") for _ in range(20)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread(), "the writer's event loop has other things to do"
    await buy(market)
    after = (await market.ask("GET", f"{PLACE}/depth")).json()
    assert after["asks"][0]["cards"] == answers[0].json()["asks"][0]["cards"] - 8
    assert len(threads) == 2, "the log has grown"
