"""A party's money: every movement has its balance and its cause, and all of them add up."""

import pytest

from exchange.persistence.queries.ledger import moves_of, trial_balance
from exchange.persistence.queries.parties import balances
from settlement.ledger.chart import Book
from tests.web.pages.conftest import Venue

pytestmark = pytest.mark.anyio

CAUSES = {"Deposit", "Order", "Token contract", "Statement"}


@pytest.mark.parametrize("party", ["buyer-1", "buyer-3", "seller-1"])
async def test_every_movement_leads_from_one_balance_to_the_next(calm: Venue, party: str) -> None:
    readers = calm.exchange.readers
    expected = dict(await balances(readers, party))
    before, pages = None, 0
    while moves := await moves_of(readers, party, before, 7):
        for move in moves:
            for kind, change in move.changes.items():
                assert change.after == expected[kind]
                expected[kind] -= change.amount
        before, pages = (moves[-1].seq, moves[-1].n), pages + 1
    assert pages > 3
    assert not any(expected.values()), "the first movement begins with nothing"


async def test_the_cause_of_each_kind_of_movement_is_told(calm: Venue) -> None:
    browser = await calm.as_party("buyer-3")
    path, causes = "/account", set()
    while path:
        visit = await browser.get(path)
        for link in [link for link in visit.page.links() if "/entries/" in link]:
            words = (await browser.get(link)).page.words
            causes.add(words[words.index("What is behind it") + 1])
        path = next((link for link in visit.page.links() if link.startswith("/account?before=")), "")
    assert causes == CAUSES


async def test_the_books_come_to_zero_on_the_clerk_s_page(calm: Venue) -> None:
    lines = await trial_balance(calm.exchange.readers)
    assert any(line.total for line in lines)
    page = (await (await calm.as_party("clerk-1")).get("/clerk/ledger")).page
    assert page.text.count("Sums to zero") == len(Book)
    assert "Off by" not in page.text
