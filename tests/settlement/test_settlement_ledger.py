"""The ledger by hand: the chart, what may be posted, and a buyer's money from deposit to payout."""

from settlement.ledger.chart import CONTRA, AccountKind, Book, LedgerAccount
from settlement.ledger.journal import Balances, EntryKind, JournalEntry, Posting, entry
from settlement.money import Fen
from settlement.statement import statement_line
from tests.settlement.bookkeeping import (
    ATTRIBUTION,
    BANK,
    FEE_INCOME,
    FEE_VAT,
    SELLER,
    available,
    held,
    refused,
)
from tests.settlement.worlds import ORDINARY

BUYER = available("alice")
HELD = held("alice")


def post(balances: Balances, kind: EntryKind, *legs: tuple[LedgerAccount, int]) -> None:
    made = entry(kind, *legs)
    assert made is not None
    balances.post(made)


def test_each_book_has_a_contra_side() -> None:
    assert {(kind.book, kind) for kind in CONTRA} == {
        (Book.MONEY, AccountKind.BANK),
        (Book.MONEY, AccountKind.SUBSIDY_CLAIM),
        (Book.MONEY, AccountKind.GATEWAY_COST),
        (Book.MONEY, AccountKind.PLATFORM_LOSS),
        (Book.MEMO, AccountKind.ATTRIBUTION),
        (Book.CARBON, AccountKind.EMISSIONS),
        (Book.VOUCHERS, AccountKind.VOUCHER_BUDGET),
    }


def test_kinds_are_stored_by_name() -> None:
    assert [kind.value for kind in AccountKind if kind.book is Book.MONEY] == [
        "bank",
        "available",
        "held",
        "payable",
        "in_transit",
        "fee_income",
        "fee_vat",
        "subsidy_claim",
        "subsidy_due",
        "subsidy_credit",
        "gateway_cost",
        "platform_loss",
    ]
    assert [kind.value for kind in AccountKind if kind.book is Book.VOUCHERS] == [
        "voucher_budget",
        "voucher_left",
        "voucher_held",
        "voucher_used",
    ]
    assert [kind.value for kind in AccountKind if kind.book is Book.MEMO] == [
        "attribution",
        "revenue",
        "tax",
        "gdp",
    ]
    assert AccountKind("held") is AccountKind.HELD


def test_accounts_are_values_in_a_fixed_order() -> None:
    assert available("alice") == available("alice")
    assert sorted({held("bob"), available("bob"), held("alice")}) == [
        held("alice"),
        available("bob"),
        held("bob"),
    ]


def test_a_buyers_money_from_deposit_to_charge() -> None:
    balances = Balances()
    post(balances, EntryKind.DEPOSIT, (BANK, -500_00), (BUYER, 500_00))
    post(balances, EntryKind.HOLD, (BUYER, -120_00), (HELD, 120_00))
    line = statement_line(Fen(106_00), ORDINARY)
    post(
        balances,
        EntryKind.CHARGE,
        (HELD, -line.buyer_pays_fen),
        (SELLER, line.seller_payout_fen),
        (FEE_INCOME, line.fee_net_fen),
        (FEE_VAT, line.fee_vat_fen),
    )
    post(balances, EntryKind.RELEASE, (HELD, -14_00), (BUYER, 14_00))

    assert dict(balances.items()) == {
        BANK: -500_00,
        BUYER: 394_00,
        SELLER: 103_00,
        FEE_INCOME: 2_83,
        FEE_VAT: 17,
    }
    assert balances.of(HELD) == 0
    assert balances.totals() == dict.fromkeys(Book, 0)


def test_attribution_stays_in_its_own_book() -> None:
    balances = Balances()
    line = statement_line(Fen(106_00), ORDINARY)
    shares = [(LedgerAccount(region, AccountKind.TAX), fen) for region, fen in line.tax_by_region_fen]
    post(balances, EntryKind.ATTRIBUTION, (ATTRIBUTION, -line.local_retained_fen), *shares)
    assert balances.of(LedgerAccount("qingyang", AccountKind.TAX)) == 2_60
    assert balances.totals() == dict.fromkeys(Book, 0)


def test_one_book_cannot_make_up_for_the_other() -> None:
    assert refused(lambda: entry(EntryKind.CHARGE, (BANK, -5), (ATTRIBUTION, 5)))


def test_an_entry_must_balance_move_something_and_name_an_account_once() -> None:
    assert refused(lambda: JournalEntry(EntryKind.HOLD, ()))
    assert refused(lambda: JournalEntry(EntryKind.HOLD, (Posting(BUYER, -5), Posting(HELD, 4))))
    assert refused(lambda: JournalEntry(EntryKind.HOLD, (Posting(BUYER, 0), Posting(HELD, 0))))
    assert refused(
        lambda: JournalEntry(EntryKind.HOLD, (Posting(BUYER, -5), Posting(HELD, 4), Posting(HELD, 1)))
    )


def test_legs_of_one_account_are_added_up_and_empty_ones_dropped() -> None:
    made = entry(EntryKind.CHARGE, (HELD, -5), (SELLER, 3), (FEE_VAT, 0), (SELLER, 2))
    assert made == JournalEntry(EntryKind.CHARGE, (Posting(HELD, -5), Posting(SELLER, 5)))


def test_an_entry_that_moves_nothing_is_none() -> None:
    assert entry(EntryKind.RELEASE) is None
    assert entry(EntryKind.RELEASE, (HELD, 0), (BUYER, 0)) is None
    assert entry(EntryKind.RELEASE, (HELD, 5), (HELD, -5)) is None


def test_a_refused_entry_leaves_no_trace() -> None:
    balances = Balances()
    post(balances, EntryKind.DEPOSIT, (BANK, -100), (BUYER, 100))
    greedy = entry(EntryKind.HOLD, (HELD, 101), (BUYER, -101))
    assert greedy is not None
    assert refused(lambda: balances.post(greedy))
    assert dict(balances.items()) == {BANK: -100, BUYER: 100}
