"""From the log to a state that can decide: starting and recovering are the same."""

from exchange.collector import collector_resting
from exchange.core import evolve_unposted
from exchange.persistence.database import Connection
from exchange.persistence.log import events_after
from exchange.persistence.queries.ledger import journal_sums
from exchange.state import State
from matching.market import without_books
from matching.terms import Seq


async def recover(connection: Connection, state: State) -> Seq:
    """Let everything in the log have happened to a state before all, and say where the log has come to.

    Entries are not made again: the journal can't be changed, so balances are its sums, which the database adds up.
    """
    come_to = Seq(0)
    with collector_resting(), without_books(state.market):
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            state.balances.begin_with(await journal_sums(connection))
            async for page in events_after(connection, come_to):
                for _, event in page:
                    evolve_unposted(state, event)
                come_to = page[-1][0]
    return come_to
