"""The laws of the simulator: it conserves, it mirrors, and the agreement's own terms change nothing."""

from dataclasses import replace

from hypothesis import strategies as st

from settlement import statement, what_if
from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.terms import SplitMethod, Terms
from settlement.what_if import Comparison, SettledLine
from tests.settlement import oracle, worlds
from tests.settlement.law import law

grosses = st.lists(worlds.grosses, max_size=4)


@st.composite
def two_agreements(draw: st.DrawFn) -> tuple[PairAgreement, PairAgreement]:
    """An agreement and other terms between the same parties."""
    settled = draw(worlds.agreements())
    kind = worlds.basis_points(len(settled.parties))
    shares = replace(settled.shares, revenue=draw(kind), tax=draw(kind), gdp=draw(kind))
    return settled, replace(settled, shares=shares, value_added_bp=draw(worlds.rates))


def lines_of(grosses: list[Fen], terms: Terms, agreement: PairAgreement) -> list[SettledLine]:
    """Lines as the statement settles them under the agreement."""
    found = []
    for gross in grosses:
        line = statement.statement_line(gross, replace(terms, agreement=agreement))
        shared = statement.attribution_of(line.net_fen, line.local_retained_fen, agreement, SplitMethod.CHAIN)
        found.append(SettledLine(line.net_fen, line.local_retained_fen, shared))
    return found


def negated(line: SettledLine) -> SettledLine:
    def turned(regions: statement.RegionShares) -> statement.RegionShares:
        return tuple((region, Fen(-fen)) for region, fen in regions)

    shared = line.shared
    return SettledLine(
        Fen(-line.net),
        Fen(-line.local_retained),
        statement.Attribution(
            turned(shared.revenue), turned(shared.tax), Fen(-shared.gdp_base), turned(shared.gdp)
        ),
    )


def all_figures(comparison: Comparison) -> list[int]:
    return [
        fen for one in comparison for side in (one.settled, one.other) for fen in (side.base, *side.parts)
    ]


@law(grosses, worlds.plain_terms, two_agreements())
def every_part_of_a_comparison_is_somebodys(
    grosses: list[Fen], terms: Terms, agreed: tuple[PairAgreement, PairAgreement]
) -> None:
    settled, other = agreed
    compared = what_if.what_if(lines_of(grosses, terms, settled), other)
    assert [one.kind for one in compared] == [AccountKind.REVENUE, AccountKind.TAX, AccountKind.GDP]
    for one in compared:
        assert sum(one.settled.parts) == one.settled.base
        assert sum(one.other.parts) == one.other.base
        assert sum(one.differences) == one.base_difference
    revenue, tax, _ = compared
    assert revenue.base_difference == tax.base_difference == 0


@law(grosses, worlds.plain_terms, two_agreements())
def the_agreements_own_terms_change_nothing(
    grosses: list[Fen], terms: Terms, agreed: tuple[PairAgreement, PairAgreement]
) -> None:
    settled, _ = agreed
    for one in what_if.what_if(lines_of(grosses, terms, settled), settled):
        assert one.settled == one.other


@law(grosses, worlds.plain_terms, two_agreements())
def other_terms_give_what_they_would_have_settled(
    grosses: list[Fen], terms: Terms, agreed: tuple[PairAgreement, PairAgreement]
) -> None:
    settled, other = agreed
    compared = what_if.what_if(lines_of(grosses, terms, settled), other)
    under_other = what_if.what_if(lines_of(grosses, terms, other), other)
    assert [one.other for one in compared] == [one.settled for one in under_other]


@law(grosses, worlds.plain_terms, two_agreements())
def a_comparison_is_the_formula(
    grosses: list[Fen], terms: Terms, agreed: tuple[PairAgreement, PairAgreement]
) -> None:
    settled, other = agreed
    lines = lines_of(grosses, terms, settled)
    revenue, tax, _ = what_if.what_if(lines, other)
    for one, bases, shares in (
        (revenue, [line.net for line in lines], other.shares.revenue),
        (tax, [line.local_retained for line in lines], other.shares.tax),
    ):
        split = [oracle.seq2(base, shares) for base in bases]
        assert list(one.other.parts) == [sum(parts) for parts in zip(*split, strict=True)] or not lines


@law(grosses, worlds.plain_terms, two_agreements())
def a_comparison_of_credits_mirrors_that_of_charges(
    grosses: list[Fen], terms: Terms, agreed: tuple[PairAgreement, PairAgreement]
) -> None:
    settled, other = agreed
    lines = lines_of(grosses, terms, settled)
    charges = all_figures(what_if.what_if(lines, other))
    credits_ = all_figures(what_if.what_if([negated(line) for line in lines], other))
    assert credits_ == [-fen for fen in charges]


@law(grosses, st.integers(0, 4), worlds.plain_terms, two_agreements())
def lines_may_come_in_pages(
    grosses: list[Fen], cut: int, terms: Terms, agreed: tuple[PairAgreement, PairAgreement]
) -> None:
    settled, other = agreed
    lines = lines_of(grosses, terms, settled)
    pages = what_if.together(what_if.what_if(lines[:cut], other), what_if.what_if(lines[cut:], other))
    assert pages == what_if.what_if(lines, other)
