"""What is traded, as one short text: a chip, in a region, at a tier, such as `nvidia-h100-80g@621000/spot`."""

import re
from dataclasses import dataclass

from matching.terms import ChipCode, RegionCode, Tier

PATTERN = re.compile(r"(?P<chip>[a-z0-9]+(?:-[a-z0-9]+)*)@(?P<region>[0-9]{6})/(?P<tier>[a-z_]+)")


@dataclass(frozen=True, slots=True)
class Instrument:
    """A chip in a region at a tier; when it is delivered is a matter of each listing."""

    chip: ChipCode
    region: RegionCode
    tier: Tier

    def __str__(self) -> str:
        return f"{self.chip}@{self.region}/{self.tier}"


def parse_instrument(text: str) -> Instrument:
    """Read what `str` wrote; raises ValueError for anything else, but does not ask whether the codes are known."""
    match = PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"not an instrument like nvidia-h100-80g@621000/spot: {text!r}")
    if match["tier"] not in set(Tier):
        raise ValueError(f"no such tier: {match['tier']!r}")
    return Instrument(ChipCode(match["chip"]), RegionCode(match["region"]), Tier(match["tier"]))
