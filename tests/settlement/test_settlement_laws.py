"""Every law of settlement holds."""

import pytest

from tests.settlement import bookkeeping, laws
from tests.settlement.law import THOROUGHLY, Law

LAWS: tuple[Law, ...] = (
    laws.rounding_goes_to_the_nearest_and_halves_away_from_zero,
    laws.rounding_mirrors_the_sign,
    laws.rounding_up_covers_and_wastes_less_than_a_unit,
    laws.a_two_way_split_is_the_formula,
    laws.a_two_way_split_conserves_and_mirrors,
    laws.neither_part_of_a_two_way_split_falls_when_the_total_rises,
    laws.a_chain_is_the_formula,
    laws.a_chain_conserves_and_mirrors,
    laws.a_chain_gives_nothing_for_no_weight_and_strays_half_a_unit_a_step,
    laws.refunds_in_any_steps_end_alike_and_take_from_nobody_to_give_to_another,
    laws.a_gross_is_within_half_a_fen_of_what_was_metered,
    laws.what_is_delivered_is_billed_and_the_rest_credited,
    laws.a_line_is_the_formulas,
    laws.a_line_conserves,
    laws.a_credit_mirrors_its_charge,
    laws.no_figure_falls_when_the_gross_rises,
    bookkeeping.an_entry_is_built_only_if_it_balances,
    bookkeeping.a_ledger_lives_by_its_laws,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Law) -> None:
    law(THOROUGHLY)
