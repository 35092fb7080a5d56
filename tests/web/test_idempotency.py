"""A request has its effect once, however often it is sent, and its answer can always be found out."""

import asyncio

import pytest

from tests.web.house import Door, code_of, listing, order
from tests.web.test_access import EXAMPLES

pytestmark = pytest.mark.anyio

REPLAYED = "idempotent-replayed"


async def test_the_same_request_again_changes_nothing_and_is_answered_the_same(market: Door) -> None:
    mine = (await market.ask("GET", "/v1/listings", by="seller")).json()["items"][0]["id"]
    newcomer: dict[str, object] = {"id": "twin", "name": "Twin", "roles": ["buyer"], "region": "310000"}
    sent: list[tuple[str, str, str, dict[str, object] | None]] = [
        ("buyer", "POST", "/v1/orders", order()),
        ("seller", "POST", "/v1/listings", listing(cards=8)),
        ("clerk", "POST", "/v1/deposits", {"party": "buyer", "amount_fen": 5, "reference": "twice"}),
        ("clerk", "POST", "/v1/parties", newcomer),
        ("clerk", "POST", "/v1/terms", EXAMPLES["adopt_terms"]["request"]),
        ("seller", "PATCH", f"/v1/listings/{mine}", {"cards": 72}),
        ("clerk", "POST", "/v1/links", EXAMPLES["set_link"]["request"]),
        ("seller", "POST", f"/v1/listings/{mine}/reclaim", {"from": "2026-12-01T12:00:00Z"}),
        ("seller", "DELETE", f"/v1/listings/{mine}", None),
    ]
    for n, (by, method, path, body) in enumerate(sent):
        first, again = [await market.ask(method, path, by=by, key=f"same-{n}", json=body) for _ in "12"]
        assert first.status_code == again.status_code < 300, path
        assert first.content == again.content, path
        assert (REPLAYED in first.headers, again.headers.get(REPLAYED)) == (False, "true"), path
    balance = (await market.ask("GET", "/v1/balance", by="buyer")).json()
    assert balance["available_fen"] + balance["held_fen"] == 10**9 + 5


async def test_a_replay_shows_what_was_made_as_it_stands_now(market: Door) -> None:
    """README and docs/api.md say so: status and ids are those of the first answer, the rest is the order's present."""
    resting = order(limit_micro_yuan_per_card_hour=0)
    first = await market.ask("POST", "/v1/orders", by="buyer", key="once", json=resting)
    assert (first.status_code, first.json()["status"]) == (201, "resting")
    path = f"/v1/orders/{first.json()['id']}"
    await market.ask("PATCH", path, by="buyer", json={"cards": 4})
    await market.ask("DELETE", path, by="buyer")
    again = await market.ask("POST", "/v1/orders", by="buyer", key="once", json=resting)
    assert (again.status_code, again.headers[REPLAYED]) == (201, "true")
    assert again.json() == (await market.ask("GET", path, by="buyer")).json()
    told = again.json()
    assert (told["id"], told["status"], told["cards"]) == (first.json()["id"], "cancelled", 4)
    assert len((await market.ask("GET", "/v1/orders", by="buyer")).json()["items"]) == 1


async def test_the_same_key_for_something_else_is_refused(market: Door) -> None:
    assert (await market.ask("POST", "/v1/orders", by="buyer", key="k", json=order())).status_code == 201
    for method, path, body in (
        ("POST", "/v1/orders", order(cards=16)),
        ("DELETE", "/v1/orders/ord-14", None),
    ):
        answer = await market.ask(method, path, by="buyer", key="k", json=body)
        assert code_of(answer) in {(422, "idempotency_key_reused"), (404, "unknown_id")}
    rewritten = dict(reversed(order().items()))
    answer = await market.ask("POST", "/v1/orders", by="buyer", key="k", json=rewritten)
    assert answer.headers[REPLAYED] == "true", "the order of fields and the blanks between them mean nothing"


async def test_fifty_at_once_have_one_effect(market: Door) -> None:
    answers = await asyncio.gather(
        *(market.ask("POST", "/v1/orders", by="buyer", key="storm", json=order()) for _ in range(50))
    )
    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert sum(REPLAYED in answer.headers for answer in answers) == 49
    assert len((await market.ask("GET", "/v1/orders", by="buyer")).json()["items"]) == 1


async def test_a_refused_request_uses_its_key_up(market: Door) -> None:
    refused = {"regions": ["999999"]}
    for _ in range(2):
        answer = await market.ask("POST", "/v1/orders", by="buyer", key="spent", json=order(**refused))
        assert code_of(answer) == (422, "unknown_region")
    answer = await market.ask("POST", "/v1/orders", by="buyer", key="spent", json=order())
    assert code_of(answer) == (422, "idempotency_key_reused")


async def test_what_the_door_refuses_leaves_the_key_unused(market: Door) -> None:
    assert (await market.ask("POST", "/v1/orders", by="buyer", key="k", json={})).status_code == 422
    assert (await market.ask("POST", "/v1/orders", by="buyer", key="k", json=order())).status_code == 201


async def test_another_party_may_use_the_same_key_and_learns_nothing(market: Door) -> None:
    for party in ("buyer", "rival"):
        answer = await market.ask("POST", "/v1/orders", by=party, key="1", json=order())
        assert (answer.status_code, REPLAYED in answer.headers) == (201, False)


async def test_a_change_needs_a_key(market: Door) -> None:
    for method, path, by, body in (
        ("POST", "/v1/orders", "buyer", order()),
        ("PATCH", "/v1/orders/ord-1", "buyer", {"cards": 1}),
        ("DELETE", "/v1/orders/ord-1", "buyer", None),
        ("POST", "/v1/parties/buyer/keys", "clerk", None),
        ("POST", "/v1/usage/deliveries", "seller", {"records": [DELIVERY]}),
    ):
        answer = await market.ask(method, path, by=by, key=None, json=body)
        assert code_of(answer) == (400, "idempotency_key_required"), path


async def test_a_token_is_told_once(market: Door) -> None:
    first, again = [await market.ask("POST", "/v1/parties/buyer/keys", by="clerk", key="issue") for _ in "12"]
    assert first.json()["token"].startswith(f"sk_{first.json()['key']}_")
    assert again.json() == first.json() | {"token": None}
    assert again.headers[REPLAYED] == "true"
    other = await market.ask("POST", "/v1/parties/rival/keys", by="clerk", key="issue")
    assert code_of(other) == (422, "idempotency_key_reused")
    nobody = await market.ask("POST", "/v1/parties/nobody/keys", by="clerk")
    assert code_of(nobody) == (404, "unknown_party")


DELIVERY = {
    "meter": "m",
    "sequence": 1,
    "lease": "lse-1",
    "slot": "2026-11-30T00:00:00Z",
    "delivered_card_seconds": 28_800,
}


RECEIPT = {"batch": 1, "accepted": 1, "duplicates": 0, "refused": [], "disputed": 0, "disputes": []}


async def test_usage_counts_once(market: Door) -> None:
    await market.ask("POST", "/v1/orders", by="buyer", json=order())
    await market.at("2026-12-01T00:00:00Z")
    batch = {"records": [DELIVERY]}
    answers = [
        await market.ask("POST", "/v1/usage/deliveries", by="seller", key=key, json=batch)
        for key in ("batch-1", "batch-1", "batch-2")
    ]
    told = [answer.json() for answer in answers]
    assert told[0] == told[1] == RECEIPT
    assert (told[2]["accepted"], told[2]["duplicates"]) == (0, 1)
    other = {"records": [DELIVERY | {"sequence": 2}]}
    answer = await market.ask("POST", "/v1/usage/deliveries", by="seller", key="batch-1", json=other)
    assert code_of(answer) == (422, "idempotency_key_reused")
    receipt = await market.ask("GET", "/v1/usage/batches/batch-1", by="seller")
    assert receipt.json() == told[0]
    never = await market.ask("GET", "/v1/usage/batches/never", by="seller")
    assert code_of(never) == (404, "unknown_command")
    lease = (await market.ask("GET", "/v1/leases/lse-1", by="buyer")).json()
    assert lease["delivered_card_seconds"] == 28_800


async def test_an_unknown_outcome_is_found_out(market: Door) -> None:
    placed = await market.ask("POST", "/v1/orders", by="buyer", key="taken", json=order())
    await market.ask("POST", "/v1/orders", by="buyer", key="refused", json=order(regions=["999999"]))
    taken = (await market.ask("GET", "/v1/commands/taken", by="buyer")).json()
    assert (taken["accepted"], taken["made"][0]) == (True, placed.json()["id"])
    refused = (await market.ask("GET", "/v1/commands/refused", by="buyer")).json()
    assert (refused["accepted"], refused["rejection"]["code"]) == (False, "unknown_region")
    never = await market.ask("GET", "/v1/commands/never", by="buyer")
    assert code_of(never) == (404, "unknown_command")


async def test_cancelling_again_is_no_fault_and_what_is_filled_stays(market: Door) -> None:
    resting = await market.ask("POST", "/v1/orders", by="buyer", json=order(limit_micro_yuan_per_card_hour=0))
    path = f"/v1/orders/{resting.json()['id']}"
    first, again = [await market.ask("DELETE", path, by="buyer") for _ in "12"]
    assert first.json() == again.json()
    assert (first.json()["status"], first.json()["held_fen"]) == ("cancelled", 0)
    filled = await market.ask("POST", "/v1/orders", by="buyer", json=order())
    for method, body in (("DELETE", None), ("PATCH", {"cards": 4})):
        answer = await market.ask(method, f"/v1/orders/{filled.json()['id']}", by="buyer", json=body)
        assert code_of(answer) == (409, "already_closed")
    offered = (await market.ask("GET", "/v1/listings", by="seller")).json()["items"][0]["id"]
    first, again = [await market.ask("DELETE", f"/v1/listings/{offered}", by="seller") for _ in "12"]
    assert (first.json(), first.json()["status"]) == (again.json(), "withdrawn")
