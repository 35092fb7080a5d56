"""The laws of what is assessed once and never refunded line by line: income tax, and emissions."""

from dataclasses import asdict

from hypothesis import strategies as st

from settlement import carbon, income_tax
from settlement.agreements import PairAgreement
from settlement.carbon import PowerUse
from settlement.income_tax import Branch
from settlement.money import Fen
from tests.settlement import oracle, worlds
from tests.settlement.law import law

factors = st.integers(1, 9) | st.integers(1, 10**12)
branches = st.lists(
    st.builds(Branch, region=st.just("guian"), revenue=factors, wages=factors, assets=factors),
    min_size=1,
    max_size=5,
)
uses = st.builds(
    PowerUse,
    it_wh=st.integers(0, 2000) | st.integers(0, 10**15),
    pue_milli=st.integers(1000, 2000),
    grid_mg_per_kwh=st.integers(0, 10**6),
    certificates_wh=st.integers(0, 3) | st.integers(0, 10**15),
)


@law(worlds.grosses, branches)
def income_tax_is_the_formula(payable: Fen, branches: list[Branch]) -> None:
    assert asdict(income_tax.share_income_tax(payable, branches)) == oracle.income_tax(payable, branches)


@law(worlds.grosses, branches)
def income_tax_is_divided_without_rest(payable: Fen, branches: list[Branch]) -> None:
    shares = income_tax.share_income_tax(payable, branches)
    assert shares.central + shares.local == payable
    assert shares.head + shares.all_branches + shares.pool == shares.local
    assert sum(shares.branches) == shares.all_branches
    assert sum(shares.weights) == 1


@law(uses)
def emissions_are_the_formula(use: PowerUse) -> None:
    assert asdict(carbon.emissions_of(use)) == oracle.emissions(use)


@law(uses, st.integers(0, 3))
def a_certificate_never_adds_emissions_nor_takes_more_than_there_are(use: PowerUse, more: int) -> None:
    before = carbon.emissions_of(use)
    after = carbon.emissions_of(
        PowerUse(use.it_wh, use.pue_milli, use.grid_mg_per_kwh, use.certificates_wh + more)
    )
    assert 0 <= after.market_based_g <= before.market_based_g <= before.location_based_g


@law(worlds.totals, worlds.agreements())
def emissions_by_region_are_all_of_them(grams: int, agreement: PairAgreement) -> None:
    shares = carbon.emissions_by_region(grams, agreement)
    assert shares == tuple(zip(agreement.parties, oracle.seq2(grams, agreement.shares.carbon), strict=True))
    assert sum(part for _, part in shares) == grams
