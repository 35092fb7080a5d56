"""Plays small markets and one lease, and draws what came of each: the pictures of the pages on matching and settlement.

It needs neither a server nor a database. Nothing in a picture is written by hand but its words: leases, prices and orders
are those that the market made. From the project's folder:

    .venv/bin/python examples/pictures.py --to docs/pictures
"""

import argparse
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec.structs import replace

from examples.drawing import MARGIN, WIDTH, Picture, Scale, clock, yuan
from examples.play import REGION, Play, cost
from examples.settle_one_lease import lived
from matching.commands import Tick
from matching.curves import PriceCurve
from matching.events import Displaced, Leased
from matching.live import LiveOrder
from matching.market import Market
from matching.terms import (
    Block,
    ChipCode,
    Listing,
    Order,
    Preference,
    Slot,
    Split,
    Tier,
    Window,
    Work,
)

RIGHT = WIDTH - MARGIN


# One listing, whose price changes with the hour

DAY = (8, 32)
LIMIT = 800
TARIFF = ((8, 960), (11, 720), (13, 960), (17, 1260), (22, 420))


def cheap_hours() -> str:
    """Malleable work fills the hours that it can pay, the cheapest first."""
    play, eager = Play(), Play()
    for market in (play, eager):
        listing = market.offer("sun", 16, DAY, spot=TARIFF)
        market.ask("block", Block(8, 8, 6), (24, 30), 500)
    play.ask("work", Work(120, 12), DAY, LIMIT)
    eager.ask("work", Work(120, 12), DAY, 1300, prefer=Preference.EARLIEST)
    ours = play.leases("work")

    picture = Picture(
        "Work goes where the hours are cheap",
        "120 card-hours, at most 12 cards at a time, for no more than ¥8.00 each. The listing's price changes with "
        "the hour. The cheapest hours come first, beside a block that was there before.",
    )
    hours, price = Scale(*DAY, 92, RIGHT - 16), Scale(0, 1400, picture.top + 160, picture.top + 8)
    draw_tariff(picture, hours, price, listing.asks[Tier.SPOT], ours)
    cards = Scale(0, listing.cards, price.begin + 128, price.begin + 24)
    picture.text(hours.begin - 10, cards.end + 10, "16 cards", "end quiet")
    picture.box(hours.begin, cards.end, hours.end, cards.begin, "free")
    for lease, base in stacked(play.leases()):
        kind, words = ("ours", f"{lease.cards}") if lease.order == "work" else ("other", "a block of 8 cards")
        sides = hours.at(lease.window.start), cards.at(base + lease.cards)
        picture.labelled(*sides, hours.at(lease.window.end), cards.at(base), kind, words)
    picture.hours(hours, cards.begin + 4, 4)
    paid, hasty = cost(ours), eager.leases("work")
    return picture.closed(
        cards.begin + 54,
        f"It pays {yuan(paid)}, {yuan(paid // 120)} a card-hour. With the preference for the earliest and a limit "
        f"of ¥13.00 it would have begun at {clock(hasty[0].window.start)} and paid {yuan(cost(hasty))}.",
    )


def draw_tariff(picture: Picture, hours: Scale, price: Scale, tariff: PriceCurve, ours: list[Leased]) -> None:
    """A price curve, with the hours filled in which the work runs, and its limit across."""
    for lease in ours:
        for since, until, each in lease.runs:
            picture.box(hours.at(since), price.at(each), hours.at(until), price.begin, "ours")
    picture.line([(hours.begin, price.begin), (hours.end, price.begin)], "rule")
    ends = [*(slot for slot, _ in tariff.steps[1:]), hours.last]
    steps = [(slot, end, each) for (slot, each), end in zip(tariff.steps, ends, strict=True)]
    picture.line([(hours.at(at), price.at(each)) for slot, end, each in steps for at in (slot, end)], "curve")
    for slot, end, each in steps:
        down = price.at(each) - 7 if each > LIMIT else price.at(each) + 18
        picture.text((hours.at(slot) + hours.at(end)) // 2, down, yuan(each), "mid")
    picture.line([(hours.begin, price.at(LIMIT)), (hours.end, price.at(LIMIT))], "mark")
    picture.text(hours.end, price.at(LIMIT) - 7, f"limit {yuan(LIMIT)}", "end note")
    picture.text(hours.begin - 10, price.end + 10, "price", "end quiet")


def stacked(leases: Iterable[Leased]) -> list[tuple[Leased, int]]:
    """Leases of one listing, each with the lowest card on which it lies above no other in its hours."""
    placed: list[tuple[Leased, int]] = []
    for lease in sorted(leases, key=lambda each: each.lease):
        base = 0
        for other, below in sorted(placed, key=lambda each: each[1]):
            apart = other.window.end <= lease.window.start or lease.window.end <= other.window.start
            if not apart and below < base + lease.cards and base < below + other.cards:
                base = below + other.cards
        placed.append((lease, base))
    return placed


# A gang over several sellers


def gang() -> str:
    """A gang takes what three sellers have together, and what is left of it stays pinned to its start."""
    play, night = Play(), (18, 32)
    listings = [
        play.offer("A", 12, night, spot=600),
        play.offer("B", 8, (20, 32), spot=620),
        play.offer("C", 8, (19, 28), spot=640),
    ]
    play.ask("gang", Block(24, 32, 6, Split.SELLERS), night, 700)
    listings.append(play.offer("D", 8, (18, 30), spot=500))
    pinned = play.leases()[0].window

    picture = Picture(
        "A gang waits for its rest at the start that it has",
        "24 to 32 cards together for six hours, over several sellers of one region. At 18:00 and 19:00 too few are "
        "free. At 20:00 three sellers have 28: it starts then, and waits for four more that can join it there.",
    )
    hours, top = Scale(*night, 152, RIGHT - 16), picture.top + 26
    start, end = hours.at(pinned.start), hours.at(pinned.end)
    for listing in listings:
        late = " late" if listing is listings[-1] else ""
        draw_lane(picture, hours, top, listing, 5, late)
        for lease in play.leases():
            if lease.listing == listing.id:
                words = f"{lease.cards} cards" + (" join when D is listed" if late else "")
                bottom = top + 5 * listing.cards
                picture.labelled(start, bottom - 5 * lease.cards, end, bottom, "ours", words)
        top += 5 * listing.cards + 16
    picture.line([(start, picture.top + 12), (start, top - 6)], "mark")
    picture.text(start, picture.top + 8, f"pinned to {clock(pinned.start)}", "mid note")
    picture.hours(hours, top - 4)
    return picture.closed(
        top + 46,
        f"D is listed last, is the cheapest, and is free from 18:00 on. Its cards still join at "
        f"{clock(pinned.start)} and for the same hours, because a gang works together.",
    )


def draw_lane(picture: Picture, hours: Scale, top: int, listing: Listing, unit: int, style: str = "") -> None:
    """A listing's own hours as an empty box, `unit` pixels high for each card, with its name and price."""
    window = listing.window
    bottom = top + unit * listing.cards
    picture.box(hours.at(window.start), top, hours.at(window.end), bottom, f"free{style}")
    middle = (top + bottom) // 2
    picture.text(MARGIN, middle - 3, f"{listing.id}: {listing.cards} cards", "strong")
    prices = [f"{tier.replace('_', ' ')} {yuan(ask.lowest)}" for tier, ask in listing.asks.items()]
    for number, words in enumerate(prices):
        picture.text(MARGIN, middle + 14 + 16 * number, words, "quiet")


# Displacement


def displacement() -> str:
    """On-demand demand takes spot cards back after the notice, and what was not delivered goes on elsewhere."""
    play = Play()
    listings = [play.offer("Sun", 16, (8, 24), spot=400, firm=1000), play.offer("Moon", 8, (8, 24), spot=500)]
    play.tell(Tick(Slot(8)))
    play.ask("train", Block(8, 8, 10), (8, 24), 600)
    play.tell(Tick(Slot(12)))
    play.ask("render", Block(8, 8, 4), (12, 24), 700)
    before = play.leases()
    happened = play.ask("urgent", Block(16, 16, 11), (12, 24), 1200, tier=Tier.ON_DEMAND)
    cut = {event.lease: event for event in happened if isinstance(event, Displaced)}
    after = [cut_short(lease, cut.get(lease.lease)) for lease in play.leases()]

    picture = Picture(
        "A spot lease gives way, is paid for what it delivered, and goes on",
        "At 12:00 an on-demand order for 16 cards finds nothing free. It takes Sun's cards after a notice of one "
        "hour. Both spot orders look anew for the hours that they lost, with their age and limit.",
    )
    hours, top = Scale(8, 24, 162, RIGHT - 16), picture.top + 14
    for heading, leases in (("before", before), ("after", after)):
        picture.text(MARGIN, top, heading, "strong note")
        draw_leases(picture, hours, top + 14, listings, leases)
        top += 170
    picture.box(hours.at(12), picture.top + 4, hours.at(13), top - 44, "band")
    picture.text(hours.at(13) + 6, picture.top + 14, "the notice", "note")
    trained, rendered = cut.values()
    picture.text(hours.at(12) - 6, top - 170, f"5 hours: pays {yuan(trained.charged)}", "end note")
    assert rendered.charged == 0, "an hour is within the grace"
    picture.text(hours.at(13) + 6, top - 170, "1 hour, within the grace: pays nothing", "note")
    picture.hours(hours, top - 36)
    told = [f"{lease.order} {yuan(lease.cost)}" for lease in after if lease.order.endswith(".r1")]
    return picture.closed(top + 14, f"What goes on costs what its new seller asks: {' and '.join(told)}.")


def cut_short(lease: Leased, gone: Displaced | None) -> Leased:
    """A lease as long as it really ran."""
    return lease if gone is None else replace(lease, window=Window(lease.window.start, gone.at))


def draw_leases(
    picture: Picture, hours: Scale, top: int, listings: list[Listing], leases: list[Leased]
) -> None:
    """Each listing as a lane, with its leases in it."""
    kinds = {"train": "ours", "render": "other", "urgent": "taker"}
    for listing in listings:
        draw_lane(picture, hours, top, listing, 4)
        for lease, base in stacked(lease for lease in leases if lease.listing == listing.id):
            across = hours.at(lease.window.start), hours.at(lease.window.end)
            bottom = top + 4 * (listing.cards - base)
            words = [f"{lease.order}: {lease.cards} cards"] if len(lease.window) > 3 else [lease.order]
            if len(lease.window) < 2:
                words = []
            kind = kinds[lease.order.partition(".")[0]]
            picture.labelled(across[0], bottom - 4 * lease.cards, across[1], bottom, kind, *words)
        top += 4 * listing.cards + 20


# Lots


def lots() -> str:
    """Whole lots are rented and paid, though only some of their cards are needed."""
    picture = Picture(
        "Lots are rounded up, and all rented cards are paid",
        "A listing of 24 cards in lots of 8, at ¥4.00 a card-hour. A buyer never gets fewer cards than it needs, "
        "and always less than one lot more. Cards that work are full, spare ones are hatched.",
    )
    top = picture.top + 10
    for asked in (8, 11, 17):
        play = Play()
        listing = play.offer("sun", 24, (0, 1), spot=400, lot=8)
        play.ask("buyer", Block(asked, asked, 1), (0, 1), 600)
        (lease,) = play.leases()
        draw_lots(picture, top, listing, lease)
        picture.text(MARGIN, top + 16, f"asks for {asked}", "strong")
        top += 48
    return picture.closed(
        top + 18,
        "The limit holds for every rented card. Spare ones are paid on top, which is why an order also holds what "
        "the venue's largest lot may add.",
    )


def draw_lots(picture: Picture, top: int, listing: Listing, lease: Leased) -> None:
    """A listing card by card, its lots a little apart, and what a lease of it rents and pays."""
    for card in range(listing.cards):
        left = 122 + 17 * card + 8 * (card // listing.lot)
        kind = "ours" if card < lease.working else "spare" if card < lease.cards else "free"
        picture.box(left, top, left + 15, top + 22, kind)
    spare = lease.cards - lease.working
    picture.text(560, top + 7, f"rents {lease.cards}, {spare or 'none'} spare")
    picture.text(560, top + 24, f"pays {yuan(lease.cost)}", "quiet")


# Books


WEIGHTS = {"H100": 1000, "H800": 800, "910B": 500}


def books() -> str:
    """An elastic order stands in the book of every chip that it accepts, at its limit in that chip's terms."""
    play, day = Play(), (0, 24)
    for name, chip, cards, price in (
        ("a", "H100", 24, 1200),
        ("b", "H100", 16, 1100),
        ("c", "H100", 4, 950),
        ("d", "H800", 32, 1000),
        ("e", "H800", 8, 900),
        ("f", "910B", 48, 650),
        ("g", "910B", 24, 560),
    ):
        play.offer(name, cards, day, spot=price, chip=chip)
    play.ask("other", Block(12, 12, 4), day, 420, chips={"910B": 1000})
    play.ask("rival", Block(16, 16, 4), day, 760, chips={"H800": 1000})
    play.ask("ours", Block(8, 8, 4), day, 1000, chips=WEIGHTS)

    picture = Picture(
        "One order stands in several books",
        "Ours wants 8 cards of an H100, or as much of the others, for at most ¥10.00 an H100-hour. Weights translate "
        "its size and its limit into each chip. Whichever book can serve it first takes it out of all three.",
    )
    for number, (chip, weight) in enumerate(WEIGHTS.items()):
        picture.text(MARGIN + 224 * number, picture.top + 12, f"{chip}, weight {weight / 1000:g}", "strong")
        draw_book(picture, play.market, chip, MARGIN + 224 * number, picture.top + 26)
    return picture.closed(
        picture.top + 190,
        "Four H100 are on offer below its limit. It wants all or none, so they are passed over, and block nobody.",
    )


def draw_book(picture: Picture, market: Market, chip: str, left: int, top: int) -> None:
    """A book as a ladder, the dearest price on top: cards on offer, and cards that are waited for."""
    book = market.books[ChipCode(chip), REGION, Tier.SPOT]
    rows = [(live.terms.asks[Tier.SPOT].lowest, live.terms.cards, "") for _, live in book.offers]
    rows += [wanted(each.live.terms, ChipCode(chip)) for bids in book.bids.values() for _, each in bids]
    for price, cards, name in sorted(rows, reverse=True):
        kind = "ours" if name == "ours" else "other" if name else "free"
        words = f"{cards} wanted" if name else f"{cards} on offer"
        end = left + 56 + 3 * cards // 2
        picture.text(left + 48, top + 18, yuan(price), "end")
        picture.box(left + 56, top, end, top + 26, kind)
        picture.text(
            end + 7,
            top + 18,
            f"ours: {words}" if name == "ours" else words,
            "strong" if name == "ours" else "quiet",
        )
        top += 34


def wanted(order: Order, chip: ChipCode) -> tuple[int, int, str]:
    """What an order would pay for a card of this chip, how many of it would do its work, and its name."""
    assert isinstance(order.shape, Block)
    weight = order.chips[chip]
    return order.limit * weight // 1000, -(-order.shape.least * 1000 // weight), order.id


# Who is served when a listing arrives


def rematch() -> str:
    """A new listing is offered to the orders that wait, in their order."""
    play, hour = Play(), (0, 1)
    for name, cards, limit in (("train", 8, 900), ("fold", 24, 1000), ("scan", 2, 900), ("render", 4, 800)):
        play.ask(name, Block(cards, cards, 1), hour, limit)
    play.ask("serve", Block(4, 4, 1), hour, 1100, tier=Tier.ON_DEMAND)
    play.ask("index", Block(2, 2, 1), hour, 600)
    queue = sorted(
        play.market.orders.values(), key=lambda live: (live.terms.tier, -live.terms.limit, live.seq)
    )
    listing = play.offer("new", 16, hour, spot=700, firm=1000)
    got = {lease.order: lease for lease in play.leases()}

    picture = Picture(
        "A new listing goes down the queue once",
        "16 cards arrive, at ¥7.00 for spot and ¥10.00 on demand. On-demand orders come first, then the dearest "
        "limit, then the oldest. A dot is an order's limit, and its bar what it does not have to pay.",
    )
    price = Scale(500, 1200, 266, 496)
    for row, live in enumerate(queue):
        lease = got.get(live.terms.id)
        draw_waiting(
            picture, price, picture.top + 18 + 30 * row, live, lease, listing.asks[live.terms.tier].lowest
        )
    bottom = picture.top + 18 + 30 * len(queue)
    for fen in range(price.first + 100, price.last, 100):
        picture.text(price.at(fen), bottom, f"¥{fen // 100}", "mid quiet")
    draw_cards(picture, bottom + 22, listing.cards, list(got.values()))
    return picture.closed(
        bottom + 86,
        "Whoever waited pays the listing's price all the same; only a listing with the price rule maker is paid the "
        "limits of those who waited for it. What is left is free for the next order that arrives.",
    )


def draw_waiting(
    picture: Picture, price: Scale, down: int, live: LiveOrder, lease: Leased | None, ask: int
) -> None:
    """A row of the queue: an order, its limit on the scale of prices, and what becomes of it."""
    order = live.terms
    tier = ", on demand" if order.tier is Tier.ON_DEMAND else ""
    picture.text(MARGIN, down + 5, order.id, "strong")
    picture.text(MARGIN + 60, down + 5, f"{order.size // 1000} cards{tier}, age {live.seq}", "quiet")
    picture.line([(price.begin, down), (price.end, down)], "rule")
    if lease is not None:
        picture.box(price.at(ask), down - 4, price.at(order.limit), down + 4, "ours")
    picture.dot(price.at(order.limit), down)
    picture.text(price.end + 14, down + 5, outcome(order, lease, ask))


def outcome(order: Order, lease: Leased | None, ask: int) -> str:
    """What became of an order, and why."""
    if lease is not None:
        return f"gets {lease.cards}, each for {yuan(lease.cost // lease.cards)}"
    return "waits: limit too low" if order.limit < ask else "waits: too few left"


def draw_cards(picture: Picture, top: int, cards: int, leases: list[Leased]) -> None:
    """The listing's cards in a row, each with whoever got it."""
    each = (RIGHT - MARGIN) // cards
    left = MARGIN
    for lease in leases:
        picture.labelled(
            left, top, left + each * lease.cards, top + 34, "ours", f"{lease.order}: {lease.cards}"
        )
        left += each * lease.cards
        cards -= lease.cards
    picture.labelled(left, top, left + each * cards, top + 34, "free", f"free: {cards}")


# One lease, from what it held to what its seller was paid


def settlement() -> str:
    """The money of the worked lease, cut in another way in each row."""
    told = lived()
    lines = [billed.line for billed in told.statement.lines]
    here, there = (sum(line.revenue_by_region_fen[n][1] for line in lines) for n in (0, 1))
    cuts: tuple[tuple[str, tuple[Cut, ...]], ...] = (
        ("the lease held", (("charged", told.statement.charged), ("released", told.statement.released))),
        (
            "of the charge",
            (
                ("owed to the seller", sum(line.seller_payout_fen for line in lines)),
                ("fee", sum(line.fee_fen for line in lines)),
            ),
        ),
        (
            "in the price",
            (("net", sum(line.net_fen for line in lines)), ("VAT", sum(line.vat_fen for line in lines))),
        ),
        ("regions count", (("Shanghai", here), ("Qingyang", there))),
        ("the bank paid", (("to the seller", told.begun.amount),)),
    )
    picture = Picture(
        "Where the money of one lease goes",
        "Eight cards for ten hours, one of them delivered short and one not at all: the lease that is worked on this "
        "page. Each row cuts the same money in another way, to one scale.",
    )
    scale, down = Scale(0, told.granted.held, 152, RIGHT - 100), picture.top + 8
    for name, parts in cuts:
        picture.text(MARGIN, down + 21, name, "strong")
        draw_cuts(picture, scale, down, parts)
        down += 46
    return picture.closed(
        down + 16,
        f"The regions' {yuan(here)} and {yuan(there)} add up to the net price. They are counted in a book of their own: "
        "nobody is paid from it, and the seller gets the same under any agreement.",
    )


Cut = tuple[str, int]
"""What a part of some money is, and how much of it in fen."""


def draw_cuts(picture: Picture, scale: Scale, top: int, parts: Iterable[Cut]) -> None:
    """Parts of a sum beside each other. One that is too narrow for its words has them on its right."""
    begin = 0
    for (name, fen), kind in zip(parts, ("ours", "other"), strict=False):
        left, right = scale.at(begin), scale.at(begin + fen)
        words = f"{name} {yuan(fen)}"
        if right - left > 8 * len(words):
            picture.labelled(left, top, right, top + 32, kind, words)
        else:
            picture.box(left, top, right, top + 32, kind)
            picture.text(right + 8, top + 21, words)
        begin += fen


PICTURES: Mapping[str, Callable[[], str]] = {
    "cheap_hours": cheap_hours,
    "gang": gang,
    "displacement": displacement,
    "lots": lots,
    "books": books,
    "rematch": rematch,
    "settlement": settlement,
}


def main() -> None:
    """Draw every picture into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--to", type=Path, required=True, help="the folder that the pictures go to")
    folder = parser.parse_args().to
    for name, draw in PICTURES.items():
        (folder / f"{name}.svg").write_text(draw(), encoding="utf-8")
        print(f"{folder}/{name}.svg")


if __name__ == "__main__":
    main()
