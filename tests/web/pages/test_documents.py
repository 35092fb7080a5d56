"""Statements as files: for whoever may see the page, with the figures of the page."""

import csv
import io
from decimal import Decimal

import pytest

from exchange.names import PartyId
from tests.web.house import straight_to
from tests.web.pages.conftest import ORIGIN, Browser, Venue
from tests.web.pages.test_payouts import filled
from tests.web.pages.test_statements import charged, fen
from tests.web.seed import Seeder, at, token_of
from web.cli.check_focus import billed, compared, refunded
from web.client import Client
from web.documents.focus_file import billed_fen, read_focus

pytestmark = pytest.mark.anyio


async def bills_of(browser: Browser, page: str = "/statements") -> list[str]:
    """The ids of the statements that a page lists."""
    links = (await browser.get(page)).page.links()
    return sorted({"/".join(link.split("/")[-2:]) for link in links if "/run-" in link})


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a file with a header, which begins as Excel needs it."""
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


async def test_both_sides_and_the_clerk_and_the_region_download_the_same_statement(calm: Venue) -> None:
    buyer = await calm.as_party("buyer-1")
    bill = next(bill for bill in await bills_of(buyer) if "/lse-" in bill)
    row = next(
        row for row in rows_of((await buyer.get("/statements.csv")).html) if row["Statement 结算单"] == bill
    )
    files = [
        (await (await calm.as_party(party)).client.get(f"/statements/{bill}/statement.{kind}")).content
        for party in ("buyer-1", row["Seller 卖方"], "clerk-1")
        for kind in ("pdf", "csv")
    ]
    assert files[0].startswith(b"%PDF-")
    assert set(files) == set(files[:2])
    lines = rows_of(files[1].decode())
    gross = sum(fen(line["Gross, VAT included, yuan 含税价"]) for line in lines)
    assert gross == fen(row["Charged, yuan 应付"])
    assert f"¥{gross // 100:,}.{gross % 100:02}" == charged(await buyer.get(f"/statements/{bill}"))


async def test_a_statement_is_a_file_that_no_browser_keeps(calm: Venue) -> None:
    buyer = await calm.as_party("buyer-1")
    bill = (await bills_of(buyer))[0]
    for kind, media in (("pdf", "application/pdf"), ("csv", "text/csv; charset=utf-8")):
        headers = (await buyer.get(f"/statements/{bill}/statement.{kind}")).headers
        assert headers["content-type"] == media
        assert (
            headers["content-disposition"]
            == f'attachment; filename="statement-{bill.replace("/", "-")}.{kind}"'
        )
        assert headers["cache-control"] == "no-store"


async def test_nobody_downloads_what_is_somebody_else_s(calm: Venue) -> None:
    bill = (await bills_of(await calm.as_party("buyer-1")))[0]
    other = await calm.as_party("buyer-2")
    for kind in ("pdf", "csv"):
        assert (await other.get(f"/statements/{bill}/statement.{kind}")).status == 404
        assert (await other.get(f"/statements/run-9/lse-999/statement.{kind}")).status == 404


async def test_a_list_has_every_statement_once(calm: Venue) -> None:
    clerk = await calm.as_party("clerk-1")
    rows = rows_of((await clerk.get("/clerk/periods/2026-10/statements.csv")).html)
    assert [row["Statement 结算单"] for row in rows] != []
    assert {row["Statement 结算单"] for row in rows} == set(
        await bills_of(clerk, "/clerk/periods/2026-10/statements")
    )
    assert len({row["Statement 结算单"] for row in rows}) == len(rows)
    for party, path, side in (
        ("buyer-1", "/statements.csv", "Buyer 买方"),
        ("seller-1", "/console/statements.csv", "Seller 卖方"),
    ):
        own = rows_of((await (await calm.as_party(party)).get(path)).html)
        assert own == [row for row in rows if row[side] == party]


async def test_a_period_without_a_run_has_no_list(calm: Venue) -> None:
    assert (await (await calm.as_party("clerk-1")).get("/clerk/periods/2026-11/statements.csv")).status == 404


async def test_a_closed_period_costs_by_focus_what_its_statements_say(calm: Venue) -> None:
    buyer = await calm.as_party("buyer-1")
    page = (await buyer.get("/statements")).page
    (link,) = [link for link in page.links() if link.endswith("/focus.csv")]
    charges = read_focus((await buyer.get(link)).html)
    charged: dict[str, int] = {}
    for (statement, *_), amount in billed_fen(charges).items():
        charged[statement] = charged.get(statement, 0) + amount
    listed = rows_of((await buyer.get("/statements.csv")).html)
    told = {row["Statement 结算单"]: fen(row["Charged, yuan 应付"]) for row in listed}
    assert {statement: amount for statement, amount in told.items() if amount} == charged
    assert {charge["ResourceType"] for charge in charges} >= {"Lease"}
    assert (await buyer.get("/statements/periods/2026-11/focus.csv")).status == 404
    assert (await (await calm.as_party("seller-1")).get(link)).status == 403


async def test_every_buyer_has_its_own_charges_and_no_others(calm: Venue) -> None:
    clerk = await calm.as_party("clerk-1")
    rows = rows_of((await clerk.get("/clerk/periods/2026-10/statements.csv")).html)
    for party in ("buyer-1", "buyer-2", "buyer-3"):
        browser = await calm.as_party(party)
        charges = read_focus((await browser.get("/statements/periods/2026-10/focus.csv")).html)
        assert {charge["BillingAccountId"] for charge in charges} <= {party}
        own = sum(fen(row["Charged, yuan 应付"]) for row in rows if row["Buyer 买方"] == party)
        assert sum(billed_fen(charges).values()) == own


async def test_a_focus_file_is_held_against_the_statements(calm: Venue) -> None:
    buyer = await calm.as_party("buyer-1")
    charges = read_focus((await buyer.get("/statements/periods/2026-10/focus.csv")).html)
    async with Client(ORIGIN, token_of("buyer-1"), straight_to(calm.app)) as client:
        statements = await billed(client, "2026-10")
        assert await refunded(client, "2026-10") == []
    assert compared(charges, statements, []) == []
    first = charges[0]
    where = f"{first['x_StatementId']}, line {first['x_StatementLine']}"
    dearer = {**first, "BilledCost": Decimal(first["BilledCost"] or 0) + 1}
    assert [told.partition(":")[0] for told in compared([dearer, *charges[1:]], statements, [])] == [where]
    longer = {**first, "ConsumedQuantity": Decimal(first["ConsumedQuantity"] or 0) + 1}
    assert [told.partition(" used")[1] for told in compared([longer, *charges[1:]], statements, [])] == [
        " used"
    ]
    assert compared([*charges, {**first, "x_StatementLine": 99}], statements, []) == [
        f"{first['x_StatementId']}, line 99: only the file has it"
    ]
    assert compared(charges[2:], statements, [])


async def test_a_refund_is_billed_in_the_month_in_which_it_is_made(venue: Venue) -> None:
    clerk, buyer = await venue.as_party("clerk-1"), await venue.as_party("buyer-1")
    at_desk = f"/clerk/statements/{(await bills_of(buyer))[0]}"
    asked = filled((await clerk.get(at_desk)).page, amount_fen="10.00", invoice_used="no")
    assert (await clerk.send(f"{at_desk}/refunds", **asked)).status == 303
    file = (await clerk.get(f"{at_desk.removeprefix('/clerk')}/statement.csv")).html
    assert len({len(row) for row in csv.reader(io.StringIO(file, newline=""))}) == 1, (
        "a row fills every column"
    )
    await closed(venue, "2026-11")
    charges = read_focus((await buyer.get("/statements/periods/2026-11/focus.csv")).html)
    async with Client(ORIGIN, token_of("buyer-1"), straight_to(venue.app)) as client:
        statements, refunds = await billed(client, "2026-11"), await refunded(client, "2026-11")
    assert [refund.to_buyer_fen for refund in refunds] == [10_00]
    assert compared(charges, statements, refunds) == []
    corrections = [charge for charge in charges if charge["ChargeClass"] == "Correction"]
    assert sum(billed_fen(corrections).values()) == -10_00
    assert {charge["ChargePeriodStart"] for charge in corrections} <= {"2026-09-30T16:00:00Z"}
    assert {charge["BillingPeriodStart"] for charge in corrections} == {"2026-10-31T16:00:00Z"}
    net = sum(one.statement.charged_fen for one in statements) - 10_00
    assert sum(billed_fen(charges).values()) == net
    forgotten = [charge for charge in charges if charge["ChargeClass"] is None]
    assert compared(forgotten, statements, refunds) == [
        f"refund {refunds[0].id}: the file says ¥0.00, the venue -¥10.00"
    ]


async def test_a_month_with_a_refund_alone_has_its_file(venue: Venue) -> None:
    await closed(venue, "2026-11", "2026-12")
    clerk, buyer = await venue.as_party("clerk-1"), await venue.as_party("buyer-1")
    at_desk = f"/clerk/statements/{(await bills_of(buyer))[0]}"
    asked = filled((await clerk.get(at_desk)).page, amount_fen="10.00", invoice_used="no")
    assert (await clerk.send(f"{at_desk}/refunds", **asked)).status == 303
    link = "/statements/periods/2027-01/focus.csv"
    assert link not in (await buyer.get("/statements")).page.links(), "the month is not over"
    await closed(venue, "2027-01")
    offered = [link for link in (await buyer.get("/statements")).page.links() if link.endswith("/focus.csv")]
    assert {one.split("/")[3] for one in offered} == {"2027-01", "2026-11", "2026-10"}
    assert sum(billed_fen(read_focus((await buyer.get(link)).html)).values()) == -10_00
    assert link not in (await (await venue.as_party("buyer-2")).get("/statements")).page.links()


async def test_what_packages_cost_is_what_they_are_billed_once_they_have_ended(venue: Venue) -> None:
    """October buys them, and uses one up; November lets the rest of the other expire; December buys a third, in vain."""
    await closed(venue, "2026-11", "2026-12")
    buyer = await venue.as_party("buyer-3")
    costs = []
    for month in ("2026-10", "2026-11", "2026-12"):
        charges = read_focus((await buyer.get(f"/statements/periods/{month}/focus.csv")).html)
        async with Client(ORIGIN, token_of("buyer-3"), straight_to(venue.app)) as client:
            assert compared(charges, await billed(client, month), []) == []
        of_packages = [charge for charge in charges if charge["x_PackageId"] is not None]
        costs.append(
            tuple(
                sum(fen(str(charge[name])) for charge in of_packages)
                for name in ("BilledCost", "EffectiveCost")
            )
        )
    assert [cost for cost, _ in costs] == [460_00, 0, 290_00]
    assert sum(cost for _, cost in costs) == 750_00
    assert [cost > 0 for _, cost in costs] == [True, True, True]


async def closed(venue: Venue, *months: str) -> None:
    """Let these months pass, and close them."""
    for month in months:
        year, n = map(int, month.split("-"))
        await Seeder(venue.exchange, month).tick(at(f"{year + n // 12}-{n % 12 + 1:02}-05 00:00"))
        await venue.exchange.closing(PartyId("clerk-1")).close(month)


async def test_an_invoice_has_the_lines_of_its_statement_and_says_that_it_is_none(calm: Venue) -> None:
    buyers = [await calm.as_party(party) for party in ("buyer-1", "buyer-3")]
    bills = [(buyer, bill) for buyer in buyers for bill in await bills_of(buyer)]
    assert {bill.split("/")[1][:3] for _, bill in bills} == {"lse", "tkc"}
    for buyer, bill in bills:
        rows = rows_of((await buyer.get(f"/statements/{bill}/invoice.csv")).html)
        lines = rows_of((await buyer.get(f"/statements/{bill}/statement.csv")).html)
        assert [fen(row["Total 价税合计"]) for row in rows] == [
            gross for line in lines if (gross := fen(line["Gross, VAT included, yuan 含税价"]))
        ]
        for row in rows:
            amount = Decimal(row["Quantity 数量"]) * Decimal(row["Unit price without VAT 单价"])
            assert round(amount, 2) == Decimal(row["Amount 金额"])
            rate = Decimal(row["Rate, % 税率"]) / 100
            assert abs(Decimal(row["Amount 金额"]) * rate - Decimal(row["VAT 税额"])) < Decimal("0.01")
            assert "不是发票" in row["Remarks 备注"]
            assert row["Tax classification 税收分类编码"] == ""


async def test_both_sides_and_the_clerk_see_the_same_invoice_data_and_no_region_does(calm: Venue) -> None:
    buyer = await calm.as_party("buyer-1")
    bill = next(bill for bill in await bills_of(buyer) if "/lse-" in bill)
    assert f"/statements/{bill}/invoice" in (await buyer.get(f"/statements/{bill}")).page.links()
    visit = await buyer.get(f"/statements/{bill}/invoice")
    assert "This is not an invoice" in visit.page.text
    seller = rows_of((await buyer.get("/statements.csv")).html)
    (side,) = [row["Seller 卖方"] for row in seller if row["Statement 结算单"] == bill]
    for party, back in ((side, f"/console/statements/{bill}"), ("clerk-1", f"/clerk/statements/{bill}")):
        other = await (await calm.as_party(party)).get(f"/statements/{bill}/invoice")
        assert back in other.page.links()
        assert (await (await calm.as_party(party)).get(back)).status == 200
    assert (await (await calm.as_party("office-shanghai")).get(f"/statements/{bill}/invoice")).status == 403
    assert (await (await calm.as_party("buyer-2")).get(f"/statements/{bill}/invoice")).status == 404


async def test_a_quarter_s_income_is_what_sellers_were_billed_for(calm: Venue) -> None:
    clerk = await calm.as_party("clerk-1")
    (link,) = [link for link in (await clerk.get("/clerk/periods")).page.links() if "/quarters/" in link]
    assert link == "/clerk/quarters/2026-Q4/income.csv"
    told = {row["Seller 平台内经营者"]: row for row in rows_of((await clerk.get(link)).html)}
    sold: dict[str, int] = {}
    for row in rows_of((await clerk.get("/clerk/periods/2026-10/statements.csv")).html):
        sold[row["Seller 卖方"]] = sold.get(row["Seller 卖方"], 0) + fen(row["Charged, yuan 应付"])
    assert {seller: fen(row["Income, yuan 收入总额"]) for seller, row in told.items()} == sold
    for row in told.values():
        assert row["Months included 所含月份"] == "2026-10"
        assert row["Refunds, yuan 退款金额"] == "0.00"
        assert row["Income less refunds, yuan 收入净额"] == row["Income, yuan 收入总额"]
    for quarter in ("2026-Q3", "2026-Q5", "never"):
        assert (await clerk.get(f"/clerk/quarters/{quarter}/income.csv")).status == 404


async def test_programs_get_the_files_of_the_pages(calm: Venue) -> None:
    buyer = await calm.as_party("buyer-1")
    bill = next(bill for bill in await bills_of(buyer) if "/lse-" in bill)
    files = {
        ("buyer-1", f"/statements/{bill}/statement.pdf"): f"/statements/{bill}/statement.pdf",
        ("buyer-1", f"/statements/{bill}/statement.csv"): f"/statements/{bill}/statement.csv",
        ("buyer-1", f"/statements/{bill}/invoice.csv"): f"/statements/{bill}/invoice.csv",
        ("buyer-1", "/statements.csv"): "/statements.csv",
        ("buyer-1", "/periods/2026-10/focus.csv"): "/statements/periods/2026-10/focus.csv",
        ("seller-1", "/statements.csv"): "/console/statements.csv",
        ("clerk-1", "/periods/2026-10/statements.csv"): "/clerk/periods/2026-10/statements.csv",
        ("clerk-1", "/quarters/2026-Q4/income.csv"): "/clerk/quarters/2026-Q4/income.csv",
    }
    for (party, asked), shown in files.items():
        browser = await calm.as_party(party)
        headers = {"Authorization": f"Bearer {token_of(party)}"}
        program = await browser.client.get(f"/v1{asked}", headers=headers)
        page = await browser.client.get(shown)
        assert program.status_code == 200, asked
        assert (program.content, program.headers["content-type"]) == (
            page.content,
            page.headers["content-type"],
        )
    clerk = {"Authorization": f"Bearer {token_of('clerk-1')}"}
    for nothing in ("periods/2026-11/statements.csv", "quarters/2027-Q1/income.csv"):
        assert (await buyer.client.get(f"/v1/{nothing}", headers=clerk)).status_code == 404


async def test_a_statements_file_says_what_it_drew_and_emitted(calm: Venue) -> None:
    buyer = await calm.as_party("buyer-1")
    bill = next(bill for bill in await bills_of(buyer) if "/lse-" in bill)
    for line in rows_of((await buyer.get(f"/statements/{bill}/statement.csv")).html):
        facility = int(line["Facility drew, Wh 数据中心"])
        assert facility == round(int(line["Cards drew, Wh 算力设备"]) * int(line["PUE, thousandths"]) / 1000)
        assert 0 <= int(line["Green certificates, Wh 绿证"]) <= facility
        parts = [int(grams) for name, grams in line.items() if name.startswith("CO2 of ")]
        assert sum(parts) == int(line["CO2 after certificates, g 基于市场"])
        assert line["Tables of power 碳表版本"] == "2026-11"
