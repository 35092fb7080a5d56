"""How commands and events are written down: JSON by their type's name, exactly and for ever."""

from typing import cast, get_args

import msgspec

from exchange.commands import Command
from exchange.events import Event

_COMMANDS: dict[str, type[Command]] = {kind.__name__: kind for kind in get_args(Command)}
_EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
_encoder = msgspec.json.Encoder(order="deterministic")
_decoders = {name: msgspec.json.Decoder(kind) for name, kind in (_COMMANDS | _EVENTS).items()}


def encode(value: Command | Event) -> tuple[str, bytes]:
    """The name of a value's type, and its JSON. Sets come out sorted, so equal values give equal bytes."""
    return type(value).__name__, _encoder.encode(value)


def decode_command(kind: str, body: bytes | str) -> Command:
    """A command as it was written down."""
    assert kind in _COMMANDS, f"the log holds a command {kind} that this version does not know"
    return cast(Command, _decoders[kind].decode(body))


def decode_event(kind: str, body: bytes | str) -> Event:
    """An event as it was written down."""
    assert kind in _EVENTS, f"the log holds an event {kind} that this version does not know"
    return cast(Event, _decoders[kind].decode(body))
