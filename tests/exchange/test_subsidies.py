"""What regions pay for vouchers: by hand in each mode, in any order with refunds, and with planted bugs."""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from exchange import bookkeeping, core
from exchange.checks.decisions import picture
from exchange.checks.subsidies import Subsidies
from exchange.core import evolve
from exchange.names import PartyId, ProgrammeId, VoucherId
from exchange.orders.events import LeaseGranted
from exchange.payouts.commands import BeginPayouts, NamePayoutAccount, PayoutAsked
from exchange.payouts.events import PayoutBegun
from exchange.payouts.rules import due
from exchange.persistence.codec import decode_event, encode
from exchange.refunds import rules as refunds
from exchange.refunds.commands import RefundLine
from exchange.refunds.events import LineRefunded
from exchange.state import SettledLine, State
from exchange.subsidies import rules
from exchange.subsidies.commands import BookSubsidy, RepaySubsidy
from exchange.subsidies.events import SubsidyPaid, SubsidyPart, SubsidyRepaid
from exchange.vouchers.commands import AdoptProgramme
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.ledger.journal import Posting
from settlement.money import BasisPoints, Fen
from settlement.terms import VoucherMode
from settlement.vouchers.programme import Coverage, ProductLine
from tests.exchange.desk import Desk
from tests.exchange.house import BUYER, CLERK, EAST, SELLER, House, only
from tests.exchange.machine import LAWFUL
from tests.exchange.settled import settled_lines
from tests.exchange.test_covered_refunds import COVERED, GROSS, MONEY, covering, settled
from tests.exchange.test_vouchers import CITY, JANUARY, PLAIN, city, give

Doctor = Callable[[Any], Any]

JANUARY_2026, OFFICE = "2026-01", PartyId("office")


def paying(amount: int, reference: str = "b-1", *withheld: str, **changes: Any) -> BookSubsidy:
    return replace(BookSubsidy(CITY, JANUARY_2026, Fen(amount), reference, withheld), **changes)


def pay(house: House, amount: int, reference: str = "b-1", *withheld: str, **changes: Any) -> SubsidyPaid:
    return only(SubsidyPaid, house.ask(CLERK, paying(amount, reference, *withheld, **changes)))


def refund(house: House, line: SettledLine, amount: int, reference: str = "r-1") -> LineRefunded:
    return only(LineRefunded, house.ask(CLERK, RefundLine(line, Fen(amount), "slow", reference, False)))


def money(house: House) -> dict[AccountKind, int]:
    """What stands between region, buyer and seller."""
    owners = {AccountKind.SUBSIDY_CLAIM: EAST, AccountKind.SUBSIDY_CREDIT: CITY, AccountKind.AVAILABLE: BUYER}
    kinds = (*owners, AccountKind.SUBSIDY_DUE, AccountKind.PAYABLE)
    found = {kind: house.balance(owners.get(kind, SELLER), kind) for kind in kinds}
    return {kind: amount for kind, amount in found.items() if amount}


@pytest.mark.parametrize("mode", [VoucherMode.DEDUCT_AT_CHECKOUT, VoucherMode.CLAIMED_BY_SUPPLIER])
def test_a_seller_has_what_its_region_pays_to_the_fen(mode: VoucherMode) -> None:
    house, line, _ = settled(mode=mode)
    payable, bank = house.balance(SELLER, AccountKind.PAYABLE), house.balance("venue", AccountKind.BANK)
    event = pay(house, 100_01)
    voucher = line.vouchers[0].voucher
    (part,) = event.parts
    assert part == SubsidyPart(line.run, line.subject, 0, voucher, mode, SELLER, Fen(100_01), Fen(100_01))
    assert house.balance(SELLER, AccountKind.PAYABLE) == payable + 100_01
    assert house.balance(SELLER, AccountKind.SUBSIDY_DUE) == COVERED - 100_01
    assert house.balance(EAST, AccountKind.SUBSIDY_CLAIM) == -(COVERED - 100_01)
    assert house.balance("venue", AccountKind.BANK) == bank - 100_01
    pay(house, COVERED - 100_01, "b-2", period="2026-Q1")
    assert house.balance(SELLER, AccountKind.PAYABLE) == payable + COVERED
    assert (
        house.balance(EAST, AccountKind.SUBSIDY_CLAIM) == 0 == house.balance(SELLER, AccountKind.SUBSIDY_DUE)
    )
    assert house.refusal(CLERK, paying(1, "b-3")) == "subsidy_too_large"


def test_a_buyer_that_is_reimbursed_has_it_on_its_balance() -> None:
    house, _, _ = settled(mode=VoucherMode.REIMBURSE_BUYER)
    before = house.available()
    pay(house, COVERED)
    assert house.available() == before + COVERED
    assert house.balance(BUYER, AccountKind.SUBSIDY_DUE) == 0


def test_where_the_buyers_part_does_not_cover_the_fee_a_payment_covers_the_rest_of_it_first() -> None:
    house, _, _ = settled(**covering(9900))
    # 8.00 of the fee of 22.64 were the buyer's; the region owes 792.00, of which the seller gets 777.36.
    assert house.balance(SELLER, AccountKind.SUBSIDY_DUE) == 777_36
    assert [part.received for part in pay(house, 10_00).parts] == [0]
    assert [part.received for part in pay(house, 10_00, "b-2").parts] == [5_36]
    pay(house, 772_00, "b-3")
    assert house.balance(SELLER, AccountKind.PAYABLE) == 777_36


def test_a_reference_is_booked_once_for_a_region() -> None:
    house, line, _ = settled()
    pay(house, 1)
    assert house.refusal(CLERK, paying(1)) == "subsidy_exists"
    refund(house, line, GROSS)
    assert house.refusal(CLERK, RepaySubsidy(CITY, Fen(1), "b-1")) == "subsidy_exists"


def test_what_makes_no_sense_is_refused() -> None:
    house, line, _ = settled()
    for amount in (-1, 0, 10**14 + 1):
        assert house.refusal(CLERK, paying(amount)) == "amount_out_of_range"
    assert house.refusal(CLERK, paying(COVERED + 1)) == "subsidy_too_large"
    assert house.refusal(CLERK, paying(1, period="2026-02")) == "subsidy_too_large"
    assert house.refusal(CLERK, paying(1, period="2026")) == "period_unknown"
    assert house.refusal(CLERK, paying(1, programme=ProgrammeId("other"))) == "unknown_programme"
    assert house.refusal(CLERK, paying(1, "b-1", "run-9/lse-9")) == "unknown_id"
    assert house.refusal(CLERK, paying(1, "b-1", line.statement)) == "subsidy_too_large"
    assert house.refusal(OFFICE, paying(1)) == "not_allowed", "a region's word alone moves no money"


@pytest.mark.parametrize("mode", VoucherMode)
@pytest.mark.parametrize("rate_bp", [3000, 9717, 9900])
@pytest.mark.parametrize("paid", [1, 100_00, 235_01])
def test_a_refund_after_a_payment_ends_where_the_payment_after_the_refund_does(
    mode: VoucherMode, rate_bp: int, paid: int
) -> None:
    """Only that what is paid too much is the programme's credit."""
    house, line, _ = settled(mode=mode, **covering(rate_bp))
    house.ask(CLERK, RefundLine(line, Fen(1), "slow", "r-0", False))
    other = copy.deepcopy(house)
    pay(house, paid)
    refund(house, line, 750_00)
    refund(other, line, 750_00)
    credit = house.balance(CITY, AccountKind.SUBSIDY_CREDIT)
    assert credit == max(0, paid + other.balance(EAST, AccountKind.SUBSIDY_CLAIM))
    if paid > credit:
        pay(other, paid - credit)
    kept = money(house)
    kept.pop(AccountKind.SUBSIDY_CREDIT, None)
    assert kept == money(other)
    assert house.available() == other.available()


@pytest.mark.parametrize("mode", VoucherMode)
def test_a_full_refund_takes_back_what_was_paid_from_whoever_has_it(mode: VoucherMode) -> None:
    house, line, _ = settled(mode=mode)
    pay(house, COVERED)
    back = refund(house, line, GROSS).returned[0]
    assert (back.amount, back.paid_back) == (COVERED, COVERED)
    assert money(house) == {AccountKind.SUBSIDY_CREDIT: COVERED, AccountKind.AVAILABLE: MONEY}
    house.ask(CLERK, RepaySubsidy(CITY, Fen(COVERED), "back-1"))
    assert money(house) == {AccountKind.AVAILABLE: MONEY}
    assert house.balance("venue", AccountKind.BANK) == -MONEY
    assert house.refusal(CLERK, RepaySubsidy(CITY, Fen(1), "back-2")) == "subsidy_too_large"


def test_what_was_paid_too_much_comes_off_the_next_payment() -> None:
    house, lines = indebted()
    pay(house, 24_00)
    refund(house, lines[0], 80_00)
    assert house.balance(CITY, AccountKind.SUBSIDY_CREDIT) == 24_00
    assert house.refusal(CLERK, paying(0, "b-2", period="2026-02")) == "amount_out_of_range"
    assert house.refusal(CLERK, paying(1, "b-2")) == "subsidy_too_large", (
        "24.00 are owed, and were paid before"
    )
    event = pay(house, 0, "set-off")
    assert (event.amount, event.credit, sum(part.amount for part in event.parts)) == (0, 24_00, 24_00)
    assert house.balance(CITY, AccountKind.SUBSIDY_CREDIT) == 0


def test_nothing_goes_to_a_statement_that_is_withheld() -> None:
    house, lines = indebted()
    event = pay(house, 24_00, "b-1", lines[0].statement)
    assert {part.subject for part in event.parts} == {lines[1].subject}
    assert house.refusal(CLERK, paying(24_01, "b-2", lines[0].statement, lines[2].statement)) == "unknown_id"


def test_what_a_region_paid_is_held_back_and_paid_out_with_its_run() -> None:
    house, line, _ = settled()
    house.ask(SELLER, NamePayoutAccount(SELLER, "acct"))
    pay(house, COVERED)
    payable = house.balance(SELLER, AccountKind.PAYABLE)
    assert due(house.state, SELLER) == 0
    house.tick(JANUARY + 7 * 24)
    assert due(house.state, SELLER) == payable == 777_36
    only(PayoutBegun, house.ask(CLERK, BeginPayouts((PayoutAsked(SELLER, Fen(payable)),))))
    asked = RefundLine(line, Fen(GROSS), "slow", "r-1", False)
    assert house.refusal(CLERK, asked) == "payable_too_small", "it is taken back first"


# In any order


@cache
def _indebted() -> tuple[House, tuple[SettledLine, ...]]:
    house = city(stacks_with=("plus",))
    plus = replace(PLAIN, id="plus", mode=VoucherMode.REIMBURSE_BUYER, stacks_with=(CITY,))
    house.ask(OFFICE, AdoptProgramme(plus, None))
    full = (Coverage(ProductLine.COMPUTE, None, BasisPoints(9950)),)
    rural = replace(PLAIN, id="rural", mode=VoucherMode.CLAIMED_BY_SUPPLIER, coverage=full)
    house.ask(OFFICE, AdoptProgramme(rural, None))
    named: list[tuple[str, ...]] = [(CITY, "plus"), (CITY,), ("rural",)]
    desk = Desk(house)
    house.offer()
    leases = []
    for names in named:
        vouchers: tuple[VoucherId, ...] = tuple(give(house, programme=name) for name in names)
        granted = house.place(slots=8, window=(0, 8), vouchers=vouchers)
        leases.append(only(LeaseGranted, granted).lease)
    house.tick(8)
    for lease in leases:
        desk.deliver(lease, range(8))
    house.tick(JANUARY)
    desk.close(JANUARY_2026)
    return house, tuple(settled_lines(house))


def indebted() -> tuple[House, tuple[SettledLine, ...]]:
    """Three leases of 80 yuan: two programmes on one, one on another, and one of which the buyer pays less than the fee."""
    house, lines = _indebted()
    return copy.deepcopy(house), lines


class Debts(RuleBasedStateMachine):
    """Regions pay, lines are refunded and credits given back, in any order; another state follows by the log alone."""

    @initialize()
    def begin(self) -> None:
        self.house, self.lines = indebted()
        self.follower = copy.deepcopy(self.house.state)
        self.check = Subsidies()
        self.followed = 0

    @rule(
        programme=st.sampled_from([CITY, "plus", "rural"]),
        amount=st.sampled_from([0, 1, 99, 24_00, 50_00, 79_60, 500_00]),
        reference=st.sampled_from(["b-1", "b-2", "b-3", "b-4", "b-5", "b-6"]),
        withheld=st.sets(st.integers(0, 2), max_size=1),
    )
    def pay(self, programme: str, amount: int, reference: str, withheld: set[int]) -> None:
        statements = tuple(self.lines[n].statement for n in withheld)
        asked = BookSubsidy(ProgrammeId(programme), "2026-Q1", Fen(amount), reference, statements)
        self.house.ask(CLERK, asked)

    @rule(n=st.integers(0, 2), amount=st.sampled_from([1, 77, 40_00, 79_00, 80_00]))
    def refund(self, n: int, amount: int) -> None:
        asked = RefundLine(self.lines[n], Fen(amount), "slow", f"r-{len(self.house.log)}", False)
        self.house.ask(CLERK, asked)

    @rule(programme=st.sampled_from([CITY, "plus", "rural"]), share=st.integers(1, 3), again=st.booleans())
    def repay(self, programme: str, share: int, again: bool) -> None:
        credit = self.house.balance(programme, AccountKind.SUBSIDY_CREDIT)
        reference = "back" if again else f"back-{len(self.house.log)}"
        self.house.ask(CLERK, RepaySubsidy(ProgrammeId(programme), Fen(credit * share // 2), reference))

    @invariant()
    def every_reference_is_booked_once(self) -> None:
        booked = [
            event.reference
            for _, _, happened in self.house.log
            for event, _ in happened
            if isinstance(event, SubsidyPaid | SubsidyRepaid)
        ]
        assert len(booked) == len(set(booked))

    @invariant()
    def the_log_says_it_all(self) -> None:
        for _, _, happened in self.house.log[self.followed :]:
            events = [decode_event(*encode(event)) for event, _ in happened]
            self.check.see(events)
            for event, (_, entries) in zip(events, happened, strict=True):
                if self.followed:
                    assert evolve(self.follower, event) == entries
        self.followed = len(self.house.log)
        assert picture(self.follower) == picture(self.house.state)

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.check.end(ledger(self.house))
            assert self.check.findings.differences == []


def ledger(house: House) -> dict[tuple[str, str], int]:
    kinds = {AccountKind.SUBSIDY_CLAIM, AccountKind.SUBSIDY_DUE, AccountKind.SUBSIDY_CREDIT}
    return {
        (account.owner, account.kind): amount
        for account, amount in house.state.balances.items()
        if account.kind in kinds
    }


def test_regions_pay_what_they_owe_in_any_order() -> None:
    run_state_machine_as_test(Debts, settings=LAWFUL)


sound_claims = rules._claims


def forgotten_reference(state: State, _: Any, sound: Any = rules._refusal, **__: Any) -> Any:
    state.subsidy_references.clear()
    return sound(state, _)


def the_fee_is_forgotten(_on_charge: Fen, paid: Fen) -> Fen:
    return paid


def more_than_is_due(_amount: Fen, claims: Any) -> Any:
    return (Fen(claim + 1) for claim in claims)


def what_was_paid_is_forgotten(*_: Any) -> Fen:
    return Fen(0)


def withheld_is_paid(state: State, command: Any) -> Any:
    return sound_claims(state, replace(command, withheld=()))


def the_buyer_keeps_it(event: Any) -> Any:
    made = bookkeeping.entries(event)
    if type(event).__name__ != "LineRefunded":
        return made
    available = LedgerAccount(BUYER, AccountKind.AVAILABLE)
    more = sum(back.paid_back for back in event.returned)
    return [
        replace(one, postings=tuple(Posting(a, n + more if a == available else n) for a, n in one.postings))
        for one in made
    ]


UNTIL_IT_BREAKS = settings(LAWFUL, max_examples=2_000, derandomize=True, report_multiple_bugs=False)

BUGS: list[tuple[object, str, Callable[..., Any]]] = [
    (rules, "_refusal", forgotten_reference),
    (rules, "reaching_seller", the_fee_is_forgotten),
    (rules, "allotted", more_than_is_due),
    (rules, "_claims", withheld_is_paid),
    (refunds, "paid_too_much", what_was_paid_is_forgotten),
    (refunds, "reaching_seller", the_fee_is_forgotten),
    (core, "entries", the_buyer_keeps_it),
]


@pytest.mark.timeout(400)  # some are met by one example in a hundred
@pytest.mark.parametrize(
    ("module", "name", "bug"), BUGS, ids=[f"{bug.__name__}-{name}" for _, name, bug in BUGS]
)
def test_a_planted_bug_breaks_a_law(
    module: object, name: str, bug: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    indebted()
    monkeypatch.setattr(module, name, bug)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Debts, settings=UNTIL_IT_BREAKS)


# What the audit sees


def lived() -> House:
    """Two payments and a refund in between, so that a part of the first is set off; the rest is given back."""
    house, lines = indebted()
    pay(house, 30_00)
    refund(house, lines[0], 80_00)
    pay(house, 0, "b-2")
    house.ask(CLERK, RepaySubsidy(CITY, Fen(house.balance(CITY, AccountKind.SUBSIDY_CREDIT)), "back"))
    return house


def told(house: House, kind: type[Any], doctor: Doctor) -> list[str]:
    """What the checks find, if the last event of a kind is doctored."""
    check = Subsidies()
    events = [event for _, _, happened in house.log for event, _ in happened]
    last = max(n for n, event in enumerate(events) if isinstance(event, kind))
    check.see([doctor(event) if n == last else event for n, event in enumerate(events)])
    check.end(ledger(house))
    return check.findings.differences


def first_part(**changes: Any) -> Doctor:
    return lambda event: replace(event, parts=(replace(event.parts[0], **changes), *event.parts[1:]))


DOCTORED: dict[str, tuple[type[Any], Doctor, str]] = {
    "a reference is booked again": (
        SubsidyPaid,
        lambda event: replace(event, reference="b-1"),
        "is booked for 310000 twice",
    ),
    "more is shared out than was paid": (
        SubsidyPaid,
        lambda event: replace(event, amount=Fen(event.amount - 1)),
        "shared out: expected",
    ),
    "more is paid than is owed": (SubsidyPaid, first_part(amount=Fen(80_00)), "are owed"),
    "somebody else has it": (SubsidyPaid, first_part(party=BUYER), "of run-1/"),
    "a part of it is lost": (SubsidyPaid, first_part(received=Fen(1)), "received of run-1/"),
    "a later claim is paid": (SubsidyPaid, first_part(subject="lse-3"), "the oldest claims"),
    "the credit is forgotten": (
        SubsidyPaid,
        lambda event: replace(event, credit=Fen(0), amount=Fen(event.amount + event.credit)),
        "credit: expected",
    ),
    "a refund forgets what was paid": (
        LineRefunded,
        lambda event: replace(
            event, returned=tuple(replace(one, paid_back=Fen(0)) for one in event.returned)
        ),
        "paid back of",
    ),
    "the seller keeps what was paid": (
        LineRefunded,
        lambda event: replace(event, payable=Fen(event.payable + event.returned[0].paid_back)),
        "the seller's balance moves by",
    ),
    "more is given back than was paid too much": (
        SubsidyRepaid,
        lambda event: replace(event, amount=Fen(event.amount + 1)),
        "are given back",
    ),
}


@pytest.mark.parametrize(("kind", "doctor", "said"), DOCTORED.values(), ids=DOCTORED)
def test_what_is_doctored_is_told(kind: type[Any], doctor: Doctor, said: str) -> None:
    assert told(lived(), kind, lambda event: event) == []
    differences = told(lived(), kind, doctor)
    assert any(said in line for line in differences), differences
