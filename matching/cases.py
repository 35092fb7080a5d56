"""Acceptance scenarios of the elastic market: commands in, leases out, compared with what a scenario expects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from matching.commands import (
    AmendListing,
    AmendOrder,
    CancelOrder,
    Command,
    Place,
    Publish,
    Reclaim,
    SetLink,
    Tick,
    WithdrawListing,
)
from matching.curves import PriceCurve, flat
from matching.events import (
    Closed,
    Displaced,
    Event,
    Leased,
    Listed,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rejected,
    Rested,
)
from matching.market import Market
from matching.quoting import quote
from matching.rules import apply
from matching.terms import (
    Block,
    ChipCode,
    Listing,
    ListingId,
    MarketTerms,
    OnPreempt,
    Order,
    OrderId,
    OwnerGroup,
    Preference,
    Price,
    PriceRule,
    RegionCode,
    Rejection,
    Seq,
    Shape,
    Slot,
    Split,
    Tier,
    TimeInForce,
    Window,
    Work,
)

Record = Mapping[str, Any]  # a JSON object of a case file


class Difference(NamedTuple):
    """Where a scenario went another way than it should."""

    field: str
    expected: object
    got: object


@dataclass(slots=True)
class _Run:
    """One scenario on its way: the market, and what came out of it."""

    latency: Record
    market: Market
    seq: int = 0
    events: list[Event] = field(default_factory=list)
    told: list[Record] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def step(self, record: Record) -> None:
        """Carry out one command of the scenario. An id that was used once is refused, and nothing happens."""
        self.seq += 1
        if record["do"] in {"list", "bid"}:
            if record["id"] in self.used:
                self.told.append({"ev": "reject", "id": record["id"], "code": "duplicate_id"})
                return
            self.used.add(record["id"])
        self.hear(self.command(record))

    def hear(self, command: Command) -> None:
        """Let the market carry out a command, and write down what it says."""
        said = apply(self.market, Seq(self.seq), command)
        self.events += said
        self.told += (record for event in said for record in _told(event, command))

    def command(self, record: Record) -> Command:
        """The command that a record of the file stands for."""
        name = record.get("id", "")
        match record["do"]:
            case "list":
                return Publish(listing_of(record))
            case "bid":
                return Place(self.order(record))
            case "tick":
                return Tick(Slot(record["now"]))
            case "reclaim":
                return Reclaim(ListingId(record["listing"]), Slot(record["from"]))
            case "cancel" if name in self.market.listings:
                return WithdrawListing(ListingId(name))
            case "cancel":
                return CancelOrder(OrderId(name))
            case "amend" if name in self.market.listings:
                asks = asks_of(record["ask"]) if "ask" in record else None
                return AmendListing(ListingId(name), record.get("cards"), asks)
            case "amend":
                cards = pair_of(record["cards"]) if "cards" in record else None
                return AmendOrder(OrderId(name), record.get("limit"), cards, record.get("deadline"))
            case other:
                raise ValueError(f"There is no command {other!r}.")

    def order(self, record: Record) -> Order:
        """The order that a bid stands for."""
        home = record.get("home")
        return Order(
            id=OrderId(record["id"]),
            buyer=OwnerGroup(record["buyer"]),
            tier=Tier(record["tier"]),
            chips={ChipCode(chip): weight for chip, weight in record["chips"].items()},
            regions=tuple(RegionCode(region) for region in self.regions(record)),
            window=Window(Slot(record["window"][0]), Slot(record["window"][1])),
            limit=Price(record["limit"]),
            shape=shape_of(record),
            prefer=Preference(record.get("prefer", "cheapest")),
            tif=TimeInForce(record.get("tif", "gtc")),
            on_preempt=OnPreempt(record.get("on_preempt", "requeue")),
            home=None if home is None else RegionCode(home),
            mbps_per_card=record.get("mbps_per_card") or 0,
        )

    def regions(self, record: Record) -> Sequence[str]:
        """The regions that a bid names, or those that its latency cap reaches."""
        cap = record.get("latency")
        if cap is None:
            return list(record["regions"])
        reach: Record = self.latency.get(cap["from"], {})
        return [region for region, ms in reach.items() if ms <= cap["max_ms"]]


def shape_of(record: Record) -> Shape:
    """The block or the work that a bid asks for."""
    if record.get("shape", "block") == "work":
        return Work(record["work"], record["rate"], record.get("aon", False))
    return Block(*pair_of(record["cards"]), record["slots"], Split(record.get("split", "one")))


def listing_of(record: Record) -> Listing:
    """The listing that a record stands for."""
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
        price_rule=PriceRule(record.get("price_rule", "posted")),
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
    """Play a scenario and compare. An empty list means that it passes."""
    run = _begun({**defaults, **scenario.get("config", {})})
    for record in scenario["commands"]:
        run.step(record)
    got = _outcome(run)
    if "quote" in scenario["expect"]:
        got["quote"] = _quote(run, scenario["expect"]["quote"]["bid"])
    return _compare(scenario["expect"], got, run.told)


def _begun(settings: Record) -> _Run:
    """A market with a scenario's switches and links, before its first command."""
    known = MarketTerms()
    terms = MarketTerms(
        notice=settings.get("notice", known.notice),
        grace=settings.get("grace", known.grace),
        outbid_bp=settings.get("outbid_bps", known.outbid_bp),
        displacement=settings.get("displacement", known.displacement),
        resting=settings.get("resting", known.resting),
    )
    run = _Run(settings.get("latency", {}), Market(terms=terms))
    for link in settings.get("links", ()):
        run.hear(SetLink(RegionCode(link["from"]), RegionCode(link["to"]), link["mbps"]))
    return run


def _compare(expect: Record, got: Record, told: Sequence[Record]) -> list[Difference]:
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
    missing = [event for event in expect["events"] if not any(event.items() <= each.items() for each in told)]
    return differences + [Difference("events", event, "never happened") for event in missing]


def _lease_key(lease: Record) -> tuple[object, ...]:
    return tuple(lease[name] for name in ("order", "listing", "cards", "start", "end", "cost", "state"))


def _outcome(run: _Run) -> dict[str, object]:
    taken_back = {event.lease: event for event in run.events if isinstance(event, Displaced)}
    return {
        "leases": sorted(
            _lease(event, taken_back.get(event.lease)) for event in run.events if isinstance(event, Leased)
        ),
        "resting": sorted(run.market.orders),
        "closed": {event.order: str(event.end) for event in run.events if isinstance(event, Closed)},
    }


def _lease(lease: Leased, cut: Displaced | None) -> tuple[object, ...]:
    head = lease.order, lease.listing, lease.cards, lease.window.start
    if cut is None:
        return *head, lease.window.end, lease.cost, "live"
    return *head, cut.at, cut.charged, "preempted"


def _told(event: Event, command: Command) -> Iterator[Record]:
    """An event as case files tell it; some are not told at all."""
    match event:
        case Leased(number, order, listing):
            yield {"ev": "lease", "order": order, "listing": listing, "lease": f"L{number}"}
        case Displaced(number, at, charged):
            yield {"ev": "preempt", "lease": f"L{number}", "at": at, "charged": charged}
        case Opened(order) if not isinstance(command, Place) or command.order.id != order.id:
            yield {"ev": "requeue", "order": order.id}
        case Rested(order_id):
            yield {"ev": "rest", "order": order_id}
        case Closed(order_id, end):
            yield {"ev": "closed", "order": order_id, "end": str(end)}
        case Rejected(code):
            yield {"ev": "reject", "id": _subject(command), "code": str(code)}
        case Listed(offered):
            yield {"ev": "listed", "listing": offered.id}
        case ListingClosed(listing_id):
            yield {"ev": "withdrawn", "listing": listing_id}
        case ListingAmended(offered):
            yield {"ev": "amended", "listing": offered.id}
        case OrderAmended(order):
            yield {"ev": "amended", "order": order.id}
        case _:
            return


def _subject(command: Command) -> str | None:
    """What a command is about, by its id."""
    match command:
        case Place(order):
            return order.id
        case Publish(listing):
            return listing.id
        case CancelOrder(order_id) | AmendOrder(order_id):
            return order_id
        case WithdrawListing(listing_id) | AmendListing(listing_id) | Reclaim(listing_id):
            return listing_id
        case _:
            return None


def _quote(run: _Run, bid: Record) -> dict[str, object]:
    """What an order would get now. Nothing is booked."""
    answer = quote(run.market, run.order(bid), Seq(run.seq))
    deal = None if isinstance(answer, Rejection) else answer.deal
    if deal is None:
        return {"ok": False}
    legs = [[leg.listing, leg.cards, leg.window.start, leg.window.end] for leg in deal.legs]
    return {"ok": True, "legs": legs, "cost": deal.cost}
