"""Links between regions as they are set and answered."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from exchange.persistence.queries.links import StoredLink
from matching.commands import SetLink
from matching.terms import RegionCode
from web.bodies.fields import LINK_MBPS_MAX, RegionField, fault
from web.problems import DoorRejection
from web.strict import Body


class LinkIn(Body):
    """The bandwidth from the home of orders to a region where their cards work, from now on, in megabits a second."""

    home: RegionField
    region: RegionField
    mbps: Annotated[int, Field(ge=0, le=LINK_MBPS_MAX)]

    def command(self) -> SetLink:
        """The command that this asks for."""
        if self.home == self.region:
            sentence = "A link leads to another region: at home nothing limits the bandwidth."
            raise fault("/region", DoorRejection.INVALID_VALUE, sentence)
        return SetLink(RegionCode(self.home), RegionCode(self.region), self.mbps)


@dataclass(frozen=True, slots=True)
class LinkOut:
    """The bandwidth from the home of orders to a region, as it was set last: all of it, in use or not."""

    home: str
    region: str
    mbps: int

    @classmethod
    def of(cls, link: StoredLink) -> "LinkOut":
        """A link as it is stored."""
        return cls(link.home, link.region, link.mbps)
