"""From the trial balance down: kinds to accounts, accounts to what moved them, and that to whole entries."""

from collections import Counter

import pytest

from exchange.chargebacks.commands import BookChargeback, ReinstateChargeback
from exchange.commands import Command
from exchange.names import PartyId, topup_plan
from exchange.parties.commands import Deposit
from exchange.persistence.queries.ledger import accounts_of, balances_of, entries_at, moves_of, trial_balance
from exchange.state import Role
from settlement.ledger.chart import AccountKind, Book
from settlement.ledger.journal import EntryKind
from settlement.money import Fen
from tests.web.pages.conftest import Venue

pytestmark = pytest.mark.anyio

BUYER = PartyId("buyer-1")


async def test_each_level_is_the_sum_of_the_one_below(calm: Venue) -> None:
    pool = calm.exchange.readers
    for line in await trial_balance(pool):
        first = await accounts_of(pool, line.kind, "", 2)
        accounts = [*first, *await accounts_of(pool, line.kind, first[-1][0], 10_000)] if first else []
        assert (len(accounts), sum(amount for _, amount in accounts)) == (line.accounts, line.total)
    for owner in ("buyer-1", "seller-1", "venue", "310000"):
        moved = Counter[AccountKind]()
        for move in await moves_of(pool, owner, None, 10_000):
            assert any(entry.n == move.n for entry in await entries_at(pool, move.seq))
            moved.update({kind: change.amount for kind, change in move.changes.items()})
        assert dict(moved) == await balances_of(pool, owner)


async def test_a_clerk_comes_from_the_trial_balance_to_the_statement_behind_an_entry(calm: Venue) -> None:
    clerk = await calm.signed_in(Role.CLERK)
    way = ["/clerk/ledger"]
    for step in (
        "/clerk/ledger/payable",
        "/clerk/accounts?owner=seller-1",
        "/clerk/entries/",
        "/clerk/statements/run-1/",
        "/clerk/entries/",
    ):
        links = (await clerk.get(way[-1])).page.links()
        way.append(next(link.partition("#")[0] for link in sorted(links) if link.startswith(step)))
    assert way[-1] == way[-3], "a statement leads to the entries that booked it"


async def test_an_entry_is_shown_whole_and_comes_to_zero(calm: Venue) -> None:
    pool = calm.exchange.readers
    newest, *_ = await moves_of(pool, "seller-1", None, 1)
    found = await entries_at(pool, newest.seq)
    sums = Counter[tuple[int, Book]]()
    for entry in found:
        for posting in entry.postings:
            sums[entry.n, posting.account.kind.book] += posting.amount
    assert set(sums.values()) == {0}
    page = (await (await calm.signed_in(Role.CLERK)).get(f"/clerk/entries/{newest.seq}")).page
    for entry in found:
        assert f"{entry.seq}.{entry.n}" in page.text
        assert all(posting.account.owner in page.text for posting in entry.postings)


@pytest.mark.parametrize(
    "path",
    ["/clerk/ledger/cash", "/clerk/ledger/Payable", "/clerk/entries/999999999"],
)
async def test_what_is_not_in_the_books_is_not_there(calm: Venue, path: str) -> None:
    assert (await (await calm.signed_in(Role.CLERK)).get(path)).status == 404


async def test_an_owner_whom_nothing_has_moved_has_no_accounts(calm: Venue) -> None:
    clerk = await calm.signed_in(Role.CLERK)
    assert "Nothing has moved" in (await clerk.get("/clerk/accounts?owner=seller-4")).page.text


async def test_a_chargeback_is_told_to_its_buyer_and_to_the_clerk(venue: Venue) -> None:
    pool, topup = venue.exchange.readers, f"{topup_plan(BUYER, 'k-1')}/0"
    free = (await balances_of(pool, BUYER))[AccountKind.AVAILABLE]
    commands: tuple[Command, ...] = (
        Deposit(BUYER, Fen(12_50), topup),
        BookChargeback("dp_1", BUYER, topup, Fen(free + 20_00)),
        Deposit(BUYER, Fen(1_50), "slip"),
        ReinstateChargeback("dp_1", BUYER, Fen(free + 20_00)),
    )
    for n, command in enumerate(commands):
        await venue.exchange.as_venue(f"dispute-{n}", command)
    clerk, buyer = await venue.signed_in(Role.CLERK), await venue.signed_in(Role.BUYER)
    balance = await clerk.get("/clerk/ledger")
    assert "Borne by the venue" in balance.page.text
    assert "平台损失" in balance.page.text
    told = [
        (await buyer.get(f"/account/entries/{move.seq}/{move.n}")).page.text
        for move in await moves_of(pool, BUYER, None, 5)
        if move.kind is EntryKind.CHARGEBACK
    ]
    sentences = ("given ¥", "¥1.50 make up for now", "of what you had paid")
    assert all("Taken back by a bank" in page for page in told)
    assert all(sentence in page for sentence, page in zip(sentences, told, strict=True)), told
