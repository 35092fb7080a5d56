"""Long lists come in pages, each thing once, also while more of them are made."""

from typing import Any

import pytest

from tests.web.house import Door, code_of, listing, order

pytestmark = pytest.mark.anyio

Json = Any


async def test_every_order_stands_on_one_page(market: Door) -> None:
    made = [await place(market) for _ in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await leaf(market, "orders", "buyer", 3, cursor)
        seen.extend(one["id"] for one in page["items"])
        await place(market)  # newer ones don't move the pages that follow
        if (cursor := page["next"]) is None:
            break
    assert seen == made[::-1]


async def test_leases_of_one_command_are_told_apart_by_a_page(market: Door) -> None:
    """One listing that fills many waiting orders makes many leases at one place in the log."""
    cheap = order(limit_micro_yuan_per_card_hour=5_000_000)
    for _ in range(5):
        await market.ask("POST", "/v1/orders", by="buyer", json=cheap)
    asks = {"on_demand": [{"price_micro_yuan_per_card_hour": 5_000_000}]}
    await market.ask("POST", "/v1/listings", by="seller", json=listing(asks=asks))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await leaf(market, "leases", "seller", 2, cursor)
        assert len(page["items"]) <= 2
        seen.extend(one["id"] for one in page["items"])
        if (cursor := page["next"]) is None:
            break
    assert len(seen) == len(set(seen)) == 5


async def test_a_full_last_page_has_no_next(market: Door) -> None:
    made = [await place(market) for _ in range(4)]
    page = await leaf(market, "orders", "buyer", 4)
    assert ([one["id"] for one in page["items"]], page["next"]) == (made[::-1], None)


async def test_a_cursor_shows_nothing_of_others(market: Door) -> None:
    """A cursor is a place, not a right: another's leads into one's own list."""
    for _ in range(3):
        await place(market)
    theirs = (await leaf(market, "orders", "buyer", 1))["next"]
    assert (await leaf(market, "orders", "rival", 1, theirs))["items"] == []
    answer = await market.ask("GET", "/v1/orders", by="buyer", params={"cursor": f"{theirs}x"})
    assert code_of(answer) == (422, "invalid_parameter")


async def place(door: Door) -> str:
    placed = await door.ask("POST", "/v1/orders", by="buyer", json=order(limit_micro_yuan_per_card_hour=0))
    order_id: str = placed.json()["id"]
    return order_id


async def leaf(door: Door, what: str, by: str, limit: int, cursor: str | None = None) -> Json:
    asked = {"limit": limit} | ({"cursor": cursor} if cursor else {})
    answer = await door.ask("GET", f"/v1/{what}", by=by, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()
