"""The law of case files: with any other numbers a case expects what the formulas say, key by key."""

from dataclasses import replace

from hypothesis import strategies as st

from settlement import cases
from settlement.agreements import PairAgreement
from settlement.carbon import PowerUse
from settlement.income_tax import Branch
from settlement.money import Fen
from settlement.terms import Terms, VoucherMode
from tests.settlement import assessed_laws, oracle, worlds
from tests.settlement.law import law
from tests.settlement.refund_laws import Order, orders_under

Json = dict[str, object]

# The form has one voucher, and no cap by year.
case_terms = worlds.terms_with(
    input_vat=st.integers(0, 500),
    cit_payable=st.integers(-300, 300),
    vouchers=st.just(()) | worlds.yearless_vouchers.map(lambda voucher: (voucher,)),
    split=st.sampled_from(list(oracle.METHODS)),
)


@law(orders_under(case_terms))
def a_case_of_one_line_is_the_formulas(order: Order) -> None:
    expected: Json = {
        "statement": told(oracle.line(order.gross, order.terms), order.terms),
        "refund_deltas": [],
        "after_refunds": told(oracle.line(order.gross - sum(order.refunds), order.terms), order.terms),
    }
    gross: int = order.gross
    deltas: list[Json] = []
    for amount in order.refunds:
        delta = oracle.taken_back(gross, amount, order.terms)
        gross -= amount
        shown = told(delta, order.terms, income_tax=False)
        deltas.append({"refund_fen": amount, "remaining_gross_fen": gross, "delta": shown})
    expected["refund_deltas"] = deltas
    given = {**line_input(order.terms), "gross_fen": order.gross, "refunds": list(order.refunds)}
    assert cases.check_case({"input": given, "expected": expected}) == []


@law(st.lists(worlds.grosses, min_size=1, max_size=4), case_terms)
def a_case_of_several_lines_is_the_sum_of_them(grosses: list[Fen], terms: Terms) -> None:
    lines = [told(oracle.line(gross, terms), terms) for gross in grosses]
    given = {**line_input(terms), "multi": [{"gross_fen": gross} for gross in grosses]}
    expected = {
        "lines": lines,
        "statement": {name: summed([line[name] for line in lines]) for name in lines[0]},
    }
    assert cases.check_case({"input": given, "expected": expected}) == []


@law(worlds.grosses, assessed_laws.branches)
def a_case_of_a_head_office_is_the_formula(payable: Fen, branches: list[Branch]) -> None:
    named = [
        {"region": str(n), "revenue": one.revenue, "wages": one.wages, "assets": one.assets}
        for n, one in enumerate(branches)
    ]
    exact = oracle.income_tax(payable, branches)
    parts, weights = exact["branches"], exact["weights"]
    assert isinstance(parts, tuple)
    assert isinstance(weights, tuple)
    expected = {
        "cit_central_fen": exact["central"],
        "cit_local_fen": exact["local"],
        "local_head_25_fen": exact["head"],
        "local_branches_50_fen": exact["all_branches"],
        "local_pool_25_fen": exact["pool"],
        "branch_weight": [str(weight) for weight in weights],
        "branches_fen": {str(n): part for n, part in enumerate(parts)},
    }
    given = {"head_branch": {"cit_payable_fen": payable, "branches": named}}
    assert cases.check_case({"input": given, "expected": expected}) == []


@law(worlds.totals, worlds.weights)
def a_case_of_splits_is_the_formula(total: int, weights: tuple[int, ...]) -> None:
    ways = {"lrm": oracle.lrm(total, weights), "seq2": oracle.seq2(total, weights)}
    expected = {
        "splits": [{"method": way, "total": total, "parts": list(parts)} for way, parts in ways.items()]
    }
    given = {"splits": {"total": total, "weights": list(weights)}}
    assert cases.check_case({"input": given, "expected": expected}) == []


@law(assessed_laws.uses, worlds.agreements())
def a_case_of_carbon_is_the_formula(use: PowerUse, agreement: PairAgreement) -> None:
    certificates = use.certificates_wh // 10**6
    exact = oracle.emissions(replace(use, certificates_wh=certificates * 10**6))
    shares = oracle.seq2(exact["market_based_g"], agreement.shares.carbon)
    given = {
        "pair": pair_input(agreement, "seq2"),
        "carbon": {
            "it_wh": use.it_wh,
            "pue_milli": use.pue_milli,
            "ef_mg_per_kwh": use.grid_mg_per_kwh,
            "green_certificates_mwh": certificates,
        },
    }
    expected = {**exact, "carbon_by_region_g": dict(zip(agreement.parties, shares, strict=True))}
    assert cases.check_case({"input": given, "expected": expected}) == []


def line_input(terms: Terms) -> Json:
    """Write terms as a case does."""
    given: Json = {
        "vat_rate_bp": terms.vat_rate_bp,
        "fee": {
            "rate_bp": terms.fee.rate_bp,
            "base": str(terms.fee.base),
            "vat_rate_bp": terms.fee.vat_rate_bp,
        },
        "tax": {
            "input_vat_fen": terms.tax.input_vat,
            "cit_payable_fen": terms.tax.cit_payable,
            "surcharge_bp": {
                "urban": terms.tax.surcharge_urban_bp,
                "education": terms.tax.surcharge_education_bp,
                "local_education": terms.tax.surcharge_local_education_bp,
            },
        },
    }
    if terms.agreement is not None:
        given["pair"] = pair_input(terms.agreement, str(terms.split))
    for voucher in terms.vouchers:
        given["voucher"] = {
            "id": voucher.id,
            "rate_bp": voucher.rate_bp,
            "per_order_cap_fen": voucher.per_order_cap,
            "balance_fen": voucher.balance,
            "mode": str(voucher.mode),
        }
    return given


def pair_input(agreement: PairAgreement, method: str) -> Json:
    shares = agreement.shares
    return {
        "id": agreement.id,
        "parties": list(agreement.parties),
        "method": method,
        "shares_bp": {
            "revenue": list(shares.revenue),
            "tax": list(shares.tax),
            "gdp": list(shares.gdp),
            "carbon": list(shares.carbon),
        },
        "value_added_bp": agreement.value_added_bp,
    }


def told(line: Json, terms: Terms, *, income_tax: bool = True) -> Json:
    """Write a line of the oracle as a case does, with the figures that only some cases have."""
    found = {name: dict(value) if isinstance(value, tuple) else value for name, value in line.items()}
    if terms.agreement is None:
        for memo in ("revenue_by_region_fen", "tax_by_region_fen", "gdp_base_fen", "gdp_by_region_fen"):
            del found[memo]
    central, local = oracle.income_tax_of(terms.tax.cit_payable if income_tax else 0)
    found |= {"cit_central_fen": central, "cit_local_fen": local}
    if any(voucher.mode is VoucherMode.REIMBURSE_BUYER for voucher in terms.vouchers):
        found |= {
            "buyer_pays_now_fen": found["gross_fen"],
            "government_to_buyer_later_fen": found["voucher_fen"],
        }
    return found


def summed(figures: list[object]) -> object:
    """Add one figure of all lines, region by region where it is of regions."""
    first = figures[0]
    if isinstance(first, dict):
        return {key: summed([figure[key] for figure in figures if isinstance(figure, dict)]) for key in first}
    return sum(figure for figure in figures if isinstance(figure, int))
