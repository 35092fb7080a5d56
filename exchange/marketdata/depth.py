"""Depth: the cards that could be had for all of a window, and those that are wanted in it, by price.

A level adds up all cards at one price. How many listings or orders stand behind it, whose they are and how large each
is, it does not tell.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from exchange.catalogue.chips import WHOLE
from exchange.catalogue.instruments import Instrument
from exchange.persistence.queries.market import Clock, Offered, Waiting
from matching.capacity import FreeCards
from matching.prices import Prices
from matching.terms import ChipCode, RegionCode, Slot, Tier, Window
from settlement.meters import SECONDS_PER_HOUR
from settlement.money import ceil_div, round_half_away


class Level(NamedTuple):
    """Cards at one price: micro-yuan per card-hour, on average over the window.

    `upto` counts the cards of this level and of all better ones. For standard cards both are in thousandths.
    """

    price: int
    cards: int
    upto: int


@dataclass(frozen=True, slots=True)
class Depth:
    """Cards to be had in every slot of the window, cheapest first, and cards wanted there, dearest first."""

    window: Window
    asks: tuple[Level, ...]
    bids: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Books:
    """All that is on offer and all that waits, as everybody may see it at one place in the log.

    `weights` are the catalogue's, in thousandths of the standard card.
    """

    clock: Clock
    offers: Mapping[tuple[ChipCode, RegionCode], Sequence[Offered]]
    waiting: Sequence[Waiting]
    weights: Mapping[ChipCode, int]

    def of(self, instrument: Instrument) -> Sequence[Offered]:
        """The listings of an instrument's chip and region, whatever their tiers."""
        return self.offers.get((instrument.chip, instrument.region), ())


def instrument_depth(books: Books, instrument: Instrument, window: Window) -> Depth:
    """The depth of one instrument, in its own cards. An order counts as many as it would take at most."""
    asks, bids = dict[int, int](), dict[int, int]()
    hours = _Hours(len(window) * books.clock.terms.slot_seconds)
    for _, price, cards in _on_offer(books.of(instrument), instrument.tier, window):
        _add(asks, hours.price(price), cards)
    for order in books.waiting:
        weight = order.chips.get(instrument.chip)
        if weight and instrument.region in order.regions and _suits(order, instrument.tier, window):
            limit = order.limit * weight // WHOLE * len(window)
            _add(bids, hours.price(limit), ceil_div(order.most * WHOLE, weight))
    return Depth(window, _levels(sorted(asks.items())), _levels(sorted(bids.items(), reverse=True)))


def standard_depth(books: Books, tier: Tier, region: RegionCode | None, window: Window) -> Depth:
    """The depth of all chips together, in a region or in all of them: thousandths of standard cards.

    A card counts its catalogue weight, and its price is divided by that. An order that would take several chips counts
    once: as the chip for which it would pay the most per standard card-hour, the first by its code among equals.
    """
    asks, bids = dict[int, int](), dict[int, int]()
    hours = _Hours(len(window) * books.clock.terms.slot_seconds)
    for (_, place), offers in books.offers.items():
        for chip, price, cards in _on_offer(offers, tier, window) if region in {None, place} else ():
            _add(asks, hours.price(price, books.weights[chip]), cards * books.weights[chip])
    for order in books.waiting:
        if region in {None, *order.regions} and _suits(order, tier, window):
            chip, weight = _dearest(order, books.weights)
            price = hours.price(order.limit * order.chips[chip] * len(window), weight * WHOLE)
            _add(bids, price, ceil_div(order.most * WHOLE, order.chips[chip]) * weight)
    return Depth(window, _levels(sorted(asks.items())), _levels(sorted(bids.items(), reverse=True)))


def free_cards(offer: Offered, now: Slot) -> FreeCards:
    """What of a listing is free from `now` on. The past commits nothing, and cards may have left since."""
    start = max(offer.window.start, now)
    cards = FreeCards(start, max(start, offer.window.end), offer.cards)
    for sold in offer.sold:
        if sold.window.end > start:
            cards.take(max(start, sold.window.start), sold.window.end, sold.cards)
    return cards


class _Hours(NamedTuple):
    """Turns prices for all of a window of so many seconds into prices per hour."""

    seconds: int

    def price(self, whole: int, weight: int = WHOLE) -> int:
        """Micro-yuan per hour of a card with this weight's share of a price for the whole window, rounded."""
        return round_half_away(whole * SECONDS_PER_HOUR * WHOLE, self.seconds * weight)


def _on_offer(offers: Iterable[Offered], tier: Tier, window: Window) -> Iterator[tuple[ChipCode, int, int]]:
    """Chip, price of a card for all of the window, and free cards in whole lots, of each listing that could serve it."""
    for offer in offers:
        inside = offer.window.start <= window.start and window.end <= offer.window.end
        if tier in offer.asks and inside and len(window) >= offer.min_slots:
            least = free_cards(offer, window.start).least(window.start, window.end)
            price = Prices(offer.asks[tier]).total(window.start, window.end)
            yield offer.chip, price, least - least % offer.lot


def _suits(order: Waiting, tier: Tier, window: Window) -> bool:
    """Whether an order could be at work in all of a window: then it may want cards there, or elsewhere."""
    inside = order.window.start <= window.start and window.end <= order.window.end
    return order.tier is tier and inside and order.slots >= len(window)


def _dearest(order: Waiting, weights: Mapping[ChipCode, int]) -> tuple[ChipCode, int]:
    """The chip for which an order pays the most per standard card, and that chip's weight in the catalogue."""
    chip = min(order.chips, key=lambda chip: (-Fraction(order.chips[chip], weights[chip]), chip))
    return chip, weights[chip]


def _add(levels: dict[int, int], price: int, cards: int) -> None:
    if cards:
        levels[price] = levels.get(price, 0) + cards


def _levels(cards_at: Sequence[tuple[int, int]]) -> tuple[Level, ...]:
    totals = accumulate(cards for _, cards in cards_at)
    return tuple(Level(price, cards, upto) for (price, cards), upto in zip(cards_at, totals, strict=True))
