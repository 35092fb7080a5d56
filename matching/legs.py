"""What an order still wants, what a listing offers it, and the leg that comes of the two."""

from collections.abc import Iterator

from mypy_extensions import mypyc_attr

from matching.book import UNBOUNDED
from matching.capacity import FreeCards
from matching.curves import Run
from matching.live import MILLI, LiveListing, LiveOrder
from matching.market import Market
from matching.terms import Window


@mypyc_attr(acyclic=True, free_list_len=1)
class Leg:
    """What one listing can do for an order: `cards` rented for `window`, of which `working` are needed.

    `runs` are the prices of one card, and `price` their sum.
    """

    __slots__ = ("cards", "listing", "price", "runs", "weight", "window", "working")

    def __init__(
        self,
        listing: LiveListing,
        window: Window,
        cards: int,
        working: int,
        weight: int,
        price: int,
        runs: tuple[Run, ...],
    ) -> None:
        self.listing = listing
        self.window = window
        self.cards = cards
        self.working = working
        self.weight = weight
        self.price = price
        self.runs = runs

    @property
    def cost(self) -> int:
        """What all its cards cost."""
        return self.price * self.cards


Plan = list[Leg]
"""Legs that serve an order together. An empty plan serves nobody."""


@mypyc_attr(acyclic=True, free_list_len=1)
class Wanted:
    """What an order still wants: `left` and `least` in thousandths of its reference card, in slots [first, end)."""

    __slots__ = ("alone", "common", "earliest", "end", "first", "least", "left", "live", "order", "slots")

    def __init__(self, live: LiveOrder, first: int, end: int) -> None:
        self.live = live
        self.order = live.terms
        self.left = live.left
        self.least = live.least
        self.slots = live.slots
        self.first = first
        self.end = end
        self.common = live.common
        self.earliest = live.earliest
        self.alone = live.alone

    def at(self, start: int) -> "Wanted":
        """The same from one start only."""
        return Wanted(self.live, start, start + self.slots)


def wanted_by(market: Market, live: LiveOrder) -> Wanted:
    """What an order wants now: nothing of it can start in the past."""
    return Wanted(live, max(live.first, market.now), live.latest_start + live.slots)


@mypyc_attr(acyclic=True, free_list_len=1)
class Offered:
    """A listing that an order may use, in the order's tier.

    `scale` makes its prices comparable across the order's chips, and `limit` is the most that one of its cards may
    cost for the order's run.
    """

    __slots__ = ("limit", "link", "listing", "prices", "scale", "weight")

    def __init__(self, wanted: Wanted, listing: LiveListing, weight: int, link: FreeCards | None) -> None:
        self.listing = listing
        self.prices = listing.prices[wanted.live.tier]
        self.weight = weight
        self.scale = wanted.common // weight
        self.link = link
        self.limit = wanted.live.limit * wanted.slots * weight // MILLI


def offered(market: Market, wanted: Wanted, listing: LiveListing) -> Offered:
    """A listing of a chip and a region that an order accepts, as the order sees it."""
    return Offered(
        wanted, listing, wanted.live.chips[listing.chip], market.link(wanted.order, listing.region)
    )


def leg_at(offer: Offered, window: Window, left: int, room: int) -> Leg | None:
    """What a listing gives towards `left` in a window: whole lots are rented, never fewer than are needed."""
    listing, weight, start, end = offer.listing, offer.weight, window.start, window.end
    if start < listing.start or end > listing.end:
        return None
    price = offer.prices.total(start, end)
    if price > offer.limit:
        return None
    lot, free = listing.lot, listing.free.least(start, end)
    most = min(free - free % lot, room)
    working = min(-(-left // weight), most)
    if working < 1:
        return None
    return Leg(listing, window, round_up(working, lot), working, weight, price, offer.prices.runs(start, end))


def round_up(cards: int, lot: int) -> int:
    """Whole lots are rented and paid: never fewer than asked for."""
    return -(-cards // lot) * lot


def stretches(offer: Offered, wanted: Wanted, working: int) -> Iterator[tuple[int, int]]:
    """Stretches of slots in which so many cards are free and their bandwidth is, too."""
    listing, link = offer.listing, offer.link
    cards = round_up(working, listing.lot)
    for since, until in listing.free.runs(wanted.first, wanted.end, cards):
        if link is None:
            yield since, until
        else:
            yield from link.runs(since, until, working * wanted.order.mbps_per_card)


def room_at(offer: Offered, wanted: Wanted, start: int) -> int:
    """Cards that the link has bandwidth for during a run."""
    if offer.link is None:
        return UNBOUNDED
    return offer.link.least(start, start + wanted.slots) // wanted.order.mbps_per_card
