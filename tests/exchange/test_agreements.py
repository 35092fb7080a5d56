"""Pair agreements by hand: recorded once, never overlapping, and never reaching back."""

from dataclasses import replace

import pytest

from exchange.agreements.commands import RecordAgreement
from exchange.agreements.events import AgreementRecorded
from exchange.closing.commands import BeginClose, CutUsage, FinishClose
from exchange.state import RunId
from settlement.agreements import PairAgreement
from settlement.money import BasisPoints
from tests.exchange.house import BUYER, CLERK, EAST, NEW_YEAR, NORTH, WEST, House, pair

DAY = 86_400  # seconds
MONTH = 31 * 24  # slots
FIRST = pair(NEW_YEAR, NEW_YEAR + DAY)


def test_versions_follow_each_other() -> None:
    house = House()
    second = pair(NEW_YEAR + DAY, None, version=2)
    assert house.ask(CLERK, RecordAgreement(FIRST)) == [AgreementRecorded(FIRST)]
    assert house.ask(CLERK, RecordAgreement(second)) == [AgreementRecorded(second)]
    assert house.state.agreements == [FIRST, second]


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
