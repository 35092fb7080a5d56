"""A small market to play with, straight on the kernel: no server, no database, no money.

Hours count from a midnight, so 26 is two in the next morning. Prices are fen for a card and an hour.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from matching.commands import Command, Place, Publish
from matching.curves import PriceCurve
from matching.events import Event, Leased
from matching.market import Market
from matching.rules import apply
from matching.terms import (
    ChipCode,
    Listing,
    ListingId,
    Order,
    OrderId,
    OwnerGroup,
    Preference,
    Price,
    RegionCode,
    Seq,
    Shape,
    Slot,
    Tier,
    Window,
)

CHIP, REGION = ChipCode("H100"), RegionCode("Qingyang")
Hours = tuple[int, int]  # from the first hour up to, not including, the last
Steps = int | tuple[tuple[int, int], ...]  # one price, or (hour, price) pairs


class Play:
    """A market in which one command follows the other, and all that happened in it."""

    def __init__(self) -> None:
        self.market = Market()
        self.events: list[Event] = []
        self._given = 0

    def tell(self, command: Command) -> list[Event]:
        """Carry out a command, and give what it made happen."""
        self._given += 1
        happened = apply(self.market, Seq(self._given), command)
        self.events += happened
        return happened

    def offer(
        self,
        name: str,
        cards: int,
        hours: Hours,
        *,
        spot: Steps | None = None,
        firm: Steps | None = None,
        lot: int = 1,
        chip: str = CHIP,
    ) -> Listing:
        """List cards for some hours, at a price for one tier or both."""
        asks = {tier: curve(steps) for tier, steps in ((Tier.SPOT, spot), (Tier.ON_DEMAND, firm)) if steps}
        window = Window(Slot(hours[0]), Slot(hours[1]))
        listing = Listing(
            ListingId(name), OwnerGroup(name), ChipCode(chip), REGION, window, cards, lot, 1, asks
        )
        self.tell(Publish(listing))
        return listing

    def ask(
        self,
        name: str,
        shape: Shape,
        hours: Hours,
        limit: int,
        *,
        tier: Tier = Tier.SPOT,
        chips: Mapping[str, int] | None = None,
        prefer: Preference = Preference.CHEAPEST,
    ) -> list[Event]:
        """Place an order that may run in some hours."""
        weights = {ChipCode(chip): weight for chip, weight in (chips or {CHIP: 1000}).items()}
        window = Window(Slot(hours[0]), Slot(hours[1]))
        order = Order(OrderId(name), OwnerGroup(name), tier, weights, (REGION,), window, Price(limit), shape)
        return self.tell(Place(replace(order, prefer=prefer)))

    def leases(self, order: str = "") -> list[Leased]:
        """What was leased, in all or to one order, as it was granted."""
        leased = [event for event in self.events if isinstance(event, Leased)]
        return [lease for lease in leased if order in {"", lease.order}]


def curve(steps: Steps) -> PriceCurve:
    """A price that holds for ever, or one that changes with the hour."""
    return PriceCurve(((0, steps),) if isinstance(steps, int) else steps)


def cost(leases: Iterable[Leased]) -> int:
    """What leases cost in all."""
    return sum(lease.cost for lease in leases)
