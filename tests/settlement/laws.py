"""The laws of money, meters and statements.

A law reaches the kernel through its modules, so as to see planted bugs.
"""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from fractions import Fraction
from itertools import pairwise

from hypothesis import example
from hypothesis import strategies as st

from settlement import income_tax, meters, money, statement
from settlement.money import Fen, Tie
from settlement.terms import FeeBase, Terms, VoucherTerms
from tests.settlement import oracle, worlds
from tests.settlement.law import law

# Money


@law(worlds.totals, worlds.denominators | st.just(2))
def rounding_goes_to_the_nearest_and_halves_away_from_zero(numerator: int, denominator: int) -> None:
    assert money.round_half_away(numerator, denominator) == oracle.nearest(Fraction(numerator, denominator))


@law(worlds.totals, worlds.denominators)
def rounding_mirrors_the_sign(numerator: int, denominator: int) -> None:
    assert money.round_half_away(-numerator, denominator) == -money.round_half_away(numerator, denominator)


@law(worlds.totals, worlds.denominators)
def rounding_up_covers_and_wastes_less_than_a_unit(numerator: int, denominator: int) -> None:
    assert 0 <= money.ceil_div(numerator, denominator) * denominator - numerator < denominator


@law(worlds.totals, worlds.fractions, st.sampled_from(Tie))
def a_two_way_split_is_the_formula(total: int, share: tuple[int, int], tie: Tie) -> None:
    expected = oracle.two(total, Fraction(*share), tie_to_first=tie is Tie.FIRST)
    assert money.two_way(total, *share, tie) == expected


@law(worlds.totals, worlds.fractions, st.sampled_from(Tie))
def a_two_way_split_conserves_and_mirrors(total: int, share: tuple[int, int], tie: Tie) -> None:
    first, second = money.two_way(total, *share, tie)
    assert first + second == total
    assert money.two_way(-total, *share, tie) == (-first, -second)


@law(worlds.totals, st.integers(0, 300), worlds.fractions, st.sampled_from(Tie))
def neither_part_of_a_two_way_split_falls_when_the_total_rises(
    total: int, rise: int, share: tuple[int, int], tie: Tie
) -> None:
    assert none_falls(money.two_way(total, *share, tie), money.two_way(total + rise, *share, tie))


@law(worlds.totals, worlds.weights)
def a_chain_is_the_formula(total: int, weights: tuple[int, ...]) -> None:
    assert money.chain(total, weights) == oracle.seq2(total, weights)


@law(worlds.totals, worlds.weights)
def a_chain_conserves_and_mirrors(total: int, weights: tuple[int, ...]) -> None:
    parts = money.chain(total, weights)
    assert len(parts) == len(weights)
    assert sum(parts) == total
    assert money.chain(-total, weights) == tuple(-part for part in parts)


@law(worlds.totals, worlds.weights)
def a_chain_gives_nothing_for_no_weight_and_strays_half_a_unit_a_step(
    total: int, weights: tuple[int, ...]
) -> None:
    reach = Fraction(len(weights) - 1, 2)
    for part, weight in zip(money.chain(total, weights), weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) <= reach
        assert part == 0 or weight > 0


@law(worlds.totals, worlds.weights)
def largest_remainder_is_the_formula(total: int, weights: tuple[int, ...]) -> None:
    parts = money.largest_remainder(total, weights)
    assert parts == oracle.lrm(total, weights)
    assert sum(parts) == total


@law(worlds.totals, worlds.weights)
def largest_remainder_mirrors_and_strays_less_than_a_unit(total: int, weights: tuple[int, ...]) -> None:
    parts = money.largest_remainder(total, weights)
    assert money.largest_remainder(-total, weights) == tuple(-part for part in parts)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@law(st.lists(st.integers(1, 50), min_size=1, max_size=6), worlds.weights)
@example([1, 10], (6, 6, 2))  # where largest remainder takes a unit back from the third party
def refunds_in_any_steps_end_alike_and_take_from_nobody_to_give_to_another(
    steps: list[int], weights: tuple[int, ...]
) -> None:
    remaining = [sum(steps[done:]) for done in range(len(steps) + 1)]
    states = [money.chain(total, weights) for total in remaining]
    assert all(none_falls(after, before) for before, after in pairwise(states))
    assert states[-1] == (0,) * len(weights)


def none_falls(before: Sequence[int], after: Sequence[int]) -> bool:
    return all(one <= other for one, other in zip(before, after, strict=True))


# Meters


@law(st.lists(st.integers(-(10**20), 10**20), max_size=5), st.sampled_from(meters.Meter))
def a_gross_is_within_half_a_fen_of_what_was_metered(events: list[int], meter: meters.Meter) -> None:
    exact = Fraction(sum(events), meter.divisor)
    assert abs(meters.gross_of(sum(events), meter.divisor) - exact) <= oracle.HALF


@law(worlds.grosses, worlds.fractions)
def what_is_delivered_is_billed_and_the_rest_credited(gross: Fen, delivery: tuple[int, int]) -> None:
    lost, contracted = delivery
    billable = meters.billable_of(gross, contracted, lost)
    assert billable == oracle.nearest(Fraction(gross * (contracted - lost), contracted))
    assert meters.billable_of(Fen(-gross), contracted, lost) == -billable


# Statement


@law(worlds.grosses, worlds.terms)
def a_line_is_the_formulas(gross: Fen, terms: Terms) -> None:
    assert asdict(statement.statement_line(gross, terms)) == oracle.line(gross, terms)


@law(worlds.grosses, worlds.terms_with(vouchers=worlds.stacks))
def a_line_with_vouchers_is_the_formulas(gross: Fen, terms: Terms) -> None:
    assert asdict(statement.statement_line(gross, terms)) == oracle.line(gross, terms)


@law(worlds.grosses, worlds.terms)
def a_line_conserves(gross: Fen, terms: Terms) -> None:
    _, local_income_tax = income_tax.split_income_tax(terms.tax.cit_payable)
    assert statement.imbalances(statement.statement_line(gross, terms), local_income_tax) == []


@law(worlds.grosses, worlds.plain_terms)
def a_credit_mirrors_its_charge(gross: Fen, terms: Terms) -> None:
    charge, credit = figures_of(gross, terms), figures_of(Fen(-gross), terms)
    assert credit == {name: -fen for name, fen in charge.items()}


@law(worlds.grosses, st.integers(0, 300), worlds.refundable_terms)
def no_figure_falls_when_the_gross_rises(gross: Fen, rise: int, terms: Terms) -> None:
    before, after = figures_of(gross, terms), figures_of(Fen(gross + rise), terms)
    fallen = {name for name in before if after[name] < before[name]}
    assert fallen <= may_stray(terms)


def may_stray(terms: Terms) -> set[str]:
    """Differences of two numbers that are rounded apart."""
    # Why the fee is taken on net.
    found = {"seller_net_fen"} if terms.fee.base is FeeBase.GROSS else set()
    # What is left of the buyer's money when the fee on the whole price is paid from it.
    return found | ({"payout_on_charge_fen"} if terms.vouchers else set())


# Vouchers


@law(worlds.totals.map(abs), st.lists(worlds.vouchers, min_size=4, max_size=8))
def a_voucher_covers_all_that_it_may_and_no_more(price: int, different: list[VoucherTerms]) -> None:
    for voucher in different:
        covered = statement.voucher_of(Fen(price), voucher)
        limits = (voucher.per_order_cap, voucher.yearly_left, voucher.balance)
        caps = [cap for cap in limits if cap is not None]
        assert covered * 10_000 <= price * voucher.rate_bp
        assert all(covered <= cap for cap in caps)
        assert (covered + 1) * 10_000 > price * voucher.rate_bp or covered in caps


@law(worlds.grosses, worlds.stacks)
def vouchers_never_cover_more_than_the_price(gross: Fen, stack: tuple[VoucherTerms, ...]) -> None:
    covered = statement.vouchers_of(gross, stack)
    assert min(covered) >= 0
    assert sum(covered) <= max(gross, 0)


@law(worlds.grosses, worlds.terms)
def a_voucher_changes_nobodys_tax_and_not_what_the_seller_gets(gross: Fen, terms: Terms) -> None:
    with_vouchers = statement.statement_line(gross, terms)
    without = statement.statement_line(gross, replace(terms, vouchers=()))
    paid_by_others = {
        "voucher_fen", "buyer_pays_fen", "government_pays_fen", "payout_on_charge_fen", "payout_on_voucher_fen"
    }  # fmt: skip
    for figure in fields(with_vouchers):
        if figure.name not in paid_by_others:
            assert getattr(with_vouchers, figure.name) == getattr(without, figure.name)
    later = with_vouchers.government_to_buyer_later_fen
    assert with_vouchers.buyer_pays_now_fen - later == with_vouchers.buyer_pays_fen


def figures_of(gross: Fen, terms: Terms) -> dict[str, int]:
    """Give every figure of a line, those of the regions one by one."""
    return by_name(statement.statement_line(gross, terms))


def by_name(line: statement.Line) -> dict[str, int]:
    figures: dict[str, int] = {}
    for field in fields(line):
        value = getattr(line, field.name)
        if isinstance(value, tuple):
            figures |= {f"{field.name}/{region}": fen for region, fen in value}
        else:
            figures[field.name] = value
    return figures
