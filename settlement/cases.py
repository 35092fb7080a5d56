"""Acceptance cases: settle a worked example from a case file and say where the result differs from what it expects.

A case is JSON, `{id, title, tags, notes, input, expected}`, every amount in fen. Whatever an input asks for that no form
has is a difference of its own, so that no case passes because part of it was overlooked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from typing import cast

from settlement.agreements import PairAgreement, Shares
from settlement.carbon import PowerUse, emissions_by_region, emissions_of
from settlement.case_forms import (
    CarbonInput,
    CaseInput,
    HeadBranchInput,
    LineInput,
    PairInput,
    SplitsInput,
    TaxInput,
    UsageEvent,
    VoucherInput,
    unknown_keys,
)
from settlement.income_tax import Branch, share_income_tax, split_income_tax
from settlement.meters import Meter, billable_of, gross_of
from settlement.money import NOTHING, BasisPoints, Fen, chain, largest_remainder
from settlement.refunds import refund, total
from settlement.statement import Line, statement_line
from settlement.terms import FeeBase, FeeTerms, SplitMethod, TaxTerms, Terms, VoucherMode, VoucherTerms

MEMO_FIGURES = ("revenue_by_region_fen", "tax_by_region_fen", "gdp_base_fen", "gdp_by_region_fen")
"""What only an agreement gives rise to."""

WH_PER_MWH = 1_000_000
"""A certificate is of a MWh."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that came out otherwise; `field` is its path, such as `statement.net_fen`."""

    field: str
    expected: object
    got: object


def check_case(case: Mapping[str, object]) -> list[Difference]:
    """Settle a case and list every difference; an empty list is a pass. A key that is missing raises KeyError."""
    # The one place where JSON becomes typed: the forms say what each key holds.
    given = cast("CaseInput", case["input"])
    unknown = [Difference(path, "settled", "unknown") for path in unknown_keys(given)]
    return unknown or list(differences("", case["expected"], outcome(given)))


def differences(field: str, expected: object, got: object) -> Iterator[Difference]:
    """Compare two JSON values to the leaves, both ways: a figure too many is a difference too."""
    match expected, got:
        case Mapping(), Mapping():
            for key in {**expected, **got}:
                path = f"{field}.{key}" if field else key
                yield from differences(path, expected.get(key, "nothing"), got.get(key, "nothing"))
        case list(), list() if len(expected) == len(got):
            for index, (one, other) in enumerate(zip(expected, got, strict=True)):
                yield from differences(f"{field}[{index}]", one, other)
        case _ if expected != got:
            yield Difference(field, expected, got)


def outcome(given: CaseInput) -> dict[str, object]:
    """Settle everything that an input asks for, in the form of a case's `expected`."""
    found: dict[str, object] = {}
    if "multi" in given:
        assert "refunds" not in given, "a refund is of one line"
        found |= several(given, given["multi"])
    elif "gross_fen" in given or "usage" in given:
        found |= settled(given, given.get("refunds"))
    if "head_branch" in given:
        found |= divided(given["head_branch"])
    if "splits" in given:
        found |= split_both_ways(given["splits"])
    if "carbon" in given:
        found |= emitted(given["carbon"], given.get("pair"))
    return found


def several(given: CaseInput, lines: Sequence[LineInput]) -> dict[str, object]:
    """Settle lines one by one, and add them (F10)."""
    alone = [settled(cast("LineInput", {**given, **line}))["statement"] for line in lines]
    return {"lines": alone, "statement": reduce(added, alone)}


def settled(given: LineInput, refunds: Sequence[int] | None = None) -> dict[str, object]:
    """Settle one line, from usage or a given gross, less what an interruption cost and what is refunded (F1 to F7)."""
    found: dict[str, object] = {}
    if "usage" in given:
        accumulated = accumulated_of(given["usage"])
        # Every case prices its meter per million units, whatever the unit.
        gross = gross_of(accumulated, Meter.INPUT_TOKENS.divisor)
        found |= {"accumulator_pico_yuan": accumulated, "gross_from_usage_fen": gross}
    else:
        gross = Fen(given["gross_fen"])
    if "interruption" in given:
        time = given["interruption"]
        billable = billable_of(gross, time["contract_seconds"], time["lost_seconds"])
        found |= {"gross_before_interruption_fen": gross, "interruption_credit_fen": gross - billable}
        gross = billable
    line = statement_line(gross, terms_of(given))
    found["statement"] = figures(line, given)
    return found if refunds is None else {**found, **refunded(line, refunds, given)}


def refunded(standing: Line, refunds: Sequence[int], given: LineInput) -> dict[str, object]:
    """Take refunds off a line, one after the other (F11)."""
    deltas: list[dict[str, object]] = []
    for amount in refunds:
        delta = refund(standing, Fen(amount), terms_of(given))
        standing = total([standing, delta])
        deltas.append(
            {
                "refund_fen": amount,
                "remaining_gross_fen": standing.gross_fen,
                # Income tax is of no gross, so no refund changes it.
                "delta": figures(delta, given, NOTHING),
            }
        )
    return {"refund_deltas": deltas, "after_refunds": figures(standing, given)}


def divided(given: HeadBranchInput) -> dict[str, object]:
    """Divide a company's income tax among the centre, its head office and its branches (F8)."""
    branches = [Branch(**branch) for branch in given["branches"]]
    shares = share_income_tax(Fen(given["cit_payable_fen"]), branches)
    return {
        "cit_central_fen": shares.central,
        "cit_local_fen": shares.local,
        "local_head_25_fen": shares.head,
        "local_branches_50_fen": shares.all_branches,
        "local_pool_25_fen": shares.pool,
        "branch_weight": [str(weight) for weight in shares.weights],
        "branches_fen": {branch.region: part for branch, part in zip(branches, shares.branches, strict=True)},
    }


def split_both_ways(given: SplitsInput) -> dict[str, object]:
    """Split a total by largest remainder and by a chain, to set them side by side (F0)."""
    asked, weights = given["total"], given["weights"]
    ways = {"lrm": largest_remainder(asked, weights), "seq2": chain(asked, weights)}
    return {"splits": [{"method": way, "total": asked, "parts": list(parts)} for way, parts in ways.items()]}


def emitted(given: CarbonInput, pair: PairInput | None) -> dict[str, object]:
    """Reckon the emissions of a facility, and attribute those that no certificate covers (F9)."""
    emissions = emissions_of(
        PowerUse(
            it_wh=given["it_wh"],
            pue_milli=given["pue_milli"],
            grid_mg_per_kwh=given["ef_mg_per_kwh"],
            certificates_wh=given.get("green_certificates_mwh", 0) * WH_PER_MWH,
        )
    )
    shares = () if pair is None else emissions_by_region(emissions.market_based_g, agreement_of(pair))
    return asdict(emissions) | ({"carbon_by_region_g": dict(shares)} if shares else {})


def added(one: object, other: object) -> object:
    """Add two lines figure by figure: a total is the sum of its lines and is never settled anew (F10)."""
    match one, other:
        case int(), int():
            return one + other
        case Mapping(), Mapping():
            return {key: added(one.get(key, 0), other.get(key, 0)) for key in {**one, **other}}
        case _:
            raise AssertionError(f"{one} and {other} are not figures of the same kind")


def accumulated_of(events: Sequence[UsageEvent]) -> int:
    """Sum quantity times price in pico-yuan; of several events with one id the first counts (F1)."""
    distinct = {event["id"]: event for event in reversed(events)}.values()
    return sum(
        event["qty"] * event["price_micro_yuan_per_million"] * event.get("repeat", 1) for event in distinct
    )


def figures(line: Line, given: LineInput, cit_payable: Fen | None = None) -> dict[str, object]:
    """Write a line as a case file does: regions as an object, and some figures only where they are asked for."""
    found = {name: dict(value) if isinstance(value, tuple) else value for name, value in asdict(line).items()}
    terms = terms_of(given)
    if terms.agreement is None:
        found = {name: value for name, value in found.items() if name not in MEMO_FIGURES}
    if any(voucher.mode is VoucherMode.REIMBURSE_BUYER for voucher in terms.vouchers):
        found["buyer_pays_now_fen"] = line.buyer_pays_now_fen
        found["government_to_buyer_later_fen"] = line.government_to_buyer_later_fen
    if "cit_payable_fen" in given.get("tax", {}):
        income_tax = terms.tax.cit_payable if cit_payable is None else cit_payable
        found["cit_central_fen"], found["cit_local_fen"] = split_income_tax(income_tax)
    return found


def terms_of(given: LineInput) -> Terms:
    fee, pair = given["fee"], given.get("pair")
    return Terms(
        vat_rate_bp=BasisPoints(given["vat_rate_bp"]),
        fee=FeeTerms(BasisPoints(fee["rate_bp"]), FeeBase(fee["base"]), BasisPoints(fee["vat_rate_bp"])),
        tax=tax_terms_of(given.get("tax", {})),
        agreement=agreement_of(pair) if pair else None,
        vouchers=(voucher_terms_of(given["voucher"]),) if given.get("voucher") else (),
        split=SplitMethod(pair.get("method", SplitMethod.CHAIN)) if pair else SplitMethod.CHAIN,
    )


def tax_terms_of(tax: TaxInput) -> TaxTerms:
    """Read the tax terms; where a case is silent the defaults of the rules hold (F6)."""
    usual = TaxTerms()
    surcharge = tax.get("surcharge_bp", {})
    return TaxTerms(
        input_vat=Fen(tax.get("input_vat_fen", usual.input_vat)),
        cit_payable=Fen(tax.get("cit_payable_fen", usual.cit_payable)),
        surcharge_urban_bp=BasisPoints(surcharge.get("urban", usual.surcharge_urban_bp)),
        surcharge_education_bp=BasisPoints(surcharge.get("education", usual.surcharge_education_bp)),
        surcharge_local_education_bp=BasisPoints(
            surcharge.get("local_education", usual.surcharge_local_education_bp)
        ),
    )


def voucher_terms_of(voucher: VoucherInput) -> VoucherTerms:
    """Read a voucher; one that says no mode is deducted."""
    cap, balance = voucher.get("per_order_cap_fen"), voucher.get("balance_fen")
    return VoucherTerms(
        id=voucher.get("id", ""),
        rate_bp=BasisPoints(voucher["rate_bp"]),
        mode=VoucherMode(voucher.get("mode", VoucherMode.DEDUCT_AT_CHECKOUT)),
        per_order_cap=None if cap is None else Fen(cap),
        balance=None if balance is None else Fen(balance),
    )


def agreement_of(pair: PairInput) -> PairAgreement:
    """Read the agreement of a case, which is in force whenever the case happens."""
    shares = pair["shares_bp"]
    return PairAgreement(
        id=pair["id"],
        version=1,
        parties=tuple(pair["parties"]),
        valid_from=0,
        valid_to=None,
        shares=Shares(
            revenue=tuple(map(BasisPoints, shares.get("revenue", ()))),
            tax=tuple(map(BasisPoints, shares.get("tax", ()))),
            gdp=tuple(map(BasisPoints, shares.get("gdp", ()))),
            carbon=tuple(map(BasisPoints, shares.get("carbon", ()))),
        ),
        value_added_bp=BasisPoints(pair["value_added_bp"]),
    )
