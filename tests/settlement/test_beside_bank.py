"""A gateway beside the venue's bank: who carries out what, and whose lines are in the books."""

from datetime import date

from settlement.gateways.bank_file import StatementLine, code_of
from settlement.gateways.bank_gateway import BankGateway
from settlement.gateways.beside_bank import BesideBank
from settlement.gateways.gateway import Pending, Refused, Succeeded
from settlement.money import Fen
from settlement.payments import BankTransfer, Refund, planned
from tests.settlement.money_desk import Desk, run
from tests.settlement.test_bank_files import ACCOUNT, Shelf


def test_what_goes_to_a_bank_goes_by_its_files_and_all_else_by_the_gateway() -> None:
    desk, shelf = Desk(), Shelf()
    both = BesideBank(desk.gateway, BankGateway(shelf))
    (transfer,) = planned("to-bank", BankTransfer("ann-lab", ACCOUNT, Fen(700)))
    (refund,) = planned("back", Refund("ann-lab", desk.payment, Fen(300)))
    assert run(both.carry_out(transfer)) == Pending(code_of("to-bank/0"))
    assert isinstance(run(both.carry_out(refund)), Succeeded)
    assert [order.amount for order in shelf.orders.values()] == [700]
    day = date(2026, 11, 30)
    of_others = StatementLine("B-1", day, Fen(-5), "", "Rent", "November")
    ours = StatementLine("B-2", day, Fen(-700), ACCOUNT, "ann-lab", code_of("to-bank/0"))
    run(shelf.add([of_others, ours]))
    assert isinstance(run(both.look_up(transfer)), Succeeded)
    lines = run(both.book_lines(0))
    assert [line.amount for line in lines if line.id.startswith("B-")] == [-700]
    assert run(both.payouts(0)) == run(desk.gateway.payouts(0))


def test_stripe_itself_pays_to_no_bank() -> None:
    desk = Desk()
    (transfer,) = planned("to-bank", BankTransfer("ann-lab", ACCOUNT, Fen(700)))
    assert isinstance(run(desk.gateway.carry_out(transfer)), Refused)
    assert run(desk.gateway.look_up(transfer)) is None
