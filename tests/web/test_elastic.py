"""Orders that bend, and leases that are taken back: gangs, work, links, displacement and reclaim, told by the API."""

from typing import Any

import pytest

from exchange.state import Role
from tests.web.house import H100, HORINGER, SHANGHAI, YUAN, Door, code_of, listing, order
from tests.web.test_access import EXAMPLES

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
GUIYANG = "520100"
A800 = "nvidia-a800-80g"
NIGHT = "2026-12-01T00:00:00Z"
BOTH: Json = {
    "spot": [{"price_micro_yuan_per_card_hour": 5 * YUAN}],
    "on_demand": [{"price_micro_yuan_per_card_hour": 9 * YUAN}],
}
WORK: Json = {"cards": None, "duration_minutes": None, "work_card_minutes": 20 * 60, "rate_cards": 4}


async def publish(door: Door, **changed: object) -> Json:
    answer = await door.ask("POST", "/v1/listings", by="seller", json=listing(**changed))
    assert answer.status_code == 201, answer.text
    published: Json = answer.json()
    return published


async def place(door: Door, by: str = "buyer", **changed: object) -> Json:
    answer = await door.ask("POST", "/v1/orders", by=by, json=order(**changed))
    assert answer.status_code == 201, answer.text
    placed: Json = answer.json()
    return placed


async def seen(door: Door, path: str, by: str = "buyer") -> Json:
    answer = await door.ask("GET", f"/v1/{path}", by=by)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


@pytest.fixture
async def venue(door: Door) -> Door:
    """A buyer, its rival and a seller, with nothing on offer."""
    await door.admit("buyer", Role.BUYER, fen=10**8)
    await door.admit("rival", Role.BUYER, fen=10**8)
    await door.admit("seller", Role.SELLER, region=HORINGER)
    return door


async def test_a_gang_is_quoted_and_served_by_several_sellers(venue: Door) -> None:
    for price in (9, 8):
        steps = [{"price_micro_yuan_per_card_hour": price * YUAN}]
        await publish(venue, cards=8, asks={"on_demand": steps})
    alone = await venue.ask("POST", "/v1/quotes", by="buyer", json=order(cards=16))
    assert alone.json()["found"] is None
    answer = await venue.ask("POST", "/v1/quotes", by="buyer", json=order(cards=16, split="sellers"))
    quote, found = answer.json(), answer.json()["found"]
    assert [(leg["cards"], leg["total_fen"]) for leg in found["legs"]] == [(8, 256_00), (8, 288_00)]
    assert (found["total_fen"], quote["interrupted_leases"]) == (544_00, 0)
    gang = await place(venue, cards=16, split="sellers")
    assert (gang["status"], gang["split"], len(gang["leases"])) == ("filled", "sellers", 2)
    assert gang["leases"][0]["window"] == gang["leases"][1]["window"]
    assert gang["got_card_minutes"] == gang["wanted_card_minutes"] == 16 * 240
    assert (gang["work_card_minutes"], gang["rate_cards"], gang["all_at_once"]) == (None, None, None)


async def test_what_is_left_of_a_gang_waits_and_says_how_far_it_has_got(venue: Door) -> None:
    await publish(venue, cards=8)
    gang = await place(venue, cards=24, least_cards=8, split="regions")
    assert (gang["status"], gang["got_card_minutes"], gang["wanted_card_minutes"]) == ("resting", 1920, 5760)
    assert gang["held_fen"] > 0
    await publish(venue, cards=16)
    joined = await seen(venue, f"orders/{gang['id']}")
    assert (joined["status"], joined["got_card_minutes"], len(joined["leases"])) == ("filled", 5760, 2)


@pytest.mark.parametrize(("split", "also"), [("sellers", []), ("regions", [(H100, GUIYANG, "00")])])
async def test_what_is_left_of_a_gang_is_wanted_only_where_it_can_join(
    venue: Door, split: str, also: list[tuple[str, str, str]]
) -> None:
    await publish(venue, cards=8)
    spread: Json = {"chips": {H100: 1000, A800: 500}, "regions": [HORINGER, GUIYANG]}
    gang = await place(venue, cards=24, least_cards=8, split=split, **spread)
    assert (gang["status"], gang["leases"][0]["window"]["start"]) == ("resting", "2026-11-30T00:00:00Z")
    wanted = [
        (chip, region, hour)
        for chip in (H100, A800)
        for region in (HORINGER, GUIYANG)
        for hour in ("00", "03", "04")
        if (await bids(venue, chip, region, hour)) == [16]
    ]
    here, there = [(H100, HORINGER, "00"), (H100, HORINGER, "03")], [(H100, GUIYANG, "03")] if also else []
    assert wanted == [*here, *also, *there]
    everywhere = await seen(venue, "depth/on_demand?start=2026-11-30T04:00:00Z&end=2026-11-30T05:00:00Z")
    assert everywhere["bids"] == []


async def bids(door: Door, chip: str, region: str, hour: str) -> list[int]:
    """Cards wanted in an hour, level by level."""
    window = f"start=2026-11-30T{hour}:00:00Z&end=2026-11-30T{int(hour) + 1:02}:00:00Z"
    depth = await seen(door, f"instruments/{chip}@{region}/on_demand/depth?{window}")
    return [level["cards"] for level in depth["bids"]]


async def test_work_is_done_in_any_slots_at_its_rate(venue: Door) -> None:
    await publish(venue, cards=2, lot=1)
    work = await place(venue, **WORK, window={"start": "2026-11-30T00:00:00Z", "end": "2026-11-30T08:00:00Z"})
    assert (work["work_card_minutes"], work["rate_cards"], work["all_at_once"]) == (1200, 4, False)
    assert (work["cards"], work["least_cards"], work["duration_minutes"], work["split"]) == (None,) * 4
    assert (work["status"], work["got_card_minutes"], work["wanted_card_minutes"]) == ("resting", 960, 1200)
    path = f"/v1/orders/{work['id']}"
    refused = await venue.ask("PATCH", path, by="buyer", json={"cards": 4})
    assert (code_of(refused), refused.json()["errors"][0]["pointer"]) == ((422, "bad_quantity"), "/cards")
    dearer = await venue.ask("PATCH", path, by="buyer", json={"limit_micro_yuan_per_card_hour": 11 * YUAN})
    assert dearer.json()["limit_micro_yuan_per_card_hour"] == 11 * YUAN
    await publish(venue, cards=4, lot=1)
    done = await seen(venue, f"orders/{work['id']}")
    assert (done["status"], done["got_card_minutes"], done["held_fen"]) == ("filled", 1200, 0)
    whole = await place(venue, **WORK | {"work_card_minutes": 60_000}, all_at_once=True)
    assert (whole["status"], whole["leases"]) == ("killed", [])


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"work_card_minutes": 600}, "/work_card_minutes"),
        ({"cards": None, "duration_minutes": None, "rate_cards": 4}, "/work_card_minutes"),
        ({"cards": None, "duration_minutes": None, "work_card_minutes": 600}, "/rate_cards"),
        ({"cards": None}, "/cards"),
        ({"duration_minutes": None}, "/duration_minutes"),
        ({"mbps_per_card": 100}, "/home"),
        ({"home": "999999"}, "/home"),
    ],
)
async def test_what_is_wrong_with_a_shape_is_told_where_it_is(
    venue: Door, changed: Json, pointer: str
) -> None:
    answer = await venue.ask("POST", "/v1/orders", by="buyer", json=order(**changed))
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_an_order_is_at_home_where_its_latency_is_counted_from(venue: Door) -> None:
    near = await place(venue, regions=None, latency={"from": SHANGHAI, "max_ms": 60})
    assert (near["home"], near["mbps_per_card"]) == (SHANGHAI, 0)
    moved = await place(venue, regions=None, latency={"from": SHANGHAI, "max_ms": 60}, home=GUIYANG)
    assert moved["home"] == GUIYANG


async def test_an_order_waits_for_the_bandwidth_of_a_link(venue: Door) -> None:
    await publish(venue)
    waiting = await place(venue, home=SHANGHAI, mbps_per_card=1_000)
    assert (waiting["status"], waiting["mbps_per_card"]) == ("resting", 1_000)
    link = {"home": SHANGHAI, "region": HORINGER, "mbps": 8_000}
    assert (await venue.ask("POST", "/v1/links", by="clerk", json=link)).json() == link
    assert (await seen(venue, f"orders/{waiting['id']}"))["status"] == "filled"
    answer = await venue.ask("GET", "/v1/links")
    assert answer.json() == [link]
    less = await venue.ask("POST", "/v1/links", by="clerk", json=link | {"mbps": 7_999})
    assert code_of(less) == (409, "below_committed")
    assert less.json()["detail"].startswith("Leases use more bandwidth than that")
    for wrong in ({"region": SHANGHAI}, {"mbps": -1}, {"mbps": 10**13}, {"region": "999999"}):
        refused = await venue.ask("POST", "/v1/links", by="clerk", json=link | wrong)
        assert refused.status_code == 422, wrong
    assert (await venue.ask("GET", "/v1/links")).json() == [link]


async def test_a_spot_lease_gives_way_and_its_order_goes_on(venue: Door) -> None:
    """The buyer of the lease is told when it ends, what it pays for and gets back, and where its job goes on."""
    await publish(venue, cards=8, asks=BOTH)
    long: Json = {"duration_minutes": 12 * 60, "limit_micro_yuan_per_card_hour": 6 * YUAN}
    first = await place(venue, **long, tier="spot")
    granted = first["leases"][0]
    assert (granted["taken_back"], granted["cost_micro_yuan"]) == (None, 8 * 12 * 5 * YUAN)
    assert first["held_fen"] >= 0
    await venue.at("2026-11-30T03:00:00Z")
    urgent: Json = {
        "duration_minutes": 60,
        "window": {"start": "2026-11-30T03:00:00Z", "end": "2026-11-30T05:00:00Z"},
    }
    quoted = await venue.ask("POST", "/v1/quotes", by="rival", json=order(**urgent))
    assert quoted.json()["interrupted_leases"] == 1
    taken = await venue.ask("POST", "/v1/orders", by="rival", key="urgent", json=order(**urgent))
    firm = taken.json()
    came_of_it = await seen(venue, "commands/urgent", by="rival")
    assert came_of_it["made"] == [firm["id"], firm["leases"][0]["id"]], "nothing of the other buyer's"
    assert (firm["status"], firm["leases"][0]["window"]["start"]) == ("filled", "2026-11-30T04:00:00Z")
    lease = await seen(venue, f"leases/{granted['id']}")
    assert lease["window"]["end"] == "2026-11-30T04:00:00Z"
    assert lease["cost_micro_yuan"] == 8 * 4 * 5 * YUAN
    assert lease["taken_back"] == {
        "at": "2026-11-30T04:00:00Z",
        "granted_end": granted["window"]["end"],
        "granted_cost_micro_yuan": granted["cost_micro_yuan"],
        "returned_micro_yuan": 8 * 8 * 5 * YUAN,
        "notice_minutes": 60,
        "continued_as": f"{first['id']}.r1",
    }
    assert await seen(venue, f"leases/{granted['id']}", by="seller") == lease
    before = await seen(venue, f"orders/{first['id']}")
    assert (before["status"], before["continues"]) == ("filled", None)
    assert (before["continued_as"], before["held_fen"]) == (f"{first['id']}.r1", 0)
    after = await seen(venue, f"orders/{first['id']}.r1")
    assert (after["continues"], after["continued_as"]) == (first["id"], None)
    assert (after["duration_minutes"], after["status"]) == (8 * 60, "filled")
    assert after["leases"][0]["window"]["start"] == "2026-11-30T05:00:00Z"
    listed = (await seen(venue, "orders"))["items"]
    assert [one["id"] for one in listed] == [after["id"], first["id"]]


async def test_orders_that_one_command_made_stand_on_pages_of_their_own(venue: Door) -> None:
    """A reclaim interrupts two leases at once, and both their orders go on in one place of the log."""
    offered = await publish(venue, cards=16, asks=BOTH)
    placed = [await place(venue, tier="spot", duration_minutes=12 * 60) for _ in "12"]
    await venue.at("2026-11-30T03:00:00Z")
    path = f"/v1/listings/{offered['id']}/reclaim"
    assert (
        await venue.ask("POST", path, by="seller", json={"from": "2026-11-30T03:00:00Z"})
    ).status_code == 200
    found, cursor = [], None
    while True:
        leaf = (
            await venue.ask(
                "GET", "/v1/orders", by="buyer", params={"limit": 1} | ({"cursor": cursor} if cursor else {})
            )
        ).json()
        found += [one["id"] for one in leaf["items"]]
        if (cursor := leaf["next"]) is None:
            break
    [first, second] = [one["id"] for one in placed]
    assert found == [f"{second}.r1", f"{first}.r1", second, first]


async def test_a_seller_reclaims_its_cards(venue: Door) -> None:
    offered = await publish(venue, cards=16, asks=BOTH)
    let_go = await place(venue, tier="spot", duration_minutes=12 * 60, on_preempt="cancel")
    firm = await place(venue, by="rival", duration_minutes=24 * 60)
    await venue.at("2026-11-30T03:00:00Z")
    path = f"/v1/listings/{offered['id']}/reclaim"
    off = await venue.ask("POST", path, by="seller", json={"from": "2026-11-30T05:30:00Z"})
    assert (code_of(off), off.json()["errors"][0]["pointer"]) == ((422, "off_grid"), "/from")
    late = await venue.ask("POST", path, by="seller", json={"from": "2027-11-30T05:00:00Z"})
    assert (code_of(late), late.json()["errors"][0]["pointer"]) == ((422, "empty_window"), "/from")
    shorter = await venue.ask("POST", path, by="seller", json={"from": "2026-11-30T05:00:00Z"})
    assert (shorter.json()["status"], shorter.json()["window"]["end"]) == ("open", "2026-11-30T05:00:00Z")
    lease = (await seen(venue, f"orders/{let_go['id']}"))["leases"][0]
    assert (lease["window"]["end"], lease["taken_back"]["continued_as"]) == ("2026-11-30T05:00:00Z", None)
    assert (await seen(venue, f"orders/{firm['id']}", by="rival"))["leases"][0]["taken_back"] is None
    gone = await venue.ask("POST", path, by="rival", json={"from": "2026-11-30T05:00:00Z"})
    assert code_of(gone) == (403, "not_allowed")


async def test_within_the_grace_a_lease_costs_nothing_and_reclaiming_again_is_no_fault(venue: Door) -> None:
    start = {"start": "2026-11-30T06:00:00Z", "end": NIGHT}
    offered = await publish(venue, cards=8, asks=BOTH, window=start)
    placed = await place(venue, tier="spot", duration_minutes=12 * 60)
    path = f"/v1/listings/{offered['id']}/reclaim"
    for _ in "12":
        ended = await venue.ask("POST", path, by="seller", json={"from": "2026-11-30T00:00:00Z"})
        assert (ended.status_code, ended.json()["status"]) == (200, "reclaimed")
    withdrawn = await venue.ask("DELETE", f"/v1/listings/{offered['id']}", by="seller")
    assert code_of(withdrawn) == (409, "already_closed")
    lease = (await seen(venue, f"orders/{placed['id']}"))["leases"][0]
    assert (lease["cost_micro_yuan"], lease["prices"], lease["unsettled_minutes"]) == (0, [], 0)
    assert lease["taken_back"]["returned_micro_yuan"] == 8 * 12 * 5 * YUAN


async def test_who_waited_pays_its_limit_where_the_seller_says_so(venue: Door) -> None:
    waiting = await place(venue)
    offered = await publish(venue, cards=8, price_rule="maker")
    assert offered["price_rule"] == "maker"
    lease = (await seen(venue, f"orders/{waiting['id']}"))["leases"][0]
    assert lease["prices"][0]["price_micro_yuan_per_card_hour"] == 10 * YUAN
    assert (await publish(venue))["price_rule"] == "posted"


async def test_the_clerk_says_how_cards_are_taken_back(venue: Door) -> None:
    usual = EXAMPLES["adopt_terms"]["request"]
    firm = usual["market"] | {"displacement": False, "notice_minutes": 240, "grace_minutes": 120}
    adopted = await venue.ask("POST", "/v1/terms", by="clerk", json=usual | {"market": firm})
    assert adopted.json()["market"] == firm
    assert (await venue.ask("GET", "/v1/terms")).json()["market"] == firm
    await publish(venue, cards=8, asks=BOTH)
    await place(venue, tier="spot", duration_minutes=24 * 60)
    assert (await place(venue, by="rival"))["status"] == "resting", "nothing is taken back while that is off"
    wrong: list[tuple[Json, tuple[int, str]]] = [
        ({"grace_minutes": 300}, (422, "terms_invalid")),
        ({"notice_minutes": 90}, (422, "off_grid")),
        ({"notice_minutes": 0}, (422, "out_of_range")),
        ({"grace_minutes": -60}, (422, "out_of_range")),
        ({"outbid_bp": 10_001}, (422, "out_of_range")),
        ({"displacement": None}, (422, "wrong_type")),
    ]
    for changed, code in wrong:
        body = usual | {"market": firm | changed}
        assert code_of(await venue.ask("POST", "/v1/terms", by="clerk", json=body)) == code, changed
    nothing_waits = usual | {"market": firm | {"resting": False}}
    await venue.ask("POST", "/v1/terms", by="clerk", json=nothing_waits)
    assert (await place(venue, by="rival"))["status"] == "killed"
