"""A bank's files: payments out that are no formulas, statements in that are read strictly, and money that moves once."""

import csv
import io
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.gateways.bank_file import (
    EXPLAINS,
    FAULTS_MAX,
    FileError,
    FileFault,
    FileFaultCode,
    PaymentOrder,
    StatementLine,
    code_of,
    no_formula,
    payment_file,
    read_statement,
    yuan,
)
from settlement.gateways.bank_gateway import BankGateway
from settlement.gateways.gateway import Pending, Refused, Returned
from settlement.gateways.saga import Saga
from settlement.money import Fen
from settlement.payments import Authorise, Instruction, MovementState, Refund, TopUp, Transfer, planned
from settlement.reconciliation import Difference, DifferenceKind, reconcile
from tests.settlement.law import THOROUGHLY
from tests.settlement.money_desk import Cashier, Clock, Notebook, run

HEADER = "bank_reference,booked_on,amount,currency,account,name,remark\r\n"
ACCOUNT = "6222021234567890"


class Shelf:
    """A bank's book in memory."""

    def __init__(self) -> None:
        self.orders: dict[str, PaymentOrder] = {}
        self.files: list[list[PaymentOrder]] = []
        self.kept: dict[str, StatementLine] = {}

    async def queue(self, order: PaymentOrder) -> None:
        self.orders.setdefault(order.key, order)

    async def order(self, key: str) -> PaymentOrder | None:
        return self.orders.get(key)

    async def seal(self) -> int | None:
        sent = {order.key for file in self.files for order in file}
        new = [order for order in self.orders.values() if order.key not in sent]
        if not new:
            return None
        self.files.append(new)
        return len(self.files)

    async def sealed(self, number: int) -> Sequence[PaymentOrder]:
        return self.files[number - 1]

    async def add(self, lines: Sequence[StatementLine]) -> None:
        self.kept |= {line.bank_reference: line for line in lines}

    async def lines(self, references: Sequence[str]) -> Sequence[StatementLine]:
        return [self.kept[one] for one in references if one in self.kept]

    async def lines_of(self, code: str) -> Sequence[StatementLine]:
        return [line for line in self.kept.values() if line.code == code]

    async def lines_since(self, second: int) -> Sequence[StatementLine]:
        return [line for line in self.kept.values() if second >= 0]


class Counter:
    """A venue with a bank instead of Stripe."""

    def __init__(self) -> None:
        self.shelf, self.notebook, self.cashier = Shelf(), Notebook(), Cashier()
        self.bank = BankGateway(self.shelf)
        self.saga = Saga(self.bank, self.notebook, self.cashier.book, Clock())

    def state(self, plan: str) -> MovementState:
        run(self.saga.run(plan))
        return self.notebook.pages[plan][0].state


def statement(*rows: str) -> bytes:
    return (HEADER + "".join(f"{row}\r\n" for row in rows)).encode()


# Money in, money out


def test_a_top_up_comes_in_by_its_code_whatever_words_surround_it() -> None:
    counter = Counter()
    run(counter.saga.plan("topup", TopUp("ann-lab", Fen(123_456))))
    asked = run(counter.saga.run("topup"))
    assert asked == Pending(code_of("topup/0"))
    assert counter.state("topup") is MovementState.PENDING
    code = code_of("topup/0").lower()
    content = statement(
        f"B1,2026-03-01,1234.56,CNY,{ACCOUNT},Ann Lab,For compute {code[:6]} {code[6:]} thanks"
    )
    assert len(run(counter.bank.take_in(content))) == 1
    assert run(counter.bank.take_in(content)) == [], "the same file again adds nothing"
    assert counter.state("topup") is MovementState.SUCCEEDED
    assert len(counter.cashier.booked) == 1


def test_a_payment_goes_out_once_and_is_done_when_the_statement_says_so() -> None:
    counter = Counter()
    run(counter.saga.plan("payout", Transfer("dunhuang", ACCOUNT, Fen(70_000))))
    assert counter.state("payout") is MovementState.PENDING
    assert counter.state("payout") is MovementState.PENDING
    made = run(counter.bank.next_file())
    assert made is not None
    number, content = made
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert rows == [
        {
            "reference": code_of("payout/0"),
            "account": ACCOUNT,
            "name": "dunhuang",
            "amount": "700.00",
            "currency": "CNY",
        }
    ]
    assert run(counter.bank.next_file()) is None
    assert run(counter.bank.file(number)) == content
    run(
        counter.bank.take_in(statement(f"B2,2026-03-02,-700.00,CNY,{ACCOUNT},Dunhuang,{code_of('payout/0')}"))
    )
    assert counter.state("payout") is MovementState.SUCCEEDED
    run(
        counter.bank.take_in(
            statement(f"B3,2026-03-04,700.00,CNY,{ACCOUNT},Bank,returned {code_of('payout/0')}")
        )
    )
    assert run(counter.saga.look_again("payout", 0)).state is MovementState.RETURNED
    found = reconcile(counter.notebook.all(), run(counter.bank.book_lines(0)))
    assert found.differences == (
        Difference(DifferenceKind.RETURNED, code_of("payout/0"), Fen(0), Fen(70_000)),
    )


def test_a_refund_goes_to_the_account_that_had_paid() -> None:
    counter = Counter()
    run(counter.saga.plan("topup", TopUp("ann-lab", Fen(5_000))))
    run(counter.saga.run("topup"))
    run(counter.bank.take_in(statement(f"B1,2026-03-01,50.00,CNY,{ACCOUNT},Ann,{code_of('topup/0')}")))
    run(counter.saga.run("topup"))
    paid = counter.notebook.pages["topup"][0].reference
    assert paid is not None
    run(counter.saga.plan("back", Refund("ann-lab", paid, Fen(1_000))))
    assert counter.state("back") is MovementState.PENDING
    assert [order.account for order in counter.shelf.orders.values()] == [ACCOUNT]


def test_what_a_banks_files_cannot_do_is_refused() -> None:
    bank = Counter().bank
    refused: list[Instruction] = [
        Authorise("ann-lab", Fen(1)),
        Transfer("dunhuang", "no account", Fen(1)),
        Refund("x", "SL0", Fen(1)),
    ]
    codes = [run(bank.carry_out(planned("p", one)[0])) for one in refused]
    assert [one.code for one in codes if isinstance(one, Refused)] == [
        "not_offered",
        "bad_account",
        "bad_account",
    ]
    (asked,) = planned("p", Transfer("dunhuang", ACCOUNT, Fen(1)))
    assert run(bank.look_up(asked)) is None, "it was never queued"
    assert run(bank.payouts(0)) == ()


def test_an_amount_that_differs_leaves_it_pending_and_is_named() -> None:
    counter = Counter()
    run(counter.saga.plan("topup", TopUp("ann-lab", Fen(5_000))))
    run(counter.saga.run("topup"))
    run(counter.bank.take_in(statement(f"B1,2026-03-01,49.99,CNY,{ACCOUNT},Ann,{code_of('topup/0')}")))
    assert counter.state("topup") is MovementState.PENDING
    found = reconcile(counter.notebook.all(), run(counter.bank.book_lines(0)))
    assert found.differences == (Difference(DifferenceKind.NOT_BELIEVED, "topup/0", Fen(0), Fen(4_999)),)


def test_what_is_sent_back_is_returned_also_before_it_was_known_to_be_done() -> None:
    counter = Counter()
    (asked,) = planned("payout", Transfer("dunhuang", ACCOUNT, Fen(70_000)))
    code = code_of(asked.id)
    run(
        counter.bank.take_in(
            statement(f"B1,2026-03-01,-700.00,CNY,,,{code}", f"B2,2026-03-02,700.00,CNY,,,{code}")
        )
    )
    assert run(counter.bank.look_up(asked)) == Returned(code, "sent_back")
    assert run(counter.bank.look_up(planned("topup", TopUp("x", Fen(1)))[0])) == Pending(code_of("topup/0"))


# Files


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("B1,2026-03-01,1.00,CNY,,", "wrong_columns", ""),
        ("B 1,2026-03-01,1.00,CNY,,,", "bad_reference", "bank_reference"),
        (",2026-03-01,1.00,CNY,,,", "bad_reference", "bank_reference"),
        ("B1,2026-02-30,1.00,CNY,,,", "bad_date", "booked_on"),
        ("B1,20260301,1.00,CNY,,,", "bad_date", "booked_on"),
        ("B1,2026-03-01,1,CNY,,,", "bad_amount", "amount"),
        ("B1,2026-03-01,1.005,CNY,,,", "bad_amount", "amount"),
        ('B1,2026-03-01,"1,000.00",CNY,,,', "bad_amount", "amount"),
        ("B1,2026-03-01,\uff11.00,CNY,,,", "bad_amount", "amount"),
        ("B1,2026-03-01,0.00,CNY,,,", "bad_amount", "amount"),
        ("B1,2026-03-01,+1.00,CNY,,,", "bad_amount", "amount"),
        ("B1,2026-03-01,1e3,CNY,,,", "bad_amount", "amount"),
        ("B1,2026-03-01,1.00,EUR,,,", "bad_currency", "currency"),
        ("B1,2026-03-01,1.00,CNY,12AB,,", "bad_account", "account"),
        ('B1,2026-03-01,1.00,CNY,,"a\nb",', "bad_text", "name"),
        ("B1,2026-03-01,1.00,CNY,,,\u202e", "bad_text", "remark"),
    ],
)
def test_a_fault_is_told_with_its_line_and_column(row: str, code: str, column: str) -> None:
    with pytest.raises(FileError) as refused:
        read_statement(statement("B0,2026-03-01,1.00,CNY,,,", row))
    assert refused.value.faults == (FileFault(3, FileFaultCode(code), column),)
    assert "line 3" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", FileFault(1, FileFaultCode.WRONG_HEADER)),
        (b"reference,amount\r\n", FileFault(1, FileFaultCode.WRONG_HEADER)),
        (HEADER.encode() + b"B1,2026-03-01,1.00,CNY,,\xff,\r\n", FileFault(2, FileFaultCode.NOT_UTF8)),
        (HEADER.encode() + b'B1,2026-03-01,1.00,CNY,,"a,\r\n', FileFault(2, FileFaultCode.WRONG_COLUMNS)),
        (b"x" * (8 * 1024 * 1024 + 1), FileFault(1, FileFaultCode.TOO_LARGE)),
        (
            statement("B1,2026-03-01,1.00,CNY,,,", "B1,2026-03-01,1.00,CNY,,,"),
            FileFault(3, FileFaultCode.REFERENCE_TWICE, "bank_reference"),
        ),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, fault: FileFault) -> None:
    with pytest.raises(FileError) as refused:
        read_statement(content)
    assert refused.value.faults == (fault,)


def test_every_fault_says_what_to_do() -> None:
    assert EXPLAINS.keys() == set(FileFaultCode)
    amount = FileFault(3, FileFaultCode.BAD_AMOUNT, "amount")
    assert str(amount).startswith("line 3, amount: An amount reads like 1250.50")
    assert str(FileFault(1, FileFaultCode.NOT_UTF8)) == "line 1: Save the file as UTF-8."


def test_all_faults_are_told_at_once_and_nothing_is_taken_in() -> None:
    counter = Counter()
    with pytest.raises(FileError) as refused:
        run(
            counter.bank.take_in(
                statement("B1,2026-03-01,1.00,CNY,,,", "B2,x,y,z,,,", "B3,2026-03-01,q,CNY,,,")
            )
        )
    assert [fault.line for fault in refused.value.faults] == [3, 3, 3, 4]
    assert counter.shelf.kept == {}
    with pytest.raises(FileError) as refused:
        read_statement(statement(*["x"] * 100))
    assert len(refused.value.faults) == FAULTS_MAX


def test_a_reference_that_stands_for_another_line_now_is_refused() -> None:
    counter = Counter()
    run(counter.bank.take_in(statement("B1,2026-03-01,1.00,CNY,,,")))
    with pytest.raises(FileError) as refused:
        run(counter.bank.take_in(statement("B0,2026-03-01,1.00,CNY,,,", "B1,2026-03-01,2.00,CNY,,,")))
    assert refused.value.faults == (FileFault(3, FileFaultCode.REFERENCE_REUSED, "bank_reference"),)
    assert list(counter.shelf.kept) == ["B1"]


def test_a_statement_may_begin_with_a_byte_order_mark() -> None:
    (line,) = read_statement(b"\xef\xbb\xbf" + statement("B1,2026-03-01,-0.01,CNY,,,hello"))
    assert line == StatementLine("B1", date(2026, 3, 1), Fen(-1), "", "", "hello")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),  # noqa: RUF001
        ("＠SUM(A1)", "'＠SUM(A1)"),  # noqa: RUF001
        ("敦煌云", "敦煌云"),
    ],
)
def test_no_name_is_a_formula(text: str, shown: str) -> None:
    assert no_formula(text) == shown


@THOROUGHLY
@given(st.text(max_size=20), st.integers(1, 10**14))
def test_a_file_that_goes_out_can_be_read_again(name: str, amount: int) -> None:
    content = payment_file([PaymentOrder("key", "SL0", ACCOUNT, name, Fen(amount))])
    (row,) = csv.DictReader(io.StringIO(content.decode(), newline=""))
    assert (row["reference"], row["account"], row["amount"]) == ("SL0", ACCOUNT, yuan(Fen(amount)))
    assert not row["name"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@THOROUGHLY
@given(st.integers(-(10**14), 10**14).filter(bool))
def test_amounts_are_read_as_they_are_written(fen: int) -> None:
    (line,) = read_statement(statement(f"B1,2026-03-01,{yuan(Fen(fen))},CNY,,,"))
    assert line.amount == fen


@THOROUGHLY
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    for given_bytes in (content, HEADER.encode() + content):
        try:
            read_statement(given_bytes)
        except FileError as refused:
            assert refused.faults
