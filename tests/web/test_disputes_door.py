"""Signed usage through the door: seals are read strictly, and disputes are told to those whom they concern, and ended."""

from collections.abc import Sequence
from typing import Any

import pytest

from exchange.signed_meters import sealed
from exchange.signing import public_key_of
from exchange.state import Role
from settlement.metering.chain import GENESIS
from tests.web.house import Door, code_of, order
from web.bodies.usage import DeliveryIn

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
KEY = bytes(range(32))
PUBLIC = public_key_of(KEY).hex()
LAST = 2**63 - 1


def record(sequence: int = 1, **changed: object) -> Json:
    usual: Json = {
        "meter": "rack",
        "sequence": sequence,
        "lease": "lse-1",
        "slot": "2026-11-30T00:00:00Z",
        "delivered_card_seconds": 28_800,
    }
    return usual | changed


def signed(records: Sequence[Json], previous: bytes = GENESIS, key: bytes = KEY) -> Json:
    readings = [DeliveryIn.model_validate(one).reading() for one in records]
    seal, _ = sealed(key, "seller", "rack", previous, readings)
    return {
        "records": list(records),
        "seal": {"previous": previous.hex(), "signature": seal.signature.hex()},
    }


async def leased(door: Door) -> None:
    """A lease of eight cards for four hours that are over, and a meter with a key."""
    await door.ask("POST", "/v1/orders", by="buyer", json=order())
    await door.at("2026-12-01T00:00:00Z")
    answer = await door.ask("POST", "/v1/meters", by="seller", json={"meter": "rack", "public_key": PUBLIC})
    assert answer.status_code == 201, answer.text


async def report(door: Door, body: Json) -> Any:
    return await door.ask("POST", "/v1/usage/deliveries", by="seller", json=body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (signed([record(), record(3, slot="2026-11-30T01:00:00Z")]), "invalid_value"),
        (signed([record(2), record(1, slot="2026-11-30T01:00:00Z")]), "invalid_value"),
        (signed([record(), record(2, meter="other")]), "invalid_value"),
        (signed([record()]) | {"seal": {"previous": "00", "signature": "00"}}, "invalid_value"),
        (signed([record()]) | {"seal": {"previous": "G" * 64, "signature": "0" * 128}}, "invalid_value"),
        (signed([record()]) | {"seal": {"previous": "0" * 64}}, "missing_field"),
        (
            signed([record()]) | {"seal": {"previous": "0" * 64, "signature": "0" * 128, "n": 1}},
            "unknown_field",
        ),
        (signed([record()]) | {"seal": []}, "wrong_type"),
        (signed([record()]) | {"seal": "0" * 64}, "wrong_type"),
        (signed([record(meter="other")]), "unknown_meter"),
        ({"records": [record()]}, "signature_needed"),
        ({"records": [record()], "seal": None}, "signature_needed"),
    ],
)
async def test_a_seal_is_read_strictly(market: Door, body: Json, told: str) -> None:
    await leased(market)
    answer = await report(market, body)
    assert answer.json()["code"] == told, answer.text
    assert (await report(market, signed([record()]))).json()["accepted"] == 1, "nothing of it was taken"


@pytest.mark.parametrize(
    "records",
    [
        [record(LAST)],
        [record(LAST - 1), record(LAST, slot="2026-11-30T01:00:00Z")],
        [record(0)],
        [record(1, delivered_card_seconds=10**12)],
        [record(1, slot="2100-12-31T00:00:00Z")],
        [record(1, slot="2020-01-01T00:00:00Z")],
        [record(1, lease="lse-999")],
        [record(1, lease="dispute.1")],
    ],
)
async def test_no_record_makes_the_venue_stumble(market: Door, records: list[Json]) -> None:
    await leased(market)
    for key in (KEY, bytes(32)):
        for previous in (GENESIS, b"\xff" * 32):
            answer = await report(market, signed(records, previous, key))
            assert answer.status_code == 200, answer.text
    for path in ("/v1/meters", "/v1/disputes", "/v1/disputes/1"):
        assert (await market.ask("GET", path, by="seller")).status_code in {200, 404}
    honest = record(1) if records[0]["sequence"] > 1 else record(1, slot="2026-11-30T03:00:00Z")
    assert (await report(market, signed([honest]))).status_code == 200


async def test_a_key_is_registered_once_and_replaced_above_what_was_said(market: Door) -> None:
    await leased(market)
    other = public_key_of(bytes(32)).hex()
    asked = [
        ({"meter": "rack", "public_key": PUBLIC}, (201, "")),
        ({"meter": "rack", "public_key": other}, (409, "meter_key_refused")),
        ({"meter": "rack", "public_key": other, "since": 0}, (409, "meter_key_refused")),
        ({"meter": "rack", "public_key": other, "since": 5}, (201, "")),
        ({"meter": "rack", "public_key": "0" * 63}, (422, "invalid_value")),
        ({"meter": "rack", "public_key": PUBLIC.upper()}, (422, "invalid_value")),
        ({"meter": "ra/ck", "public_key": PUBLIC}, (422, "invalid_value")),
        ({"meter": "dispute/1", "public_key": PUBLIC}, (422, "invalid_value")),
        ({"meter": "last", "public_key": PUBLIC, "since": LAST}, (201, "")),
        ({"meter": "last", "public_key": PUBLIC, "since": LAST + 1}, (422, "out_of_range")),
        ({"meter": "zeros", "public_key": "0" * 64}, (201, "")),
    ]
    for body, told in asked:
        assert code_of(await market.ask("POST", "/v1/meters", by="seller", json=body)) == told, body
    known = (await market.ask("GET", "/v1/meters", by="seller")).json()
    assert [(meter["meter"], meter["since"], meter["head"]) for meter in known] == [
        ("last", LAST, LAST - 1),
        ("rack", 5, 0),
        ("zeros", 1, 0),
    ]
    assert code_of(await market.ask("GET", "/v1/meters/rack/chain/1", by="seller")) == (404, "unknown_id")
    assert code_of(await market.ask("GET", f"/v1/meters/rack/chain/{'9' * 40}", by="seller")) == (
        404,
        "unknown_id",
    )


TOO_MUCH = [record(n, slot=f"2026-11-30T0{n - 1}:00:00Z", delivered_card_seconds=30_000) for n in (1, 2)]
DECIDE, WITHDRAW = "/v1/disputes/1/decide", "/v1/disputes/1/withdraw"
REFUSED: list[tuple[str, str, Json, tuple[int, str]]] = [
    ("rival", DECIDE, {"decision": "bill"}, (404, "unknown_id")),
    ("outsider", WITHDRAW, {}, (404, "unknown_id")),
    ("buyer", DECIDE, {"decision": "reject"}, (403, "not_allowed")),
    (
        "buyer",
        DECIDE,
        {"decision": "bill", "counts": [{"sequence": 1, "counts": [0]}]},
        (403, "not_allowed"),
    ),
    (
        "clerk",
        DECIDE,
        {"decision": "bill", "counts": [{"sequence": 1, "counts": [28_801]}]},
        (409, "not_billable"),
    ),
    (
        "clerk",
        DECIDE,
        {"decision": "bill", "counts": [{"sequence": 9, "counts": [1]}]},
        (409, "not_billable"),
    ),
    (
        "clerk",
        DECIDE,
        {"decision": "bill", "counts": [{"sequence": 1, "counts": [1, 1]}]},
        (409, "not_billable"),
    ),
    (
        "clerk",
        DECIDE,
        {"decision": "bill", "counts": [{"sequence": 1, "counts": []}]},
        (422, "too_few_items"),
    ),
    (
        "clerk",
        DECIDE,
        {"decision": "bill", "counts": [{"sequence": 1, "counts": [-1]}]},
        (422, "out_of_range"),
    ),
    ("clerk", DECIDE, {"decision": "perhaps"}, (422, "invalid_value")),
    ("clerk", DECIDE, {"decision": "reject", "note": " "}, (422, "invalid_value")),
]


async def test_a_dispute_is_told_to_those_whom_it_concerns(market: Door) -> None:
    await leased(market)
    await market.admit("outsider", Role.SELLER)
    receipt = (await report(market, signed(TOO_MUCH))).json()
    assert (receipt["accepted"], receipt["disputed"]) == (0, 2)
    assert [(one["dispute"], one["code"], one["first"], one["last"]) for one in receipt["disputes"]] == [
        (1, "more_than_leased", 1, 2)
    ]
    for by, seen in (("seller", 200), ("buyer", 200), ("clerk", 200), ("rival", 404), ("outsider", 404)):
        assert (await market.ask("GET", "/v1/disputes/1", by=by)).status_code == seen, by
        listed = (await market.ask("GET", "/v1/disputes", by=by)).json()["items"]
        assert len(listed) == (seen == 200), by
    for path in ("0", "01", "-1", "1.0", "x", "9" * 19, "%00", "1%2F.."):
        answer = await market.ask("GET", f"/v1/disputes/{path}", by="clerk")
        assert answer.status_code == 404, path


async def test_a_buyer_agrees_to_nothing_that_the_meter_has_not_said(market: Door) -> None:
    """Whoever has the seller's API key alone can't make it a present to the buyer."""
    await leased(market)
    await report(market, signed([record(1, delivered_card_seconds=0)], key=bytes(32)))
    answer = await market.ask("POST", DECIDE, by="buyer", json={"decision": "bill"})
    assert code_of(answer) == (403, "not_allowed")
    assert (await report(market, signed([record()]))).json()["accepted"] == 1


async def test_a_dispute_ends_by_the_word_of_its_sides(market: Door) -> None:
    await leased(market)
    await market.admit("outsider", Role.SELLER)
    await report(market, signed(TOO_MUCH))
    for by, path, body, told in REFUSED:
        assert code_of(await market.ask("POST", path, by=by, json=body)) == told, body
    agreed = await market.ask("POST", DECIDE, by="buyer", json={"decision": "bill"})
    again = await market.ask("POST", DECIDE, by="buyer", json={"decision": "bill"})
    assert (agreed.status_code, again.json()) == (200, agreed.json())
    assert agreed.json()["dispute"]["end"]["outcome"] == "billed"
    assert [one["stands"] for one in agreed.json()["records"]] == [[28_800], [28_800]], (
        "as far as it was leased"
    )
    assert code_of(await market.ask("POST", WITHDRAW, by="seller", json={})) == (409, "already_closed")
    lease = (await market.ask("GET", "/v1/leases/lse-1", by="buyer")).json()
    assert lease["delivered_card_seconds"] == 2 * 28_800
