"""A copy of the venue's state that tails the log, and quotes from it."""

import asyncio
from dataclasses import dataclass, field

from exchange.catalogue.catalogue import Catalogue
from exchange.core import evolve_unposted
from exchange.names import PartyId
from exchange.orders.commands import PlaceOrder
from exchange.persistence.database import Pool
from exchange.persistence.log import events_after, last_seq
from exchange.quoting.quote import Quote, quoted
from exchange.recovery import recover
from exchange.state import State, before_all
from matching.terms import Seq

BEFORE_ALL = Seq(0)
PAGE = 1_000  # commands whose events are applied at once: a few milliseconds


@dataclass(slots=True)
class Follower:
    """Brings its state up to the log's end before each answer. Balances stay as they were: no quote looks at them."""

    readers: Pool
    catalogue: Catalogue
    state: State = field(init=False)
    seq: Seq = BEFORE_ALL
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.state = before_all(self.catalogue)

    async def catch_up(self) -> None:
        """Let everything have happened that the log has gained: whole commands, and once if two ask at once."""
        async with self._reading, self.readers.acquire() as connection:
            if self.seq == BEFORE_ALL:
                self.state = before_all(self.catalogue)
                self.seq = await recover(connection, self.state)
            end = await last_seq(connection)
            while self.seq < end:
                until = Seq(min(self.seq + PAGE, end))
                gained = [row async for page in events_after(connection, self.seq, until) for row in page]
                for _, event in gained:
                    evolve_unposted(self.state, event)
                self.seq = until

    async def quote(self, party: PartyId, command: PlaceOrder) -> Quote:
        """What `party` would get for an order, now."""
        await self.catch_up()
        return quoted(self.state, self.seq, self.catalogue, party, command)
