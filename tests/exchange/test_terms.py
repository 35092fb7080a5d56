"""The rules of the house by hand: who adopts them, and which promises later terms can't take back."""

from dataclasses import replace

import pytest

from exchange.commands import Envelope
from exchange.core import step
from exchange.names import VENUE
from exchange.rejections import Rejected
from exchange.state import VenueTerms
from exchange.venue.commands import AdoptTerms, Tick
from exchange.venue.events import TermsAdopted
from matching.events import Ticked
from matching.terms import Seq
from settlement.money import BasisPoints
from tests.exchange.house import (
    BUYER,
    CLERK,
    HOURS,
    LEASE_LINE,
    NEW_YEAR,
    SERVICE,
    YUAN,
    House,
    empty_state,
    only,
)


def test_nothing_happens_before_terms_are_adopted() -> None:
    state = empty_state()
    ((event, entries),) = step(state, Seq(1), Envelope(VENUE, "tick", Tick(NEW_YEAR)))
    assert isinstance(event, Rejected)
    assert (event.code, entries) == ("venue_not_open", [])


def test_the_clerk_adopts_terms_and_only_the_venue_tells_the_time() -> None:
    house = House()
    assert house.refusal(BUYER, AdoptTerms(HOURS)) == "not_allowed"
    assert house.ask(CLERK, AdoptTerms(HOURS)) == [TermsAdopted(HOURS)]
    assert house.refusal(CLERK, Tick(NEW_YEAR)) == "not_allowed"
    assert house.refusal("nobody", Tick(NEW_YEAR)) == "not_allowed"


def test_the_clock_goes_forward() -> None:
    house = House()
    assert only(Ticked, house.tick(5)).now == house.first + 5
    assert house.refusal(VENUE, Tick(NEW_YEAR)) == "clock_goes_back"
    assert house.tick(5) == [Ticked(house.window(5, 6).start)], "the same time again is no fault"


@pytest.mark.parametrize(
    "terms",
    [
        replace(HOURS, slot_seconds=1200),
        replace(HOURS, lot_max=0),
        replace(HOURS, horizon_slots=0),
        replace(HOURS, late_window_seconds=0),
        replace(HOURS, vat_rates_bp={}),
        replace(HOURS, vat_rates_bp={SERVICE: BasisPoints(10_001)}),
        replace(HOURS, fee=replace(HOURS.fee, rate_bp=BasisPoints(-1))),
        replace(HOURS, utc_offset_seconds=15 * 3600),
        replace(HOURS, utc_offset_seconds=1800),
    ],
)
def test_terms_must_make_sense(terms: VenueTerms) -> None:
    assert House().refusal(VENUE, AdoptTerms(terms)) == "terms_invalid"


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (replace(HOURS, slot_seconds=900), "slot_length_fixed"),
        (replace(HOURS, lot_max=16), "terms_invalid"),
        (replace(HOURS, lot_max=4), "terms_invalid"),
        (replace(HOURS, vat_rates_bp={SERVICE: BasisPoints(600)}), "terms_invalid"),
        (replace(HOURS, late_window_seconds=73 * 3600), "terms_invalid"),
        (replace(HOURS, utc_offset_seconds=0), "terms_invalid"),
    ],
)
def test_what_others_rely_on_is_not_taken_back(terms: VenueTerms, code: str) -> None:
    assert House().refusal(VENUE, AdoptTerms(terms)) == code


def test_rates_change_for_leases_yet_to_be_granted() -> None:
    house = House()
    house.offer()
    house.place()
    dearer = replace(
        HOURS,
        fee=replace(HOURS.fee, rate_bp=BasisPoints(500)),
        vat_rates_bp={SERVICE: BasisPoints(900), LEASE_LINE: BasisPoints(1300), "new_line": BasisPoints(0)},
        late_window_seconds=24 * 3600,
    )
    assert house.ask(VENUE, AdoptTerms(dearer)) == [TermsAdopted(dearer)]
    house.place(limit=11 * YUAN)
    before, after = (lease.terms for lease in house.state.leases.values())
    assert (before.vat_rate_bp, before.fee.rate_bp) == (600, 300)
    assert (after.vat_rate_bp, after.fee.rate_bp) == (900, 500)
