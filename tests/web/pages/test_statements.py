"""From a total down to its lines: the same statement for the buyer, the seller, the region and the clerk."""

import re

import pytest

from tests.web.pages.conftest import Venue, Visit

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


def fen(text: str) -> int:
    """Yuan as a page writes them, in fen."""
    return int(text.replace(",", "").replace(".", ""))
