"""What the laws range over: amounts, rates, agreements and terms, as Hypothesis strategies."""

from dataclasses import replace

from hypothesis import strategies as st

from settlement.agreements import PairAgreement, Shares
from settlement.money import NOTHING, BasisPoints, Fen
from settlement.terms import FeeBase, FeeTerms, SplitMethod, TaxTerms, Terms, VoucherMode, VoucherTerms

# Small totals meet ties and zeros; large ones pass 64 bits.
totals = st.integers(-300, 300) | st.integers(-(10**24), 10**24)
denominators = st.integers(1, 40) | st.integers(1, 10**12)
weights = st.lists(st.integers(0, 12) | st.integers(0, 10_000), min_size=1, max_size=5).map(tuple).filter(any)

grosses = totals.map(Fen)
rates = st.integers(0, 10_000).map(BasisPoints)
lawful_vat_rates = st.sampled_from([0, 100, 300, 500, 600, 900, 1300]).map(BasisPoints)


@st.composite
def proper_fractions(draw: st.DrawFn) -> tuple[int, int]:
    denominator = draw(denominators)
    return draw(st.integers(0, denominator)), denominator


# Halves are drawn often, or a tie would hardly ever be met.
fractions = st.just((1, 2)) | proper_fractions()


@st.composite
def basis_points(draw: st.DrawFn, parties: int) -> tuple[BasisPoints, ...]:
    """One share a party, adding up to the whole."""
    cuts = sorted(draw(st.lists(rates, min_size=parties - 1, max_size=parties - 1)))
    return tuple(
        BasisPoints(after - before) for before, after in zip([0, *cuts], [*cuts, 10_000], strict=True)
    )


@st.composite
def agreements(draw: st.DrawFn) -> PairAgreement:
    """An agreement between two to four regions that can be signed."""
    parties = ("shanghai", "zhengzhou", "lanzhou", "qingyang")[: draw(st.integers(2, 4))]
    kind = basis_points(len(parties))
    return PairAgreement(
        id="A-1",
        version=1,
        parties=parties,
        valid_from=0,
        valid_to=None,
        shares=Shares(revenue=draw(kind), tax=draw(kind), gdp=draw(kind), carbon=draw(kind)),
        value_added_bp=draw(rates),
    )


caps = st.none() | st.integers(0, 400) | st.integers(0, 10**20)
vouchers = st.builds(
    VoucherTerms,
    id=st.sampled_from("vw"),
    rate_bp=rates,
    mode=st.sampled_from(VoucherMode),
    per_order_cap=caps,
    yearly_left=caps,
    balance=caps,
)
yearless_vouchers = vouchers.map(lambda voucher: replace(voucher, yearly_left=None))
# Without caps, so that together they come to the whole price.
stacks = st.lists(
    st.builds(VoucherTerms, id=st.just("v"), rate_bp=rates, mode=st.sampled_from(VoucherMode)),
    min_size=2,
    max_size=3,
).map(tuple)
no_vouchers: st.SearchStrategy[tuple[VoucherTerms, ...]] = st.just(())
some_vouchers = no_vouchers | st.lists(vouchers, max_size=3).map(tuple)
no_amount = st.just(0)
chained = st.just(SplitMethod.CHAIN)


def terms_with(
    *,
    input_vat: st.SearchStrategy[int] = no_amount,
    cit_payable: st.SearchStrategy[int] = no_amount,
    vouchers: st.SearchStrategy[tuple[VoucherTerms, ...]] = no_vouchers,
    split: st.SearchStrategy[SplitMethod] = chained,
) -> st.SearchStrategy[Terms]:
    """Terms in which whatever is not asked for is not there."""
    fee = st.builds(FeeTerms, rate_bp=rates, base=st.sampled_from(FeeBase), vat_rate_bp=lawful_vat_rates)
    tax = st.builds(
        TaxTerms,
        input_vat=input_vat.map(Fen),
        cit_payable=cit_payable.map(Fen),
        surcharge_urban_bp=rates,
        surcharge_education_bp=rates,
        surcharge_local_education_bp=rates,
    )
    return st.builds(
        Terms,
        vat_rate_bp=lawful_vat_rates,
        fee=fee,
        tax=tax,
        agreement=st.none() | agreements(),
        vouchers=vouchers,
        split=split,
    )


terms = terms_with(
    input_vat=st.integers(0, 500),
    cit_payable=st.integers(-300, 300),
    vouchers=some_vouchers,
    split=st.sampled_from(SplitMethod),
)
# A charge is never taxed below zero and a credit may be, a voucher covers a charge and no credit, and income tax is of
# no gross: only without them are a charge and its credit mirrors.
plain_terms = terms_with()
# Largest remainder may take from one party when the total rises.
refundable_terms = terms_with(vouchers=some_vouchers)

PAIR = PairAgreement(
    id="SH-QY",
    version=1,
    parties=("shanghai", "qingyang"),
    valid_from=0,
    valid_to=None,
    shares=Shares(
        revenue=(BasisPoints(4000), BasisPoints(6000)),
        tax=(BasisPoints(3000), BasisPoints(7000)),
        gdp=(BasisPoints(3500), BasisPoints(6500)),
    ),
    value_added_bp=BasisPoints(6000),
)
"""The agreement of the hand-worked examples."""

ORDINARY = Terms(
    vat_rate_bp=BasisPoints(600),
    fee=FeeTerms(rate_bp=BasisPoints(300), base=FeeBase.NET, vat_rate_bp=BasisPoints(600)),
    tax=TaxTerms(input_vat=NOTHING),
    agreement=PAIR,
)
"""The terms of the hand-worked examples: 6 % VAT, a fee of 3 % on net."""
