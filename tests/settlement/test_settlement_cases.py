"""The acceptance cases: exactly the open ones fail, and the adapter overlooks nothing."""

from copy import deepcopy

from settlement.cases import CaseInput, Difference, check_case, outcome
from tests.settlement.shared_cases import OPEN, failing_cases, settlement_cases

ORDER: CaseInput = {
    "vat_rate_bp": 600,
    "fee": {"rate_bp": 300, "base": "net", "vat_rate_bp": 600},
    "gross_fen": 10_600,
}


def test_exactly_the_open_cases_fail() -> None:
    assert failing_cases() == OPEN


def test_open_cases_say_that_something_is_not_built() -> None:
    for case in settlement_cases():
        if case["id"] in OPEN:
            assert {difference.got for difference in check_case(case)} == {"not built yet"}, case["id"]


def test_a_case_that_expects_what_comes_out_passes() -> None:
    assert check_case({"input": ORDER, "expected": outcome(ORDER)}) == []


def test_a_wrong_figure_is_named_by_its_path() -> None:
    expected = deepcopy(outcome(ORDER))
    statement = expected["statement"]
    assert isinstance(statement, dict)
    statement["vat_fen"] = 636
    assert check_case({"input": ORDER, "expected": expected}) == [Difference("statement.vat_fen", 636, 600)]


def test_a_figure_too_many_or_too_few_is_a_difference() -> None:
    missing = check_case({"input": ORDER, "expected": {}})
    assert [difference.field for difference in missing] == ["statement"]
    surplus = check_case({"input": ORDER, "expected": {**outcome(ORDER), "cit_local_fen": 1}})
    assert surplus == [Difference("cit_local_fen", 1, "nothing")]


def test_what_is_not_read_is_a_difference_wherever_it_stands() -> None:
    asked = {
        **ORDER,
        "refunds": [1],
        "tax": {"cit_payable_fen": 5},
        "multi": [{"gross_fen": 1, "voucher": {"rate_bp": 3000}}],
    }
    fields = [difference.field for difference in check_case({"input": asked, "expected": {}})]
    assert fields == ["input.refunds", "input.tax.cit_payable_fen", "input.voucher"]


def test_an_event_id_counts_once_and_a_repeat_is_that_many_events() -> None:
    small = {"qty": 500, "price_micro_yuan_per_million": 2_000_000}
    terms = {key: value for key, value in ORDER.items() if key != "gross_fen"}
    case = {
        "input": {
            **terms,
            "usage": [{"id": "a", "repeat": 1_000_000, **small}, {"id": "a", **small}, {"id": "b", **small}],
        },
        "expected": {"accumulator_pico_yuan": 1_000_001_000_000_000, "gross_from_usage_fen": 100_000},
    }
    assert [difference.field for difference in check_case(case)] == ["statement"]


def test_lines_are_settled_one_by_one_and_then_added() -> None:
    nine_fen: CaseInput = {"gross_fen": 9}
    result = outcome({**ORDER, "multi": [nine_fen, nine_fen, nine_fen]})
    total = result["statement"]
    assert isinstance(total, dict)
    assert (total["gross_fen"], total["vat_fen"]) == (27, 3), "on the total it would be 2"
