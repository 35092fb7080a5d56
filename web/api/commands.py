"""What came of a request whose answer got lost, and how the venue is."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from exchange.app import Exchange
from exchange.bus import HaltedError
from exchange.persistence.queries.commands import outcome_of
from exchange.persistence.queries.market import clock
from web.bodies.commands import CommandOut, HealthOut
from web.problems import DoorRejection, ProblemError
from web.session import Caller, may


@get("/commands/{key:str}", guards=[may()])
async def get_command(
    key: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> CommandOut:
    """What came of your request with this Idempotency-Key: accepted, refused, or, with 404, never seen.

    Batches of usage have receipts instead: `GET /v1/usage/batches/{key}`. Ask it after a time-out or a 503. A request that is still on its way may yet arrive; sending it again with the
    same key is always safe.
    """
    outcome = await outcome_of(exchange.readers, caller.party, key)
    if outcome is None:
        raise ProblemError(
            DoorRejection.UNKNOWN_COMMAND, "It never arrived: send it again, with the same key."
        )
    return CommandOut.of(key, outcome, caller.party)


@get("/health")
async def health(exchange: NamedDependency[Exchange]) -> HealthOut:
    """Whether the venue takes commands and answers questions; a 503 says why not.

    Where `oldest_seconds` grows, the database keeps commands waiting: after 20 seconds the venue halts.
    """
    engine = exchange.engine
    if engine.halted is not None:
        raise HaltedError(str(engine.halted))
    await clock(exchange.readers)
    return HealthOut("ok", engine.seq, engine.waiting, engine.oldest_seconds)


HANDLERS = [get_command, health]
