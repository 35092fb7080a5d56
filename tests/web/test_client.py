"""The client that the command line and programs share: what it sends is taken, what it gets is typed."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from tests.web.house import Door, listing, order, straight_to
from tests.web.test_access import EXAMPLES
from web.client import Client
from web.problems import ProblemError

pytestmark = pytest.mark.anyio

PARTY = {"id": "new-lab", "name": "New Lab", "roles": ["buyer"], "region": "310000"}


@pytest.fixture
async def clerk(market: Door) -> AsyncIterator[Client]:
    async with client(market, "clerk") as opened:
        yield opened


def client(door: Door, party: str) -> Client:
    return Client("http://venue", door.tokens[party], transport=straight_to(door.app))


async def test_a_clerk_admits_a_buyer_who_then_buys(market: Door, clerk: Client) -> None:
    assert (await clerk.health()).status == "ok"
    assert (await clerk.create_party(PARTY)).id == "new-lab"
    issued = await clerk.issue_key("new-lab")
    assert (await clerk.deposit("new-lab", 500_000, "transfer", key="paid-1")).amount_fen == 500_000
    assert (await clerk.command("paid-1")).kind == "Deposit"
    market.tokens["new-lab"] = issued.token or ""
    async with client(market, "new-lab") as buyer:
        quote = await buyer.quote(order())
        assert quote.found is not None
        placed = await buyer.place_order(order(), key="job-1")
        assert await buyer.place_order(order(), key="job-1") == placed
        assert [lease.held_fen for lease in placed.leases] == [quote.found.held_fen]
        resting = await buyer.place_order(order(limit_micro_yuan_per_card_hour=0))
        assert (await buyer.cancel_order(resting.id)).status == "cancelled"
        page = await buyer.orders(limit=1)
        assert [one.id for one in page.items] == [resting.id]
        assert (await buyer.orders(limit=1, cursor=page.next)).items == [placed]
        assert (await buyer.leases()).items == placed.leases
        assert (await buyer.balance()).held_fen == quote.found.held_fen
        await clerk.revoke_key("new-lab", issued.key)
        with pytest.raises(ProblemError, match="unauthenticated"):
            await buyer.balance()


async def test_a_seller_offers_and_takes_back(market: Door) -> None:
    async with client(market, "seller") as seller:
        offered = await seller.publish_listing(listing(cards=8))
        assert (await seller.withdraw_listing(offered.id)).status == "withdrawn"
        other = await seller.publish_listing(listing(cards=8))
        shorter = [await seller.reclaim_listing(other.id, "2026-11-30T02:00:00Z", key="once") for _ in "12"]
        assert [one.window.end.hour for one in shorter] == [2, 2]


async def test_a_waiting_order_is_changed_and_a_link_is_set(market: Door, clerk: Client) -> None:
    async with client(market, "buyer") as buyer:
        waiting = await buyer.place_order(order(home="310000", mbps_per_card=1_000))
        assert (await buyer.amend_order(waiting.id, {"cards": 4})).cards == 4
        link = await clerk.set_link("310000", "150100", 4_000)
        assert await buyer.links() == [link]
        assert [one.status for one in (await buyer.orders()).items] == ["filled"]


async def test_a_refusal_is_raised_with_its_code_and_faults(clerk: Client) -> None:
    with pytest.raises(ProblemError) as refused:
        await clerk.create_party({**PARTY, "roles": ["king"], "crown": True})
    assert {fault.pointer for fault in refused.value.faults} == {"/roles/0", "/crown"}
    assert (refused.value.code, refused.value.kind.status) == ("invalid_value", 422)
    with pytest.raises(ProblemError, match="not_found"):
        await clerk.issue_key("nobody/../buyer")
    with pytest.raises(ProblemError, match="period_not_over"):
        await clerk.close_period("2026-11")


async def test_an_answer_of_something_else_is_no_venues() -> None:
    proxy = httpx.MockTransport(lambda _: httpx.Response(502, text="<html>"))
    async with Client("http://venue", transport=proxy) as lost:
        with pytest.raises(ProblemError, match="not a venue answered 502"):
            await lost.health()


async def test_terms_are_read_by_anybody_and_changed_by_the_clerk(market: Door, clerk: Client) -> None:
    async with Client("http://venue", transport=straight_to(market.app)) as anybody:
        before = await anybody.terms()
        asked = EXAMPLES["adopt_terms"]["request"]
        adopted = await clerk.adopt_terms(asked)
        promised = replace(before, service_promises=adopted.service_promises)
        assert await anybody.terms() == adopted == replace(promised, fee=adopted.fee, horizon_minutes=172_800)
        assert adopted.service_promises != before.service_promises
        assert adopted.fee.rate_bp == asked["fee"]["rate_bp"] != before.fee.rate_bp
        off_grid = {**asked, "slot_minutes": 60, "horizon_minutes": 90}
        with pytest.raises(ProblemError) as refused:
            await clerk.adopt_terms(off_grid)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/horizon_minutes", "off_grid")
    ]


async def test_depth_and_instruments_are_read_by_anybody(market: Door) -> None:
    async with Client("http://venue", transport=straight_to(market.app)) as anybody:
        (instrument,) = await anybody.instruments()
        depth = await anybody.depth(instrument.code, end="2026-11-30T05:00:00Z")
        assert [level.cards for level in depth.asks] == [instrument.free_cards_now]
        weights = {chip.code: chip.weight_milli for chip in await anybody.chips()}
        standard = await anybody.standard_depth("on_demand", instrument.region)
        expected = instrument.free_cards_now * weights[instrument.chip]
        assert [level.standard_milli_cards for level in standard.asks] == [expected]
        assert instrument.region in {region.code for region in await anybody.regions()}


async def test_the_receipt_of_a_batch_is_asked_for_again(market: Door) -> None:
    async with client(market, "seller") as seller:
        records = EXAMPLES["report_deliveries"]["request"]["records"]
        assert await seller.report_deliveries(records, "batch-1") == await seller.receipt("batch-1")
