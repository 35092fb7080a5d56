"""Bugs planted on purpose: each must break the law that is there for it, or the tests prove nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from settlement import carbon, income_tax, money, refunds, statement, what_if
from settlement.agreements import PairAgreement
from settlement.carbon import Emissions, PowerUse
from settlement.income_tax import Branch, HeadOfficeRule
from settlement.ledger import journal
from settlement.ledger.chart import CONTRA, AccountKind
from settlement.money import NOTHING, WHOLE, BasisPoints, Fen, Tie
from settlement.refunds import Returned
from settlement.statement import Line, percentage
from settlement.terms import FeeTerms, SplitMethod, TaxTerms, Terms, VoucherTerms
from settlement.what_if import Comparison, SettledLine
from tests.settlement import assessed_laws, bookkeeping, laws, refund_laws, what_if_laws
from tests.settlement.law import UNTIL_IT_BREAKS
from tests.settlement.planting import Bug, named
from tests.settlement.shared_cases import failing_cases

sound_round = money.round_half_away
sound_two_way = money.two_way
sound_chain = money.chain
sound_largest_remainder = money.largest_remainder
sound_voucher = statement.voucher_of
sound_weights = income_tax.branch_weights
sound_emissions = carbon.emissions_of
sound_what_if = what_if.what_if


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


def split_by_largest_remainder_with_the_tie_to_the_later(
    total: int, weights: Sequence[int]
) -> tuple[int, ...]:
    return sound_largest_remainder(total, weights[::-1])[::-1]


def cut_a_negative_total_down(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Largest remainder on the total itself, as it is often written: a charge and its credit do not cancel."""
    return split_by_largest_remainder(total, weights)


def round_a_voucher_to_the_nearest(price: Fen, voucher: VoucherTerms) -> Fen:
    rounded = percentage(price, voucher.rate_bp)
    return rounded if sound_voucher(price, voucher) + 1 == rounded else sound_voucher(price, voucher)


def forget_the_cap_of_an_order(price: Fen, voucher: VoucherTerms) -> Fen:
    return sound_voucher(price, replace(voucher, per_order_cap=None))


def forget_the_year(price: Fen, voucher: VoucherTerms) -> Fen:
    return sound_voucher(price, replace(voucher, yearly_left=None))


def spend_more_than_the_balance(price: Fen, voucher: VoucherTerms) -> Fen:
    return sound_voucher(price, replace(voucher, balance=None))


def cover_a_credit(price: Fen, voucher: VoucherTerms) -> Fen:
    return sound_voucher(price, voucher) if price >= 0 else Fen(-sound_voucher(Fen(-price), voucher))


def stack_every_voucher_on_the_whole_price(gross: Fen, vouchers: tuple[VoucherTerms, ...]) -> tuple[Fen, ...]:
    return tuple(sound_voucher(gross, voucher) for voucher in vouchers)


def pay_the_reimbursement_to_the_seller(covered: tuple[Fen, ...], _: tuple[VoucherTerms, ...]) -> Fen:
    return Fen(sum(covered))


def halve_the_income_tax(payable: Fen) -> tuple[Fen, Fen]:
    central, local = sound_two_way(payable, 1, 2, Tie.FIRST)
    return Fen(central), Fen(local)


def split_a_refund_by_itself(_standing: Line, amount: Fen, terms: Terms) -> Line:
    return refunds.negated(statement.statement_line(amount, terms))


def return_to_the_voucher_first(gross: Fen, amount: Fen, vouchers: tuple[VoucherTerms, ...]) -> Returned:
    left, to_vouchers = amount, list[Fen]()
    for covered in statement.vouchers_of(gross, vouchers):
        to_vouchers.append(min(left, covered))
        left = Fen(left - to_vouchers[-1])
    return Returned(left, tuple(to_vouchers))


def weigh_wages_as_assets(branches: Sequence[Branch], rule: HeadOfficeRule) -> tuple[Fraction, ...]:
    return sound_weights(branches, replace(rule, wages=rule.assets, assets=rule.wages))


def surrender_certificates_without_end(use: PowerUse) -> Emissions:
    found = sound_emissions(use)
    certified = use.certificates_wh
    market = sound_round((found.facility_wh - certified) * use.grid_mg_per_kwh, 10**6)
    return replace(found, certified_wh=certified, market_based_g=market)


def count_the_machines_alone(use: PowerUse) -> Emissions:
    return sound_emissions(replace(use, pue_milli=1000))


def give_the_odd_gram_to_the_source(grams: int, agreement: PairAgreement) -> tuple[tuple[str, int], ...]:
    shares = sound_chain(grams, agreement.shares.carbon[::-1])[::-1]
    return tuple(zip(agreement.parties, shares, strict=True))


def share_the_total_instead_of_each_line(lines: Iterable[SettledLine], other: PairAgreement) -> Comparison:
    lines = list(lines)
    net, retained = Fen(sum(line.net for line in lines)), Fen(sum(line.local_retained for line in lines))
    again = statement.attribution_of(net, retained, other, SplitMethod.CHAIN)
    total = sound_what_if([SettledLine(net, retained, again)], other)
    sound = sound_what_if(lines, other)
    return tuple(replace(one, other=whole.other) for one, whole in zip(sound, total, strict=True))


def keep_what_was_settled(lines: Iterable[SettledLine], other: PairAgreement) -> Comparison:
    return tuple(replace(one, other=one.settled) for one in sound_what_if(lines, other))


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
    Bug(
        "largest_remainder",
        split_by_largest_remainder_with_the_tie_to_the_later,
        laws.largest_remainder_is_the_formula,
    ),
    Bug(
        "largest_remainder",
        cut_a_negative_total_down,
        laws.largest_remainder_mirrors_and_strays_less_than_a_unit,
        fails_a_case=False,  # none of them is of a negative total
    ),
    Bug("voucher_of", round_a_voucher_to_the_nearest, laws.a_voucher_covers_all_that_it_may_and_no_more),
    Bug("voucher_of", forget_the_cap_of_an_order, laws.a_voucher_covers_all_that_it_may_and_no_more),
    Bug("voucher_of", forget_the_year, laws.a_voucher_covers_all_that_it_may_and_no_more, fails_a_case=False),
    Bug("voucher_of", spend_more_than_the_balance, laws.a_voucher_covers_all_that_it_may_and_no_more),
    Bug("voucher_of", cover_a_credit, laws.a_line_with_vouchers_is_the_formulas, fails_a_case=False),
    Bug(
        "vouchers_of",
        stack_every_voucher_on_the_whole_price,
        laws.vouchers_never_cover_more_than_the_price,
        fails_a_case=False,  # each has one voucher
    ),
    Bug("paid_to_seller", pay_the_reimbursement_to_the_seller, laws.a_line_with_vouchers_is_the_formulas),
    Bug("refund", split_a_refund_by_itself, refund_laws.a_full_refund_leaves_nothing),
    Bug("refund", split_a_refund_by_itself, refund_laws.refunds_end_alike_in_any_order_and_in_one),
    Bug(
        "returned",
        return_to_the_voucher_first,
        refund_laws.a_refund_returns_to_buyer_and_vouchers_what_its_line_says,
        fails_a_case=False,  # they ask for lines
    ),
    Bug("split_income_tax", halve_the_income_tax, assessed_laws.income_tax_is_the_formula),
    Bug("branch_weights", weigh_wages_as_assets, assessed_laws.income_tax_is_the_formula),
    Bug("emissions_of", count_the_machines_alone, assessed_laws.emissions_are_the_formula),
    Bug(
        "emissions_of",
        surrender_certificates_without_end,
        assessed_laws.a_certificate_never_adds_emissions_nor_takes_more_than_there_are,
        fails_a_case=False,  # none has more of them than it needs
    ),
    Bug(
        "emissions_by_region",
        give_the_odd_gram_to_the_source,
        assessed_laws.emissions_by_region_are_all_of_them,
    ),
    Bug(
        "what_if",
        share_the_total_instead_of_each_line,
        what_if_laws.the_agreements_own_terms_change_nothing,
        fails_a_case=False,  # none asks what if
    ),
    Bug(
        "what_if",
        keep_what_was_settled,
        what_if_laws.other_terms_give_what_they_would_have_settled,
        fails_a_case=False,
    ),
    Bug("gross_of", cut_off_the_last_fen, laws.a_gross_is_within_half_a_fen_of_what_was_metered),
)


@pytest.mark.parametrize("bug", BUGS, ids=named)
def test_a_planted_bug_breaks_its_law(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.must_break_its_law(monkeypatch)


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.fails_a_case], ids=named)
def test_a_planted_bug_fails_a_case(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.plant(monkeypatch)
    assert failing_cases()


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
