"""Vouchers by hand: an office adopts a programme and gives one, a buyer orders with it, a report says the rest."""

import re
from csv import DictReader
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from exchange.metering import TokenRecord
from exchange.names import ContractId, Instant, PartyId
from exchange.promises import Facts
from exchange.vouchers.commands import DeclareFacts
from settlement.vouchers.parties import BuyerSize
from tests.web.house import straight_to
from tests.web.pages.conftest import ORIGIN, Browser, Venue
from tests.web.pages.test_ordering import JOB, place
from tests.web.pages.test_payouts import filled, given_back
from tests.web.seed import DAY, NOW, Seeder, at, token_of
from web.cli.check_focus import billed, compared
from web.client import Client
from web.documents.focus_file import read_focus
from web.pages.formats import rfc3339
from web.pages.routing import new_id

pytestmark = pytest.mark.anyio

PROGRAMME, MODELS = "shanghai-compute-310000", "shanghai-model-310000"
AGREED = {
    "buyer": "buyer-1",
    "seller": "seller-2",
    "destination": "640500",
    "input_price_micro_yuan_per_million": 2_000_000,
    "output_price_micro_yuan_per_million": 8_000_000,
    "budget_fen": 100_00,
    "begins": rfc3339(NOW),
    "ends": "2027-01-01T00:00:00+08:00",
}
ADOPTED: dict[str, str | list[str]] = {
    "preset": "shanghai-compute",
    "valid_from": "2026-11-23T00:00",
    "budget": "600000",
    "claim": "500",
    "days": "60",
}
GIVEN: dict[str, str | list[str]] = {"buyer": "buyer-1", "amount": "2000", "ends": "2027-06-01T00:00"}
SMALL = Facts(BuyerSize.SMALL, "software", frozenset({"91310000MA1FL0000X"}))


async def sent(browser: Browser, path: str, **fields: str | list[str]) -> Any:
    """Send the form of a page, under the id that it was shown with."""
    shown = await browser.get(path)
    return await browser.send(path, once=shown.page.values()["once"][:1], **fields)


async def promised(venue: Venue) -> tuple[Seeder, Browser]:
    """An office that has adopted a programme and given a voucher to the buyer."""
    seeder = Seeder(venue.exchange, "vouchers")
    await seeder.ask("clerk-1", DeclareFacts(PartyId("buyer-1"), SMALL))
    office = await venue.as_party("office-shanghai")
    adopted = await sent(office, "/region/vouchers", **ADOPTED)
    assert (adopted.status, adopted.location) == (303, f"/region/vouchers/{PROGRAMME}")
    given = await sent(office, f"/region/vouchers/{PROGRAMME}", **GIVEN)
    assert given.status == 303
    return seeder, office


async def covered(venue: Venue) -> tuple[Seeder, Browser, Browser]:
    """The buyer has ordered with a voucher, all was delivered, and the month is closed."""
    seeder, office = await promised(venue)
    buyer = await venue.as_party("buyer-1")
    job = {**JOB, "voucher": "any"}
    reviewed = await buyer.get("/order/review", **job)
    assert re.findall(r"data-covered>(¥[\d,.]+)", reviewed.html) == ["¥868.80"], "30 % of 2,896.00"
    assert "¥2,027.20" in reviewed.page.text, "what is left to pay"
    placed = await place(buyer, reviewed)
    assert placed.status == 303, placed.html
    assert "taken by its leases" in (await buyer.get(placed.location)).page.text
    lease = next(
        link.removeprefix("/leases/")
        for link in (await buyer.get(placed.location)).page.links()
        if link.startswith("/leases/lse-")
    )
    seeder.leases = [
        live.terms for live in venue.exchange.engine.state.leases.values() if live.terms.id == lease
    ]
    await seeder.tick(NOW + 2 * DAY)
    await seeder.report(NOW + 2 * DAY)
    await seeder.tick(at("2026-12-05 00:00"))
    await venue.exchange.closing(PartyId("clerk-1")).close("2026-11")
    return seeder, office, buyer


async def test_from_a_programme_to_the_evidence_of_a_use(venue: Venue) -> None:
    _, office, buyer = await covered(venue)
    wallet = await buyer.get("/account/vouchers")
    (voucher,) = [link for link in wallet.page.links() if link.startswith("/account/vouchers/vch-")]
    mine = await buyer.get(voucher)
    assert mine.page.text.count("¥868.80") >= 2, "used, and in the table of uses"
    report = await office.get(f"/region/vouchers/{PROGRAMME}", period="2026-11")
    assert re.search(r"data-used>¥868.80<", report.html)
    assert re.search(r"data-issued>¥2,000.00<", report.html)
    other = await office.get(f"/region/vouchers/{PROGRAMME}", period="2026-10")
    assert re.search(r"data-used>¥0.00<", other.html)
    (evidence,) = {link for link in report.page.links() if "/evidence/" in link}
    for browser, path in ((office, evidence), (buyer, evidence.replace("/region/", "/account/"))):
        file = (await browser.get(path)).html
        assert file.startswith("\ufeffpart,name,value")
        assert sum(map(int, re.findall(r"uses,\d.covered_fen,(\d+)\r\n", file))) == 868_80
        assert re.search(r"usage,delivered_card_seconds,691200\r\n", file)
        assert re.search(r"sha256,,[0-9a-f]{64}\r\n", file)
    listed = (await office.get(f"/region/vouchers/{PROGRAMME}/export")).html
    rows = list(DictReader(StringIO(listed.lstrip("\ufeff"))))
    assert sum(Decimal(row["Covered, yuan 抵扣"]) for row in rows) == Decimal("868.80")
    assert min(int(row["Line 行"]) for row in rows) == 1
    assert "Nothing found" in (await office.get("/region/vouchers")).page.text
    rival = await venue.as_party("buyer-2")
    for path in (voucher, evidence.replace("/region/", "/account/")):
        assert (await rival.get(path)).status == 404
    far = await venue.as_party("office-qingyang")
    for path in (evidence, f"/region/vouchers/{PROGRAMME}", f"/region/vouchers/{PROGRAMME}/export"):
        assert (await far.get(path)).status == 404


async def test_a_refund_gives_a_voucher_its_part_back(venue: Venue) -> None:
    _, office, buyer = await covered(venue)
    clerk = await venue.as_party("clerk-1")
    report = await office.get(f"/region/vouchers/{PROGRAMME}")
    (evidence,) = {link for link in report.page.links() if "/evidence/" in link}
    bill = evidence.removeprefix("/region/evidence/").removesuffix("/export")
    form = (await clerk.get(f"/clerk/statements/{bill}")).page
    asked = filled(form, amount_fen="100.00", invoice_used="no")
    refunded = await clerk.send(f"/clerk/statements/{bill}/refunds", **asked)
    assert refunded.status == 303, refunded.html
    mine = await buyer.get(f"/statements/{bill}")
    assert given_back(mine) == "¥70.00"
    assert "¥30.00 vch-" in mine.page.text
    assert (await buyer.get(f"/statements/{bill}/statement.pdf")).status == 200
    (voucher,) = [
        link
        for link in (await buyer.get("/account/vouchers")).page.links()
        if link.startswith("/account/vouchers/vch-")
    ]
    assert "Refunded by rfd-" in (await buyer.get(voucher)).page.text
    report = await office.get(f"/region/vouchers/{PROGRAMME}", period="2026-11")
    assert re.search(r"data-used>¥838.80<", report.html)
    file = (await office.get(evidence)).html
    assert sum(map(int, re.findall(r"uses,\d.returned_fen,(\d+)\r\n", file))) == 30_00
    assert "LineRefunded" in file
    first = re.search(r"/account/entries/\d+/\d+", (await buyer.get("/account")).html)
    assert first is not None
    assert "¥30.00 of it to vouchers" in (await buyer.get(first[0])).page.text
    assert "Nothing found" in (await office.get("/region/vouchers")).page.text


async def test_what_a_region_pays_reaches_the_seller_and_comes_back_with_a_refund(venue: Venue) -> None:
    _, office, buyer = await covered(venue)
    clerk = await venue.as_party("clerk-1")
    at_desk = f"/clerk/vouchers/{PROGRAMME}"
    assert PROGRAMME in (await clerk.get("/clerk/vouchers")).page.text
    form = (await clerk.get(at_desk)).page
    owed = sorted(set(re.findall(r"run-\d+/lse-\d+", form.text)))
    assert figures_of(await clerk.get(at_desk)) == {"paid": "¥0.00", "open": "¥868.80"}
    asked: dict[str, Any] = {
        "once": form.values()["once"][:1],
        "period": "2026-11",
        "reference": "ICBC-1",
    }
    for amount, said in (("868.81", "subsidy_too_large"), ("much", 'id="amount_fen-mistake"')):
        refused = await clerk.send(at_desk, **{**asked, "amount_fen": amount})
        assert (refused.status, said in refused.html) == (422, True)
    booked = await clerk.send(
        at_desk, **{**asked, "once": await once_of(clerk, at_desk), "amount_fen": "868.80"}
    )
    assert booked.location == f"{at_desk}?booked=1", booked.html
    again = {**asked, "once": await once_of(clerk, "/clerk/parties"), "amount_fen": "1"}
    twice = await clerk.send(at_desk, **again)
    assert (twice.status, "subsidy_exists" in twice.html) == (422, True)
    report = await office.get(f"/region/vouchers/{PROGRAMME}")
    assert figures_of(report) == {"paid": "¥868.80", "open": "¥0.00"}
    assert "ICBC-1" in report.page.text
    seller = await venue.as_party(
        (await clerk.get(f"/clerk/statements/{owed[0]}")).page.text.split("bought from ")[1].split()[0]
    )
    for browser, stands in (
        (seller, "/console/statements/"),
        (buyer, "/statements/"),
        (clerk, "/clerk/statements/"),
    ):
        shown = await browser.get(stands + owed[0])
        assert "ICBC-1" in shown.page.text
    assert (await buyer.get(f"/statements/{owed[0]}/statement.pdf")).status == 200
    entry = re.search(r"/account/entries/\d+/\d+", (await seller.get("/account")).html)
    assert entry is not None
    assert "reference “ICBC-1”" in (await seller.get(entry[0])).page.text
    form = (await clerk.get(f"/clerk/statements/{owed[0]}")).page
    wanted = filled(form, amount_fen="100.00", invoice_used="no")
    assert (await clerk.send(f"/clerk/statements/{owed[0]}/refunds", **wanted)).status == 303
    shown = await clerk.get(at_desk)
    assert figures_of(shown) == {"paid": "¥838.80", "open": "¥0.00", "credit": "¥30.00"}
    back: dict[str, Any] = {
        "once": await once_of(clerk, at_desk),
        "back_amount": "30.00",
        "back_reference": "ICBC-2",
    }
    repaid = await clerk.send(f"{at_desk}/repayments", **back)
    assert repaid.location == f"{at_desk}?repaid=1", repaid.html
    assert "given back to the region" in (await clerk.get(at_desk)).page.text


def figures_of(visit: Any) -> dict[str, str]:
    """What a page says of a region's debt."""
    return dict(re.findall(r"data-(paid|open|credit)>(¥[\d,.]+)", visit.html))


async def test_a_voucher_for_a_token_contract_from_its_opening_to_the_evidence(venue: Venue) -> None:
    """A million tokens written cost 8 yuan, of which the region pays half."""
    seeder, office, named = Seeder(venue.exchange, "tokens"), await venue.as_party("office-shanghai"), MODELS
    await seeder.ask("clerk-1", DeclareFacts(PartyId("buyer-1"), SMALL))
    await sent(office, "/region/vouchers", **{**ADOPTED, "preset": "shanghai-model"})
    assert (await sent(office, f"/region/vouchers/{named}", **GIVEN)).status == 303
    buyer, clerk = await venue.as_party("buyer-1"), await venue.as_party("clerk-1")
    wallet = await buyer.get("/account/vouchers")
    (voucher,) = [link for link in wallet.page.links() if link.startswith("/account/vouchers/vch-")]
    async with Client(ORIGIN, token_of("clerk-1"), straight_to(venue.app)) as client:
        opened = await client.open_contract({**AGREED, "vouchers": [voucher.rpartition("/")[2]]})
    assert [pledge.held_fen for pledge in opened.vouchers] == [50_00]
    assert "covers up to ¥50.00" in (await clerk.get(f"/clerk/contracts/{opened.id}")).page.text
    assert f"Held by {opened.id}" in " ".join((await buyer.get(voucher)).page.text.split())
    used = TokenRecord("gateway-2", 1, ContractId(opened.id), Instant(NOW + 60), 0, 0, 1_000_000)
    await seeder.tick(NOW + DAY)
    await venue.exchange.metering.tokens(PartyId("seller-2"), "tokens-2", [used])
    await seeder.tick(at("2026-12-05 00:00"))
    await venue.exchange.closing(PartyId("clerk-1")).close("2026-11")
    report = await office.get(f"/region/vouchers/{named}", period="2026-11")
    assert re.search(r"data-used>¥4.00<", report.html)
    (evidence,) = {link for link in report.page.links() if "/evidence/" in link}
    file = (await office.get(evidence)).html
    for row in (f"uses,1.subject,{opened.id}", "uses,1.covered_fen,400", "usage,tokens,1000000"):
        assert f"{row}\r\n" in file
    assert [name for name in ("ContractOpened", "StatementPosted") if name not in file] == []
    bill = f"/statements/{evidence.removeprefix('/region/evidence/').removesuffix('/export')}"
    assert "¥4.00" in (await buyer.get(bill)).page.text
    assert (await buyer.get(f"{bill}/statement.pdf")).status == 200
    focus = read_focus((await buyer.get("/statements/periods/2026-11/focus.csv")).html)
    async with Client(ORIGIN, token_of("buyer-1"), straight_to(venue.app)) as client:
        assert compared(focus, await billed(client, "2026-11"), []) == []
    asked = filled((await clerk.get(f"/clerk{bill}")).page, amount_fen="2.00", invoice_used="no")
    assert (await clerk.send(f"/clerk{bill}/refunds", **asked)).status == 303
    report = await office.get(f"/region/vouchers/{named}", period="2026-11")
    assert re.search(r"data-used>¥3.00<", report.html)
    assert "Nothing found" in (await office.get("/region/vouchers")).page.text


async def once_of(browser: Browser, path: str) -> list[str]:
    return (await browser.get(path)).page.values()["once"][:1]


async def test_a_buyer_claims_once_and_hears_why_not_twice(venue: Venue) -> None:
    await promised(venue)
    buyer = await venue.as_party("buyer-1")
    wallet = (await buyer.get("/account/vouchers")).page
    assert "Claim ¥500.00" in wallet.text
    for form, status in ((wallet.values()["once"][0], 303), (new_id(), 422)):
        claimed = await buyer.send(f"/account/vouchers/{PROGRAMME}/claim", once=form)
        assert claimed.status == status
    assert "claimed this year" in claimed.page.text, "and no button for another"
    assert "once" not in claimed.page.values()
    assert "claimed_already" in claimed.html
    stranger = await venue.as_party("buyer-2")
    once = (await stranger.get("/account/vouchers")).page.values()["once"]
    refused = await stranger.send(f"/account/vouchers/{PROGRAMME}/claim", once=once[:1])
    assert (refused.status, "facts_missing" in refused.html) == (422, True)


async def test_a_voucher_that_does_not_cover_an_order_is_told_at_its_field(venue: Venue) -> None:
    await promised(venue)
    buyer = await venue.as_party("buyer-1")
    refused = await buyer.get("/order/review", **{**JOB, "voucher": "vch-1"})
    assert refused.status == 422
    assert 'id="voucher-mistake"' in refused.html


async def test_what_an_office_mistypes_is_told_at_its_field(venue: Venue) -> None:
    office = await venue.as_party("office-shanghai")
    wrong = await sent(office, "/region/vouchers", **{**ADOPTED, "budget": "much", "valid_from": ""})
    assert wrong.status == 422
    assert {'id="budget-mistake"', 'id="valid_from-mistake"'} <= set(
        re.findall(r'id="\w+-mistake"', wrong.html)
    )
    await promised(venue)
    wrong = await sent(office, f"/region/vouchers/{PROGRAMME}", **{**GIVEN, "amount": "0.001"})
    assert (wrong.status, 'id="amount-mistake"' in wrong.html) == (422, True)
    refused = await sent(office, f"/region/vouchers/{PROGRAMME}", **{**GIVEN, "buyer": "nobody"})
    assert (refused.status, "unknown_party" in refused.html) == (422, True)
