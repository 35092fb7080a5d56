"""What a seller offers on the form, read as the listing that it stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.app import Exchange
from exchange.listings.commands import PublishListing
from exchange.persistence.queries.listings import StoredListing
from exchange.persistence.queries.market import Clock, Offered
from matching.commands import AmendListing
from matching.curves import PriceCurve
from matching.terms import Slot, Tier, Window
from web.bodies.listings import ListingChange, ListingIn
from web.pages.checked import checked, field_named
from web.pages.fields import MistakeCode, Reader
from web.pages.formats import local_field, plain_hours, plain_price, rfc3339
from web.session import Caller

DAYS_USUAL = 30
HOURS = range(24)

PRICES = {Tier.ON_DEMAND: ("firm", "firm_night"), Tier.SPOT: ("spot", "spot_night")}
"""The fields of each tier: its price, and the one for the off-peak hours."""


_field_of = field_named(
    {
        "window/start": "start",
        "window": "end",
        "min_duration_minutes": "shortest",
        "asks/spot": "spot",
        "asks": "firm",
    },
    otherwise="cards",
)
"""Where on the form each part of the listing is asked for, where it has another name there."""


@dataclass(frozen=True, slots=True)
class DayPattern:
    """A price that is the same every day: `night` from the hour `since` until the hour `until` in UTC+8, else `day`.

    Prices are micro-yuan per card-slot. A price that never changes has no night.
    """

    day: int
    night: int | None
    since: int
    until: int


def usual(caller: Caller, clock: Clock) -> Mapping[str, Sequence[str]]:
    """What the form of a new listing begins with."""
    begins = clock.instant + 3600
    return {
        "region": [caller.region],
        "start": [local_field(begins - begins % 3600)],
        "end": [local_field(begins - begins % 3600 + DAYS_USUAL * 86_400)],
        "cards": ["8"],
        "lot": ["1"],
        "shortest": [plain_hours(clock.terms.slot_seconds)],
        "night_since": ["22"],
        "night_until": ["8"],
        "line": ["compute_service"],
        "price_rule": ["posted"],
    }


def as_typed(offer: Offered, clock: Clock) -> Mapping[str, Sequence[str]]:
    """The terms of a listing as its form would hold them. A curve that no form makes leaves the prices empty."""
    typed = {"cards": [str(offer.cards)], "night_since": ["22"], "night_until": ["8"]}
    for tier, curve in offer.asks.items():
        pattern = day_pattern(curve, clock)
        if pattern is None:
            continue
        price, night = PRICES[tier]
        typed[price] = [plain_price(clock.hourly(pattern.day))]
        if pattern.night is not None:
            typed[night] = [plain_price(clock.hourly(pattern.night))]
            typed |= {"night_since": [str(pattern.since)], "night_until": [str(pattern.until)]}
    return typed


def read_listing(asked: Reader, exchange: Exchange, clock: Clock) -> PublishListing | None:
    """The listing that a form stands for, or None with what is wrong noted in `asked`."""
    start, end = _slot(asked, "start", clock), _slot(asked, "end", clock)
    if end <= start:
        asked.wrong("end", MistakeCode.REVERSED)
    if end - start > clock.terms.horizon_slots:
        days = clock.terms.horizon_slots * clock.terms.slot_seconds // 86_400
        asked.wrong("end", MistakeCode.TOO_LARGE, f"{days} days after the beginning")
    shortest = asked.slots("shortest", clock.terms.slot_seconds)
    body = {
        "chip": asked.one_of("chip", exchange.catalogue.chips),
        "region": asked.one_of("region", exchange.catalogue.regions),
        "window": {"start": _time(start, clock), "end": _time(end, clock)},
        "cards": asked.whole("cards", 1),
        "lot": asked.whole("lot", 1),
        "min_duration_minutes": (shortest or 0) * clock.terms.slot_seconds // 60,
        "asks": _asks(_curves(asked, Window(start, end), clock), clock),
        "line": asked.one_of("line", clock.terms.vat_rates_bp),
        "price_rule": asked.text("price_rule"),
    }
    if not asked.text("firm") and not asked.text("spot"):
        asked.wrong("firm", MistakeCode.REFUSED, "Give a firm price, an interruptible one, or both.")
    return checked(asked, ListingIn, body, lambda listing: listing.command(exchange.terms), _field_of)


def read_amendment(asked: Reader, listing: StoredListing, clock: Clock) -> AmendListing | None:
    """The change that a form asks of a listing, or None with what is wrong noted in `asked`.

    Prices that come out as they are stay untouched, so that the listing keeps its place in the book.
    """
    cards = asked.whole("cards", 1)
    curves = _curves(asked, listing.window, clock)
    body: dict[str, Any] = {}
    if cards != listing.cards:
        body["cards"] = cards
    if curves and curves != dict(listing.asks):
        body["asks"] = _asks(curves, clock)
    return checked(asked, ListingChange, body, lambda change: change.command(listing, clock.terms), _field_of)


def day_pattern(curve: PriceCurve, clock: Clock) -> DayPattern | None:
    """The daily pattern that a curve follows, or None where it follows none of one stretch of off-peak hours."""
    prices = sorted({price for _, price in curve.steps})
    if len(prices) == 1:
        return DayPattern(prices[0], None, 0, 0)
    changes = {(_local_hour(slot, clock), price) for slot, price in curve.steps[1:]}
    if len(prices) != 2 or len(changes) > 2 or len({price for _, price in changes}) != len(changes):
        return None
    night, day = prices
    since = next((hour for hour, price in changes if price == night), None)
    until = next((hour for hour, price in changes if price == day), None)
    if since is None or until is None:
        return None
    return DayPattern(day, night, since, until)


def _curves(asked: Reader, window: Window, clock: Clock) -> dict[Tier, PriceCurve]:
    """The price curve of each tier that has a price on the form."""
    since, until = _hour(asked, "night_since"), _hour(asked, "night_until")
    curves = {}
    for tier, (price, night) in PRICES.items():
        if asked.text(price):
            day, off = asked.price(price), asked.price(night) if asked.text(night) else None
            if day is not None and not asked.mistakes:
                pattern = DayPattern(
                    _per_slot(day, clock), None if off is None else _per_slot(off, clock), since, until
                )
                curves[tier] = curve_of(pattern, window, clock)
        elif asked.text(night):
            asked.wrong(price, MistakeCode.MISSING)
    return curves


def curve_of(pattern: DayPattern, window: Window, clock: Clock) -> PriceCurve:
    """A daily pattern over a window, with a step at its beginning and wherever the price changes."""
    steps: list[tuple[int, int]] = []
    for slot in range(window.start, window.end):
        hour = _local_hour(slot, clock)
        inside = (hour - pattern.since) % 24 < (pattern.until - pattern.since) % 24
        price = pattern.night if pattern.night is not None and inside else pattern.day
        if not steps or steps[-1][1] != price:
            steps.append((slot, price))
    return PriceCurve(tuple(steps))


def _asks(curves: Mapping[Tier, PriceCurve], clock: Clock) -> dict[str, list[dict[str, object]]]:
    """Price curves as programs send them."""
    return {
        str(tier): [
            {"since": _time(Slot(slot), clock), "price_micro_yuan_per_card_hour": clock.hourly(price)}
            for slot, price in curve.steps
        ]
        for tier, curve in curves.items()
    }


def _slot(asked: Reader, name: str, clock: Clock) -> Slot:
    """The slot that begins at a time on the form."""
    instant = asked.instant(name)
    if instant is not None and instant % clock.terms.slot_seconds:
        asked.wrong(name, MistakeCode.OFF_GRID, clock.terms.slot_seconds // 60)
    return clock.terms.slot_of(instant or 0)


def _hour(asked: Reader, name: str) -> int:
    text = asked.text(name)
    if text not in {str(hour) for hour in HOURS}:
        asked.wrong(name, MistakeCode.NOT_AN_OPTION)
        return 0
    return int(text)


def _time(slot: Slot, clock: Clock) -> str:
    return rfc3339(clock.terms.instant_of(slot))


def _per_slot(hourly: int, clock: Clock) -> int:
    return hourly * clock.terms.slot_seconds // 3600


def _local_hour(slot: int, clock: Clock) -> int:
    return (clock.terms.instant_of(slot) // 3600 + 8) % 24
