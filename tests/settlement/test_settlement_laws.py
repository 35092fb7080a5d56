"""Every law of settlement holds."""

import pytest

from tests.settlement import (
    assessed_laws,
    bookkeeping,
    case_laws,
    laws,
    rating_laws,
    refund_laws,
    voucher_laws,
)
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
    laws.largest_remainder_is_the_formula,
    laws.largest_remainder_mirrors_and_strays_less_than_a_unit,
    laws.refunds_in_any_steps_end_alike_and_take_from_nobody_to_give_to_another,
    laws.a_gross_is_within_half_a_fen_of_what_was_metered,
    laws.what_is_delivered_is_billed_and_the_rest_credited,
    laws.a_line_is_the_formulas,
    laws.a_line_with_vouchers_is_the_formulas,
    laws.a_line_conserves,
    laws.a_credit_mirrors_its_charge,
    laws.no_figure_falls_when_the_gross_rises,
    laws.a_voucher_covers_all_that_it_may_and_no_more,
    laws.vouchers_never_cover_more_than_the_price,
    laws.a_voucher_changes_nobodys_tax_and_not_what_the_seller_gets,
    refund_laws.a_refund_is_the_formula,
    refund_laws.refunds_end_alike_in_any_order_and_in_one,
    refund_laws.a_refund_conserves,
    refund_laws.a_full_refund_leaves_nothing,
    refund_laws.a_refund_gives_nobody_more,
    refund_laws.a_refund_returns_to_buyer_and_vouchers_what_its_line_says,
    assessed_laws.income_tax_is_the_formula,
    assessed_laws.income_tax_is_divided_without_rest,
    assessed_laws.emissions_are_the_formula,
    assessed_laws.a_certificate_never_adds_emissions_nor_takes_more_than_there_are,
    assessed_laws.emissions_by_region_are_all_of_them,
    case_laws.a_case_of_one_line_is_the_formulas,
    case_laws.a_case_of_several_lines_is_the_sum_of_them,
    case_laws.a_case_of_a_head_office_is_the_formula,
    case_laws.a_case_of_splits_is_the_formula,
    case_laws.a_case_of_carbon_is_the_formula,
    voucher_laws.what_is_granted_is_what_the_rules_say,
    voucher_laws.the_statement_covers_what_was_granted,
    voucher_laws.no_history_of_grants_breaks_a_limit,
    voucher_laws.misuse_is_found_wherever_it_is,
    voucher_laws.what_a_refund_kept_from_a_voucher_is_found,
    voucher_laws.belonging_together_is_mutual,
    rating_laws.use_is_rated_by_the_tariff_of_its_instant_and_once,
    rating_laws.small_uses_are_not_rounded_away,
    rating_laws.a_period_is_deducted_as_token_by_token,
    rating_laws.every_token_is_free_or_in_a_package_or_paid,
    rating_laws.a_larger_quota_never_makes_anybody_pay_more,
    rating_laws.an_interruption_is_charged_by_the_rules,
    rating_laws.charge_and_credits_are_the_gross_and_mirror,
    rating_laws.whoever_is_delivered_more_or_warned_less_is_not_charged_the_wrong_way,
    rating_laws.half_a_fen_of_a_credit_goes_to_the_seller,
    rating_laws.an_outage_is_credited_by_the_lowest_step_that_was_missed,
    bookkeeping.an_entry_is_built_only_if_it_balances,
    bookkeeping.a_ledger_lives_by_its_laws,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Law) -> None:
    law(THOROUGHLY)
