"""Segments: a lease is cut into runs of slots that are billed alike, and no slot is lost or billed twice."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from settlement.agreements import PairAgreement, Shares
from settlement.money import BasisPoints
from settlement.segments import LeaseShape, Segment, ServicePeriod, segments
from tests.settlement.law import THOROUGHLY

HALVES = (BasisPoints(5000), BasisPoints(5000))


def agreement(begins: int, ends: int | None, version: int = 1, source: str = "east") -> PairAgreement:
    """Terms in force from one second until before another."""
    shares = Shares(revenue=HALVES, tax=HALVES, gdp=HALVES)
    return PairAgreement("A", version, (source, "west"), begins, ends, shares, BasisPoints(6000))


def lease(*runs: tuple[int, int, int]) -> LeaseShape:
    return LeaseShape("L", "east", "west", 4, runs)


def cut(
    shape: LeaseShape,
    periods: Sequence[ServicePeriod],
    agreements: Sequence[PairAgreement] = (),
    seconds: int = 3600,
) -> list[Segment]:
    return list(segments(shape, periods, agreements, seconds))


JANUARY, FEBRUARY = ServicePeriod("2026-01", 0, 100), ServicePeriod("2026-02", 100, 200)


def test_a_lease_of_one_price_in_one_period_is_one_segment() -> None:
    assert cut(lease((10, 20, 7)), [JANUARY]) == [Segment("L", "2026-01", 7, None, 4, 10, 20)]


def test_a_lease_is_cut_where_price_period_and_agreement_change() -> None:
    signed = [agreement(50 * 3600, 150 * 3600)]
    parts = cut(lease((40, 60, 7), (60, 160, 9)), [JANUARY, FEBRUARY], signed)
    assert [(part.service_period, part.price, part.agreement, part.start, part.end) for part in parts] == [
        ("2026-01", 7, None, 40, 50),
        ("2026-01", 7, ("A", 1), 50, 60),
        ("2026-01", 9, ("A", 1), 60, 100),
        ("2026-02", 9, ("A", 1), 100, 150),
        ("2026-02", 9, None, 150, 160),
    ]


def test_slots_outside_the_periods_wait() -> None:
    assert cut(lease((90, 120, 7)), [FEBRUARY]) == [Segment("L", "2026-02", 7, None, 4, 100, 120)]
    assert cut(lease((90, 120, 7)), []) == []


def test_a_slot_falls_under_what_is_in_force_when_it_begins() -> None:
    just_after_it_began = [agreement(11 * 3600 + 1, None)]
    parts = cut(lease((10, 14, 7)), [JANUARY], just_after_it_began)
    assert [(part.agreement, part.start, part.end) for part in parts] == [(None, 10, 12), (("A", 1), 12, 14)]
    just_before_it_ends = [agreement(0, 12 * 3600 - 1)]
    parts = cut(lease((10, 14, 7)), [JANUARY], just_before_it_ends)
    assert [(part.agreement, part.start, part.end) for part in parts] == [(("A", 1), 10, 12), (None, 12, 14)]


def test_another_pairs_agreement_changes_nothing() -> None:
    assert cut(lease((10, 14, 7)), [JANUARY], [agreement(0, None, source="north")])[0].agreement is None


@st.composite
def boundaries(draw: st.DrawFn, most: int, unit: int = 1) -> list[int]:
    """Rising numbers, from about zero; `unit` is how large a slot is in them."""
    first = draw(st.integers(-3, 8)) * unit
    return list(accumulate([first, *draw(st.lists(st.integers(1, most), min_size=1, max_size=5))]))


@st.composite
def agreements(draw: st.DrawFn, seconds: int) -> list[PairAgreement]:
    """Agreements of the pair one after another, some with a gap between, begun in the middle of slots."""
    marks = draw(boundaries(9 * seconds, seconds))
    spans = [span for span in pairwise(marks) if draw(st.booleans())]
    signed = [agreement(begins, ends, version) for version, (begins, ends) in enumerate(spans, 1)]
    if draw(st.booleans()):
        signed.append(agreement(marks[-1], None, version=99))
    return draw(st.permutations(signed))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[LeaseShape, list[ServicePeriod], list[PairAgreement], int]:
    seconds = draw(st.sampled_from([900, 3600]))
    runs = [(*span, draw(st.sampled_from([3, 5]))) for span in pairwise(draw(boundaries(6)))]
    periods = [ServicePeriod(f"P{start}", start, end) for start, end in pairwise(draw(boundaries(12)))]
    return lease(*runs), periods, draw(agreements(seconds)), seconds


def slot_by_slot(
    shape: LeaseShape, periods: Sequence[ServicePeriod], signed: Sequence[PairAgreement], seconds: int
) -> Counter[tuple[int, int, str, tuple[str, int] | None]]:
    """Every slot that the periods touch, with its price, its period and what is in force when it begins."""
    found: Counter[tuple[int, int, str, tuple[str, int] | None]] = Counter()
    for start, end, price in shape.runs:
        for slot in range(start, end):
            for period in periods:
                if period.start <= slot < period.end:
                    named = [(one.id, one.version) for one in signed if one.covers(slot * seconds)]
                    found[slot, price, period.name, named[0] if named else None] += 1
    return found


@THOROUGHLY
@given(worlds())
def test_segments_hold_every_slot_once_with_its_price_period_and_agreement(
    world: tuple[LeaseShape, list[ServicePeriod], list[PairAgreement], int],
) -> None:
    parts = cut(*world)
    assert all(part.start < part.end for part in parts)
    got = Counter(
        (slot, part.price, part.service_period, part.agreement)
        for part in parts
        for slot in range(part.start, part.end)
    )
    assert got == slot_by_slot(*world)
