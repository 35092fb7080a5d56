"""Refunds by hand: what a settled line gives back to the fen, never more than it charged, and the credit note's life."""

import copy
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from exchange.closing.events import StatementPosted
from exchange.names import VENUE, PartyId, RefundId, RunId
from exchange.refunds.commands import MoveCreditNote, RefundLine
from exchange.refunds.events import CreditNoteMoved, LineRefunded
from exchange.state import Role, SettledLine
from settlement.credit_notes import CreditNoteEvent, CreditNoteState
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import BasisPoints, Fen
from settlement.refunds import total
from settlement.statement import Line
from tests.exchange.desk import Desk
from tests.exchange.house import BUYER, CLERK, NEW_YEAR, SELLER, House, only, pair, party
from tests.exchange.settled import settled_lines
from tests.exchange.test_closing import JANUARY, lease

GROSS = 370_20


@pytest.fixture
def settled() -> tuple[House, SettledLine, Line]:
    """Three cards for ten hours at 12.34 yuan, charged and shared between two regions."""
    house = House()
    house.agree(pair(NEW_YEAR, None))
    desk = Desk(house)
    leased = lease(house, slots=10, cards=3, price=12_340_000)
    house.tick(JANUARY)
    desk.batches, desk.deliveries = 1, {(leased.id, house.first + n): (1, 3 * 3600) for n in range(10)}
    (statement,) = desk.close("2026-01")
    (line,) = settled_lines(house)
    return house, line, statement.lines[0].line


def asked(line: SettledLine, amount: int, reference: str = "r-1", **changes: Any) -> RefundLine:
    return replace(RefundLine(line, Fen(amount), "three hours were slow", reference, False), **changes)


def test_a_full_refund_leaves_nothing_of_any_figure(settled: tuple[House, SettledLine, Line]) -> None:
    house, line, posted = settled
    before = dict(house.state.balances.items())
    refunded = only(LineRefunded, house.ask(CLERK, asked(line, GROSS)))
    left = total([posted, refunded.correction])
    assert {value for value in vars_of(left) if isinstance(value, int)} == {0}
    assert house.available() == 1_000_000_00
    for owner, kind in {(account.owner, account.kind) for account in before}:
        if kind not in {AccountKind.AVAILABLE, AccountKind.BANK}:
            assert house.state.balances.of(LedgerAccount(owner, kind)) == 0, (owner, kind)


def vars_of(line: Line) -> list[object]:
    return [getattr(line, name) for name in line.__slots__]


def test_a_third_is_taken_back_figure_by_figure(settled: tuple[House, SettledLine, Line]) -> None:
    house, line, _ = settled
    refunded = only(LineRefunded, house.ask(SELLER, asked(line, 123_40)))
    correction = refunded.correction
    # 246.80 remains: net 232.83, VAT 13.97, fee 6.98 of which VAT 0.40.
    assert (correction.gross_fen, correction.net_fen, correction.vat_fen) == (-123_40, -116_42, -6_98)
    assert (correction.fee_fen, correction.fee_vat_fen) == (-3_50, -19)
    assert correction.seller_payout_fen == -119_90
    assert house.balance(SELLER, AccountKind.PAYABLE) == 359_72 - 119_90
    assert house.balance(VENUE, AccountKind.FEE_INCOME) == 9_89 - 3_31
    assert house.available() == 1_000_000_00 - GROSS + 123_40


def test_any_order_of_parts_comes_to_the_same(settled: tuple[House, SettledLine, Line]) -> None:
    house, line, _ = settled
    pictures = set()
    for order in permutations([1, 33_33, 100_07]):
        tried = copy.deepcopy(house)
        for n, amount in enumerate(order):
            only(LineRefunded, tried.ask(CLERK, asked(line, amount, f"r-{n}")))
        pictures.add(tuple(tried.state.balances.items()))
    assert len(pictures) == 1


def test_no_more_is_refunded_than_was_charged_and_no_reference_twice(
    settled: tuple[House, SettledLine, Line],
) -> None:
    house, line, _ = settled
    assert house.refusal(CLERK, asked(line, GROSS + 1)) == "refund_too_large"
    assert house.refusal(CLERK, asked(line, 0)) == "refund_too_large"
    assert house.refusal(CLERK, asked(line, -1)) == "refund_too_large"
    only(LineRefunded, house.ask(CLERK, asked(line, 300_00)))
    assert house.refusal(CLERK, asked(line, 5)) == "refund_exists"
    assert house.refusal(CLERK, asked(line, 70_21, "r-2")) == "refund_too_large"
    only(LineRefunded, house.ask(CLERK, asked(line, 70_20, "r-2")))
    assert house.refusal(CLERK, asked(line, 1, "r-3")) == "refund_too_large"


def test_what_makes_no_sense_is_refused(settled: tuple[House, SettledLine, Line]) -> None:
    house, line, _ = settled
    house.admit(party("ray", Role.SELLER))
    assert house.refusal("ray", asked(line, 1)) == "not_allowed"
    assert house.refusal(BUYER, asked(line, 1)) == "not_allowed"
    for wrong in (
        asked(line, 1, reason=" "),
        asked(line, 1, ""),
        asked(replace(line, gross=Fen(-5)), 1),
        asked(replace(line, run=RunId("run-2")), 1),
        asked(replace(line, vat_rate_bp=BasisPoints(10_001)), 1),
        asked(replace(line, agreement=("east-west", 7)), 1),
    ):
        assert house.refusal(CLERK, wrong) == "refund_invalid"
    assert house.refusal(CLERK, asked(replace(line, buyer=PartyId("nobody")), 1)) == "unknown_party"


def test_the_sellers_money_has_to_be_there(settled: tuple[House, SettledLine, Line]) -> None:
    house, line, _ = settled
    grown = replace(line, gross=Fen(GROSS + 100_00), subject="lse-0")
    assert house.refusal(CLERK, asked(grown, GROSS + 100_00)) == "payable_too_small"


def test_a_credit_note_that_needs_no_confirmation_is_issued_by_the_seller(
    settled: tuple[House, SettledLine, Line],
) -> None:
    house, line, _ = settled
    refund = only(LineRefunded, house.ask(CLERK, asked(line, 1))).refund
    assert house.refusal(SELLER, MoveCreditNote(refund, CreditNoteEvent.CONFIRMATION_ASKED)) == (
        "credit_note_out_of_turn"
    )
    assert house.refusal(BUYER, MoveCreditNote(refund, CreditNoteEvent.ISSUED)) == "not_allowed"
    issued = only(CreditNoteMoved, house.ask(SELLER, MoveCreditNote(refund, CreditNoteEvent.ISSUED)))
    assert issued.note.state is CreditNoteState.ISSUED
    assert house.refusal(SELLER, MoveCreditNote(refund, CreditNoteEvent.ISSUED)) == "no_credit_note"


def test_a_used_invoice_is_confirmed_by_its_buyer_within_72_hours(
    settled: tuple[House, SettledLine, Line],
) -> None:
    house, line, _ = settled
    refunds = [
        only(LineRefunded, house.ask(CLERK, asked(line, 1, f"r-{n}", invoice_used=True))).refund
        for n in (1, 2)
    ]
    for refund in refunds:
        assert house.refusal(SELLER, MoveCreditNote(refund, CreditNoteEvent.ISSUED)) == (
            "credit_note_out_of_turn"
        )
        house.ask(SELLER, MoveCreditNote(refund, CreditNoteEvent.CONFIRMATION_ASKED))
    assert house.refusal(SELLER, MoveCreditNote(refunds[0], CreditNoteEvent.CONFIRMED)) == "not_allowed"
    house.ask(BUYER, MoveCreditNote(refunds[0], CreditNoteEvent.CONFIRMED))
    house.ask(SELLER, MoveCreditNote(refunds[0], CreditNoteEvent.ISSUED))
    house.tick(JANUARY + 72)
    late = MoveCreditNote(refunds[1], CreditNoteEvent.CONFIRMED)
    assert house.refusal(BUYER, late) == "credit_note_out_of_turn"
    lapsed = house.ask(SELLER, MoveCreditNote(refunds[1], CreditNoteEvent.TIME_RAN_OUT))
    assert only(CreditNoteMoved, lapsed).note.state is CreditNoteState.LAPSED
    house.ask(SELLER, MoveCreditNote(refunds[1], CreditNoteEvent.CONFIRMATION_ASKED))
    house.ask(BUYER, MoveCreditNote(refunds[1], CreditNoteEvent.CONFIRMED))
    house.ask(SELLER, MoveCreditNote(refunds[1], CreditNoteEvent.ISSUED))
    assert house.state.notes == {}
    assert house.refusal(CLERK, MoveCreditNote(RefundId("rfd-0"), CreditNoteEvent.ISSUED)) == "no_credit_note"


def test_statements_stay_as_they_were(settled: tuple[House, SettledLine, Line]) -> None:
    house, line, posted = settled
    house.ask(CLERK, asked(line, 1))
    events = [event for _, _, happened in house.log for event, _ in happened]
    assert only(StatementPosted, events).lines[0].line == posted
