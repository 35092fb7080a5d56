"""Acceptance cases: settle a worked example from a case file and say where the result differs from what it expects.

A case is JSON, `{id, title, tags, notes, input, expected}`, every amount in fen. Whatever an input asks for that is not
built yet is a difference of its own, so that no case passes because part of it was overlooked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from typing import NotRequired, TypedDict, cast

from settlement.agreements import PairAgreement, Shares
from settlement.meters import Meter, billable_of, gross_of
from settlement.money import BasisPoints, Fen
from settlement.statement import Line, statement_line
from settlement.terms import FeeBase, FeeTerms, TaxTerms, Terms


class FeeInput(TypedDict):
    rate_bp: int
    base: str
    vat_rate_bp: int


class PairInput(TypedDict):
    id: str
    parties: list[str]
    shares_bp: dict[str, list[int]]
    value_added_bp: int


class TaxInput(TypedDict, total=False):
    input_vat_fen: int
    surcharge_bp: dict[str, int]


class InterruptionInput(TypedDict):
    contract_seconds: int
    lost_seconds: int


class UsageEvent(TypedDict):
    """One measurement; `repeat: n` stands for n distinct events of this size."""

    id: str
    qty: int
    price_micro_yuan_per_million: int
    repeat: NotRequired[int]


class CaseInput(TypedDict, total=False):
    """What a case may ask for. These keys are understood and no others: see `not_built`."""

    vat_rate_bp: int
    fee: FeeInput
    pair: PairInput
    tax: TaxInput
    gross_fen: int
    usage: list[UsageEvent]
    interruption: InterruptionInput
    multi: "list[CaseInput]"
    """Lines settled one by one; what a line does not say itself it takes from the case (F10)."""


PARTS = {"fee": FeeInput, "pair": PairInput, "tax": TaxInput, "interruption": InterruptionInput}


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that came out otherwise; `field` is its path, such as `statement.net_fen`."""

    field: str
    expected: object
    got: object


def check_case(case: Mapping[str, object]) -> list[Difference]:
    """Settle a case and list every difference; an empty list is a pass. A key that is missing raises KeyError."""
    # The one place where JSON becomes typed: the forms above say what each key holds.
    given = cast("CaseInput", case["input"])
    unread = [Difference(f"input.{key}", "settled", "not built yet") for key in not_built(given)]
    return unread or list(differences("", case["expected"], outcome(given)))


def not_built(given: CaseInput) -> list[str]:
    """Name what an input asks for that nothing here reads."""
    found = [key for key in given if key not in CaseInput.__annotations__]
    for part, form in PARTS.items():
        asked = cast("Mapping[str, object]", given.get(part, {}))
        found += [f"{part}.{key}" for key in asked if key not in form.__annotations__]
    for line in given.get("multi", []):
        found += not_built(line)
    return found


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
    """Settle an input, in the form of a case's `expected`."""
    if "multi" not in given:
        return settled(given)
    shared = given.copy()
    del shared["multi"]
    lines = [settled({**shared, **line})["statement"] for line in given["multi"]]
    return {"lines": lines, "statement": reduce(added, lines)}


def settled(given: CaseInput) -> dict[str, object]:
    """Settle one line, from usage or a given gross, less what an interruption cost (F1 to F7)."""
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
    return {**found, "statement": figures(statement_line(gross, terms_of(given)))}


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


def figures(line: Line) -> dict[str, object]:
    """Write a line as a case file does, with regions as an object."""
    return {name: dict(value) if isinstance(value, tuple) else value for name, value in asdict(line).items()}


def terms_of(given: CaseInput) -> Terms:
    fee = given["fee"]
    return Terms(
        vat_rate_bp=BasisPoints(given["vat_rate_bp"]),
        fee=FeeTerms(BasisPoints(fee["rate_bp"]), FeeBase(fee["base"]), BasisPoints(fee["vat_rate_bp"])),
        tax=tax_terms_of(given.get("tax", {})),
        agreement=agreement_of(given["pair"]) if "pair" in given else None,
    )


def tax_terms_of(tax: TaxInput) -> TaxTerms:
    """Read the tax terms; where a case is silent the defaults of the rules hold (F6)."""
    usual = TaxTerms()
    surcharge = tax.get("surcharge_bp", {})
    return TaxTerms(
        input_vat=Fen(tax.get("input_vat_fen", usual.input_vat)),
        surcharge_urban_bp=BasisPoints(surcharge.get("urban", usual.surcharge_urban_bp)),
        surcharge_education_bp=BasisPoints(surcharge.get("education", usual.surcharge_education_bp)),
        surcharge_local_education_bp=BasisPoints(
            surcharge.get("local_education", usual.surcharge_local_education_bp)
        ),
    )


def agreement_of(pair: PairInput) -> PairAgreement:
    """Read the agreement of a case, which is in force whenever the case happens."""
    shares = {kind: tuple(map(BasisPoints, parts)) for kind, parts in pair["shares_bp"].items()}
    return PairAgreement(
        id=pair["id"],
        version=1,
        parties=tuple(pair["parties"]),
        valid_from=0,
        valid_to=None,
        shares=Shares(**shares),
        value_added_bp=BasisPoints(pair["value_added_bp"]),
    )
