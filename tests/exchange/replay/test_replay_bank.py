"""The made-up bank says of each payment in a file that it was made, once, by the code that it was made under."""

from datetime import date

from exchange.replay.bank import statement
from settlement.gateways.bank_file import PaymentOrder, StatementLine, code_of, payment_file, read_statement
from settlement.money import Fen

PAID_ON = date(2026, 2, 9)
ORDERS = [
    PaymentOrder("a", code_of("payout.pay-1-0/0"), "6200000000000001", "seller-wuhu-1", Fen(123_456_07)),
    PaymentOrder("b", code_of("payout.pay-1-1/0"), "6200000000000002", "=1+1", Fen(100)),
]


def test_every_payment_of_every_file_is_a_line_under_its_code() -> None:
    files = {1: payment_file(ORDERS), 2: payment_file(ORDERS[:1])}
    assert read_statement(statement(files, PAID_ON)) == [
        StatementLine(f"{file}/{n}", PAID_ON, Fen(-order.amount), order.account, name, order.reference)
        for file, n, order, name in (
            (1, 1, ORDERS[0], "seller-wuhu-1"),
            (1, 2, ORDERS[1], "'=1+1"),
            (2, 1, ORDERS[0], "seller-wuhu-1"),
        )
    ]
    assert [line.code for line in read_statement(statement(files, PAID_ON))][:2] == [
        order.reference for order in ORDERS
    ]


def test_a_day_without_payments_has_a_statement_without_lines() -> None:
    assert read_statement(statement({}, PAID_ON)) == []
