"""The laws of the ledger: entries are built only if they balance, and a ledger that is used stays sound."""

from collections import Counter
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from settlement.ledger import journal
from settlement.ledger.chart import AccountKind, Book, LedgerAccount
from settlement.ledger.journal import EntryKind, JournalEntry, Posting, entry
from settlement.money import Fen
from settlement.statement import statement_line
from tests.settlement.law import law
from tests.settlement.worlds import ORDINARY

BANK = LedgerAccount("venue", AccountKind.BANK)
FEE_INCOME = LedgerAccount("venue", AccountKind.FEE_INCOME)
FEE_VAT = LedgerAccount("venue", AccountKind.FEE_VAT)
ATTRIBUTION = LedgerAccount("venue", AccountKind.ATTRIBUTION)
SELLER = LedgerAccount("seller", AccountKind.PAYABLE)

CONTRA = {"bank", "attribution", "emissions", "subsidy_claim", "voucher_budget"}
BOOKS = (
    {"attribution", "revenue", "tax", "gdp"},
    {"emissions", "carbon"},
    {"voucher_budget", "voucher_left", "voucher_held", "voucher_used"},
)
"""The kinds of each book but that of money, which has the rest."""


def available(party: str) -> LedgerAccount:
    return LedgerAccount(party, AccountKind.AVAILABLE)


def held(party: str) -> LedgerAccount:
    return LedgerAccount(party, AccountKind.HELD)


def refused(deed: Callable[[], object]) -> bool:
    """Say whether a deed was stopped by an assertion."""
    try:
        deed()
    except AssertionError:
        return True
    return False


accounts = st.builds(LedgerAccount, owner=st.sampled_from("ab"), kind=st.sampled_from(AccountKind))
postings = st.lists(st.builds(Posting, account=accounts, amount=st.integers(-2, 2)), max_size=4)


@law(postings, st.booleans())
def an_entry_is_built_only_if_it_balances(legs: list[Posting], closed: bool) -> None:
    if closed:
        legs = [*legs, Posting(BANK, -sum(leg.amount for leg in legs))]
    money = sum(leg.amount for leg in legs if not any(leg.account.kind in book for book in BOOKS))
    others = [sum(leg.amount for leg in legs if leg.account.kind in book) for book in BOOKS]
    once_each = len({leg.account for leg in legs}) == len(legs)
    sound = bool(legs) and not any((money, *others)) and once_each and all(leg.amount for leg in legs)
    assert refused(lambda: JournalEntry(EntryKind.DEPOSIT, tuple(legs))) is not sound


parties = st.sampled_from(["alice", "bob"])
percent = st.integers(0, 100)


class LedgerInUse(RuleBasedStateMachine):
    """Two buyers pay in, hold, release and are charged, in any order, and now and then try to overspend."""

    def __init__(self) -> None:
        super().__init__()
        self.balances = journal.Balances()
        self.posted: list[JournalEntry] = []

    def post(self, kind: EntryKind, *legs: tuple[LedgerAccount, int]) -> None:
        made = entry(kind, *legs)
        if made is not None:
            self.balances.post(made)
            self.posted.append(made)

    @rule(party=parties, amount=st.integers(1, 10**6))
    def deposit(self, party: str, amount: int) -> None:
        self.post(EntryKind.DEPOSIT, (BANK, -amount), (available(party), amount))

    @rule(party=parties, part=percent)
    def hold(self, party: str, part: int) -> None:
        amount = self.balances.of(available(party)) * part // 100
        self.post(EntryKind.HOLD, (available(party), -amount), (held(party), amount))

    @rule(party=parties, part=percent)
    def release(self, party: str, part: int) -> None:
        amount = self.balances.of(held(party)) * part // 100
        self.post(EntryKind.RELEASE, (held(party), -amount), (available(party), amount))

    @rule(party=parties, part=percent)
    def charge(self, party: str, part: int) -> None:
        line = statement_line(Fen(self.balances.of(held(party)) * part // 100), ORDINARY)
        self.post(
            EntryKind.CHARGE,
            (held(party), -line.buyer_pays_fen),
            (SELLER, line.seller_payout_fen),
            (FEE_INCOME, line.fee_net_fen),
            (FEE_VAT, line.fee_vat_fen),
        )
        shares = [(LedgerAccount(name, AccountKind.REVENUE), fen) for name, fen in line.revenue_by_region_fen]
        self.post(EntryKind.ATTRIBUTION, (ATTRIBUTION, -line.net_fen), *shares)

    @rule(party=parties, excess=st.integers(1, 100))
    def overspend(self, party: str, excess: int) -> None:
        too_much = self.balances.of(available(party)) + excess
        greedy = entry(EntryKind.HOLD, (held(party), too_much), (available(party), -too_much))
        assert greedy is not None
        assert refused(lambda: self.balances.post(greedy)), "nobody spends what is not there"

    @invariant()
    def each_book_sums_to_zero(self) -> None:
        assert self.balances.totals() == dict.fromkeys(Book, 0)

    @invariant()
    def nobody_is_below_zero(self) -> None:
        assert all(fen > 0 or account.kind in CONTRA for account, fen in self.balances.items())

    @invariant()
    def balances_are_the_sum_of_what_was_posted(self) -> None:
        summed: Counter[LedgerAccount] = Counter()
        for made in self.posted:
            for posting in made.postings:
                summed[posting.account] += posting.amount
        assert dict(self.balances.items()) == {account: fen for account, fen in summed.items() if fen}


def a_ledger_lives_by_its_laws(how: settings) -> None:
    run_state_machine_as_test(LedgerInUse, settings=how)
