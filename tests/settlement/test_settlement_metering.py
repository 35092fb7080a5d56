"""Metering keeps its laws, and each bug that is planted in it breaks the law that is there for it."""

from collections.abc import Iterable, Iterator, Mapping

import pytest

from settlement.metering import chain, judging
from settlement.metering.chain import Batch, Chained, Link, Reading
from settlement.metering.judging import Clock, Finding, Judged, Known, Passed, Subject, Verdict
from tests.settlement import metering_laws as laws
from tests.settlement.law import THOROUGHLY, Law
from tests.settlement.planting import Bug, named

sound_bytes, sound_links, sound_judge, sound_plausible = (
    chain.reading_bytes,
    chain.links,
    judging.judge,
    judging._plausible,
)


@pytest.mark.parametrize("one", laws.LAWS, ids=lambda one: one.__name__)
def test_metering_keeps_its_laws(one: Law) -> None:
    one(THOROUGHLY)


def leave_the_counts_out(seller: str, meter: str, reading: Reading) -> bytes:
    return sound_bytes(seller, meter, Reading(reading.number, reading.subject, reading.at, ()))


def leave_the_seller_out(_: str, meter: str, reading: Reading) -> bytes:
    return sound_bytes("", meter, reading)


def chain_nothing(seller: str, meter: str, previous: Link, readings: Iterable[Reading]) -> Iterator[Link]:
    for reading in readings:
        yield from sound_links(seller, meter, previous, [reading])


def believe_every_signature(
    batch: Batch, known: Known, subjects: Mapping[str, Subject], clock: Clock, *, signed: bool
) -> Judged:
    del signed
    return sound_judge(batch, known, subjects, clock, signed=True)


def see_no_gap(
    batch: Batch, known: Known, subjects: Mapping[str, Subject], clock: Clock, *, signed: bool
) -> Judged:
    judged = sound_judge(batch, known, subjects, clock, signed=signed)
    return Judged(judged.verdicts, judged.places, range(0))


def take_a_known_number_for_known(batch: Batch, places: list[Chained], known: Known) -> Iterator[Verdict]:
    for reading, _ in zip(batch.readings, places, strict=True):
        yield Passed.KNOWN if reading.number in known.chain else Passed.NEW


def look_at_the_numbers_before_alone(part: list[tuple[int, Chained]], known: Known) -> bool:
    before = known.chain.get(part[0][0] - 1)
    return before is None or before.link == part[0][1].previous


def let_everything_fit(_: list[tuple[int, Chained]], known: Known) -> bool:
    return known.begins >= 0


def doubt_what_is_not_next(part: list[tuple[int, Chained]], known: Known) -> bool:
    return part[0][0] == known.head + 1


def believe_every_count(reading: Reading, subjects: Mapping[str, Subject], clock: Clock) -> Verdict:
    found = sound_plausible(reading, subjects, clock)
    return Passed.NEW if found is Finding.MORE_THAN_LEASED else found


def believe_every_clock(reading: Reading, subjects: Mapping[str, Subject], clock: Clock) -> Verdict:
    found = sound_plausible(reading, subjects, clock)
    return Passed.NEW if found is Finding.CLOCK_SKEW else found


def dispute_the_present_slot(reading: Reading, subjects: Mapping[str, Subject], clock: Clock) -> Verdict:
    return sound_plausible(reading, subjects, Clock(clock.now - 1, clock.slot_seconds, clock.span))


BUGS = [
    Bug("reading_bytes", leave_the_counts_out, laws.whatever_is_changed_on_the_way_is_found_and_does_no_harm),
    Bug("reading_bytes", leave_the_seller_out, laws.whatever_is_changed_on_the_way_is_found_and_does_no_harm),
    Bug(
        "reading_bytes",
        leave_the_counts_out,
        laws.a_link_is_over_the_link_before_and_every_part_of_the_reading,
    ),
    Bug("links", chain_nothing, laws.a_link_is_over_the_link_before_and_every_part_of_the_reading),
    Bug("judge", believe_every_signature, laws.whatever_is_changed_on_the_way_is_found_and_does_no_harm),
    Bug("judge", see_no_gap, laws.numbers_that_are_left_out_are_told_to_the_last),
    Bug("_tied", take_a_known_number_for_known, laws.a_seller_that_says_something_else_later_is_found),
    Bug("_fits", look_at_the_numbers_before_alone, laws.a_batch_that_fits_only_on_one_side_is_found),
    Bug("_fits", let_everything_fit, laws.a_seller_that_says_something_else_later_is_found),
    Bug("_fits", doubt_what_is_not_next, laws.honest_batches_in_any_order_and_number_end_without_a_dispute),
    Bug("_plausible", believe_every_count, laws.what_cannot_be_is_found_by_itself),
    Bug("_plausible", believe_every_clock, laws.what_cannot_be_is_found_by_itself),
    Bug("_plausible", dispute_the_present_slot, laws.what_cannot_be_is_found_by_itself),
]


@pytest.mark.parametrize("bug", BUGS, ids=named)
def test_a_bug_breaks_its_law(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    # The laws' own book judges by the name that it has imported.
    if bug.function == "judge":
        monkeypatch.setattr(laws, "judge", bug.replacement)
    bug.must_break_its_law(monkeypatch)
