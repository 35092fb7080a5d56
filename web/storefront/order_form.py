"""What a buyer describes on the order form, read as the order that it stands for."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from exchange.app import Exchange
from exchange.orders.commands import PlaceOrder
from exchange.persistence.queries.market import Clock
from web.bodies.orders import OrderIn
from web.pages.checked import checked, field_named
from web.pages.fields import MistakeCode, Reader
from web.pages.formats import local_field, rfc3339

DAYS_AHEAD = 7
LIMIT_UNKNOWN = (
    10_000 * 1_000_000
)  # micro-yuan: more than any card costs by the hour, for a first look at the price
WEIGHT_MOST = 1_000  # standard cards that one card can be worth

USUAL: Mapping[str, Sequence[str]] = {
    "cards": ["8"],
    "hours": ["24"],
    "place": ["anywhere"],
    "tier": ["on_demand"],
    "prefer": ["cheapest"],
    "tif": ["gtc"],
}

_field_of = field_named(
    {
        "chips": "chip",
        "regions": "region",
        "latency/from": "home",
        "latency": "latency",
        "window/start": "start",
        "window": "deadline",
        "least_cards": "least",
        "duration_minutes": "hours",
        "limit_micro_yuan_per_card_hour": "limit",
        "time_in_force": "tif",
    },
    otherwise="cards",
)
"""Where on the form each part of the order is asked for, where it has another name there."""


def with_usual(sent: Mapping[str, Sequence[str]], clock: Clock) -> Reader:
    """What was sent, with the usual values for fields that were not on the form at all."""
    deadline = local_field(clock.instant + DAYS_AHEAD * 86_400)
    return Reader({**USUAL, "deadline": [deadline], **sent})


def read_order(asked: Reader, exchange: Exchange, clock: Clock, *, limit_needed: bool) -> PlaceOrder | None:
    """The order that a form stands for, or None with what is wrong noted in `asked`.

    Without `limit_needed` a limit that is not given yet is taken as one that any offer is within.
    """
    body = {
        "tier": asked.text("tier"),
        "chips": _chips(asked, exchange),
        **_place(asked, exchange),
        "window": {
            "start": _time(asked, "start", clock) if asked.text("start") else rfc3339(clock.instant),
            "end": _time(asked, "deadline", clock),
        },
        "cards": asked.whole("cards", 1),
        "duration_minutes": _minutes(asked, clock),
        "limit_micro_yuan_per_card_hour": _limit(asked, limit_needed=limit_needed),
        "prefer": asked.text("prefer"),
        "time_in_force": asked.text("tif"),
    }
    if asked.text("least"):
        body["least_cards"] = asked.whole("least", 1)
    _check_fit(asked, clock)
    return checked(
        asked, OrderIn, body, lambda order: order.command(exchange.terms, exchange.catalogue), _field_of
    )


def _chips(asked: Reader, exchange: Exchange) -> dict[str, int]:
    """The ticked chips with their weights relative to the fastest of them, which is what cards are counted in."""
    codes = set(asked.many("chip"))
    ticked = [chip for chip in exchange.catalogue.chips.values() if chip.code in codes]
    if not ticked:
        asked.wrong("chip", MistakeCode.MISSING)
        return {}
    weights = {chip.code: _weight(asked, chip.code, chip.weight_milli) for chip in ticked}
    best = max(weights.values())
    return {code: max(1, (2000 * weight // best + 1) // 2) for code, weight in weights.items()}


def _weight(asked: Reader, chip: str, usual: int) -> int:
    """A chip's weight in thousandths of the standard card: the buyer's own, or the catalogue's."""
    name = f"weight-{chip}"
    if not asked.text(name):
        return usual
    weight = asked.number(name, Decimal("0.001"), Decimal(WEIGHT_MOST))
    return usual if weight is None else int(weight * 1000)


def _place(asked: Reader, exchange: Exchange) -> dict[str, Any]:
    match asked.text("place"):
        case "regions":
            ticked = asked.many("region")
            if not ticked:
                asked.wrong("region", MistakeCode.MISSING)
            return {"regions": ticked}
        case "near":
            home = asked.one_of("home", exchange.catalogue.regions)
            return {"latency": {"from": home, "max_ms": asked.whole("latency", 0)}}
        case _:
            return {"regions": sorted(exchange.catalogue.regions)}


def _time(asked: Reader, name: str, clock: Clock) -> str | None:
    instant = asked.instant(name)
    if instant is not None and instant % clock.terms.slot_seconds:
        asked.wrong(name, MistakeCode.OFF_GRID, clock.terms.slot_seconds // 60)
    return None if instant is None else rfc3339(instant)


def _minutes(asked: Reader, clock: Clock) -> int | None:
    slots = asked.slots("hours", clock.terms.slot_seconds)
    return None if slots is None else slots * clock.terms.slot_seconds // 60


def _check_fit(asked: Reader, clock: Clock) -> None:
    """The run has to fit between its earliest start and its deadline: the form says so where it can be mended."""
    slots, deadline = asked.slots("hours", clock.terms.slot_seconds), asked.instant("deadline")
    start = asked.instant("start") if asked.text("start") else clock.instant
    if slots is None or deadline is None or start is None:
        return
    if deadline - max(start, clock.instant) < slots * clock.terms.slot_seconds:
        asked.wrong("deadline", MistakeCode.TOO_SHORT)


def _limit(asked: Reader, *, limit_needed: bool) -> int | None:
    if not asked.text("limit") and not limit_needed:
        return LIMIT_UNKNOWN
    return asked.price("limit")
