"""The acceptance cases: all pass, others of their form come out as the formulas say, and nothing is overlooked."""

from copy import deepcopy

from settlement.case_forms import CaseInput, PairInput, SharesInput
from settlement.cases import Difference, check_case, outcome
from tests.settlement.shared_cases import failing_cases

ORDER: CaseInput = {
    "vat_rate_bp": 600,
    "fee": {"rate_bp": 300, "base": "net", "vat_rate_bp": 600},
    "gross_fen": 10_600,
}


def test_no_case_fails() -> None:
    assert failing_cases() == set()


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


def test_what_no_form_has_is_a_difference_wherever_it_stands() -> None:
    asked = {
        **ORDER,
        "dispute": {},
        "tax": {"withheld_fen": 5, "surcharge_bp": {"stamp": 3}},
        "pair": {"shares_bp": {"water": [1, 2], "carbon": [5000, 5000]}},
        "multi": [{"gross_fen": 1}, {"gross_fen": 1, "refunds": [1]}],
        "usage": [{"id": "a", "unit": "ms"}],
        "head_branch": {"branches": [{"region": "guian", "revenue": 1, "staff": 1}]},
    }
    found = check_case({"input": asked, "expected": {}})
    assert {difference.got for difference in found} == {"unknown"}
    assert [difference.field for difference in found] == [
        "input.dispute",
        "input.tax.withheld_fen",
        "input.tax.surcharge_bp.stamp",
        "input.pair.shares_bp.water",
        "input.multi[1].refunds",
        "input.usage[0].unit",
        "input.head_branch.branches[0].staff",
    ]


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


def test_lines_may_lie_under_different_agreements_and_vouchers() -> None:
    shares: SharesInput = {"revenue": [5000, 5000], "tax": [5000, 5000], "gdp": [5000, 5000]}
    one: CaseInput = {
        "gross_fen": 10_600,
        "pair": {"id": "a", "parties": ["s", "q"], "shares_bp": shares, "value_added_bp": 0},
    }
    other: CaseInput = {
        "gross_fen": 10_600,
        "pair": {"id": "b", "parties": ["s", "g"], "shares_bp": shares, "value_added_bp": 0},
        "voucher": {"rate_bp": 3000, "mode": "reimburse_buyer"},
    }
    total = outcome({**ORDER, "multi": [one, other]})["statement"]
    assert isinstance(total, dict)
    assert total["revenue_by_region_fen"] == {"s": 10_000, "q": 5_000, "g": 5_000}
    assert (total["voucher_fen"], total["government_to_buyer_later_fen"]) == (3_180, 3_180)


def test_what_is_asked_for_together_is_settled_together() -> None:
    found = outcome({**ORDER, "splits": {"total": -3, "weights": [20, 20, 60]}, "refunds": [600]})
    assert list(found) == ["statement", "refund_deltas", "after_refunds", "splits"]
    assert found["splits"] == [
        {"method": "lrm", "total": -3, "parts": [-1, 0, -2]},
        {"method": "seq2", "total": -3, "parts": [-1, 0, -2]},
    ]


def test_an_agreement_may_ask_for_largest_remainder() -> None:
    ways = {}
    for method in ("seq2", "lrm"):
        pair: PairInput = {
            "id": "p",
            "parties": ["a", "b", "c"],
            "shares_bp": {"revenue": [1, 1, 1], "tax": [1, 1, 1], "gdp": [1, 1, 1]},
            "value_added_bp": 0,
            "method": method,
        }
        statement = outcome({**ORDER, "gross_fen": 1, "pair": pair})["statement"]
        assert isinstance(statement, dict)
        ways[method] = statement["revenue_by_region_fen"]
    assert ways == {"seq2": {"a": 0, "b": 0, "c": 1}, "lrm": {"a": 1, "b": 0, "c": 0}}
