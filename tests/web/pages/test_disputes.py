"""Disputes at the pages: each side sees its own, with the chain around what was found, and ends it by its word."""

import pytest

from exchange.metering import DeliveryRecord, Receipt
from exchange.names import Instant, LeaseId, PartyId
from exchange.signed_meters import sealed
from exchange.signing import public_key_of
from exchange.venue.commands import Tick
from matching.terms import Slot
from settlement.metering.chain import GENESIS, Reading
from settlement.meters import Meter
from tests.web.pages.conftest import Venue

pytestmark = pytest.mark.anyio

SELLER, KEY = PartyId("seller-1"), bytes(range(32))


async def report(venue: Venue) -> Receipt:
    """A meter of seller-1 leaves numbers out, says twice what can't be, and once what can."""
    exchange = venue.exchange
    lease = await exchange.readers.fetchrow(
        "SELECT l.id, l.cards, l.start_slot, v.now FROM venue v, leases l WHERE l.seller = $1 AND l.buyer = 'buyer-1' "
        "AND l.start_slot <= v.now AND l.end_slot >= v.now + 4 ORDER BY l.seq LIMIT 1",
        SELLER,
    )
    assert lease is not None, "the seed has a lease that runs on"
    await exchange.as_venue("later", Tick(Instant((lease["now"] + 4) * 3600)))
    await exchange.metering.register_key(SELLER, "rack-1", public_key_of(KEY), 1)
    full, now = lease["cards"] * 3600, lease["now"]
    before = lease["start_slot"] - 1
    said = (
        (1, now, full),
        (2, now + 1, full + 100),
        (3, now + 2, full * 2),
        (4, before, full),
        (7, now + 3, full),
    )
    records = [
        DeliveryRecord("rack-1", number, LeaseId(lease["id"]), Slot(slot), delivered)
        for number, slot, delivered in said
    ]
    readings = [
        Reading(one.sequence, one.lease, one.slot * 3600, ((Meter.CARD_SECONDS, one.delivered),))
        for one in records
    ]
    seal, link = sealed(KEY, SELLER, "rack-1", GENESIS, readings[:4])
    await exchange.metering.deliveries(SELLER, "signed-1", records[:4], seal)
    seal, _ = sealed(KEY, SELLER, "rack-1", link, readings[4:])
    return await exchange.metering.deliveries(SELLER, "signed-2", records[4:], seal)


async def test_each_side_sees_what_was_found_and_ends_it(venue: Venue) -> None:
    receipt = await report(venue)
    assert [(one.dispute, str(one.finding)) for one in receipt.disputes] == [(3, "gap")]
    seller, buyer, clerk = [await venue.as_party(name) for name in ("seller-1", "buyer-1", "clerk-1")]

    listed = await seller.get("/console/disputes")
    assert {f"/console/disputes/{n}" for n in (1, 2, 3)} <= set(listed.page.links())
    theirs = await buyer.get("/disputes")
    assert {link for link in theirs.page.links() if link.startswith("/disputes/")} == {
        "/disputes/1",
        "/disputes/2",
    }

    gap = await seller.get("/console/disputes/3")
    assert "Missing" in gap.html
    assert "<strong>5 to 6</strong>" in gap.html
    over = await clerk.get("/clerk/disputes/1")
    assert "Stands" in over.html
    assert 'name="counts-2"' in over.html

    wrong = await clerk.send(
        "/clerk/disputes/1/bill", **{"counts-2": "999999999", "counts-3": "0", "note": ""}
    )
    assert (wrong.status, "no more card-seconds than are leased" in wrong.html) == (422, True)
    done = await clerk.send(
        "/clerk/disputes/1/bill", **{"counts-2": "", "counts-3": "0", "note": "Looked at."}
    )
    assert (done.status, done.location) == (303, "/clerk/disputes/1")
    told = await buyer.get("/disputes/1")
    assert "Looked at." in told.html
    assert "Billed" in told.html
    late = await buyer.send("/disputes/1/agree")
    assert (late.status, "has ended" in late.html or "another way" in late.html) == (422, True)

    unsold = await buyer.send("/disputes/2/agree")
    assert (unsold.status, "was not sold" in unsold.html) == (422, True)
    taken_back = await seller.send("/console/disputes/2/withdraw", note="A test.")
    assert taken_back.status == 303
    assert (await clerk.send("/clerk/disputes/3/reject")).status == 303
    assert "0" not in (await clerk.get("/clerk/disputes")).html.partition("data-open")[2][:20]


async def test_nobody_ends_or_sees_what_is_not_theirs(venue: Venue) -> None:
    await report(venue)
    rival, other = await venue.as_party("seller-2"), await venue.as_party("buyer-2")
    for browser, path in (
        (rival, "/console/disputes/1"),
        (other, "/disputes/1"),
        (rival, "/console/disputes/99"),
    ):
        assert (await browser.get(path)).status == 404
    assert (await rival.send("/console/disputes/1/withdraw", note="")).status == 404
    assert (await other.send("/disputes/1/agree")).status == 404
    buyer = await venue.as_party("buyer-1")
    assert (await buyer.get("/disputes/3")).status == 404, "a gap is about no lease"
    assert (await buyer.send("/clerk/disputes/1/reject")).status == 403
    clerk = await venue.as_party("clerk-1")
    for fields in ({"counts-x": "1"}, {"counts-2": "-1"}, {"counts-2": "9" * 30}, {"counts-": "1"}):
        answer = await clerk.send("/clerk/disputes/1/bill", **fields)
        assert answer.status == 400, fields
