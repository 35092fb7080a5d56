"""Who buys and who sells, as far as a voucher programme asks, and whether the two belong together."""

from dataclasses import dataclass
from enum import StrEnum


class BuyerSize(StrEnum):
    """How large an enterprise is, by the national standard for its industry (中小企业划型标准)."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Party:
    """A buyer or seller. `region` is where it is registered, a code of GB/T 2260.

    `controllers` are the ids of all who control it, directly or through others: owners, legal representative, parent.
    """

    id: str
    region: str
    size: BuyerSize
    industry: str
    controllers: frozenset[str] = frozenset()


def related(one: Party, other: Party) -> bool:
    """Are they the same, does one control the other, or does anybody control both?"""
    return not ({one.id} | one.controllers).isdisjoint({other.id} | other.controllers)


def lies_within(region: str, area: str) -> bool:
    """Is a region the area or a part of it? 310118 lies within 310000: two digits a level, zeros for the rest."""
    while area.endswith("00"):
        area = area[:-2]
    return region.startswith(area)
