"""From a total down to its lines: the same statement for the buyer, the seller, the region and the clerk."""

import re

import pytest

from exchange.names import PartyId
from exchange.persistence.queries.statements import Reach, statements_within
from tests.web.pages.conftest import Venue, Visit
from web.pages.statement import statement_with_refunds

pytestmark = pytest.mark.anyio


def charged(visit: Visit) -> str:
    """What a statement's page says was charged."""
    found = re.search(r"<dt>Charged</dt><dd class=\"big\">(.*?)</dd>", visit.html)
    assert found is not None
    return found[1]


async def test_a_lease_leads_to_its_statement_and_back(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    bills = [
        link for link in (await browser.get("/statements")).page.links() if "/lse-" in link and "run-" in link
    ]
    statement = await browser.get(bills[0])
    (lease,) = [link for link in statement.page.links() if link.startswith("/leases/lse-")]
    assert bills[0] in (await browser.get(lease)).page.links()


async def test_all_who_may_see_a_statement_see_the_same_figures(calm: Venue) -> None:
    clerk = await calm.as_party("clerk-1")
    listed = (await clerk.get("/clerk/periods/2026-10/statements")).page
    ours = sorted(link for link in listed.links() if link.startswith("/clerk/statements/run-"))
    buyer = await calm.as_party("buyer-1")
    bill = next(link for link in (await buyer.get("/statements")).page.links() if "run-" in link)
    assert f"/clerk{bill}" in ours
    assert charged(await clerk.get(f"/clerk{bill}")) == charged(await buyer.get(bill))


async def test_a_period_s_total_is_the_sum_of_its_statements(calm: Venue) -> None:
    clerk = await calm.as_party("clerk-1")
    period = (await clerk.get("/clerk/periods/2026-10")).page
    (path,) = [link for link in period.links() if link.endswith("/statements")]
    visit = await clerk.get(path)
    told = re.search(r"(\d+) in all: ¥([\d,.]+) charged to buyers", visit.page.text)
    rows = re.findall(r'<td class="num">¥([\d,.]+)</td><td class="num">¥[\d,.]+</td></tr>', visit.html)
    assert told is not None
    assert int(told[1]) == len(rows)
    assert fen(told[2]) == sum(fen(row) for row in rows)


async def test_a_period_that_is_not_closed_has_no_statements(calm: Venue) -> None:
    clerk = await calm.as_party("clerk-1")
    assert (await clerk.get("/clerk/periods/2026-11/statements")).status == 404
    assert (await clerk.get("/clerk/statements/run-1/lse-999")).status == 404


async def test_a_seller_sees_what_it_receives(calm: Venue) -> None:
    visit = await (await calm.as_party("seller-1")).get("/console/statements")
    rows = re.findall(
        r'<td class="num">¥([\d,.]+)</td><td class="num">¥[\d,.]+</td><td class="num">¥([\d,.]+)</td></tr>',
        visit.html,
    )
    assert rows
    assert all(0 < fen(received) < fen(gross) for gross, received in rows)


@pytest.mark.parametrize(("party", "at"), [("buyer-1", "/statements"), ("seller-1", "/console/statements")])
async def test_a_month_is_the_sum_of_its_statements(calm: Venue, party: str, at: str) -> None:
    html = (await (await calm.as_party(party)).get(at)).html
    months, one_by_one = html.split("Table: Statements")
    rows = re.findall(r'<td class="nowrap">2026-10</td>.*?</tr>', one_by_one)
    figures = [re.findall(r'<td class="num">(¥[\d,.]+)</td>', row) for row in rows]
    told = re.search(r">2026-10</th>.*?</tr>", months)
    assert told is not None
    count, *sums = re.findall(r'<td class="num">(.*?)</td>', told[0])
    assert int(count) == len(rows) > 0
    assert [fen(one) for one in sums] == [sum(column) for column in zip(*map(in_fen, figures), strict=True)]


CREDIT = "Credit: less available than promised"


async def test_who_orders_is_told_what_is_promised_and_who_leased_what_came_off(calm: Venue) -> None:
    """The promise stands on the order form and the lease, and the credit on lease, statement and month."""
    buyer = await calm.as_party("buyer-1")
    promised = (
        "gives up 10 % if less than 99.8 % of its time in a month is delivered, 25 % if less than 99 % is."
    )
    assert promised in (await buyer.get("/order")).page.text
    credited, leases = 0, list[str]()
    for bill in (await buyer.get("/statements")).page.links():
        visit = await buyer.get(bill) if "run-" in bill else None
        found = visit and re.search(rf">{CREDIT} .*?¥([\d,.]+)</td></tr>", visit.html)
        if visit and found:
            credited += fen(found[1])
            leases += [link for link in visit.page.links() if link.startswith("/leases/lse-")]
    lease = await buyer.get(leases[0])
    assert promised in lease.page.text
    assert CREDIT in lease.page.text
    clerk = await calm.as_party("clerk-1")
    told = re.search(
        r">Credited by sellers.*?¥([\d,.]+)</td>", (await clerk.get("/clerk/periods/2026-10")).html
    )
    assert told is not None
    assert fen(told[1]) >= credited > 0


def fen(text: str) -> int:
    """Yuan as a page writes them, in fen."""
    return int(text.removeprefix("¥").replace(",", "").replace(".", ""))


def in_fen(texts: list[str]) -> list[int]:
    return [fen(text) for text in texts]


async def test_every_line_adds_up_from_what_it_would_have_cost_to_its_gross(calm: Venue) -> None:
    everything = Reach(PartyId("clerk-1"), everything=True)
    covered = 0
    for statement in await statements_within(calm.exchange.readers, everything, None, 500):
        shown = await statement_with_refunds(calm.exchange, statement)
        (_, _, whole), *less = shown.before
        for n, line in enumerate(shown.lines):
            assert whole[n] - sum(amounts[n] for _, _, amounts in less) == line.figures.gross_fen, (
                statement.id
            )
            covered += line.from_package
    assert covered > 0
