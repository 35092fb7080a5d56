"""Little markets for tests, made by hand and played in memory: slots are counted from the beginning of the span."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from exchange.catalogue.catalogue import load_catalogue
from exchange.commands import Command, Envelope
from exchange.core import step
from exchange.events import Event
from exchange.listings.commands import PublishListing
from exchange.names import VENUE
from exchange.orders.commands import PlaceOrder
from exchange.orders.events import LeaseDisplaced, LeaseGranted
from exchange.replay.assumptions import DEFAULTS, SLOT_S, Assumptions
from exchange.replay.orders import deposit_of
from exchange.replay.plan import plan_market
from exchange.replay.planned import MarketPlan, PlannedListing, PlannedOrder
from exchange.replay.reference import reference_offers, reference_trace
from exchange.replay.script import Ask, script
from exchange.replay.terms import replay_terms
from exchange.replay.trace import DAY_S
from exchange.replay.uses import Use
from exchange.state import before_all
from exchange.venue.commands import AdoptTerms, Tick
from matching.terms import (
    Block,
    ChipCode,
    ListingId,
    Milli,
    OnPreempt,
    OrderId,
    Preference,
    RegionCode,
    Seq,
    Shape,
    Split,
    Tier,
    TimeInForce,
    Work,
)

CARD = ChipCode("metax-c500-64g")
EAST, WEST = RegionCode("340200"), RegionCode("621000")
START_S = DEFAULTS.start_s
START = START_S // SLOT_S
YUAN = 1_000_000
HOUR, DAY = 4, 96  # slots
REFERENCE = plan_market(reference_trace(), reference_offers(), DEFAULTS, 1)
SELLERS = {seller.region: seller.code for seller in REFERENCE.sellers}


def listing(
    cards: int, ask: int, spot: Mapping[int, int] | None = None, region: RegionCode = WEST, **changes: Any
) -> PlannedListing:
    """Two days of cards at `ask` yuan an hour in both tiers, or on spot at those of `spot` from their slots on."""
    steps = tuple((START_S + slot * SLOT_S, price * YUAN) for slot, price in (spot or {0: ask}).items())
    plain = PlannedListing(
        seller=SELLERS[region],
        chip=CARD,
        region=region,
        start_s=START_S,
        end_s=START_S + 2 * DAY_S,
        cards=cards,
        lot=1,
        min_slots=1,
        asks={Tier.ON_DEMAND: ((START_S, ask * YUAN),), Tier.SPOT: steps},
    )
    return replace(plain, **changes)


def order(shape: Shape, limit: int, at: int = 0, slack: int = 0, **changes: Any) -> PlannedOrder:
    """Placed in slot `at` for up to `limit` yuan an hour, to end at most `slack` slots after it could."""
    length = shape.slots if isinstance(shape, Block) else shape.amount // shape.rate
    plain = PlannedOrder(
        job="job",
        at_s=START_S + at * SLOT_S,
        buyer=REFERENCE.buyers[0].code,
        tier=Tier.SPOT,
        chips=((CARD, Milli(1_000)),),
        regions=(WEST, EAST),
        earliest_s=START_S + at * SLOT_S,
        deadline_s=START_S + (at + length + slack) * SLOT_S,
        shape=shape,
        limit=limit * YUAN,
        prefer=Preference.CHEAPEST,
        tif=TimeInForce.GTC,
        on_preempt=OnPreempt.REQUEUE,
    )
    return replace(plain, **changes)


def urgent(cards: int, slots: int, limit: int, at: int = 0) -> PlannedOrder:
    """An order on demand for now."""
    shape = Block(cards, cards, slots)
    return order(shape, limit, at, tier=Tier.ON_DEMAND, prefer=Preference.EARLIEST)


def gang(cards: int, slots: int, limit: int, split: Split = Split.REGIONS, **changes: Any) -> PlannedOrder:
    """All or none, put together from several listings."""
    return order(Block(cards, cards, slots, split), limit, **changes)


def work(cards: int, slots: int, limit: int, **changes: Any) -> PlannedOrder:
    """As much as so many cards do in so many slots, at any time."""
    return order(Work(cards * slots, cards), limit, **changes)


def market(
    listings: Sequence[PlannedListing], orders: Sequence[PlannedOrder], assumptions: Assumptions = DEFAULTS
) -> MarketPlan:
    """A day of a market, and another in which it closes."""
    buyer = replace(
        REFERENCE.buyers[0],
        deposit_fen=deposit_of(orders, 10_000, replay_terms(load_catalogue(), assumptions)),
    )
    return replace(
        REFERENCE,
        assumptions=assumptions,
        end_s=START_S + DAY_S,
        closes_s=START_S + 2 * DAY_S,
        buyers=(buyer, *REFERENCE.buyers[1:]),
        listings=tuple(listings),
        orders=tuple(orders),
    )


def played(plan: MarketPlan) -> list[Use]:
    """What the venue deals out, played in memory: read from its events, one after the other."""
    return uses_in(_happened(plan))


def _happened(plan: MarketPlan) -> list[tuple[int, Command, list[Event]]]:
    catalogue = load_catalogue()
    terms = replay_terms(catalogue, plan.assumptions)
    state = before_all(catalogue)
    asked = [line.envelope for line in script(plan, terms) if isinstance(line, Ask)]
    envelopes = [Envelope(VENUE, "open", AdoptTerms(terms)), *asked]
    return [
        (seq, envelope.command, [event for event, _ in step(state, Seq(seq), envelope)])
        for seq, envelope in enumerate(envelopes, start=1)
    ]


def uses_in(log: Sequence[tuple[int, Command, Sequence[Event]]]) -> list[Use]:
    """The leases of a log (number, command, events) as uses of the plan's listings by its orders."""
    orders = dict[OrderId, int]()
    listings = dict[ListingId, int]()
    uses = dict[str, Use]()
    now = 0
    for seq, command, events in log:
        match command:
            case Tick(instant):
                now = instant // SLOT_S
            case PlaceOrder():
                orders[OrderId(f"ord-{seq}")] = len(orders)
            case PublishListing():
                listings[ListingId(f"lst-{seq}")] = len(listings)
        for event in events:
            match event:
                case LeaseGranted(leased, lease, _):
                    root = OrderId(lease.order.split(".")[0])
                    uses[lease.id] = Use(
                        order=orders[root],
                        listing=listings[lease.listing],
                        cards=lease.cards,
                        working=leased.working,
                        start=leased.window.start,
                        ends=((now, leased.window.end),),
                    )
                case LeaseDisplaced(displaced, lease_id):
                    before = uses[lease_id]
                    uses[lease_id] = replace(before, ends=(*before.ends, (now, displaced.at)))
    return list(uses.values())


def require_sound(plan: MarketPlan, uses: Sequence[Use]) -> None:
    """No listing is oversold in any slot, and every use is within what its order and its listing allow."""
    leased = Counter[tuple[int, int]]()
    for use in uses:
        asked, offered = plan.orders[use.order], plan.listings[use.listing]
        assert offered.region in asked.regions
        assert offered.chip in dict(asked.chips)
        assert asked.tier in offered.asks
        assert 0 < use.working <= use.cards
        assert use.cards % offered.lot == 0
        assert asked.earliest_s <= use.start * SLOT_S
        assert use.end * SLOT_S <= min(asked.deadline_s, offered.end_s)
        leased.update({(use.listing, slot): use.cards for slot in range(use.start, use.end)})
    assert all(cards <= plan.listings[place].cards for (place, _), cards in leased.items())
