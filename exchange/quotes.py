"""Quotes: what an order would get now.

Answered by a follower that tails the log, so that asking never slows the writer.
"""

import asyncio
import logging
from dataclasses import dataclass

from exchange.core import evolve
from exchange.holds import lease_hold, order_hold, slots_by_price
from exchange.orders.commands import PlaceOrder
from exchange.orders.rules import order_of
from exchange.persistence.database import Pool
from exchange.persistence.errors import OUTAGES, explain
from exchange.persistence.log import events_after, last_seq
from exchange.rejections import MARKET_EXPLAINS
from exchange.state import PartyId, PricedRun, State, priced
from matching.acceptance import order_problem
from matching.displacement import takeover
from matching.legs import Leg
from matching.live import LiveOrder
from matching.search import find
from matching.terms import Block, ChipCode, ListingId, OrderId, RegionCode, Seq, Split, Window
from settlement.meters import MICRO_YUAN_PER_FEN
from settlement.money import Fen, round_half_away
from settlement.statement import fee_of, split_vat

BEFORE_ALL = Seq(0)
PAGE = 1_000  # commands whose events are applied at once: a few milliseconds
TAIL_SECONDS = 0.5

_log = logging.getLogger("suanli.quotes")


@dataclass(frozen=True, slots=True)
class FoundLeg:
    """What the order would get of one listing, at which price, and what that comes to: money in fen, VAT included."""

    listing: ListingId
    chip: ChipCode
    region: RegionCode
    cards: int
    working: int
    """How many of the cards do the order's work: the rest fill up the lot."""
    window: Window
    runs: tuple[PricedRun, ...]
    total: Fen
    vat: Fen
    fee: Fen
    """The venue's fee, which the seller bears."""
    held: Fen
    """What the lease would hold: the total, each slot rounded up."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that the order would get, and what that comes to. `interrupts` counts the leases that end early for it."""

    legs: tuple[FoundLeg, ...]
    interrupts: int

    @property
    def total(self) -> Fen:
        """What the buyer would pay, VAT included."""
        return Fen(sum(leg.total for leg in self.legs))

    @property
    def vat(self) -> Fen:
        """The VAT in it."""
        return Fen(sum(leg.vat for leg in self.legs))

    @property
    def fee(self) -> Fen:
        """The venue's fee, which the sellers bear."""
        return Fen(sum(leg.fee for leg in self.legs))

    @property
    def held(self) -> Fen:
        """What the leases would hold together."""
        return Fen(sum(leg.held for leg in self.legs))


@dataclass(frozen=True, slots=True)
class Quote:
    """An answer that books nothing. `version` is the log position it was true at; `order_held` is held at first."""

    version: Seq
    order_held: Fen
    found: Found | None
    reason: str
    """Why nothing was found; empty where something was."""


@dataclass(slots=True)
class Follower:
    """A copy of the venue's state that is brought up to the log's end before each answer."""

    readers: Pool
    state: State
    seq: Seq = BEFORE_ALL

    async def catch_up(self) -> None:
        """Let everything have happened that the log has gained.

        Events are read in pages, and each page is applied without a pause, so two who ask at once apply it once.
        """
        async with self.readers.acquire() as connection:
            end = await last_seq(connection)
            while self.seq < end:
                until = Seq(min(self.seq + PAGE, end))
                gained = [row async for page in events_after(connection, self.seq, until) for row in page]
                for event in [event for seq, event in gained if seq > self.seq]:
                    evolve(self.state, event)
                self.seq = max(self.seq, until)

    async def tail(self) -> None:
        """Keep close to the log's end until cancelled, so that a quote finds little left to read.

        A database that is lost is waited for, and told of once: whoever asks for a quote meanwhile hears of it anyway.
        """
        lost = False
        while True:
            try:
                await self.catch_up()
            except OUTAGES as fault:
                if not lost:
                    _log.warning("the log can't be followed: %s", explain(fault))
                lost = True
            else:
                if lost:
                    _log.warning("the log is followed again")
                lost = False
            await asyncio.sleep(TAIL_SECONDS)

    async def quote(self, party: PartyId, command: PlaceOrder) -> Quote:
        """What `party` would get for an order, now."""
        await self.catch_up()
        order = order_of(OrderId("quote"), self.state, party, command)
        problem = order_problem(self.state.market, order)
        if problem is not None:
            return Quote(self.seq, Fen(0), None, MARKET_EXPLAINS[problem])
        held = order_hold(order, self.state.rules)
        found = self._found(LiveOrder(order, self.seq))
        return Quote(self.seq, held, found, "" if found else "Nothing fits all of the order's terms now.")

    def _found(self, live: LiveOrder) -> Found | None:
        """What is free for an order; else what it may take from others; or None."""
        market = self.state.market
        plan = find(market, live)
        if plan:
            return Found(tuple(map(self._leg, plan)), 0)
        shape = live.terms.shape
        alone = isinstance(shape, Block) and shape.split is Split.ONE
        taken = takeover(market, live) if alone and market.terms.displacement else None
        return None if taken is None else Found((self._leg(taken.leg),), len(taken.evicted))

    def _leg(self, leg: Leg) -> FoundLeg:
        terms = leg.listing.terms
        runs = priced(leg.runs)
        rules = self.state.rules
        total = Fen(round_half_away(leg.cost, MICRO_YUAN_PER_FEN))
        net, vat = split_vat(total, rules.vat_rates_bp[self.state.listings[terms.id].line])
        return FoundLeg(
            listing=terms.id,
            chip=terms.chip,
            region=terms.region,
            cards=leg.cards,
            working=leg.working,
            window=leg.window,
            runs=runs,
            total=total,
            vat=vat,
            fee=fee_of(total, net, rules.fee),
            held=lease_hold(leg.cards, slots_by_price(runs)),
        )
