"""What the engine knows of the log: steps go in, and what is known comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from exchange.commands import Command, Envelope
from exchange.core import Happening
from exchange.events import Event
from exchange.state import PartyId
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


class Storage(Protocol):
    """Where the engine keeps its log."""

    @property
    def seq(self) -> Seq:
        """Place of the last command in the log."""
        ...

    async def seen(self, asked: Sequence[Envelope]) -> dict[tuple[PartyId, str], Logged]:
        """Those of the commands asked that the log knows, by party and id."""
        ...

    async def append(self, steps: Sequence[Step], balances: Balances) -> None:
        """Store a batch and all that follows from it, or raise and store nothing."""
        ...
