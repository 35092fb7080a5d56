"""The figures that the venue is held to, measured in one run beside a peer on the same server."""

import asyncio
import itertools
import statistics
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from time import perf_counter

from exchange.app import Exchange, open_exchange
from exchange.catalogue.catalogue import load_catalogue
from exchange.catalogue.vat import CatalogueLine
from exchange.collector import calm_collector
from exchange.commands import Command, Envelope
from exchange.listings.commands import PublishListing
from exchange.memory import peak_memory_mb
from exchange.names import VENUE, Instant, PartyId
from exchange.orders.commands import PlaceOrder
from exchange.parties.commands import Deposit, RegisterParty
from exchange.persistence import database
from exchange.persistence.queries import replay as queries
from exchange.recovery import recover
from exchange.replay.planned import MarketPlan
from exchange.replay.run import Play, run
from exchange.replay.sellers import Tokens
from exchange.replay.terms import replay_terms
from exchange.state import Party, Role, before_all
from exchange.venue.commands import Tick
from matching.curves import flat
from matching.terms import (
    Block,
    ChipCode,
    OwnerGroup,
    Price,
    RegionCode,
    Shape,
    Slot,
    Split,
    Tier,
    Window,
    Work,
)
from settlement.money import Fen

LONE_ROUNDS = 400
AT_ONCE = 4  # quotes
STANDING = 10_000  # open listings, and as many resting orders
BUYER, SELLER = PartyId("buyer"), PartyId("seller")
CHIP, REGION = ChipCode("nvidia-h100-80g"), RegionCode("621000")
YUAN = 1_000_000  # micro-yuan

Say = Callable[[str], None]
Ask = Callable[[PartyId, Command], Awaitable[None]]
Place = Callable[[PlaceOrder], Awaitable[object]]
Door = Callable[[Exchange, PartyId], AbstractAsyncContextManager[Place]]
"""Opens a venue's door for a party, and gives a way to place an order through it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement: what was measured, against which peer in the same run, and what is wanted of it.

    `ratio` is value to peer, or value to bound where the peer is a bound. `met` says whether it is good enough.
    """

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    ratio: float
    wanted: str
    met: bool


@dataclass(frozen=True, slots=True)
class Load:
    """The replay that is measured."""

    plan: MarketPlan
    uses: Tokens


async def bench(url: str, load: Load, door: Door, say: Say) -> list[Figure]:
    """Measure everything on scratch databases beside the one at `url`. Memory comes first, while it is our own."""
    figures = []
    async with database.scratch(url, "suanli_bench_standing") as standing:
        say(
            f"{STANDING} listings and as many resting orders; then {LONE_ROUNDS} lone orders, each beside an INSERT"
        )
        figures += await _standing(standing, load, door)
    async with database.scratch(url, "suanli_bench_replay") as replayed:
        say(f"the replay of {len(load.plan.orders)} orders")
        figures.append(await _replay(replayed, load, say))
        say("the restart from its log")
        figures.append(await _restart(replayed))
    return figures


async def _standing(url: str, load: Load, door: Door) -> list[Figure]:
    """Memory with a full book, and what a lone client waits for on top of it."""
    async with open_exchange(url, replay_terms(load_catalogue(), load.plan.assumptions)) as exchange:
        ask = asker(exchange)
        await _fill(exchange, ask, load.plan.assumptions.start_s)
        memory = peak_memory_mb()
        calm_collector()
        async with door(exchange, BUYER) as place:
            lone = await _lone(exchange, ask, place, url)
        quoting = await _quoting(exchange, ask)
    return [
        Figure(
            name=f"memory with {STANDING} open listings and {STANDING} open orders",
            value=memory,
            unit="MB",
            peer="bound",
            peer_value=500,
            ratio=memory / 500,
            wanted="under 500 MB",
            met=memory < 500,
        ),
        Figure(
            name="a lone order, from queue to durable answer (p50)",
            value=lone.order * 1000,
            unit="ms",
            peer="one INSERT … RETURNING (p50)",
            peer_value=lone.insert * 1000,
            ratio=lone.order / lone.insert,
            wanted="within 5 times",
            met=lone.order <= 5 * lone.insert,
        ),
        Figure(
            name="the same order over HTTP, client and server in this process (p50)",
            value=lone.over_http * 1000,
            unit="ms",
            peer="the same order without HTTP (p50)",
            peer_value=lone.order * 1000,
            ratio=lone.over_http / lone.order,
            wanted="no figure: it stands beside",
            met=True,
        ),
        *_quoting_figures(quoting, lone),
    ]


def _quoting_figures(quoting: "_Quoting", lone: "_Lone") -> list[Figure]:
    return [
        Figure(
            name=f"quotes, {AT_ONCE} asked at once, with {STANDING} open listings: each said why, where nothing fits",
            value=quoting.rate,
            unit="quotes/s",
            peer="bound",
            peer_value=100,
            ratio=quoting.rate / 100,
            wanted="at least 100 quotes/s",
            met=quoting.rate >= 100,
        ),
        Figure(
            name="the slowest of 20 of these quotes (p95)",
            value=quoting.slow * 1000,
            unit="ms",
            peer="bound",
            peer_value=100,
            ratio=quoting.slow * 10,
            wanted="under 100 ms",
            met=quoting.slow < 0.1,
        ),
        Figure(
            name="a lone order, while quotes are asked all the time (p50)",
            value=quoting.order * 1000,
            unit="ms",
            peer="a lone order, while nothing is asked (p50)",
            peer_value=lone.order * 1000,
            ratio=quoting.order / lone.order,
            wanted="no figure: it stands beside",
            met=True,
        ),
    ]


async def _fill(exchange: Exchange, ask: Ask, start_s: int) -> None:
    """A book of listings too dear for anybody, and of orders too poor for any of them."""
    await ask(VENUE, Tick(Instant(start_s)))
    for party, role in ((BUYER, Role.BUYER), (SELLER, Role.SELLER)):
        await ask(VENUE, RegisterParty(Party(party, party, frozenset({role}), REGION, OwnerGroup(party))))
    await ask(VENUE, Deposit(BUYER, Fen(10**12), "for the bench"))
    now = exchange.terms.slot_of(start_s)
    listings = (_listing(now, 100 * YUAN + n % 50 * 10_000) for n in range(STANDING))
    await asyncio.gather(*(ask(SELLER, listing) for listing in listings))
    orders = (_order(now, YUAN + n % 50 * 10_000, n % 24) for n in range(STANDING))
    await asyncio.gather(*(ask(BUYER, order) for order in orders))


@dataclass(frozen=True, slots=True)
class _Lone:
    """Seconds (p50) that one piece of work takes while nothing else is asked."""

    order: float
    over_http: float
    insert: float


async def _lone(exchange: Exchange, ask: Ask, place: Place, url: str) -> _Lone:
    """Place lone orders with and without HTTP, each beside a lone INSERT on the same server."""
    now = exchange.engine.state.market.now
    for _ in range(LONE_ROUNDS // 4):
        await ask(SELLER, _listing(now, 10 * YUAN))
    connection = await database.connect(url, database.NO_ROLE)
    await connection.execute("CREATE TABLE peer (id bigint PRIMARY KEY, body text NOT NULL)")
    orders, over_http, inserts = [], [], []
    for n in range(LONE_ROUNDS):
        orders.append(await timed(ask(BUYER, _order(now, 20 * YUAN, 0))))
        over_http.append(await timed(place(_order(now, 20 * YUAN, 0))))
        insert = connection.fetchval("INSERT INTO peer VALUES ($1, $2) RETURNING id", n, "x" * 300)
        inserts.append(await timed(insert))
    await connection.close()
    return _Lone(statistics.median(orders), statistics.median(over_http), statistics.median(inserts))


@dataclass(frozen=True, slots=True)
class _Quoting:
    """Quotes a second, the seconds that all but one of twenty stay within, and those of an order meanwhile (p50)."""

    rate: float
    slow: float
    order: float


async def _quoting(exchange: Exchange, ask: Ask) -> _Quoting:
    """Ask for quotes of every kind, then place lone orders while more of them are asked for."""
    now = exchange.engine.state.market.now
    await exchange.quotes.quote(BUYER, _order(now, YUAN, 0))  # the process has read the log
    kinds = itertools.cycle(_quoted(now))
    waits: list[float] = []

    async def quote_some(count: int) -> None:
        while count:
            waits.append(await timed(exchange.quotes.quote(BUYER, next(kinds))))
            count -= 1

    share = LONE_ROUNDS // AT_ONCE
    seconds = await timed(asyncio.gather(*(quote_some(share) for _ in range(AT_ONCE))))
    rate, slow = len(waits) / seconds, statistics.quantiles(waits, n=20)[-1]
    others = [asyncio.create_task(quote_some(1 << 30)) for _ in range(AT_ONCE)]
    orders = [await timed(ask(BUYER, _order(now, 20 * YUAN, 0))) for _ in range(LONE_ROUNDS)]
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return _Quoting(rate, slow, statistics.median(orders))


def _quoted(now: Slot) -> list[PlaceOrder]:
    """What is quoted in turn: blocks, a gang over many listings, and work, each within what is asked and below it."""
    shapes: tuple[Shape, ...] = (
        Block(1, 1, 4 * 24),
        Block(64, 64, 4 * 24, Split.SELLERS),
        Work(4 * 240, 8),
    )
    return [
        replace(_order(now, limit, hours), shape=shape)
        for hours, shape in enumerate(shapes)
        for limit in (200 * YUAN, 2 * YUAN)
    ]


async def _replay(url: str, load: Load, say: Say) -> Figure:
    """Durable orders a second over the whole replay: ticks, reports and closings on the way included."""
    async with open_exchange(url, replay_terms(load_catalogue(), load.plan.assumptions)) as exchange:
        calm_collector()
        play = Play(exchange, load.plan, load.uses)
        await run(play, lambda done, total: say(f"  {done} of {total} commands"))
        async with exchange.readers.acquire() as connection:
            log = await queries.log_figures(connection)
    rate = log.orders / log.order_seconds
    insert = await _insert_rate(url)
    return Figure(
        name=f"replay of {log.orders} orders: durable orders a second",
        value=rate,
        unit="orders/s",
        peer="lone INSERTs a second",
        peer_value=insert,
        ratio=rate / insert,
        wanted="at least 1,000 orders/s at 100,000 orders",
        met=rate >= 1000,
    )


async def _insert_rate(url: str) -> float:
    connection = await database.connect(url, database.NO_ROLE)
    await connection.execute("CREATE TABLE peer (id bigint PRIMARY KEY, body text NOT NULL)")
    began = perf_counter()
    for n in range(LONE_ROUNDS):
        await connection.fetchval("INSERT INTO peer VALUES ($1, $2) RETURNING id", n, "x" * 300)
    await connection.close()
    return LONE_ROUNDS / (perf_counter() - began)


async def _restart(url: str) -> Figure:
    """Seconds from a database to a state that can decide, beside merely reading the same rows."""
    connection = await database.connect(url)
    commands: int = await connection.fetchval("SELECT count(*) FROM commands")
    bare = await timed(connection.fetch("SELECT seq, kind, body FROM events ORDER BY seq, n"))
    state = before_all(load_catalogue())
    seconds = await timed(recover(connection, state))
    await connection.close()
    return Figure(
        name=f"restart from {commands} logged commands",
        value=seconds,
        unit="s",
        peer="fetching the events alone",
        peer_value=bare,
        ratio=seconds / bare,
        wanted="under 10 s for 100,000 commands",
        met=seconds < 10 * commands / 100_000,
    )


def asker(exchange: Exchange) -> Ask:
    """A way to give commands that must not be refused, each under an id of its own."""
    numbers: Iterator[int] = itertools.count()

    async def ask(by: PartyId, command: Command) -> None:
        answer = await exchange.bus.submit(Envelope(by, f"bench-{next(numbers)}", command))
        assert answer.rejection is None, f"the bench asks what the venue refuses: {answer.rejection}"

    return ask


async def timed(work: Awaitable[object]) -> float:
    """Seconds that some work takes."""
    began = perf_counter()
    await work
    return perf_counter() - began


def _listing(now: Slot, price: int) -> PublishListing:
    return PublishListing(
        chip=CHIP,
        region=REGION,
        window=Window(now, Slot(now + 4 * 24 * 28)),
        cards=8,
        lot=1,
        min_slots=1,
        asks={Tier.SPOT: flat(price // 4)},
        line=str(CatalogueLine.COMPUTE_SERVICE),
    )


def _order(now: Slot, limit: int, hours_later: int) -> PlaceOrder:
    start = Slot(now + 4 * hours_later)
    return PlaceOrder(
        tier=Tier.SPOT,
        chips={CHIP: 1000},
        regions=(REGION,),
        window=Window(start, Slot(start + 4 * 48)),
        limit=Price(limit // 4),
        shape=Block(1, 1, 4 * 24),
    )
