"""The laws of the market, as functions of a world that raise `BreachError` when the kernel breaks one.

They reach the kernel through its modules, so that a planted bug is seen: `test_laws.py` requires the laws of the kernel
as it is, `test_sabotage.py` requires that a kernel with a bug breaks them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from matching import market as books
from matching import rules
from matching.commands import AmendListing, AmendOrder, CancelOrder, Command, Place, Publish
from matching.events import Closed, Event, Leased, Rejected, Rested
from matching.market import Bid, BookKey, Market, Offer
from matching.terms import Order, OrderId, Preference, Price, Seq
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
    raise BreachError(f"{law.__name__} fails in a market of {world.terms} for\n{told}\n{broken!r}") from broken


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
        shorter = replace(world, commands=commands[:index] + commands[index + 1 :])
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


def offer_to(market: Market, order: Order) -> Leased | None:
    """What the market would lease to an order that arrived now. Asking changes nothing."""
    answer = rules.decide(market, Seq(10**6), Place(replace(order, id=OrderId("probe"))))
    return next((event for event in answer if isinstance(event, Leased)), None)


def orders_of(world: World) -> list[Order]:
    """The sound orders of a world, to probe other states of the market with."""
    market = new_market(world)
    placed = [command.order for command in world if isinstance(command, Place)]
    return [order for order in placed if rules.order_problem(market, order) is None]


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
    """I1, I2, I3, I10: the log alone shows that nothing is oversold, overpaid, misplaced or lost."""
    audit = Audit()
    for step in played(world):
        audit.read(step.seq, step.command, step.events)
        require(step.market.listings.keys() == audit.offered().keys(), "the books hold what is offered")
        require(set(step.market.orders) == set(audit.open_orders()), "the books hold what is open")
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
    for command in world:
        with_twins.append(command)
        if isinstance(command, Place) and command.order.shape.least == command.order.shape.most:
            twin = replace(command.order, id=OrderId(f"{command.order.id}.twin"))
            elder[twin.id] = command.order.id
            with_twins.append(Place(twin))
    open_orders: set[OrderId] = set()
    for step in played(tuple(with_twins)):
        if isinstance(step.command, AmendOrder | CancelOrder):
            elder = {young: old for young, old in elder.items() if old != step.command.order}
        for event in step.events:
            if isinstance(event, Leased):
                require(
                    elder.get(event.order) not in open_orders,
                    f"{event.order} is served before its elder twin",
                )
                open_orders.discard(event.order)
        open_orders = set(step.market.orders)


def serves_whoever_offers_more(world: World) -> None:
    """I6: what is served at a limit is served at any higher limit in the same state."""
    market = new_market(world)
    for step in played(world):
        market = step.market
    for order in orders_of(world):
        served = [offer_to(market, replace(order, limit=Price(limit))) is not None for limit in range(14)]
        require(served == sorted(served), f"{order.id} is served at a limit, not at a higher one: {served}")


def takes_new_capacity_to_serve(world: World) -> None:
    """I7: nothing but a listing makes an order possible that was not."""
    probes = orders_of(world)
    possible = [False] * len(probes)
    for step in played(world):
        before, possible = possible, [offer_to(step.market, order) is not None for order in probes]
        if not isinstance(step.command, Publish | AmendListing):
            grown = [order.id for order, was, now in zip(probes, before, possible, strict=True) if now > was]
            require(not grown, f"{step.command} made {grown} possible")


def gains_by_new_listings(world: World) -> None:
    """I8: with one listing more, an arriving order does at least as well in what it minds more."""
    probes = orders_of(world)
    before: list[Fraction | None] = [None] * len(probes)
    for step in played(world):
        after = [_burden(step.market, order) for order in probes]
        if isinstance(step.command, Publish):
            for order, old, new in zip(probes, before, after, strict=True):
                better = old is None or (new is not None and new <= old)
                require(better, f"{step.command} hurts {order.id}: {old} before, {new} after")
        before = after


def books_hold_each_thing_once(world: World) -> None:
    """Offers and bids stand in every book of their instrument, once and in order; and nothing else does."""
    for step in played(world):
        market = step.market
        offers = {
            (BookKey(live.terms.chip, live.terms.region, tier), name): Offer(curve.lowest, live.seq, name)
            for name, live in market.listings.items()
            for tier, curve in live.terms.asks.items()
        }
        bids = {
            (BookKey(chip, region, live.terms.tier), name): Bid(-live.terms.limit * weight, live.seq, name)
            for name, live in market.orders.items()
            for chip, weight in live.terms.chips.items()
            for region in live.terms.regions
        }
        for key, book in market.books.items():
            require(
                book.offers == sorted(at for (k, _), at in offers.items() if k == key), f"offers of {key}"
            )
            require(book.bids == sorted(at for (k, _), at in bids.items() if k == key), f"bids of {key}")


def minds_no_order_of_names(world: World) -> None:
    """It does not matter in which order an order names chips and regions, or a listing its asks."""
    turned = tuple(_turned(command) for command in world)
    kinds = (Leased, Closed, Rested, Rejected)
    for step, other in zip(list(played(world)), list(played(turned)), strict=True):
        outcome = [event for event in step.events if isinstance(event, kinds)]
        require(outcome == [event for event in other.events if isinstance(event, kinds)], f"{step.command}")


def replays_by_evolving(world: World) -> None:
    """Events alone rebuild the state that deciding them left."""
    replayed, decided = new_market(world), new_market(world)
    for step in played(world):
        decided = step.market
        for event in step.events:
            books.evolve(replayed, event)
    require(photograph(replayed) == photograph(decided), "the log alone rebuilds the market")


def photograph(market: Market) -> object:
    """All of a market as plain values, to compare."""
    return (
        market.now,
        [
            (
                name,
                live.terms,
                live.seq,
                list(live.free.steps(live.terms.window.start, live.terms.window.end)),
            )
            for name, live in market.listings.items()
        ],
        [(name, live.terms, live.seq) for name, live in market.orders.items()],
        [(key, tuple(book.offers), tuple(book.bids)) for key, book in market.books.items()],
        tuple(market.latest_starts),
        tuple(market.listing_ends),
    )


def _burden(market: Market, order: Order) -> Fraction | None:
    """What an order minds more: the price per performance that it would get, or the start."""
    lease = offer_to(market, order)
    if lease is None:
        return None
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


LAWS: tuple[Law, ...] = (
    agrees_with_the_oracle,
    passes_the_audit,
    is_never_crossed,
    serves_twins_in_turn,
    serves_whoever_offers_more,
    takes_new_capacity_to_serve,
    gains_by_new_listings,
    books_hold_each_thing_once,
    minds_no_order_of_names,
    replays_by_evolving,
)
