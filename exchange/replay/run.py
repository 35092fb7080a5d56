"""Plays a script against the real writer and database, and goes on where an earlier run was stopped."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from exchange.app import Exchange
from exchange.bus import Answer
from exchange.names import Instant
from exchange.persistence.queries import replay as queries
from exchange.replay.assumptions import HOUR_S, SLOT_S
from exchange.replay.planned import MarketPlan
from exchange.replay.script import (
    CLERK,
    Agree,
    Ask,
    Between,
    Close,
    Line,
    Moment,
    PayDay,
    Report,
    fingerprint_of,
    script,
)
from exchange.replay.sellers import Tokens, batches, deliveries, tokens
from exchange.replay.settling import agree, pay_sellers
from exchange.replay.signing import SigningMeters
from exchange.venue.commands import Tick

IN_FLIGHT_MAX = 1_000  # commands sent and not answered yet: so many fill the writer's batches


class OtherVenueError(Exception):
    """The database holds something else than this replay."""


@dataclass(frozen=True, slots=True)
class Play:
    """All that a run needs: the venue, the plan, and the token requests to meter, by meters that sign or not."""

    exchange: Exchange
    plan: MarketPlan
    uses: Tokens
    signed: bool = False


async def run(play: Play, progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
    """Play the whole script. `progress` hears how many of its commands are durable, and how many there are.

    What is in the log already is skipped, so the same run again continues, or does nothing. Raises
    `OtherVenueError` on a database that was used for anything else.
    """
    async with play.exchange.readers.acquire() as connection:
        foreign = await queries.foreign_command(connection, fingerprint_of(play.plan))
    if foreign is not None:
        raise OtherVenueError(
            f"This database was used for something else (command {foreign}): choose another data directory, or "
            "give the options that it was begun with."
        )
    lines = list(script(play.plan, play.exchange.terms))
    total = sum(isinstance(line, Ask) for line in lines)
    await perform(play, lines, progress=lambda done: progress(done, total))


async def perform(
    play: Play,
    lines: Iterable[Line],
    *,
    pace: Callable[[Instant], Awaitable[None]] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Play those lines that are not in the log yet. `pace` is awaited before the clock comes to each instant."""
    async with play.exchange.readers.acquire() as connection:
        done = await queries.commands_done(connection, fingerprint_of(play.plan))
    async with sending() as in_flight:
        for line in lines:
            if line.n <= done:
                continue
            match line:
                case Ask(_, envelope):
                    if pace is not None and isinstance(envelope.command, Tick):
                        await _settled(in_flight)
                        await pace(envelope.command.now)
                    in_flight.append(asyncio.ensure_future(play.exchange.bus.submit(envelope)))
                    if len(in_flight) >= IN_FLIGHT_MAX:
                        await in_flight.popleft()
                case Between(_, moment):
                    await _settled(in_flight)
                    await _happens(play, moment)
            if isinstance(line, Ask) and line.n % IN_FLIGHT_MAX == 0:
                progress(line.n - len(in_flight))
        await _settled(in_flight)


@asynccontextmanager
async def sending() -> AsyncIterator[deque[asyncio.Future[Answer]]]:
    """Commands that are sent and not answered, in their order. Where the play ends early, nobody waits for them."""
    sent: deque[asyncio.Future[Answer]] = deque()
    try:
        yield sent
    finally:
        for answer in sent:
            answer.cancel()
        await asyncio.gather(*sent, return_exceptions=True)


async def _settled(in_flight: deque[asyncio.Future[Answer]]) -> None:
    """Wait until everything sent is durable."""
    while in_flight:
        await in_flight.popleft()


async def _happens(play: Play, moment: Moment) -> None:
    match moment:
        case Report():
            await _report(play, moment)
        case Close(period):
            await play.exchange.closing(CLERK).close(period)
        case Agree():
            await agree(play.exchange, play.plan, moment)
        case PayDay():
            await pay_sellers(play.exchange, moment)


async def _report(play: Play, report: Report) -> None:
    """Let every seller report. Each batch has a key of its own, so that it counts once."""
    late = play.plan.assumptions.late_hours * HOUR_S // SLOT_S
    async with play.exchange.readers.acquire() as connection:
        leases = await queries.leases_between(connection, report.since - late, report.until)
        contracts = (await queries.contracts(connection))[-len(play.plan.contracts) :]
    meters = SigningMeters(play.exchange) if play.signed else play.exchange.metering
    for seller, records in deliveries(leases, report, play.plan.assumptions).items():
        for n, batch in enumerate(batches(records)):
            await meters.deliveries(seller, f"delivery/{report.until}/{n}", batch)
    for planned, (contract, seller) in zip(play.plan.contracts, contracts, strict=True):
        used = tokens(play.uses[planned.stream], planned.stream, contract, report)
        for n, requests in enumerate(batches(used)):
            key = f"tokens/{planned.stream}/{report.until}/{n}"
            await meters.tokens(seller, key, requests)
