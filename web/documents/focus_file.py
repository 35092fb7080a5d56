"""Reads a FOCUS file of this venue back, strictly: what is not as the specification says is named with its line."""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby

from web.documents.csv_file import Cell, read_csv
from web.documents.focus import COLUMNS, Charge, Column, Kind

_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?\Z", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z", re.ASCII)
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
_USE = ("ConsumedQuantity", "ConsumedUnit")
_PRICED = ("PricingCategory", "PricingQuantity", "PricingUnit", "SkuId")

Key = tuple[str, int, str, str, str]
"""Which charge: of which line of which statement, by which refund or none, of which category, and for a credit why."""


class FocusError(ValueError):
    """A file that is not a FOCUS file of this venue: the line, the column where there is one, and what is wrong."""


def read_focus(text: str) -> list[Charge]:
    """The charges of a file, with their types. Raises FocusError at the first fault."""
    rows = _rows(text)
    line, header = next(rows, (1, []))
    _judge_header(line, header)
    charges, seen = list[Charge](), dict[Key, int]()
    for line, row in rows:
        if len(row) != len(COLUMNS):
            raise FocusError(f"line {line}: {len(row)} values, but {len(COLUMNS)} columns")
        charge = {column.name: _value(line, column, cell) for column, cell in zip(COLUMNS, row, strict=True)}
        _judge(line, charge)
        key = key_of(charge)
        if key in seen:
            raise FocusError(f"line {line}: the same charge as in line {seen[key]}")
        seen[key] = line
        charges.append(charge)
    return charges


def key_of(charge: Charge) -> Key:
    """Which charge it is: no file has it twice."""
    of_line = str(charge["x_StatementId"]), int(charge["x_StatementLine"] or 0)
    by, why = str(charge["x_RefundId"] or ""), str(charge["x_CreditReason"] or "")
    return *of_line, by, str(charge["ChargeCategory"]), why


def billed_fen(charges: Sequence[Charge]) -> dict[tuple[str, int, str], int]:
    """What the charges of each line of each statement come to, in fen; and apart from them those of each refund of it."""
    ordered = sorted(charges, key=key_of)
    return {
        line: sum(int(Decimal(charge["BilledCost"] or 0).scaleb(2)) for charge in some)
        for line, some in groupby(ordered, lambda charge: key_of(charge)[:3])
    }


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    line = 0
    try:
        for line, row in read_csv(text):
            yield line, row
    except csv.Error as fault:
        raise FocusError(f"line {line + 1}: {fault}") from None


def _judge_header(line: int, header: Sequence[str]) -> None:
    for place, column in enumerate(COLUMNS):
        found = header[place] if place < len(header) else "nothing"
        if found != column.name:
            raise FocusError(f"line {line}: column {place + 1} is {found}, not {column.name}")
    if len(header) > len(COLUMNS):
        raise FocusError(f"line {line}: {header[len(COLUMNS)]} is one column too many")


def _value(line: int, column: Column, cell: str) -> Cell:
    if not cell:
        if column.nullable:
            return None
        raise FocusError(f"line {line}, {column.name}: there is no value")
    if column.allowed and cell not in column.allowed:
        raise FocusError(
            f"line {line}, {column.name}: {cell!r} is none of {', '.join(sorted(column.allowed))}"
        )
    match column.kind:
        case Kind.STRING:
            return cell
        case Kind.DECIMAL if _DECIMAL.match(cell):
            return Decimal(cell)
        case Kind.INTEGER if _INTEGER.match(cell):
            return int(cell)
        case Kind.INSTANT if _is_instant(cell):
            return cell
    raise FocusError(f"line {line}, {column.name}: {cell!r} is not of type {column.kind}")


def _is_instant(cell: str) -> bool:
    try:
        return f"{datetime.strptime(cell, _INSTANT).replace(tzinfo=UTC):{_INSTANT}}" == cell
    except ValueError:
        return False


def _judge(line: int, charge: Charge) -> None:
    """What the columns of one charge promise one another."""
    for name in _COSTS:
        if Decimal(charge[name] or 0) % Decimal("0.01"):
            raise FocusError(f"line {line}, {name}: finer than a fen")
    for name, other in _alike(charge).items():
        if charge[name] != charge[other]:
            raise FocusError(f"line {line}, {name}: differs from {other}, but there are no discounts")
    for name in _without(charge):
        if charge[name]:
            raise FocusError(
                f"line {line}, {name}: is not 0, but a package is paid for once, before it is used"
            )
    if (charge["x_CreditReason"] is None) == (charge["ChargeCategory"] == "Credit"):
        raise FocusError(f"line {line}, x_CreditReason: stands with Credit, and with nothing else")
    corrects = charge["ChargeClass"] is not None
    if corrects == (charge["x_RefundId"] is None):
        raise FocusError(f"line {line}, x_RefundId: stands with a Correction, and with nothing else")
    for names, categories in ((_USE, ("Usage",)), (_PRICED, ("Usage", "Purchase"))):
        stands = not corrects and charge["ChargeCategory"] in categories
        for name in names:
            if (charge[name] is None) == stands:
                raise FocusError(
                    f"line {line}, {name}: stands with {' and '.join(categories)}, and with nothing else"
                )
    for kind in ("Billing", "Charge"):
        if str(charge[f"{kind}PeriodStart"]) >= str(charge[f"{kind}PeriodEnd"]):
            raise FocusError(f"line {line}, {kind}PeriodEnd: not after {kind}PeriodStart")


def _alike(charge: Charge) -> dict[str, str]:
    """Which costs are the same as which."""
    if _is_covered(charge) or charge["ChargeCategory"] == "Adjustment":
        return {"ListCost": "ContractedCost"}
    if _is_bought(charge):
        return {"ContractedCost": "BilledCost", "ListCost": "BilledCost"}
    return dict.fromkeys(_COSTS, "BilledCost")


def _without(charge: Charge) -> tuple[str, ...]:
    """Which costs there are none of."""
    if charge["ChargeCategory"] == "Adjustment":
        return ("BilledCost", "ContractedCost")
    if _is_covered(charge):
        return ("BilledCost",)
    return ("EffectiveCost",) if _is_bought(charge) else ()


def _is_bought(charge: Charge) -> bool:
    """Whether it is the price of a package, which is used later."""
    return _is_priced_by_package(charge) and charge["ChargeFrequency"] == "One-Time"


def _is_covered(charge: Charge) -> bool:
    """Whether it is use that was taken from a package."""
    return _is_priced_by_package(charge) and charge["ChargeFrequency"] == "Usage-Based"


def _is_priced_by_package(charge: Charge) -> bool:
    of_package = charge["x_PackageId"] is not None and charge["ChargeClass"] is None
    return of_package and charge["ChargeCategory"] in {"Usage", "Purchase", "Tax"}
