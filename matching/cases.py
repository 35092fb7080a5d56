"""Acceptance scenarios of the elastic market: commands in, leases out, compared with what a scenario expects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from matching.commands import (
    AmendListing,
    AmendOrder,
    CancelOrder,
    Command,
    Place,
    Publish,
    Tick,
    WithdrawListing,
)
from matching.events import Closed, Event, Leased
from matching.market import Market
from matching.prices import PriceCurve, flat
from matching.rules import apply, order_problem
from matching.search import find
from matching.terms import (
    Block,
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
    Slot,
    Tier,
    TimeInForce,
    Window,
)

Record = Mapping[str, Any]  # a JSON object of a case file


class Difference(NamedTuple):
    """Where a scenario went another way than it should."""

    field: str
    expected: object
    got: object


class NotBuiltError(Exception):
    """A scenario uses a rule that this market does not have yet."""


NOT_BUILT = ("split", "work", "home", "mbps_per_card", "price_rule")


@dataclass(slots=True)
class _Run:
    """One scenario on its way: the market, and what came out of it."""

    latency: Record
    market: Market = field(default_factory=Market)
    seq: int = 0
    events: list[Event] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def step(self, record: Record) -> None:
        """Carry out one command of the scenario. An id that was used once is refused, and nothing happens."""
        self.seq += 1
        if record["do"] in {"list", "bid"}:
            if record["id"] in self.used:
                return
            self.used.add(record["id"])
        self.events += apply(self.market, Seq(self.seq), self.command(record))

    def command(self, record: Record) -> Command:
        """The command that a record of the file stands for."""
        match record["do"]:
            case "list":
                return Publish(listing_of(record))
            case "bid":
                return Place(self.order(record))
            case "tick":
                return Tick(Slot(record["now"]))
            case "cancel" if record["id"] in self.market.listings:
                return WithdrawListing(ListingId(record["id"]))
            case "cancel":
                return CancelOrder(OrderId(record["id"]))
            case "amend" if record["id"] in self.market.listings:
                asks = asks_of(record["ask"]) if "ask" in record else None
                return AmendListing(ListingId(record["id"]), record.get("cards"), asks)
            case "amend":
                cards = pair_of(record["cards"]) if "cards" in record else None
                return AmendOrder(OrderId(record["id"]), record.get("limit"), cards, record.get("deadline"))
            case other:
                raise NotBuiltError(f"{other} is not built yet")

    def order(self, record: Record) -> Order:
        """The order that a bid stands for."""
        for word in NOT_BUILT:
            if record.get(word, "one") not in {"one", None}:
                raise NotBuiltError(f"orders with {word} are not built yet")
        least, most = pair_of(record["cards"])
        return Order(
            id=OrderId(record["id"]),
            buyer=OwnerGroup(record["buyer"]),
            tier=Tier(record["tier"]),
            chips={ChipCode(chip): weight for chip, weight in record["chips"].items()},
            regions=tuple(RegionCode(region) for region in self.regions(record)),
            window=Window(Slot(record["window"][0]), Slot(record["window"][1])),
            limit=Price(record["limit"]),
            shape=Block(least, most, record["slots"]),
            prefer=Preference(record.get("prefer", "cheapest")),
            tif=TimeInForce(record.get("tif", "gtc")),
        )

    def regions(self, record: Record) -> Sequence[str]:
        """The regions that a bid names, or those that its latency cap reaches."""
        cap = record.get("latency")
        if cap is None:
            return list(record["regions"])
        reach: Record = self.latency[cap["from"]]
        return [region for region, ms in reach.items() if ms <= cap["max_ms"]]


def listing_of(record: Record) -> Listing:
    """The listing that a record stands for."""
    if record.get("price_rule", "posted") != "posted":
        raise NotBuiltError("maker listings are not built yet")
    return Listing(
        id=ListingId(record["id"]),
        seller=OwnerGroup(record["seller"]),
        chip=ChipCode(record["chip"]),
        region=RegionCode(record["region"]),
        window=Window(Slot(record["start"]), Slot(record["end"])),
        cards=record["cards"],
        lot=record.get("lot", 1),
        min_slots=record.get("min_slots", 1),
        asks=asks_of(record["ask"]),
    )


def asks_of(asks: Record) -> dict[Tier, PriceCurve]:
    """Price curves by tier; a bare number is a price that holds for ever."""
    return {Tier(tier): _curve_of(price) for tier, price in asks.items()}


def _curve_of(price: int | Sequence[Sequence[int]]) -> PriceCurve:
    return flat(price) if isinstance(price, int) else PriceCurve(tuple((slot, at) for slot, at in price))


def pair_of(cards: int | Sequence[int]) -> tuple[int, int]:
    """Cards as (least, most); a bare number is both."""
    return (cards, cards) if isinstance(cards, int) else (cards[0], cards[1])


def check_scenario(scenario: Record, defaults: Record) -> list[Difference]:
    """Play a scenario and compare. An empty list means that it passes.

    A scenario that needs a rule which is not built differs in the field `scenario`, with the reason.
    """
    settings = {**defaults, **scenario.get("config", {})}
    if settings.get("links"):
        return [Difference("scenario", "played", "links between regions are not built yet")]
    run = _Run(settings.get("latency", {}))
    try:
        for record in scenario["commands"]:
            run.step(record)
        got = _outcome(run)
        if "quote" in scenario["expect"]:
            got["quote"] = _quote(run, scenario["expect"]["quote"]["bid"])
    except NotBuiltError as missing:
        return [Difference("scenario", "played", str(missing))]
    return _compare(scenario["expect"], got)


def _compare(expect: Record, got: Record) -> list[Difference]:
    expected: dict[str, object] = {
        "leases": sorted(_lease_key(lease) for lease in expect["leases"]),
        "resting": sorted(expect["resting"]),
        "closed": expect["closed"],
    }
    if "quote" in expect:
        expected["quote"] = expect["quote"]["answer"]
    differences = [
        Difference(name, value, got[name]) for name, value in expected.items() if value != got[name]
    ]
    return differences + [Difference("events", event, "never happened") for event in expect["events"]]


def _lease_key(lease: Record) -> tuple[object, ...]:
    return tuple(lease[name] for name in ("order", "listing", "cards", "start", "end", "cost", "state"))


def _outcome(run: _Run) -> dict[str, object]:
    return {
        "leases": sorted(
            (e.order, e.listing, e.cards, e.window.start, e.window.end, e.cost, "live")
            for e in run.events
            if isinstance(e, Leased)
        ),
        "resting": sorted(run.market.orders),
        "closed": {e.order: str(e.end) for e in run.events if isinstance(e, Closed)},
    }


def _quote(run: _Run, bid: Record) -> dict[str, object]:
    """What an order would get now. Nothing is booked."""
    order = run.order(bid)
    leg = None if order_problem(run.market, order) else find(run.market, order)
    if leg is None:
        return {"ok": False}
    legs = [[leg.listing.terms.id, leg.cards, leg.window.start, leg.window.end]]
    return {"ok": True, "legs": legs, "cost": leg.cost}
