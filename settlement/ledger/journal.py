"""The journal: entries that cannot be built unbalanced, and the balances they add up to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from settlement.ledger.chart import CONTRA, Book, LedgerAccount


class EntryKind(StrEnum):
    """Why money, or the memo of it, moves."""

    DEPOSIT = "deposit"
    """A buyer's money came in."""
    HOLD = "hold"
    """An order or a lease claimed what it may cost."""
    RELEASE = "release"
    """What was claimed and is not needed is free again."""
    CHARGE = "charge"
    """Delivered time was paid for, out of what was held."""
    ATTRIBUTION = "attribution"
    """Regions were given their shares of a settled line."""
    EMISSION = "emission"
    """Regions were given their shares of what a settled line emitted."""
    REFUND = "refund"
    """A settled line was corrected: the buyer has back what the seller and the venue give up."""
    PAYOUT = "payout"
    """A seller's money was set aside to be paid."""
    PAYMENT = "payment"
    """What was set aside has been paid."""
    ISSUE = "issue"
    """A region promised a buyer something in a voucher."""
    REDEMPTION = "redemption"
    """A voucher covered its part of a settled line."""
    SUBSIDY = "subsidy"
    """A region paid for vouchers that were used, or was given back what it had paid too much."""
    COST = "cost"
    """The gateway took a fee for itself."""
    CHARGEBACK = "chargeback"
    """A buyer's bank took a payment back or gave it up again, or what the venue bore of that was made up for."""
    EXPIRY = "expiry"
    """What a voucher did not cover in time went back to its programme."""
    REVERSAL = "reversal"
    """An earlier entry was undone by its opposite."""


class Posting(NamedTuple):
    """One leg of an entry, in fen or, in the carbon book, grams: positive credits the account, negative debits it."""

    account: LedgerAccount
    amount: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Postings that belong together and sum to zero in each book. No account appears twice, and no amount is zero."""

    kind: EntryKind
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        totals: dict[Book, int] = {}
        for account, amount in self.postings:
            assert amount, f"a posting moves something: {account} is posted zero"
            book = account.kind.book
            totals[book] = totals.get(book, 0) + amount
        assert totals, "an entry has postings"
        assert not any(totals.values()), f"an entry sums to zero in each book: {self}"
        assert len(dict(self.postings)) == len(self.postings), f"an entry posts to an account once: {self}"


def entry(kind: EntryKind, *legs: tuple[LedgerAccount, int]) -> JournalEntry | None:
    """Build an entry from legs (account, fen), legs of one account added up; None where nothing moves."""
    amounts: dict[LedgerAccount, int] = {}
    for account, amount in legs:
        amounts[account] = amounts.get(account, 0) + amount
    postings = tuple([Posting(account, amount) for account, amount in amounts.items() if amount])
    return JournalEntry(kind, postings) if postings else None


@dataclass(slots=True)
class Balances:
    """What is owed to every owner: the sum of all entries posted so far, in fen."""

    _amounts: dict[LedgerAccount, int] = field(default_factory=dict, init=False)

    def of(self, account: LedgerAccount) -> int:
        """Give an account's balance: zero if nothing was ever posted to it."""
        return self._amounts.get(account, 0)

    def begin_with(self, sums: Mapping[LedgerAccount, int]) -> None:
        """Stand where a journal has come to whose sums these are, before anything is posted."""
        assert not self._amounts, "balances begin once"
        self._amounts.update(sums)

    def post(self, entry: JournalEntry) -> None:
        """Add an entry. Only contra accounts may go below zero; an entry that would take another there is a bug."""
        amounts = self._amounts
        after = {}
        for account, moved in entry.postings:
            amount = amounts.get(account, 0) + moved
            assert amount >= 0 or account.kind in CONTRA, f"{account} would stand at {amount} fen"
            after[account] = amount
        # All or nothing: a refused entry leaves no half of itself behind.
        amounts.update(after)

    def items(self) -> Iterator[tuple[LedgerAccount, int]]:
        """Walk all balances that are not zero, in the order of accounts, so that two runs can be compared."""
        return ((account, amount) for account, amount in sorted(self._amounts.items()) if amount)

    def totals(self) -> dict[Book, int]:
        """Sum each book. Every total is zero, always: that is the law the auditor checks."""
        totals = dict.fromkeys(Book, 0)
        for account, amount in self._amounts.items():
            totals[account.kind.book] += amount
        return totals
