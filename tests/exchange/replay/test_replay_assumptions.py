"""Assumptions: what is described can be assumed again, and what makes no sense is refused by name."""

import pytest

from exchange.replay.assumptions import DEFAULTS, AssumptionError, assume, describe, option_of
from exchange.replay.trace import Urgency


def test_what_is_described_can_be_assumed_again() -> None:
    described = describe(DEFAULTS)
    assert assume({option: value for option, value, _ in described}) == DEFAULTS
    assert len({option for option, _, _ in described}) == len(described)
    assert all(meaning and not meaning.endswith(".") for _, _, meaning in described)


def test_values_are_written_in_the_units_that_people_use() -> None:
    values = {option: value for option, value, _ in describe(DEFAULTS)}
    assert values["supply"] == "0.83"
    assert values["usd-cny"] == "7.1"
    assert values["starts"] == "2026-01-01T00:00:00+00:00"
    assert values["token-budget"] == "30"
    assert option_of("supply_milli") == "supply"


def test_other_values_are_taken_and_the_rest_stays() -> None:
    other = assume({"supply": "1.5", "usd-cny": "6.95", "best-effort": "slack=3, limit=0.9", "seed": "7"})
    assert (other.supply_milli, other.usd_cny_micro, other.seed) == (1_500, 6_950_000, 7)
    terms = other.terms_of(Urgency.BEST_EFFORT)
    assert (terms.slack_hours, terms.limit_milli, terms.tier) == (3, 900, DEFAULTS.best_effort.tier)
    assert assume({"displacement": "no"}).displacement is False
    assert assume({"burstable": "malleable=0.25"}).burstable.malleable_milli == 250
    assert assume({"seller-regions": "621000, 130700"}, other).seller_regions == ("621000", "130700")
    assert assume({"pairs": ""}).pairs == ()


@pytest.mark.parametrize(
    ("option", "text", "sentence"),
    [
        ("nonsense", "1", "There is no assumption 'nonsense'"),
        ("supply", "0", "supply should be at least 0.001"),
        ("supply", "much", "supply should be a number"),
        ("supply", "0.0001", "supply should be a multiple of 1/1000"),
        ("supply", "1e99999999", "supply should be a number of reasonable size"),
        ("supply", "NaN", "supply should be a number of reasonable size"),
        ("seed", "1.5", "seed should be a whole number"),
        ("lot", "9", "lot should be at least 1 and at most 8"),
        ("starts", "2026-01-01", "starts should be an instant with its zone"),
        ("starts", "2026-01-01T00:01:00+00:00", "on a quarter of an hour"),
        ("starts", "new year", "starts should be like"),
        ("seller-regions", "", "should each name a region"),
        ("best-effort", "tier=free", "best-effort should say one of"),
        ("best-effort", "patience=1", "best-effort has no 'patience'"),
        ("best-effort", "reach=0", "The terms of BE jobs are out of bounds"),
        ("burstable", "malleable=1.001", "The terms of Burstable jobs are out of bounds"),
        ("guaranteed", "split=nodes", "guaranteed should say one of one, sellers, regions"),
        ("displacement", "maybe", "displacement should say yes or no"),
        ("pairs", "310000-621000", "pairs should be like"),
        ("pairs", "310000-621000:1/2/3", "pairs should be like"),
        ("pairs", "310000-621000:1/2/3/10001", "pairs should be like"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(option: str, text: str, sentence: str) -> None:
    with pytest.raises(AssumptionError) as caught:
        assume({option: text})
    assert sentence in str(caught.value)
