"""When an agreement is in force, when two collide, and what makes one unusable."""

from dataclasses import replace

import pytest

from settlement.agreement_presets import shares_of_rule
from settlement.agreements import PairAgreement, Problem, ProblemCode
from settlement.money import BasisPoints
from tests.settlement.worlds import PAIR


def spanning(valid_from: int, valid_to: int | None) -> PairAgreement:
    return replace(PAIR, valid_from=valid_from, valid_to=valid_to)


def test_the_source_is_first_and_the_destination_last() -> None:
    assert (PAIR.source, PAIR.destination) == ("shanghai", "qingyang")


def test_an_agreement_is_in_force_from_its_first_second_until_before_its_last() -> None:
    assert [spanning(10, 20).covers(instant) for instant in (9, 10, 19, 20)] == [False, True, True, False]
    assert spanning(10, None).covers(10**12)


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ((10, 20), (20, 30), False),
        ((10, 20), (19, 30), True),
        ((10, 40), (20, 30), True),
        ((10, 20), (10, 20), True),
        ((10, None), (20, 30), True),
        ((10, None), (20, None), True),
        ((30, None), (20, 30), False),
    ],
)
def test_two_versions_must_not_be_in_force_at_once(
    one: tuple[int, int | None], other: tuple[int, int | None], collide: bool
) -> None:
    assert spanning(*one).overlaps(spanning(*other)) is collide
    assert spanning(*other).overlaps(spanning(*one)) is collide


def test_only_one_agreement_answers_for_a_source_and_a_destination() -> None:
    assert PAIR.overlaps(replace(PAIR, id="another", parties=("shanghai", "zhengzhou", "qingyang")))
    assert not PAIR.overlaps(replace(PAIR, parties=("qingyang", "shanghai")))
    assert not PAIR.overlaps(replace(PAIR, parties=("shanghai", "hohhot")))


def bp(*rates: int) -> tuple[BasisPoints, ...]:
    return tuple(map(BasisPoints, rates))


@pytest.mark.parametrize(
    ("agreement", "problem"),
    [
        (replace(PAIR, parties=("shanghai", "shanghai")), ("party_repeated", "parties")),
        (replace(PAIR, shares=replace(PAIR.shares, tax=bp(4000, 5999))), ("shares_not_whole", "tax")),
        (
            replace(PAIR, shares=replace(PAIR.shares, gdp=bp(5000, 2500, 2500))),
            ("wrong_number_of_shares", "gdp"),
        ),
        (replace(PAIR, shares=replace(PAIR.shares, revenue=bp(-1, 10_001))), ("share_negative", "revenue")),
        (replace(PAIR, shares=replace(PAIR.shares, carbon=bp(5000, 5001))), ("shares_not_whole", "carbon")),
        (replace(PAIR, value_added_bp=BasisPoints(10_001)), ("value_added_out_of_range", "value_added_bp")),
        (replace(PAIR, value_added_bp=BasisPoints(-1)), ("value_added_out_of_range", "value_added_bp")),
        (spanning(20, 20), ("ends_before_it_begins", "valid_to")),
    ],
)
def test_one_fault_is_named_with_its_field(agreement: PairAgreement, problem: tuple[str, str]) -> None:
    code, field = problem
    assert agreement.problems() == [Problem(ProblemCode(code), field)]


def test_every_fault_is_named_at_once() -> None:
    alone = replace(PAIR, parties=("shanghai",), valid_from=20, valid_to=10)
    codes = [problem.code for problem in alone.problems()]
    assert codes == [
        ProblemCode.TOO_FEW_PARTIES,
        ProblemCode.WRONG_NUMBER_OF_SHARES,
        ProblemCode.WRONG_NUMBER_OF_SHARES,
        ProblemCode.WRONG_NUMBER_OF_SHARES,
        ProblemCode.ENDS_BEFORE_IT_BEGINS,
    ]


def test_a_sound_agreement_has_no_problems() -> None:
    assert PAIR.problems() == []
    assert replace(PAIR, shares=replace(PAIR.shares, carbon=bp(5000, 5000))).problems() == []


def test_the_rule_of_2012_gives_the_head_office_a_third_of_what_the_places_share() -> None:
    assert shares_of_rule(2) == (3333, 6667)
    assert shares_of_rule(3) == (3334, 3333, 3333)
    assert all(sum(shares_of_rule(parties)) == 10_000 for parties in range(2, 11))
