"""The stories of `scenarios.txt`, each played by the kernel, by the oracle and past the auditor."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

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
    LinkSet,
    Listed,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rejected,
    Rested,
    Ticked,
)
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
    Seq,
    Shape,
    Slot,
    Split,
    Tier,
    TimeInForce,
    Window,
    Work,
)
from tests.matching import laws
from tests.matching.strategies import World

LISTING = "seller=s chip=A region=east window=0-24 cards=8 lot=1 min_slots=1 spot=100 on_demand=none price_rule=posted"
ORDER = (
    "buyer=x tier=spot chips=A regions=east window=0-24 cards=8 slots=2 limit=150 prefer=cheapest tif=gtc "
    "split=one on_preempt=requeue home=none mbps=0 work=none rate=none whole=no"
)
MARKET = "notice=1 grace=1 outbid_bp=500 displacement=on resting=on"


@dataclass
class Story:
    """A title, commands, and the lines of the file that tell them and what they make happen."""

    title: str
    commands: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def stories(text: str) -> list[Story]:
    """The stories of a file. What stands before the first heading explains the file."""
    told: list[Story] = []
    for line in text.partition("\n== ")[2].splitlines()[1:]:
        if line.startswith("# "):
            told.append(Story(line.removeprefix("# ")))
        elif line and not line.startswith("== "):
            told[-1].lines.append(line)
            if not line.startswith((" ", "market ")):
                told[-1].commands.append(line)
    return told


def command_of(line: str) -> Command:
    """The command that a line stands for."""
    verb, *words = line.split()
    match verb, words:
        case "list", [name, *terms]:
            return Publish(listing_of(name, settings(LISTING, terms)))
        case "bid", [name, *terms]:
            return Place(order_of(name, settings(ORDER, terms)))
        case "amend-listing", [name, *terms]:
            given = settings("", terms)
            cards = int(given["cards"]) if "cards" in given else None
            return AmendListing(ListingId(name), cards, asks_of(given) or None)
        case "amend-order", [name, *terms]:
            given = settings("", terms)
            return AmendOrder(
                OrderId(name),
                Price(int(given["limit"])) if "limit" in given else None,
                pair_of(given["cards"]) if "cards" in given else None,
                Slot(int(given["deadline"])) if "deadline" in given else None,
            )
        case "withdraw", [name]:
            return WithdrawListing(ListingId(name))
        case "reclaim", [name, since]:
            return Reclaim(ListingId(name), Slot(int(since)))
        case "link", [home, region, mbps]:
            return SetLink(RegionCode(home), RegionCode(region), int(mbps))
        case "cancel", [name]:
            return CancelOrder(OrderId(name))
        case "tick", [now]:
            return Tick(Slot(int(now)))
        case _:
            raise AssertionError(f"no command: {line}")


def settings(defaults: str, words: list[str]) -> dict[str, str]:
    known = dict(word.split("=") for word in defaults.split())
    given = dict(word.split("=") for word in words)
    assert not defaults or given.keys() <= known.keys(), f"{given} has a word that is not in {defaults}"
    return known | given


def listing_of(name: str, given: Mapping[str, str]) -> Listing:
    return Listing(
        id=ListingId(name),
        seller=OwnerGroup(given["seller"]),
        chip=ChipCode(given["chip"]),
        region=RegionCode(given["region"]),
        window=window_of(given["window"]),
        cards=int(given["cards"]),
        lot=int(given["lot"]),
        min_slots=int(given["min_slots"]),
        asks=asks_of(given),
        price_rule=PriceRule(given["price_rule"]),
    )


def order_of(name: str, given: Mapping[str, str]) -> Order:
    chips = [chip.partition(":") for chip in many(given["chips"])]
    return Order(
        id=OrderId(name),
        buyer=OwnerGroup(given["buyer"]),
        tier=Tier(given["tier"]),
        chips={ChipCode(chip): int(weight or "1000") for chip, _, weight in chips},
        regions=tuple(RegionCode(region) for region in many(given["regions"])),
        window=window_of(given["window"]),
        limit=Price(int(given["limit"])),
        shape=shape_of(given),
        prefer=Preference(given["prefer"]),
        tif=TimeInForce(given["tif"]),
        on_preempt=OnPreempt(given["on_preempt"]),
        home=None if given["home"] == "none" else RegionCode(given["home"]),
        mbps_per_card=int(given["mbps"]),
    )


def shape_of(given: Mapping[str, str]) -> Shape:
    if given["work"] != "none":
        return Work(int(given["work"]), int(given["rate"]), given["whole"] == "yes")
    return Block(*pair_of(given["cards"]), int(given["slots"]), Split(given["split"]))


def market_of(story: Story) -> MarketTerms:
    """The terms of a story's market: its first line may name some."""
    words = story.lines[0].split()[1:] if story.lines[0].startswith("market ") else []
    given = settings(MARKET, words)
    return MarketTerms(
        notice=int(given["notice"]),
        grace=int(given["grace"]),
        outbid_bp=int(given["outbid_bp"]),
        displacement=given["displacement"] == "on",
        resting=given["resting"] == "on",
    )


def many(words: str) -> list[str]:
    return [] if words == "none" else words.split(",")


def asks_of(given: Mapping[str, str]) -> dict[Tier, PriceCurve]:
    return {tier: curve_of(given[tier]) for tier in Tier if given.get(tier, "none") != "none"}


def curve_of(words: str) -> PriceCurve:
    if ":" not in words:
        return flat(int(words))
    steps = [step.split(":") for step in words.split(",")]
    return PriceCurve(tuple((int(slot), int(price)) for slot, price in steps))


def window_of(words: str) -> Window:
    start, end = pair_of(words)
    return Window(Slot(start), Slot(end))


def pair_of(words: str) -> tuple[int, int]:
    first, _, second = words.partition("-")
    return int(first), int(second or first)


def told(seq: Seq, command: Command, event: Event) -> Iterator[str]:
    """What an event reads like in a story. That a command was simply accepted is not told."""
    match event:
        case Leased(_, order, listing, cards, working, window, _, cost):
            idle = "" if working == cards else f" ({working} work)"
            yield f"    {order} gets {cards} of {listing}{idle}, {window.start}-{window.end}, for {cost}"
        case Displaced(lease, at, charged):
            yield f"    lease {lease} ends at {at}, for {charged}"
        case Opened(order, age) if not isinstance(command, Place) or command.order.id != order.id:
            assert isinstance(order.shape, Block)
            least, most, slots = order.shape.least, order.shape.most, order.shape.slots
            inside = f"{order.window.start}-{order.window.end}"
            yield f"    {order.id} asks for {least}-{most} for {slots} in {inside}, as old as {age}"
        case Rested(order_id):
            yield f"    {order_id} rests"
        case Closed(order_id, end):
            yield f"    {order_id} {end}"
        case ListingClosed(listing, ends):
            yield f"    {listing} {ends}"
        case ListingAmended(terms, _) if isinstance(command, Reclaim):
            yield f"    {terms.id} ends at {terms.window.end}"
        case OrderAmended(order=amended, seq=age) | ListingAmended(listing=amended, seq=age):
            yield f"    {amended.id} {'is new' if age == seq else 'keeps its age'}"
        case Rejected(code):
            yield f"    refused: {code}"
        case Listed() | Opened() | Ticked() | LinkSet():
            pass


STORIES = stories(Path(__file__).with_name("scenarios.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize("story", [pytest.param(story, id=story.title) for story in STORIES])
def test_the_market_goes_as_told(story: Story) -> None:
    world = World(tuple(command_of(line) for line in story.commands), market_of(story))
    played = [line for line in story.lines[:1] if line.startswith("market ")]
    for line, step in zip(story.commands, laws.played(world), strict=True):
        words = (words for event in step.events for words in told(step.seq, step.command, event))
        played += [line, *words]
    assert played == story.lines, "\n" + "\n".join(played)
    for law in laws.LAWS:
        law(world)


def test_stories_are_told_one_by_one() -> None:
    titles = [story.title for story in STORIES]
    assert len(titles) == len(set(titles)) > 120
    assert all(story.commands and not story.lines[0].startswith(" ") for story in STORIES)
