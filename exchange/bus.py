"""The door to the writer: one small protocol, whatever carries the commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from exchange.commands import Envelope
from exchange.events import Event
from exchange.rejections import Rejected
from matching.terms import Seq


class Unavailable(Exception):  # noqa: N818 - the word for it, and nobody's fault
    """The writer can't take commands now. The same command may be sent again."""


class BusyError(Unavailable):
    """The queue is full: try again in a moment."""


class HaltedError(Unavailable):
    """The writer has stopped rather than guess, and must be started again. What was not answered may be in the log."""


class ClosingError(Unavailable):
    """The venue is closing. Nothing was asked of the writer, and nothing came of it."""


class DifferentCommandError(Exception):
    """The party has used this id for another command. Nothing was recorded."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command, from after its commit. `replayed` says that it had been carried out before."""

    seq: Seq
    events: Sequence[Event]
    replayed: bool

    @property
    def rejection(self) -> Rejected | None:
        """Why the command was refused, or None."""
        return next((event for event in self.events if isinstance(event, Rejected)), None)


class CommandBus(Protocol):
    """Anything that brings commands to the writer and its answers back."""

    async def submit(self, envelope: Envelope) -> Answer:
        """Carry out a command once, and answer when it is durable.

        Raises `BusyError`, `HaltedError` or `DifferentCommandError`; a refusal by the rules is an answer.
        """
        ...
