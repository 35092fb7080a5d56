"""The VAT rate of each line of the catalogue, by the day it came into force.

Which line a sale belongs to decides its rate, and nobody has ruled whether a card-hour is a service or the lease of a
machine. So the line is the seller's choice, made with a tax opinion, and never the platform's.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from exchange.catalogue.tables import Row, read_rows
from settlement.money import WHOLE, BasisPoints

TABLE = "vat.csv"
COLUMNS = ("line", "rate_bp", "valid_from", "law")


class CatalogueLine(StrEnum):
    """What is sold, as the tax office sees it."""

    COMPUTE_SERVICE = "compute_service"
    """Computing, storage or tokens as a service."""
    BARE_METAL_LEASE = "bare_metal_lease"
    """The lease of movable goods: whole machines."""
    BASIC_TELECOM = "basic_telecom"
    """Bandwidth and circuits."""


@dataclass(frozen=True, slots=True)
class VatRate:
    """A line's rate from `valid_from` on, and the article that sets it."""

    line: CatalogueLine
    rate_bp: BasisPoints
    valid_from: date
    law: str


def read_vat(text: str) -> Mapping[CatalogueLine, tuple[VatRate, ...]]:
    """Each line's rates, the newest first. No line may be without one."""
    rates: dict[CatalogueLine, list[VatRate]] = defaultdict(list)
    for row in read_rows(TABLE, text, COLUMNS):
        rate = _rate(row)
        if any(rate.valid_from == other.valid_from for other in rates[rate.line]):
            raise row.fault(f"{rate.line} has two rates from {rate.valid_from}")
        rates[rate.line].append(rate)
    missing = [line for line in CatalogueLine if line not in rates]
    if missing:
        raise ValueError(f"{TABLE}: no rate for {', '.join(missing)}")
    return MappingProxyType({line: _newest_first(found) for line, found in rates.items()})


def rate_on(rates: tuple[VatRate, ...], day: date) -> VatRate:
    """The rate in force on a day; raises LookupError for a day before the first."""
    for rate in rates:
        if rate.valid_from <= day:
            return rate
    raise LookupError(f"no VAT rate for {rates[-1].line} before {rates[-1].valid_from}")


def _rate(row: Row) -> VatRate:
    return VatRate(
        line=row.member("line", CatalogueLine),
        rate_bp=BasisPoints(row.integer("rate_bp", 0, WHOLE)),
        valid_from=row.day("valid_from"),
        law=row.text("law"),
    )


def _newest_first(rates: list[VatRate]) -> tuple[VatRate, ...]:
    return tuple(sorted(rates, key=lambda rate: rate.valid_from, reverse=True))
