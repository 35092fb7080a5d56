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
    Tick,
    WithdrawListing,
)
from matching.events import (
    Closed,
    Event,
    Leased,
    Listed,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rejected,
    Rested,
    Ticked,
)
from matching.prices import PriceCurve, flat
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
from tests.matching import laws

LISTING = "seller=s chip=A region=east window=0-24 cards=8 lot=1 min_slots=1 spot=100 on_demand=none"
ORDER = "buyer=x tier=spot chips=A regions=east window=0-24 cards=8 slots=2 limit=150 prefer=cheapest tif=gtc"


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
            if not line.startswith(" "):
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
        shape=Block(*pair_of(given["cards"]), int(given["slots"])),
        prefer=Preference(given["prefer"]),
        tif=TimeInForce(given["tif"]),
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


def told(seq: Seq, event: Event) -> Iterator[str]:
    """What an event reads like in a story. That a command was simply accepted is not told."""
    match event:
        case Leased(order, listing, cards, window, cost):
            yield f"    {order} gets {cards} of {listing}, {window.start}-{window.end}, for {cost}"
        case Rested(order):
            yield f"    {order} rests"
        case Closed(order, end):
            yield f"    {order} {end}"
        case ListingClosed(listing, ends):
            yield f"    {listing} {ends}"
        case OrderAmended(order=amended, seq=age) | ListingAmended(listing=amended, seq=age):
            yield f"    {amended.id} {'is new' if age == seq else 'keeps its age'}"
        case Rejected(code):
            yield f"    refused: {code}"
        case Listed() | Opened() | Ticked():
            pass


STORIES = stories(Path(__file__).with_name("scenarios.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize("story", [pytest.param(story, id=story.title) for story in STORIES])
def test_the_market_goes_as_told(story: Story) -> None:
    world = tuple(command_of(line) for line in story.commands)
    played: list[str] = []
    for line, step in zip(story.commands, laws.played(world), strict=True):
        played += [line, *(words for event in step.events for words in told(step.seq, event))]
    assert played == story.lines, "\n" + "\n".join(played)
    for law in laws.LAWS:
        law(world)


def test_stories_are_told_one_by_one() -> None:
    titles = [story.title for story in STORIES]
    assert len(titles) == len(set(titles)) > 50
    assert all(story.commands and story.lines[0] == story.commands[0] for story in STORIES)
