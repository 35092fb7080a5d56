"""How the log is written: what was ever written down must be read for ever, and written again to the same byte."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from exchange.commands import Command
from exchange.events import Event
from exchange.orders.commands import PlaceOrder
from exchange.orders.events import OrderAccepted
from exchange.persistence.codec import decode_command, decode_event, encode
from matching.terms import Block, Order, Work

GOLDEN = Path(__file__).parent / "golden"


class Sample(msgspec.Struct):
    """A line of a golden file: the kind of a command or event, and its JSON as it stands in logs."""

    kind: str
    body: msgspec.Raw


def samples(name: str) -> list[Sample]:
    lines = (GOLDEN / name).read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Sample) for line in lines]


COMMANDS, EVENTS = samples("commands.jsonl"), samples("events.jsonl")


def test_every_kind_has_a_sample() -> None:
    assert {sample.kind for sample in COMMANDS} >= {kind.__name__ for kind in get_args(Command)}
    assert {sample.kind for sample in EVENTS} >= {kind.__name__ for kind in get_args(Event)}


def test_every_shape_of_an_order_has_a_sample() -> None:
    for kind, decode, known in (
        ("PlaceOrder", decode_command, COMMANDS),
        ("OrderAccepted", decode_event, EVENTS),
    ):
        told = [decode(sample.kind, bytes(sample.body)) for sample in known if sample.kind == kind]
        orders = [each.opened.order if isinstance(each, OrderAccepted) else each for each in told]
        assert {type(order.shape) for order in orders if isinstance(order, PlaceOrder | Order)} == {
            Block,
            Work,
        }


@pytest.mark.parametrize("sample", COMMANDS, ids=[sample.kind for sample in COMMANDS])
def test_a_command_is_read_as_it_was_written(sample: Sample) -> None:
    command = decode_command(sample.kind, bytes(sample.body))
    assert encode(command) == (sample.kind, bytes(sample.body))


@pytest.mark.parametrize("sample", EVENTS, ids=[sample.kind for sample in EVENTS])
def test_an_event_is_read_as_it_was_written(sample: Sample) -> None:
    event = decode_event(sample.kind, bytes(sample.body))
    assert encode(event) == (sample.kind, bytes(sample.body))


def test_kinds_that_this_version_does_not_know_stop_it() -> None:
    with pytest.raises(AssertionError, match="that this version does not know"):
        decode_command("Rejected", b"{}")
    with pytest.raises(AssertionError, match="that this version does not know"):
        decode_event("PlaceOrder", b"{}")


def test_equal_values_are_written_alike() -> None:
    roles = '{"party":{"id":"a","name":"A","roles":%s,"region":"310000","group":"a"}}'
    one = decode_command("RegisterParty", roles % '["seller","buyer"]')
    other = decode_command("RegisterParty", roles % '["buyer","seller"]')
    assert encode(one) == encode(other)
