"""The chips that are rented, and how they compare: one weight each, so that an order can accept several.

A weight says how many thousandths of the reference card's half-precision matrix speed a chip has. It is a first
guess for "what else would do", never a promise: a buyer may give chips other weights in an order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from exchange.catalogue.tables import Row, by_code, read_rows
from matching.terms import ChipCode, Milli
from settlement.vouchers.programme import ChipOrigin

VENDORS = "vendors.csv"
CHIPS = "chips.csv"
VENDOR_COLUMNS = ("code", "name_zh", "name_en", "origin")
CHIP_COLUMNS = (
    "code",
    "name",
    "vendor",
    "memory_gb",
    "tdp_w",
    "fp16_tflops",
    "weight_milli",
    "weight_basis",
    "source",
)

REFERENCE_CARD = ChipCode("nvidia-a100-80g")
"""The card that weights are measured by: the one most others have been compared with."""

WHOLE = Milli(1000)
"""The reference card's own weight."""

VendorCode = NewType("VendorCode", str)


class WeightBasis(StrEnum):
    """How a weight was come by."""

    MEASURED = "measured"
    """Half-precision matrix products, timed, over the reference's own."""
    NOMINAL = "nominal"
    """The makers' dense half-precision figures, one over the other."""
    ESTIMATE = "estimate"
    """Reports, where the maker withholds its figures."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """Who makes the chip, and whether that is a domestic maker, as voucher programmes tell them apart."""

    code: VendorCode
    name_zh: str
    name_en: str
    origin: ChipOrigin


@dataclass(frozen=True, slots=True)
class Chip:
    """A model of accelerator, one card or module of it.

    `tdp_w` (design power) and `fp16_tflops` (dense, nominal) are None where the maker withholds them. `source` is a
    key of `reference/SOURCES.md`.
    """

    code: ChipCode
    name: str
    vendor: Vendor
    memory_gb: int
    tdp_w: int | None
    fp16_tflops: int | None
    weight_milli: Milli
    weight_basis: WeightBasis
    source: str


def relative_weight(chip: Chip, reference: Chip) -> Milli:
    """The chip's weight in thousandths of another card, rounded to the nearest, at least one."""
    doubled = 2 * chip.weight_milli * WHOLE // reference.weight_milli
    return Milli(max(1, (doubled + 1) // 2))


def read_vendors(text: str) -> Mapping[VendorCode, Vendor]:
    """The makers by code."""
    return by_code(read_rows(VENDORS, text, VENDOR_COLUMNS), _vendor, lambda vendor: vendor.code)


def read_chips(text: str, vendors: Mapping[VendorCode, Vendor]) -> Mapping[ChipCode, Chip]:
    """The chips by code, their nominal weights agreeing with the reference card's."""
    rows = read_rows(CHIPS, text, CHIP_COLUMNS)
    chips = by_code(rows, lambda row: _chip(row, vendors), lambda chip: chip.code)
    reference = chips.get(REFERENCE_CARD)
    if reference is None or reference.weight_milli != WHOLE or reference.fp16_tflops is None:
        raise ValueError(f"{CHIPS}: {REFERENCE_CARD} must be there, with its speed and a weight of {WHOLE}")
    for row, chip in zip(rows, chips.values(), strict=True):
        _check_nominal(row, chip, reference.fp16_tflops)
    return chips


def _vendor(row: Row) -> Vendor:
    return Vendor(
        code=VendorCode(row.text("code")),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        origin=row.member("origin", ChipOrigin),
    )


def _chip(row: Row, vendors: Mapping[VendorCode, Vendor]) -> Chip:
    return Chip(
        code=_code(row),
        name=row.text("name"),
        vendor=row.known("vendor", VendorCode, vendors),
        memory_gb=row.integer("memory_gb", 1),
        tdp_w=row.optional_integer("tdp_w", 1),
        fp16_tflops=row.optional_integer("fp16_tflops", 1),
        weight_milli=Milli(row.integer("weight_milli", 1)),
        weight_basis=row.member("weight_basis", WeightBasis),
        source=row.text("source"),
    )


def _code(row: Row) -> ChipCode:
    """A code names maker, model and memory, since the same model with more memory is another instrument."""
    code = row.text("code")
    vendor, memory = row.text("vendor"), row.text("memory_gb")
    if not (code.startswith(f"{vendor}-") and code.endswith(f"-{memory}g")):
        raise row.fault(f"code must read {vendor}-…-{memory}g: {code!r}")
    return ChipCode(code)


def _check_nominal(row: Row, chip: Chip, reference_tflops: int) -> None:
    if chip.weight_basis is not WeightBasis.NOMINAL:
        return
    if chip.fp16_tflops is None:
        raise row.fault("a nominal weight needs fp16_tflops")
    expected = (2 * WHOLE * chip.fp16_tflops + reference_tflops) // (2 * reference_tflops)
    if chip.weight_milli != expected:
        raise row.fault(
            f"a nominal weight of {chip.fp16_tflops} TFLOPS is {expected}, not {chip.weight_milli}"
        )
