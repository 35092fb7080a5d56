"""Reads the real offers of card-hours, and says which of them price which chip of a trace."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path

from exchange.replay.tables import TraceError, read_text
from matching.terms import ChipCode, Tier

FOLDER = "gpurentalprices-daily"
SNAPSHOT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.json")
ATTRIBUTION = "GPU rental price data by gpurentalprices.com, CC BY 4.0"
MICRO = 1_000_000
DEAREST = Decimal(10_000)  # per card-hour: whatever is above it is not a price


class OfferKind(StrEnum):
    """How firm an offer is, as its provider calls it."""

    ON_DEMAND = "on-demand"
    SECURE = "secure"
    SPOT = "spot"
    COMMUNITY = "community"
    SERVERLESS = "serverless"


TIER_OF: Mapping[OfferKind, Tier] = {
    OfferKind.ON_DEMAND: Tier.ON_DEMAND,
    OfferKind.SECURE: Tier.ON_DEMAND,
    OfferKind.SPOT: Tier.SPOT,
    OfferKind.COMMUNITY: Tier.SPOT,
}
"""Which tier an offer prices. Community machines are interruptible, hence spot; the rest of the kinds price none."""

SERVERLESS_LEFT_OUT = (
    "serverless offers are billed by the request, so they are no price of a card held for an hour"
)


class Currency(StrEnum):
    """What an offer is priced in."""

    USD = "USD"
    CNY = "CNY"


@dataclass(frozen=True, slots=True)
class Offer:
    """What one provider asks for an hour of one card, in millionths of the currency."""

    chip_id: str
    kind: OfferKind
    micro_per_hour: int
    currency: Currency
    provider: str

    def micro_yuan(self, usd_cny_micro: int) -> int:
        """The price in micro-yuan, rounded to the nearest fen, at least one."""
        rate = usd_cny_micro if self.currency is Currency.USD else MICRO
        fen = (2 * self.micro_per_hour * rate + 10_000 * MICRO) // (2 * 10_000 * MICRO)
        return max(1, fen) * 10_000


@dataclass(frozen=True, slots=True)
class Offers:
    """The offers that price a tier, where they come from, and how many were left out for which reason."""

    source: str
    offers: tuple[Offer, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ChipMapping:
    """What a trace's chip is taken to be: a chip of the catalogue, priced by the offers of `offered`."""

    trace: str
    chip: ChipCode
    offered: tuple[str, ...]
    reason: str


_V100_IDS = ("v100", "v100-pcie", "v100-sxm2")
_MAPPINGS = (
    ChipMapping("A10", ChipCode("nvidia-a10-24g"), ("a10",), "the same chip"),
    ChipMapping("T4", ChipCode("nvidia-t4-16g"), ("t4",), "the same chip"),
    ChipMapping("V100M16", ChipCode("nvidia-v100-16g"), _V100_IDS, "the same chip, whatever its board"),
    ChipMapping(
        "V100M32",
        ChipCode("nvidia-v100-32g"),
        _V100_IDS,
        "priced as the 16 GB card: nobody offers the 32 GB card under a name of its own",
    ),
    ChipMapping(
        "P100",
        ChipCode("nvidia-p100-16g"),
        ("t4",),
        "priced as the T4: nobody offers a P100, and the T4 is the cheapest data-centre card of its years",
    ),
    ChipMapping(
        "G1",
        ChipCode("nvidia-a30-24g"),
        ("a30",),
        "a stand-in: the trace does not disclose this chip, and no node of it has one",
    ),
    ChipMapping(
        "G2",
        ChipCode("nvidia-a100-40g"),
        ("a100-sxm-40", "a100-pcie-40"),
        "a stand-in: the trace does not disclose this chip; it comes in whole nodes of eight, as the A100 40G does",
    ),
    ChipMapping(
        "G3",
        ChipCode("nvidia-a100-80g"),
        ("a100", "a100-sxm-80", "a100-pcie-80"),
        "a stand-in: the trace does not disclose this chip; fewer nodes of eight, taken as the larger A100",
    ),
)

CHIP_MAP: Mapping[str, ChipMapping] = {mapping.trace: mapping for mapping in _MAPPINGS}
"""What each chip of the job trace is taken to be. No two are taken to be the same."""


def mapping_of(name: str) -> ChipMapping:
    """What a chip of a trace is taken to be; a code of the catalogue stands for itself."""
    return CHIP_MAP.get(name) or ChipMapping(name, ChipCode(name), (name,), "the catalogue's own code")


def read_offers(folder: Path) -> Offers:
    """The newest snapshot of offers in `folder`, which holds the data sets' own folders. Raises TraceError."""
    home = folder / FOLDER
    if not home.is_dir():
        raise TraceError(f"There is no folder {home}. Name the folder that holds {FOLDER}, or put it there.")
    days = sorted(path.name for path in home.iterdir() if SNAPSHOT.fullmatch(path.name))
    if not days:
        raise TraceError(f"{home} has no snapshot named like 2026-08-22.json. Put one there.")
    file = f"{FOLDER}/{days[-1]}"
    rows = _rows(file, read_text(home / days[-1]))
    read = [_offer(f"{file}, offer {number}", row) for number, row in enumerate(rows, start=1)]
    kept = tuple(offer for offer in read if offer.kind in TIER_OF)
    left_out = Counter({SERVERLESS_LEFT_OUT: len(read) - len(kept)})
    return Offers(f"{file} ({ATTRIBUTION})", kept, dict(left_out))


def _rows(file: str, text: str) -> list[object]:
    """The list of offers of a snapshot, prices as the exact decimals that are written there."""
    try:
        snapshot = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
    except json.JSONDecodeError as fault:
        raise TraceError(f"{file}, line {fault.lineno}: this is not JSON: {fault.msg}.") from None
    rows = snapshot.get("offers") if isinstance(snapshot, dict) else None
    if not isinstance(rows, list) or not rows:
        raise TraceError(f"{file} has no list of offers under the key offers. Fetch the snapshot again.")
    return rows


def _offer(where: str, row: object) -> Offer:
    if not isinstance(row, dict):
        raise TraceError(f"{where}: an object was expected.")
    kind, chip, provider = (_text(where, row, key) for key in ("kind", "gpu", "provider"))
    if kind not in set(OfferKind):
        raise TraceError(f"{where}: kind should be one of {', '.join(OfferKind)}, not {kind!r}.")
    price = row.get("usd_hr")
    if not (isinstance(price, Decimal) and price.is_finite() and 0 < price <= DEAREST):
        raise TraceError(f"{where}: usd_hr should be a price from 0 to {DEAREST} dollars, not {price!s:.40}.")
    micro = int((price * MICRO).to_integral_value(ROUND_HALF_UP))
    return Offer(chip, OfferKind(kind), micro, Currency.USD, provider)


def _text(where: str, row: Mapping[str, object], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise TraceError(f"{where}: {key} should be a text, not {value!s:.40}.")
    return value
