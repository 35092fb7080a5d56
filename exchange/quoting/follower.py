"""A copy of the venue's state that tails the log, and quotes from it."""

from dataclasses import dataclass

from exchange.catalogue.catalogue import Catalogue
from exchange.core import evolve
from exchange.names import PartyId
from exchange.orders.commands import PlaceOrder
from exchange.persistence.database import Pool
from exchange.persistence.log import events_after, last_seq
from exchange.quoting.quote import Quote, quoted
from exchange.state import State
from matching.terms import Seq

BEFORE_ALL = Seq(0)
PAGE = 1_000  # commands whose events are applied at once: a few milliseconds


@dataclass(slots=True)
class Follower:
    """Brings its state up to the log's end before each answer."""

    readers: Pool
    catalogue: Catalogue
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

    async def quote(self, party: PartyId, command: PlaceOrder) -> Quote:
        """What `party` would get for an order, now."""
        await self.catch_up()
        return quoted(self.state, self.seq, self.catalogue, party, command)
