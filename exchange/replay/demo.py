"""The demo: the replay's market from the project's own reference data, week after week, at about an hour a second."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from exchange.app import Exchange
from exchange.catalogue.catalogue import Catalogue
from exchange.names import Instant, PartyId
from exchange.persistence.queries.replay import commands_done
from exchange.power.commands import AdoptPowerTables
from exchange.replay.assumptions import HOUR_S, Assumptions
from exchange.replay.plan import plan_market
from exchange.replay.planned import MarketPlan
from exchange.replay.reference import reference_offers, reference_tokens, reference_trace
from exchange.replay.run import Play, perform
from exchange.replay.script import CLERK, episode, fingerprint_of
from exchange.replay.terms import replay_terms
from exchange.state import Role, VenueTerms

OPENS = datetime(
    2026, 1, 26, tzinfo=UTC
)  # a Monday shortly before a month ends, so that a period closes early on
AHEAD = timedelta(days=8)  # played at once, so that the first page has a history and a closed period
WEEK = timedelta(days=7)
JOBS = 1_200  # a week: the reference jobs three times over, so that every region has something to trade
DEMO = Assumptions(starts=OPENS, supply_milli=1_000, sellers=8, buyers=12)


@dataclass(frozen=True, slots=True)
class Guest:
    """A party that a visitor may sign in as."""

    role: Role
    party: PartyId


GUESTS = (
    Guest(Role.BUYER, PartyId("buyer-01")),
    Guest(Role.SELLER, PartyId("seller-qingyang-1")),
    Guest(Role.REGION, PartyId("region-310000")),
    Guest(Role.CLERK, CLERK),
)


def demo_terms(catalogue: Catalogue) -> VenueTerms:
    """The terms of the demo's venue."""
    return replay_terms(catalogue, DEMO)


async def is_demo(exchange: Exchange) -> bool:
    """Whether the venue has begun with the demo's first week."""
    plan = _planned(0)
    async with exchange.readers.acquire() as connection:
        return await commands_done(connection, fingerprint_of(plan)) > 0


def _planned(week: int) -> MarketPlan:
    assumptions = replace(DEMO, starts=OPENS + week * WEEK, seed=DEMO.seed + week)
    return plan_market(reference_trace(), reference_offers(), assumptions, JOBS)


class Demo:
    """A market that plays by itself. What is in the log already is skipped, so it goes on where it was stopped."""

    def __init__(self, exchange: Exchange, hours_per_second: float = 1.0) -> None:
        self._exchange = exchange
        self._seconds_per_second = hours_per_second * HOUR_S
        self.ready = asyncio.Event()
        """Set when the first days are played and the market begins to live."""

    async def play(self) -> None:
        """Play week after week, until cancelled: the days that are behind at once, then at its own pace."""
        ahead = max(int((OPENS + AHEAD).timestamp()), self._exchange.engine.state.now)
        loop = asyncio.get_running_loop()
        began: float | None = None

        async def pace(now: Instant) -> None:
            nonlocal began
            await self._reckon_carbon()
            if now <= ahead:
                return
            if began is None:
                began = loop.time()
                self.ready.set()
            await asyncio.sleep(began + (now - ahead) / self._seconds_per_second - loop.time())

        for number in count():
            await self._week(number, pace)

    async def _reckon_carbon(self) -> None:
        """Adopt tables of power as soon as the clock has come to the demo's time, and so before a month is closed."""
        state = self._exchange.engine.state
        if state.now and state.power.tables is None:
            tables = self._exchange.catalogue.power_tables("demo")
            await self._exchange.as_venue("demo-power-tables", AdoptPowerTables(tables))

    async def _week(self, number: int, pace: Callable[[Instant], Awaitable[None]]) -> None:
        plan = _planned(number)
        play = Play(self._exchange, plan, reference_tokens(plan.assumptions), signed=True)
        lines = episode(plan, self._exchange.terms, first=number == 0)
        await perform(play, lines, pace=pace)
