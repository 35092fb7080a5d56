"""What the engine knows of the log: steps go in, and what is known comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from exchange.commands import Command, Envelope
from exchange.core import Happening
from exchange.events import Event
from exchange.names import PartyId
from matching.terms import Seq
from settlement.ledger.journal import Balances


@dataclass(frozen=True, slots=True)
class Step:
    """One command, its place in the log, and what it made happen."""

    seq: Seq
    envelope: Envelope
    happened: list[Happening]


@dataclass(frozen=True, slots=True)
class Logged:
    """A command that the log knows: its place, what was asked, and what came of it."""

    seq: Seq
    command: Command
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch as it goes into the database: statements, each with its rows as one JSON parameter."""

    seq: Seq
    digest: bytes
    statements: tuple[tuple[str, str], ...]


class Storage(Protocol):
    """Where the engine keeps its log."""

    @property
    def seq(self) -> Seq:
        """Place of the last command in the log."""
        ...

    async def seen(self, asked: Sequence[Envelope]) -> dict[tuple[PartyId, str], Logged]:
        """Those of the commands asked that the log knows, by party and id."""
        ...

    def prepare(self, steps: Sequence[Step], balances: Balances) -> Prepared:
        """Work out all that a batch stores, with the balances as they are after it."""
        ...

    async def store(self, prepared: Prepared) -> None:
        """Store a batch and all that follows from it, or raise and store nothing. Batches come in order."""
        ...
