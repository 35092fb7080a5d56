"""Pair agreements by hand: recorded once, never overlapping, and never reaching back."""

from dataclasses import replace
from typing import Any

import pytest

from exchange.agreements.commands import RecordAgreement
from exchange.agreements.events import AgreementEnded, AgreementRecorded
from exchange.closing.commands import BeginClose, CutUsage, FinishClose
from exchange.orders.events import LeaseGranted
from exchange.state import RunId
from settlement.agreements import PairAgreement, Shares
from settlement.money import BasisPoints
from tests.exchange.desk import Desk
from tests.exchange.house import BUYER, CLERK, EAST, NEW_YEAR, NORTH, WEST, House, only, pair

DAY = 86_400  # seconds
MONTH = 31 * 24  # slots
FIRST = pair(NEW_YEAR, NEW_YEAR + DAY)


def test_versions_follow_each_other() -> None:
    house = House()
    second = pair(NEW_YEAR + DAY, None, version=2)
    assert house.ask(CLERK, RecordAgreement(FIRST)) == [AgreementRecorded(FIRST)]
    assert house.ask(CLERK, RecordAgreement(second)) == [AgreementRecorded(second)]
    assert house.state.agreements == [FIRST, second]


def test_an_open_ended_version_ends_where_the_next_begins() -> None:
    house = House()
    first, second = pair(NEW_YEAR, None), pair(NEW_YEAR + DAY, None, tax=1000, version=2)
    house.ask(CLERK, RecordAgreement(first))
    ended = replace(first, valid_to=NEW_YEAR + DAY)
    assert house.ask(CLERK, RecordAgreement(second)) == [AgreementEnded(ended), AgreementRecorded(second)]
    assert house.state.agreements == [ended, second]


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "other"},
        {
            "parties": (EAST, NORTH, WEST),
            "shares": Shares(*[(BasisPoints(5000), BasisPoints(0), BasisPoints(5000))] * 3),
        },
        {"valid_from": NEW_YEAR},
        {"valid_from": NEW_YEAR - DAY},
        {"version": 1},
    ],
)
def test_only_the_next_version_of_the_same_parties_ends_an_agreement(changes: dict[str, Any]) -> None:
    house = House()
    house.ask(CLERK, RecordAgreement(pair(NEW_YEAR, None, version=2)))
    other = replace(pair(NEW_YEAR + DAY, None, version=3), **changes)
    assert house.refusal(CLERK, RecordAgreement(other)) == "agreement_overlaps"


def test_what_is_closed_keeps_its_version_and_a_slot_that_had_begun_does_too() -> None:
    house = House()
    desk = Desk(house)
    ends = NEW_YEAR + 31 * DAY
    house.ask(CLERK, RecordAgreement(pair(NEW_YEAR, None)))
    house.offer(window=(MONTH - 2, MONTH + 4))
    leased = only(LeaseGranted, house.place(slots=6, window=(MONTH - 2, MONTH + 4))).lease
    house.tick(MONTH)
    desk.deliver(leased, range(MONTH - 2, MONTH))
    (january,) = desk.close("2026-01")
    assert house.refusal(CLERK, RecordAgreement(pair(ends - 1, None, version=2))) == "agreement_invalid"
    house.ask(CLERK, RecordAgreement(pair(ends + 3601, None, version=2)))
    house.tick(MONTH + 4)
    desk.deliver(leased, range(MONTH, MONTH + 4))
    house.tick(MONTH + 28 * 24)
    (february,) = desk.close("2026-02")
    billed = [(line.agreement, line.quantity // 3600) for line in (*january.lines, *february.lines)]
    assert billed == [(("east-west", 1), 2), (("east-west", 1), 2), (("east-west", 2), 2)]


@pytest.mark.parametrize(
    ("agreement", "code"),
    [
        (FIRST, "agreement_invalid"),
        (replace(FIRST, valid_from=NEW_YEAR + 3 * DAY, valid_to=None), "agreement_invalid"),
        (replace(FIRST, version=2), "agreement_overlaps"),
        (replace(FIRST, id="other"), "agreement_overlaps"),
        (replace(FIRST, version=2, valid_from=NEW_YEAR - DAY, valid_to=None), "agreement_overlaps"),
        (replace(FIRST, version=2, valid_to=NEW_YEAR), "agreement_invalid"),
        (replace(FIRST, version=2, parties=(EAST,)), "agreement_invalid"),
        (replace(FIRST, version=2, parties=(EAST, "000000")), "unknown_region"),
        (
            replace(FIRST, version=2, shares=replace(FIRST.shares, tax=(BasisPoints(1), BasisPoints(2)))),
            "agreement_invalid",
        ),
    ],
)
def test_what_is_not_recorded(agreement: PairAgreement, code: str) -> None:
    house = House()
    house.ask(CLERK, RecordAgreement(FIRST))
    assert house.refusal(CLERK, RecordAgreement(agreement)) == code


def test_the_way_back_and_another_pair_have_their_own() -> None:
    house = House()
    for number, parties in enumerate([(EAST, WEST), (WEST, EAST), (EAST, NORTH)], 1):
        house.ask(CLERK, RecordAgreement(replace(FIRST, version=number, parties=parties)))
    assert len(house.state.agreements) == 3


def test_only_clerks_record() -> None:
    assert House().refusal(BUYER, RecordAgreement(FIRST)) == "not_allowed"


def test_an_agreement_begins_after_what_is_closed_or_closing() -> None:
    house = House()
    ends = NEW_YEAR + 31 * DAY
    house.tick(MONTH)
    house.ask(CLERK, BeginClose("2026-01"))
    assert house.refusal(CLERK, RecordAgreement(pair(ends - 1, None))) == "agreement_invalid"
    house.ask(CLERK, CutUsage(RunId("run-1"), 0))
    house.ask(CLERK, FinishClose(RunId("run-1")))
    assert house.refusal(CLERK, RecordAgreement(pair(ends - 1, None))) == "agreement_invalid"
    assert house.ask(CLERK, RecordAgreement(pair(ends, None))) == [AgreementRecorded(pair(ends, None))]
