"""What a buyer describes on the order form, read as the order that it stands for."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from exchange.app import Exchange
from exchange.catalogue.catalogue import Catalogue
from exchange.catalogue.chips import WHOLE
from exchange.orders.commands import PlaceOrder
from exchange.persistence.queries.market import Clock
from exchange.persistence.queries.orders import StoredOrder
from matching.terms import Block, RegionCode
from settlement.money import ceil_div
from web.bodies.fields import CARDS_MAX, MINUTES_MAX
from web.bodies.orders import OrderIn
from web.pages.checked import checked, field_named
from web.pages.fields import MistakeCode, Reader
from web.pages.formats import local_field, plain_hours, plain_price, rfc3339

DAYS_AHEAD = 7
LIMIT_UNKNOWN = (
    10_000 * 1_000_000
)  # micro-yuan: more than any card costs by the hour, for a first look at the price
MILLION = 1_000_000
WEIGHT_MOST = 1_000  # standard cards that one card can be worth

USUAL: Mapping[str, Sequence[str]] = {
    "kind": ["block"],
    "cards": ["8"],
    "hours": ["24"],
    "split": ["one"],
    "work": ["200"],
    "rate": ["16"],
    "whole": ["no"],
    "place": ["anywhere"],
    "tier": ["on_demand"],
    "prefer": ["cheapest"],
    "tif": ["gtc"],
    "on_preempt": ["requeue"],
}

_field_of = field_named(
    {
        "chips": "chip",
        "regions": "region",
        "latency/from": "home",
        "latency": "latency",
        "home": "origin",
        "mbps_per_card": "mbps",
        "window/start": "start",
        "window": "deadline",
        "least_cards": "least",
        "duration_minutes": "hours",
        "work_card_minutes": "work",
        "rate_cards": "rate",
        "all_at_once": "whole",
        "limit_micro_yuan_per_card_hour": "limit",
        "time_in_force": "tif",
        "vouchers": "voucher",
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
        **_shape(asked, clock),
        "limit_micro_yuan_per_card_hour": _limit(asked, limit_needed=limit_needed),
        "prefer": asked.text("prefer"),
        "time_in_force": asked.text("tif"),
        "on_preempt": asked.text("on_preempt"),
        "vouchers": asked.many("voucher"),
        **_link(asked, exchange),
    }
    return checked(
        asked, OrderIn, body, lambda order: order.command(exchange.terms, exchange.catalogue), _field_of
    )


def form_of(order: StoredOrder, catalogue: Catalogue, clock: Clock) -> Reader:
    """The form of a block that was ordered: read again, it stands for the same.

    The weights are typed as if the card that the buyer counted in, of weight 1, were the standard card.
    """
    shape, terms = order.shape, clock.terms
    assert isinstance(shape, Block), "work has no form that was sent"
    counted = [code for code, weight in order.chips.items() if weight == WHOLE]
    anywhere = catalogue.regions.keys() <= set(order.regions)
    return Reader(
        {
            "kind": ["block"],
            "cards": [str(shape.most)],
            "least": [] if shape.least == shape.most else [str(shape.least)],
            "hours": [plain_hours(shape.slots * terms.slot_seconds)],
            "split": [shape.split],
            "chip": [*order.chips],
            "reference": counted[:1],
            **{f"weight-{code}": [millionths(weight * 1000)] for code, weight in order.chips.items()},
            "place": ["anywhere" if anywhere else "regions"],
            "region": [] if anywhere else [*order.regions],
            "start": [local_field(terms.instant_of(order.window.start))],
            "deadline": [local_field(terms.instant_of(order.window.end))],
            "tier": [order.tier],
            "limit": [plain_price(clock.hourly(order.limit))],
            "prefer": [order.prefer],
            "tif": [order.tif],
            "on_preempt": [order.on_preempt],
            "origin": [] if order.home is None or not order.mbps_per_card else [order.home],
            "mbps": [str(order.mbps_per_card)] if order.mbps_per_card else [],
        }
    )


def _chips(asked: Reader, exchange: Exchange) -> dict[str, int]:
    """The ticked chips with their weights in thousandths of the one that cards are counted in."""
    ticked = weights(asked, exchange.catalogue)
    if not ticked:
        asked.wrong("chip", MistakeCode.NONE_TICKED)
        return {}
    whole = ticked[reference(asked, ticked)]
    return {code: relative(weight, whole) for code, weight in ticked.items()}


def weights(asked: Reader, catalogue: Catalogue) -> dict[str, int]:
    """The ticked chips with their weights in millionths of the standard card: the buyer's own, or the catalogue's."""
    codes = set(asked.many("chip"))
    ticked = [chip for chip in catalogue.chips.values() if chip.code in codes]
    return {chip.code: _weight(asked, chip.code, chip.weight_milli * 1000) for chip in ticked}


def _weight(asked: Reader, chip: str, usual: int) -> int:
    name = f"weight-{chip}"
    if not asked.text(name):
        return usual
    weight = asked.number(name, Decimal("0.001"), Decimal(WEIGHT_MOST))
    return usual if weight is None else int(weight * MILLION)


def reference(asked: Reader, ticked: Mapping[str, int]) -> str:
    """The ticked chip that cards, work and limit are counted in: the one that is named as such, or the fastest."""
    named = asked.text("reference")
    return named if named in ticked else max(ticked, key=lambda code: ticked[code])


def relative(weight: int, whole: int) -> int:
    """A weight in thousandths of another, to the nearest, and at least one."""
    return max(1, (2000 * weight // whole + 1) // 2)


def millionths(weight: int) -> str:
    """A weight as it is typed: 1,250,000 millionths of the standard card are `1.25`."""
    return f"{weight // MILLION}.{weight % MILLION:06}".rstrip("0").rstrip(".")


def _place(asked: Reader, exchange: Exchange) -> dict[str, Any]:
    match asked.text("place"):
        case "regions":
            ticked = asked.many("region")
            if not ticked:
                asked.wrong("region", MistakeCode.NONE_TICKED)
            return {"regions": ticked}
        case "near":
            return {"latency": _near(asked, exchange.catalogue)}
        case _:
            return {"regions": sorted(exchange.catalogue.regions)}


def _near(asked: Reader, catalogue: Catalogue) -> dict[str, Any]:
    home, most = asked.one_of("home", catalogue.regions), asked.whole("latency", 0)
    if home is not None and most is not None and not catalogue.regions_within(RegionCode(home), most):
        asked.wrong("latency", MistakeCode.NOWHERE_NEAR)
    return {"from": home, "max_ms": most}


def _time(asked: Reader, name: str, clock: Clock) -> str | None:
    instant = asked.instant(name)
    if instant is not None and instant % clock.terms.slot_seconds:
        asked.wrong(name, MistakeCode.OFF_GRID, clock.terms.slot_seconds // 60)
    return None if instant is None else rfc3339(instant)


def _shape(asked: Reader, clock: Clock) -> dict[str, Any]:
    """The block or the flexible work that is described: the fields of the other kind are left alone."""
    return _work(asked, clock) if asked.text("kind") == "work" else _block(asked, clock)


def _block(asked: Reader, clock: Clock) -> dict[str, Any]:
    """The run has to fit between its earliest start and its deadline: the form says so where it can be mended."""
    slots, room = asked.slots("hours", clock.terms.slot_seconds), _room(asked, clock)
    if slots is not None and room is not None and room < slots:
        asked.wrong("deadline", MistakeCode.TOO_SHORT)
    least = {"least_cards": asked.whole("least", 1)} if asked.text("least") else {}
    return {
        "cards": asked.whole("cards", 1),
        **least,
        "duration_minutes": _minutes(slots, clock),
        "split": asked.text("split"),
    }


def _work(asked: Reader, clock: Clock) -> dict[str, Any]:
    """The work has to be done by its deadline with as many cards at once as are wanted at most."""
    most = Decimal(CARDS_MAX * MINUTES_MAX // 60)
    amount, rate = asked.slots("work", clock.terms.slot_seconds, most), asked.whole("rate", 1)
    room = _room(asked, clock)
    if room is not None and room < 1:
        asked.wrong("deadline", MistakeCode.TOO_SHORT)
    elif amount is not None and rate is not None and room is not None and rate * room < amount:
        asked.wrong("rate", MistakeCode.TOO_SLOW, f"{ceil_div(amount, room):,}")
    return {
        "work_card_minutes": _minutes(amount, clock),
        "rate_cards": rate,
        "all_at_once": asked.text("whole") == "yes",
    }


def _room(asked: Reader, clock: Clock) -> int | None:
    """Slots between the earliest start, or now, and the deadline."""
    start = asked.instant("start") if asked.text("start") else clock.instant
    deadline = asked.instant("deadline")
    if start is None or deadline is None:
        return None
    return (deadline - max(start, clock.instant)) // clock.terms.slot_seconds


def _minutes(slots: int | None, clock: Clock) -> int | None:
    return None if slots is None else slots * clock.terms.slot_seconds // 60


def _link(asked: Reader, exchange: Exchange) -> dict[str, Any]:
    """Bandwidth from where the data is, for whoever asks for some: near their data that is known already."""
    if not asked.text("mbps"):
        return {}
    bandwidth = {"mbps_per_card": asked.whole("mbps", 0)}
    if asked.text("place") == "near" and not asked.text("origin"):
        return bandwidth
    return {"home": asked.one_of("origin", exchange.catalogue.regions), **bandwidth}


def _limit(asked: Reader, *, limit_needed: bool) -> int | None:
    if not asked.text("limit") and not limit_needed:
        return LIMIT_UNKNOWN
    return asked.price("limit")
