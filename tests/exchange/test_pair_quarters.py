"""A pair's quarter by hand: closed before it is agreed, agreed by all, recognised by document, and none made of another."""

from dataclasses import replace
from typing import Any

import pytest

from exchange.closing.commands import BeginClose, CutUsage, FinishClose
from exchange.names import VENUE, RunId
from exchange.quarters.commands import ConfirmQuarter, DisputeQuarter, RecogniseAmount
from exchange.quarters.events import AmountRecognised, QuarterAgreed, QuarterConfirmed, QuarterDisputed
from exchange.quarters.rules import parties_of
from exchange.rejections import Rejected
from exchange.state import Signature
from settlement.agreements import PairAgreement, Shares
from settlement.ledger.chart import AccountKind
from settlement.money import BasisPoints, Fen
from settlement.quarters import SHARED_KINDS, Figure, PairQuarter, QuarterFigures, added, parties_between
from settlement.sign_off import digest_of
from tests.exchange.desk import Desk
from tests.exchange.house import CLERK, EAST, NEW_YEAR, NORTH, WEST, House, office_of, only, pair
from tests.exchange.test_closing import lease
from tests.exchange.test_covered_refunds import refund, settled

DAY = 86_400
FIRST_QUARTER = PairQuarter(EAST, WEST, "2026-Q1")


@pytest.fixture
def house() -> House:
    """East and west have an agreement, and the first quarter of it is closed."""
    house = House()
    house.agree(pair(NEW_YEAR + 40 * DAY, None))
    house.open_offices(NORTH)
    close(house, 3)
    return house


def close(house: House, months: int) -> None:
    house.tick((31 + 28 + 31 + 30) * 24)
    for number in range(house.state.runs + 1, months + 1):
        house.ask(CLERK, BeginClose(f"2026-{number:02}"))
        house.ask(CLERK, CutUsage(RunId(f"run-{number}"), 0))
        house.ask(CLERK, FinishClose(RunId(f"run-{number}")))


def figures(
    fen: int, between: PairQuarter = FIRST_QUARTER, parties: tuple[str, ...] = (EAST, WEST)
) -> QuarterFigures:
    """The same amount everywhere."""
    places = [(kind, region) for kind in SHARED_KINDS for region in parties]
    return QuarterFigures(between, tuple(Figure(kind, region, Fen(fen)) for kind, region in places))


def confirm(fen: int = 7) -> ConfirmQuarter:
    return ConfirmQuarter(figures(fen), "desk", digest_of(figures(fen)))


def test_figures_are_agreed_when_every_party_has_confirmed_the_same(house: House) -> None:
    digest, now = digest_of(figures(7)), house.state.now
    signed = Signature(EAST, office_of(EAST), "desk", now, digest)
    assert house.ask(office_of(EAST), confirm()) == [QuarterConfirmed(figures(7), signed)]
    assert house.ask(office_of(WEST), confirm(8))[1:] == [], "they have confirmed different figures"
    assert house.ask(office_of(WEST), confirm())[1:] == [QuarterAgreed(figures(7), digest)]
    assert house.refusal(office_of(WEST), confirm(8)) == "quarter_agreed"
    assert house.refusal(office_of(EAST), DisputeQuarter(FIRST_QUARTER, "desk", "too late")) == (
        "quarter_agreed"
    )


def test_a_dispute_takes_a_regions_word_back(house: House) -> None:
    house.ask(office_of(EAST), confirm())
    no = DisputeQuarter(FIRST_QUARTER, "desk", "run-2/lse-7 is not ours")
    assert house.ask(office_of(EAST), no) == [
        QuarterDisputed(FIRST_QUARTER, EAST, office_of(EAST), "desk", house.state.now, no.reason)
    ]
    assert house.ask(office_of(WEST), confirm())[1:] == []
    assert house.ask(office_of(EAST), confirm())[1:] == [QuarterAgreed(figures(7), digest_of(figures(7)))]


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        (office_of(NORTH), {}, "unknown_id"),
        (CLERK, {}, "not_allowed"),
        (VENUE, {}, "not_allowed"),
        (office_of(EAST), {"key": "another"}, "unknown_key"),
        (office_of(EAST), {"digest": "0" * 64}, "digest_differs"),
        (office_of(EAST), {"figures": figures(7, parties=(WEST, EAST))}, "figures_invalid"),
        (office_of(EAST), {"figures": figures(7, parties=(EAST, NORTH, WEST))}, "figures_invalid"),
        (office_of(EAST), {"figures": figures(-(10**14) - 1)}, "figures_invalid"),
        (office_of(EAST), {"figures": figures(7, PairQuarter(EAST, WEST, "2026-Q2"))}, "quarter_not_closed"),
        (office_of(EAST), {"figures": figures(7, PairQuarter(EAST, WEST, "2025-Q4"))}, "unknown_id"),
        (office_of(EAST), {"figures": figures(7, PairQuarter(EAST, WEST, "2026-Q5"))}, "unknown_id"),
        (office_of(EAST), {"figures": figures(7, PairQuarter(WEST, EAST, "2026-Q1"))}, "unknown_id"),
        (office_of(WEST), {}, "signed_already"),
    ],
)
def test_what_is_no_confirmation(house: House, by: str, changes: dict[str, Any], code: str) -> None:
    house.ask(office_of(WEST), confirm())
    command = replace(confirm(), **changes)
    if "figures" in changes:
        command = replace(command, digest=digest_of(command.figures))
    assert house.refusal(by, command) == code


def test_nothing_is_confirmed_before_its_last_month_is_closed() -> None:
    house = House()
    house.agree(pair(NEW_YEAR, None))
    close(house, 2)
    for command in (confirm(), DisputeQuarter(FIRST_QUARTER, "desk", "early")):
        assert house.refusal(office_of(EAST), command) == "quarter_not_closed"
    assert house.refusal(CLERK, recognised()) == "quarter_not_closed"
    close(house, 3)
    assert only(QuarterConfirmed, house.ask(office_of(EAST), confirm())).figures == figures(7)


def recognised(amount: int = 500, **changes: Any) -> RecogniseAmount:
    """What a finance office has recognised of the east's revenue."""
    plain = RecogniseAmount(FIRST_QUARTER, EAST, AccountKind.REVENUE, Fen(amount), "财函 2026-17")
    return replace(plain, **changes)


def test_what_is_recognised_adds_up_by_document_and_changes_nothing_else(house: House) -> None:
    before = dict(house.state.balances.items())
    assert house.ask(office_of(EAST), recognised()) == [
        AmountRecognised(
            FIRST_QUARTER,
            EAST,
            AccountKind.REVENUE,
            Fen(500),
            "财函 2026-17",
            office_of(EAST),
            house.state.now,
        )
    ]
    assert house.refusal(CLERK, recognised()) == "recognised_already"
    house.ask(CLERK, recognised(-200, reference="correction"))
    house.ask(CLERK, recognised(1, kind=AccountKind.TAX))
    standing = house.state.quarters[FIRST_QUARTER]
    assert standing.recognised == {(EAST, AccountKind.REVENUE): 300, (EAST, AccountKind.TAX): 1}
    assert not standing.agreed
    assert dict(house.state.balances.items()) == before


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        (office_of(WEST), {}, "not_allowed"),
        (office_of(NORTH), {}, "not_allowed"),
        (CLERK, {"region": NORTH}, "unknown_id"),
        (CLERK, {"amount": Fen(0)}, "amount_out_of_range"),
        (CLERK, {"amount": Fen(-1)}, "amount_out_of_range"),
        (CLERK, {"amount": Fen(10**14 + 1)}, "amount_out_of_range"),
        (CLERK, {"pair": PairQuarter(EAST, WEST, "2026-Q2")}, "quarter_not_closed"),
        (CLERK, {"pair": PairQuarter(EAST, NORTH, "2026-Q1")}, "unknown_id"),
    ],
)
def test_what_is_not_recognised(house: House, by: str, changes: dict[str, Any], code: str) -> None:
    assert only(Rejected, house.ask(by, recognised(**changes))).code == code


def test_a_quarters_parties_are_those_of_its_own_time() -> None:
    third = (BasisPoints(4000), BasisPoints(1000), BasisPoints(5000))
    through = replace(
        pair(10, 20, version=2), parties=(EAST, NORTH, WEST), shares=Shares(third, third, third)
    )
    known: list[PairAgreement] = [pair(0, 10), through, replace(pair(0, None), parties=(WEST, EAST))]
    assert parties_between(known, FIRST_QUARTER, 0, 10) == (EAST, WEST)
    assert parties_between(known, FIRST_QUARTER, 9, 11) == (EAST, NORTH, WEST)
    assert parties_between(known, FIRST_QUARTER, 20, 30) == ()
    assert (
        parties_between(known, FIRST_QUARTER, 20, 30, {(known[0].id, known[0].version)}) == known[0].parties
    )


def test_a_refund_is_a_figure_of_the_quarter_in_which_it_is_made() -> None:
    """Also of a pair that has no agreement any more: whoever counted the line gives its part back."""
    house, line, _ = settled()
    house.agree(replace(pair(NEW_YEAR + 80 * DAY, NEW_YEAR + 81 * DAY), version=2))
    refund(house, line, 100_00)
    second = replace(FIRST_QUARTER, quarter="2026-Q2")
    assert parties_of(house.state, second) == ()
    house.tick(31 * 24 * 4)
    refund(house, line, 100_00, "r-2")
    assert parties_of(house.state, second) == (EAST, WEST)
    assert {one.quarter: known.booked for one, known in house.state.quarters.items()} == {
        "2026-Q1": {("east-west", 1)},
        "2026-Q2": {("east-west", 1)},
    }


def test_a_late_line_is_a_figure_of_the_quarter_in_which_it_is_posted() -> None:
    """Also where the agreement that it falls under has ended with the quarter before."""
    march, april = (31 + 28 + 31) * 24, (31 + 28 + 31 + 30) * 24
    house = House()
    house.agree(pair(NEW_YEAR, NEW_YEAR + march * 3600))
    desk, leased = Desk(house), lease(house, slots=2, start=march - 2)
    house.tick(march)
    desk.deliver(leased, range(march - 2, march - 1))
    for month in ("2026-01", "2026-02", "2026-03"):
        desk.close(month)
    second = replace(FIRST_QUARTER, quarter="2026-Q2")
    assert parties_of(house.state, second) == ()
    desk.deliver(leased, range(march - 1, march))
    house.tick(april)
    (late,) = desk.close("2026-04")
    assert [(line.service_period, line.agreement) for line in late.lines] == [("2026-03", ("east-west", 1))]
    assert parties_of(house.state, second) == (EAST, WEST)
    assert {one.quarter: known.booked for one, known in house.state.quarters.items()} == {
        "2026-Q2": {("east-west", 1)}
    }


def test_what_is_left_of_a_quarter_is_what_was_posted_and_what_was_refunded() -> None:
    assert added(figures(7), figures(-9)) == figures(-2)
