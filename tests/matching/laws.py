"""The laws of the market, as functions of a world that raise `BreachError` when the kernel breaks one.

They reach the kernel through its modules, so that a planted bug is seen: `test_laws.py` requires the laws of the kernel
as it is, `test_sabotage.py` requires that a kernel with a bug breaks them.
"""

import dataclasses
import pickle
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from fractions import Fraction
from typing import Any, NamedTuple

from msgspec.structs import replace

from matching import market as books
from matching import rules
from matching.acceptance import order_problem
from matching.capacity import FreeCards
from matching.commands import AmendListing, AmendOrder, CancelOrder, Command, Place, Publish, SetLink
from matching.events import Closed, Displaced, Event, Leased, Rejected, Rested
from matching.ladder import Ladder, Node
from matching.market import Market
from matching.terms import Block, ListingId, Order, OrderId, Preference, Price, Seq, Slot, Split, Window, Work
from tests.matching.audit import Audit, BreachError, require
from tests.matching.oracle import Oracle
from tests.matching.strategies import CHIPS, REGIONS, World

Law = Callable[[World], None]


class Step(NamedTuple):
    """One command, what the kernel answered, and the market after it."""

    seq: Seq
    command: Command
    events: Sequence[Event]
    market: Market


def hold(law: Law, world: World) -> None:
    """Require a law of a world; if it breaks, show the fewest commands that break it, and how."""
    if fault(law, world) is None:
        return
    fewest = without_needless(law, world)
    told = "\n".join(f"  {number}: {command}" for number, command in enumerate(fewest.commands, 1))
    broken = fault(law, fewest)
    raise BreachError(
        f"{law.__name__} fails in a market of {world.terms} for\n{told}\n{broken!r}"
    ) from broken


def fault(law: Law, world: World) -> Exception | None:
    """What goes wrong, if anything does."""
    try:
        law(world)
    except Exception as broken:  # noqa: BLE001 — a kernel that raises is broken, too
        return broken
    return None


def without_needless(law: Law, world: World) -> World:
    """A part of a world that breaks the law and of which every command is needed for that."""
    commands = world.commands
    for index in reversed(range(len(commands))):
        shorter = dataclasses.replace(world, commands=commands[:index] + commands[index + 1 :])
        if fault(law, shorter) is not None:
            return without_needless(law, shorter)
    return world


def new_market(world: World) -> Market:
    return Market(frozenset(CHIPS), frozenset(REGIONS), world.terms)


def new_oracle(world: World) -> Oracle:
    return Oracle(frozenset(CHIPS), frozenset(REGIONS), world.terms)


def played(world: World) -> Iterator[Step]:
    """The kernel's run of a world, command by command. The market is the same one throughout."""
    market = new_market(world)
    for number, command in enumerate(world.commands, 1):
        events = rules.apply(market, Seq(number), command)
        yield Step(Seq(number), command, events, market)


def log_of(world: World) -> list[Event]:
    return [event for step in played(world) for event in step.events]


def answer_to(market: Market, order: Order, *, displacing: bool = True) -> list[Leased]:
    """What the market would lease to an order that arrived now. Asking changes nothing: a copy answers."""
    fork: Market = pickle.loads(pickle.dumps(market))
    if not displacing:
        fork.terms = replace(fork.terms, displacement=False)
    probe = replace(order, id=OrderId("probe"))
    answer = rules.apply(fork, Seq(10**6), Place(probe))
    return [event for event in answer if isinstance(event, Leased) and event.order == probe.id]


def orders_of(world: World) -> list[Order]:
    """A few sound orders of a world, to probe other states of the market with. Whole work follows no such law."""
    market = new_market(world)
    placed = [command.order for command in world.commands if isinstance(command, Place)]
    sound = [order for order in placed if order_problem(market, order) is None]
    return [order for order in sound if not isinstance(order.shape, Work) or not order.shape.whole][:5]


def agrees_with_the_oracle(world: World) -> None:
    """The kernel says what the oracle says, event for event."""
    oracle = new_oracle(world)
    for step in played(world):
        expected = list(oracle.step(step.seq, step.command))
        require(
            list(step.events) == expected,
            f"\n{step.seq}: {step.command}\nexpected {expected}\ngot      {step.events}",
        )


def passes_the_audit(world: World) -> None:
    """I1, I2, I3, I9, I10: the log alone shows that nothing is oversold, overpaid, misplaced, taken or lost."""
    audit = Audit(world.terms)
    for step in played(world):
        audit.read(step.seq, step.command, step.events)
        require(step.market.listings.keys() == audit.offered().keys(), "the books hold what is offered")
        require(set(step.market.orders) == set(audit.open_orders()), "the books hold what is open")
        for order, waiting in step.market.orders.items():
            require(waiting.left == audit.wanted(order), "what an order has got and wants is what it asked")
        for name, live in step.market.listings.items():
            for slot in range(max(audit.now, live.terms.window.start), live.terms.window.end):
                free = live.free.least(slot, slot + 1)
                require(free == audit.left(name, slot), "a card is either free or leased")


def is_never_crossed(world: World) -> None:
    """I4: after a command nothing that rests could be served, says the oracle's search over the kernel's log."""
    oracle = new_oracle(world)
    for step in played(world):
        for event in step.events:
            oracle.record(event)
        require(not oracle.crossed(), f"{oracle.crossed()} could be served after {step.seq}: {step.command}")


def serves_twins_in_turn(world: World) -> None:
    """I5: of two identical all-or-none orders the later is never served while the earlier waits."""
    elder: dict[OrderId, OrderId] = {}  # younger twin: its elder, while that waits unchanged
    with_twins: list[Command] = []
    for command in world.commands:
        with_twins.append(command)
        if isinstance(command, Place) and all_or_none(command.order):
            twin = replace(command.order, id=OrderId(f"{command.order.id}.twin"))
            elder[twin.id] = command.order.id
            with_twins.append(Place(twin))
    open_orders: set[OrderId] = set()
    for step in played(dataclasses.replace(world, commands=tuple(with_twins))):
        if isinstance(step.command, AmendOrder | CancelOrder):
            elder = {young: old for young, old in elder.items() if old != step.command.order}
        for event in step.events:
            if isinstance(event, Leased):
                before = elder.get(event.order) in open_orders
                require(not before, f"{event.order} is served before its elder twin")
                open_orders.discard(event.order)
        open_orders = set(step.market.orders)


def all_or_none(order: Order) -> bool:
    return isinstance(order.shape, Block) and order.shape.least == order.shape.most


def serves_whoever_offers_more(world: World) -> None:
    """I6: what is served at a limit is served at any higher limit in the same state, displacing or not."""
    market = new_market(world)
    for step in played(world):
        market = step.market
    for order in orders_of(world):
        if all_or_none(order) or isinstance(order.shape, Work) or order.shape.split is Split.ONE:
            limits = [replace(order, limit=Price(limit)) for limit in range(0, 14, 2)]
            served = [bool(answer_to(market, dearer)) for dearer in limits]
            require(
                served == sorted(served), f"{order.id} is served at a limit, not at a higher one: {served}"
            )


def takes_new_capacity_to_serve(world: World) -> None:
    """I7: nothing but listings, links and evictions makes an order possible that was not."""
    probes = orders_of(world)
    possible = [False] * len(probes)
    for step in played(world):
        before = possible
        possible = [bool(answer_to(step.market, order, displacing=False)) for order in probes]
        frees = any(isinstance(event, Displaced) for event in step.events)
        if not frees and not isinstance(step.command, Publish | AmendListing | SetLink):
            grown = [order.id for order, was, now in zip(probes, before, possible, strict=True) if now > was]
            require(not grown, f"{step.command} made {grown} possible")


def gains_by_new_listings(world: World) -> None:
    """I8: with one listing more, an arriving order does at least as well in what it minds more."""
    probes = [
        order
        for order in orders_of(world)
        if isinstance(order.shape, Block) and order.shape.split is Split.ONE
    ]
    before: list[Fraction | None] = [None] * len(probes)
    for step in played(world):
        after = [_burden(step.market, order) for order in probes]
        sold = any(isinstance(event, Leased) for event in step.events)
        if isinstance(step.command, Publish) and not sold:
            for order, old, new in zip(probes, before, after, strict=True):
                better = old is None or (new is not None and new <= old)
                require(better, f"{step.command} hurts {order.id}: {old} before, {new} after")
        before = after


def minds_no_order_of_names(world: World) -> None:
    """It does not matter in which order an order names chips and regions, or a listing its asks."""
    turned = dataclasses.replace(world, commands=tuple(_turned(command) for command in world.commands))
    kinds = (Leased, Displaced, Closed, Rested, Rejected)
    for step, other in zip(list(played(world)), list(played(turned)), strict=True):
        outcome = [event for event in step.events if isinstance(event, kinds)]
        require(outcome == [event for event in other.events if isinstance(event, kinds)], f"{step.command}")


def replays_by_evolving(world: World) -> None:
    """Events alone rebuild the state that deciding them left, and whatever comes after is decided alike.

    The later half of them happens while no books are kept.
    """
    replayed, decided = new_market(world), new_market(world)
    log: list[Event] = []
    for step in played(world):
        decided = step.market
        log += step.events
    half = len(log) // 2
    for event in log[:half]:
        books.evolve(replayed, event)
    with books.without_books(replayed):
        for event in log[half:]:
            books.evolve(replayed, event)
    require(photograph(replayed) == photograph(decided), "the log alone rebuilds the market")
    for number, command in enumerate(world.commands, len(world.commands) + 1):
        again = said_again(command)
        answers = [rules.apply(market, Seq(number), again) for market in (replayed, decided)]
        require(answers[0] == answers[1], f"{again} is answered alike")


def said_again(command: Command) -> Command:
    """The same command with an id of its own."""
    match command:
        case Place(order):
            return Place(replace(order, id=OrderId(f"{order.id}.again")))
        case Publish(listing):
            return Publish(replace(listing, id=ListingId(f"{listing.id}.again")))
        case _:
            return command


def photograph(market: Market) -> object:
    """What a market holds, as plain values, to compare. How its books are built does not matter."""
    now = market.now
    listings = [
        (
            name,
            live.terms,
            live.seq,
            _free_of(live.free, max(now, live.terms.window.start), live.terms.window),
        )
        for name, live in market.listings.items()
    ]
    orders = [
        (name, live.terms, live.seq, live.left, live.least, live.pin, sorted(live.pace.items()), live.rests)
        for name, live in market.orders.items()
    ]
    links = [
        (ends, link.mbps, _free_of(link.free, now, Window(now, Slot(now + 60))))
        for ends, link in market.links.items()
    ]
    return now, market.granted, sorted(market.leases), listings, orders, links


def _free_of(free: FreeCards, since: int, window: Window) -> list[int]:
    return [free.least(slot, slot + 1) for slot in range(since, window.end)]


def _burden(market: Market, order: Order) -> Fraction | None:
    """What an order minds more: the price per performance that it would get, or the start."""
    leases = answer_to(market, order, displacing=False)
    if not leases:
        return None
    [lease] = leases
    if order.prefer is Preference.EARLIEST:
        return Fraction(lease.window.start)
    weight = order.chips[market.listings[lease.listing].terms.chip]
    return Fraction(lease.cost, lease.cards * weight)


def _turned(command: Command) -> Command:
    match command:
        case Place(order):
            chips = dict(reversed(list(order.chips.items())))
            return Place(replace(order, chips=chips, regions=order.regions[::-1]))
        case Publish(listing):
            return Publish(replace(listing, asks=dict(reversed(list(listing.asks.items())))))
        case _:
            return command


def promises_enough(world: World) -> None:
    """No stretch of a book promises less than its items can do: a search would step over what it looks for."""
    for step in played(world):
        for book in step.market.books.values():
            ladders: list[Ladder[Any, Any]] = [book.offers, book.leased, *book.bids.values()]
            for ladder in ladders:
                ladder._catch_up()
                _covers(ladder._root)


def _covers(node: Node[Any, Any]) -> list[Any]:  # Any: items of all ladders
    """The items below a node, each of which its sketch has taken in."""
    items = [*node.items, *(item for child in node.children for item in _covers(child))]
    for item in items:
        wider: Any = deepcopy(node.sketch)
        wider.take_in(item)
        for name in wider.__slots__:
            require(
                getattr(wider, name) == getattr(node.sketch, name), f"a sketch promises too little {name}"
            )
    return items


LAWS: tuple[Law, ...] = (
    agrees_with_the_oracle,
    passes_the_audit,
    is_never_crossed,
    serves_twins_in_turn,
    serves_whoever_offers_more,
    takes_new_capacity_to_serve,
    gains_by_new_listings,
    minds_no_order_of_names,
    replays_by_evolving,
    promises_enough,
)
