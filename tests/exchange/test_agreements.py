"""Pair agreements by hand: signed by every party, never overlapping, and never reaching back."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from exchange.agreements.commands import (
    DeclineAgreement,
    ProposeAgreement,
    SignAgreement,
    WithdrawAgreement,
)
from exchange.agreements.events import (
    AgreementDeclined,
    AgreementEnded,
    AgreementProposed,
    AgreementRecorded,
    AgreementSigned,
    AgreementWithdrawn,
)
from exchange.closing.commands import BeginClose, CutUsage, FinishClose
from exchange.names import VENUE, RunId
from exchange.orders.events import LeaseGranted
from exchange.parties.commands import RevokeKey
from exchange.rejections import Rejected
from exchange.state import DraftStatus, Signature
from settlement.agreements import PairAgreement, Shares
from settlement.money import BasisPoints
from settlement.sign_off import canonical, digest_of
from tests.exchange.desk import Desk
from tests.exchange.house import BUYER, CLERK, EAST, NEW_YEAR, NORTH, WEST, House, office_of, only, pair

DAY = 86_400  # seconds
MONTH = 31 * 24  # slots
FIRST = pair(NEW_YEAR, NEW_YEAR + DAY)


def test_versions_follow_each_other() -> None:
    house = House()
    second = pair(NEW_YEAR + DAY, None, version=2)
    assert house.agree(FIRST)[1:] == [AgreementRecorded(FIRST)]
    assert house.agree(second)[1:] == [AgreementRecorded(second)]
    assert house.state.agreements == [FIRST, second]


def test_an_open_ended_version_ends_where_the_next_begins() -> None:
    house = House()
    first, second = pair(NEW_YEAR, None), pair(NEW_YEAR + DAY, None, tax=1000, version=2)
    house.agree(first)
    ended = replace(first, valid_to=NEW_YEAR + DAY)
    assert house.agree(second)[1:] == [AgreementEnded(ended), AgreementRecorded(second)]
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
        {"version": 1},
    ],
)
def test_only_the_next_version_of_the_same_parties_ends_an_agreement(changes: dict[str, Any]) -> None:
    house = House()
    house.agree(pair(NEW_YEAR, None, version=2))
    other = replace(pair(NEW_YEAR + DAY, None, version=3), **changes)
    assert house.refusal(CLERK, ProposeAgreement(other)) == "agreement_overlaps"


def test_what_is_closed_keeps_its_version_and_a_slot_that_had_begun_does_too() -> None:
    house = House()
    desk = Desk(house)
    ends = NEW_YEAR + 31 * DAY
    house.agree(pair(NEW_YEAR, None))
    house.offer(window=(MONTH - 2, MONTH + 4))
    leased = only(LeaseGranted, house.place(slots=6, window=(MONTH - 2, MONTH + 4))).lease
    house.tick(MONTH)
    desk.deliver(leased, range(MONTH - 2, MONTH))
    (january,) = desk.close("2026-01")
    assert house.refusal(CLERK, ProposeAgreement(pair(ends - 1, None, version=2))) == "agreement_invalid"
    house.agree(pair(ends + 3601, None, version=2))
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
        (replace(FIRST, version=2, valid_from=NEW_YEAR - DAY, valid_to=None), "agreement_invalid"),
        (replace(FIRST, version=2, valid_to=NEW_YEAR), "agreement_invalid"),
        (replace(FIRST, version=2, parties=(EAST,)), "agreement_invalid"),
        (replace(FIRST, version=2, parties=(EAST, "000000")), "unknown_region"),
        (
            replace(FIRST, version=2, shares=replace(FIRST.shares, tax=(BasisPoints(1), BasisPoints(2)))),
            "agreement_invalid",
        ),
    ],
)
def test_what_is_not_even_proposed(agreement: PairAgreement, code: str) -> None:
    house = House()
    house.agree(FIRST)
    assert house.refusal(CLERK, ProposeAgreement(agreement)) == code


def test_the_way_back_and_another_pair_have_their_own() -> None:
    house = House()
    for number, parties in enumerate([(EAST, WEST), (WEST, EAST), (EAST, NORTH)], 1):
        house.agree(replace(FIRST, version=number, parties=parties))
    assert len(house.state.agreements) == 3


def test_no_buyer_proposes() -> None:
    assert House().refusal(BUYER, ProposeAgreement(FIRST)) == "not_allowed"


def test_an_agreement_begins_after_what_is_closed_or_closing() -> None:
    house = House()
    ends = NEW_YEAR + 31 * DAY
    house.tick(MONTH)
    house.ask(CLERK, BeginClose("2026-01"))
    assert house.refusal(CLERK, ProposeAgreement(pair(ends - 1, None))) == "agreement_invalid"
    house.ask(CLERK, CutUsage(RunId("run-1"), 0))
    house.ask(CLERK, FinishClose(RunId("run-1")))
    assert house.refusal(CLERK, ProposeAgreement(pair(ends - 1, None))) == "agreement_invalid"
    assert house.agree(pair(ends, None))[1:] == [AgreementRecorded(pair(ends, None))]


# Signatures


def drafted(house: House, agreement: PairAgreement = FIRST) -> PairAgreement:
    """A version that lies before east and west, which have offices."""
    house.open_offices(EAST, WEST, NORTH)
    house.ask(CLERK, ProposeAgreement(agreement))
    return agreement


def test_a_version_is_in_force_only_when_every_party_has_signed() -> None:
    house = House()
    house.open_offices(EAST, WEST)
    digest = digest_of(FIRST)
    assert house.ask(office_of(WEST), ProposeAgreement(FIRST)) == [
        AgreementProposed(FIRST, office_of(WEST), NEW_YEAR, digest)
    ]
    signature = Signature(WEST, office_of(WEST), "desk", NEW_YEAR, digest)
    assert house.sign(WEST, FIRST) == [AgreementSigned("east-west", 1, signature)]
    assert house.state.agreements == []
    assert house.state.drafts["east-west", 1].waits_for == [EAST]
    assert house.sign(EAST, FIRST)[1:] == [AgreementRecorded(FIRST)]
    assert house.state.drafts["east-west", 1].status is DraftStatus.SIGNED


def test_transit_regions_sign_too() -> None:
    third = (BasisPoints(4000), BasisPoints(1000), BasisPoints(5000))
    through = replace(FIRST, parties=(EAST, NORTH, WEST), shares=Shares(third, third, third))
    house = House()
    house.open_offices(EAST, NORTH, WEST)
    house.ask(CLERK, ProposeAgreement(through))
    house.sign(EAST, through)
    house.sign(WEST, through)
    assert house.state.agreements == []
    house.sign(NORTH, through)
    assert house.state.agreements == [through]


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        (office_of(NORTH), {}, "unknown_id"),
        (office_of(EAST), {"version": 9}, "unknown_id"),
        (office_of(EAST), {"digest": "0" * 64}, "digest_differs"),
        (office_of(EAST), {"key": "another"}, "unknown_key"),
        (office_of(WEST), {}, "signed_already"),
        (CLERK, {}, "not_allowed"),
        (VENUE, {}, "not_allowed"),
    ],
)
def test_what_is_no_signature(by: str, changes: dict[str, Any], code: str) -> None:
    house = House()
    drafted(house)
    house.sign(WEST, FIRST)
    sign = SignAgreement("east-west", 1, "desk", digest_of(FIRST))
    assert house.refusal(by, replace(sign, **changes)) == code
    assert house.state.agreements == []


def test_a_revoked_key_signs_nothing() -> None:
    house = House()
    drafted(house)
    house.ask(CLERK, RevokeKey(office_of(EAST), "desk"))
    assert house.refusal(office_of(EAST), SignAgreement("east-west", 1, "desk", digest_of(FIRST))) == (
        "unknown_key"
    )


def test_the_last_signature_comes_before_the_first_instant() -> None:
    """In time to the second: then it would reach into what may be closed, or be closing just now."""
    house = House()
    first, later = pair(NEW_YEAR + 3600, None), pair(NEW_YEAR + 3600, None, version=2)
    drafted(house, first)
    drafted(house, later)
    house.sign(EAST, first)
    house.sign(EAST, later)
    house.tick(1)
    assert house.sign(WEST, first)[1:] == [AgreementRecorded(first)]
    house.tick(2)
    refused = only(Rejected, house.sign(WEST, later))
    assert refused.code == "agreement_invalid"
    assert "propose a version that begins later" in refused.explain


def test_nobody_signs_into_a_period_that_is_closing() -> None:
    house = House()
    ends = NEW_YEAR + 31 * DAY
    draft = drafted(house, pair(ends - 3600, None))
    house.sign(EAST, draft)
    house.tick(MONTH)
    house.ask(CLERK, BeginClose("2026-01"))
    assert only(Rejected, house.sign(WEST, draft)).code == "agreement_invalid"


def test_of_two_drafts_of_one_time_the_first_that_is_signed_is_in_force() -> None:
    house = House()
    one, other = drafted(house), drafted(house, replace(FIRST, id="other"))
    house.sign(EAST, one)
    house.sign(EAST, other)
    house.sign(WEST, other)
    assert only(Rejected, house.sign(WEST, one)).code == "agreement_overlaps"
    assert house.state.agreements == [other]


def test_a_version_ends_the_one_before_it_as_that_stands_when_it_is_signed() -> None:
    house = House()
    second = drafted(house, pair(NEW_YEAR + 2 * DAY, None, version=2))
    house.sign(EAST, second)
    house.agree(pair(NEW_YEAR, None))
    happened = house.sign(WEST, second)
    assert only(AgreementEnded, happened).agreement == pair(NEW_YEAR, NEW_YEAR + 2 * DAY)


def test_a_region_declines_also_what_it_has_signed() -> None:
    house = House()
    drafted(house)
    house.sign(WEST, FIRST)
    no = DeclineAgreement("east-west", 1, "desk", "tax should be 40:60")
    assert house.ask(office_of(WEST), no) == [
        AgreementDeclined("east-west", 1, WEST, office_of(WEST), "desk", NEW_YEAR, no.reason)
    ]
    assert only(Rejected, house.sign(EAST, FIRST)).code == "agreement_not_open"
    assert house.refusal(office_of(EAST), no) == "agreement_not_open"
    assert house.refusal(CLERK, ProposeAgreement(FIRST)) == "agreement_invalid"


def test_who_proposed_takes_it_back_and_nobody_else() -> None:
    house = House()
    drafted(house)
    back = WithdrawAgreement("east-west", 1)
    assert house.refusal(office_of(EAST), back) == "not_allowed"
    assert house.ask(CLERK, back) == [AgreementWithdrawn("east-west", 1, NEW_YEAR)]
    assert house.refusal(CLERK, back) == "agreement_not_open"
    assert house.refusal(CLERK, WithdrawAgreement("east-west", 2)) == "unknown_id"
    house.agree(replace(FIRST, version=2))
    assert house.refusal(CLERK, WithdrawAgreement("east-west", 2)) == "agreement_not_open"


def test_a_region_proposes_for_itself_alone() -> None:
    house = House()
    house.open_offices(NORTH)
    assert house.refusal(office_of(NORTH), ProposeAgreement(FIRST)) == "not_allowed"


def test_what_is_signed_can_be_made_again_by_anybody() -> None:
    """The canonical terms, byte by byte, as the documentation has them."""
    written = (
        b'{"id":"east-west","parties":["310000","621000"],"shares":{"carbon":[],"gdp":[3500,6500],'
        b'"revenue":[4000,6000],"tax":[5000,5000]},"valid_from":1767196800,"valid_to":1767283200,'
        b'"value_added_bp":6000,"version":1}'
    )
    assert canonical(FIRST) == written
    assert digest_of(FIRST) == hashlib.sha256(written).hexdigest()
    assert digest_of(replace(FIRST, value_added_bp=BasisPoints(6001))) != digest_of(FIRST)
