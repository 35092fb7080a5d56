"""Bugs planted on purpose: each must break the law that is there for it, or the tests prove nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from settlement import cases, meters, money, statement
from settlement.ledger import journal
from settlement.ledger.chart import CONTRA, AccountKind
from settlement.money import NOTHING, WHOLE, BasisPoints, Fen, Tie
from settlement.statement import percentage
from settlement.terms import FeeTerms, TaxTerms
from tests.settlement import bookkeeping, laws
from tests.settlement.law import UNTIL_IT_BREAKS, Law
from tests.settlement.shared_cases import OPEN, failing_cases

sound_round = money.round_half_away
sound_two_way = money.two_way


def round_half_down(numerator: int, denominator: int) -> int:
    magnitude = (2 * abs(numerator) + denominator - 1) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def floor_what_is_negative(numerator: int, denominator: int) -> int:
    return sound_round(numerator, denominator) if numerator >= 0 else numerator // denominator


def round_down_instead_of_up(numerator: int, denominator: int) -> int:
    return numerator // denominator


def give_the_tie_to_the_wrong_side(total: int, numerator: int, denominator: int, tie: Tie) -> tuple[int, int]:
    return sound_two_way(total, numerator, denominator, Tie.SECOND if tie is Tie.FIRST else Tie.FIRST)


def round_each_part_by_itself(total: int, numerator: int, denominator: int, _tie: Tie) -> tuple[int, int]:
    return (
        sound_round(total * numerator, denominator),
        sound_round(total * (denominator - numerator), denominator),
    )


def split_by_largest_remainder(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda party: -(total * weights[party] % whole))
    for party in by_remainder[: total - sum(parts)]:
        parts[party] += 1
    return tuple(parts)


def put_vat_on_top(gross: Fen, rate_bp: BasisPoints) -> tuple[Fen, Fen]:
    vat = percentage(gross, rate_bp)
    return Fen(gross - vat), vat


def lose_a_fen_of_vat(gross: Fen, rate_bp: BasisPoints) -> tuple[Fen, Fen]:
    net, vat = sound_two_way(gross, WHOLE, WHOLE + rate_bp, Tie.SECOND)
    return Fen(net), Fen(vat - 1 if vat > 1 else vat)


def take_the_fee_on_the_wrong_base(gross: Fen, net: Fen, terms: FeeTerms) -> Fen:
    return percentage(gross if terms.base == "net" else net, terms.rate_bp)


def forget_input_vat(_gross: Fen, vat: Fen, _terms: TaxTerms) -> Fen:
    return vat


def tax_no_credit(_gross: Fen, vat: Fen, terms: TaxTerms) -> Fen:
    return max(NOTHING, Fen(vat - terms.input_vat))


def drop_a_surcharge(vat_payable: Fen, terms: TaxTerms) -> tuple[Fen, Fen, Fen]:
    urban = percentage(vat_payable, terms.surcharge_urban_bp)
    local_education = percentage(vat_payable, terms.surcharge_local_education_bp)
    return urban, NOTHING, local_education


def bill_whole_fen_only(gross: Fen, contracted: int, lost: int) -> Fen:
    return Fen(gross * (contracted - lost) // contracted)


def cut_off_the_last_fen(accumulated: int, divisor: int) -> Fen:
    return Fen(accumulated // divisor)


@dataclass(frozen=True, slots=True)
class Bug:
    """A function of the kernel, what to put in its place, the law that must break, and whether a case must too."""

    function: str
    replacement: Callable[..., object]
    law: Law
    fails_a_case: bool = True

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Replace the function in every module that has it, since each imports it by name."""
        holders = [module for module in (cases, meters, money, statement) if hasattr(module, self.function)]
        assert holders, f"nothing is called {self.function}: the sabotage itself is broken"
        for module in holders:
            monkeypatch.setattr(module, self.function, self.replacement)


BUGS = (
    Bug("round_half_away", round_half_down, laws.rounding_goes_to_the_nearest_and_halves_away_from_zero),
    Bug("round_half_away", floor_what_is_negative, laws.rounding_mirrors_the_sign),
    Bug(
        "ceil_div",
        round_down_instead_of_up,
        laws.rounding_up_covers_and_wastes_less_than_a_unit,
        fails_a_case=False,
    ),
    Bug("two_way", give_the_tie_to_the_wrong_side, laws.a_two_way_split_is_the_formula),
    Bug("two_way", round_each_part_by_itself, laws.a_two_way_split_conserves_and_mirrors),
    Bug(
        "chain",
        split_by_largest_remainder,
        laws.refunds_in_any_steps_end_alike_and_take_from_nobody_to_give_to_another,
        fails_a_case=False,  # between two parties it differs only in ties
    ),
    Bug("split_vat", put_vat_on_top, laws.a_line_is_the_formulas),
    Bug("split_vat", lose_a_fen_of_vat, laws.a_line_conserves),
    Bug("fee_of", take_the_fee_on_the_wrong_base, laws.a_line_is_the_formulas),
    Bug("vat_payable_of", forget_input_vat, laws.a_line_is_the_formulas),
    Bug("vat_payable_of", tax_no_credit, laws.a_credit_mirrors_its_charge),
    Bug("surcharges_of", drop_a_surcharge, laws.a_line_is_the_formulas),
    Bug("billable_of", bill_whole_fen_only, laws.what_is_delivered_is_billed_and_the_rest_credited),
    Bug("gross_of", cut_off_the_last_fen, laws.a_gross_is_within_half_a_fen_of_what_was_metered),
)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.replacement.__name__)
def test_a_planted_bug_breaks_its_law(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.plant(monkeypatch)
    with pytest.raises(AssertionError):
        bug.law(UNTIL_IT_BREAKS)


@pytest.mark.parametrize(
    "bug", [bug for bug in BUGS if bug.fails_a_case], ids=lambda bug: bug.replacement.__name__
)
def test_a_planted_bug_fails_a_case(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.plant(monkeypatch)
    assert failing_cases() - OPEN


def test_an_entry_that_is_not_checked_breaks_its_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal.JournalEntry, "__post_init__", lambda _: None)
    with pytest.raises(AssertionError):
        bookkeeping.an_entry_is_built_only_if_it_balances(UNTIL_IT_BREAKS)


def test_an_exempted_account_breaks_the_ledgers_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "CONTRA", CONTRA | {AccountKind.AVAILABLE})
    with pytest.raises(AssertionError):
        bookkeeping.a_ledger_lives_by_its_laws(UNTIL_IT_BREAKS)


def test_a_leg_that_is_lost_breaks_the_ledgers_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    sound_post = journal.Balances.post

    def lose_the_second_leg(balances: journal.Balances, entry: journal.JournalEntry) -> None:
        sound_post(balances, entry)
        balances._amounts[entry.postings[1].account] -= entry.postings[1].amount

    monkeypatch.setattr(journal.Balances, "post", lose_the_second_leg)
    with pytest.raises(AssertionError):
        bookkeeping.a_ledger_lives_by_its_laws(UNTIL_IT_BREAKS)
