"""The rule of costs: a fee is an amount that can be meant."""

from collections.abc import Iterator

from exchange.costs.commands import CostCommand
from exchange.costs.events import GatewayFeeBooked
from exchange.parties.rules import AMOUNT_MAX, out_of_range
from exchange.rejections import Rejected


def decide_costs(command: CostCommand) -> Iterator[GatewayFeeBooked | Rejected]:
    """What a command about costs makes happen."""
    if not 0 < abs(command.amount) <= AMOUNT_MAX:
        yield out_of_range()
    else:
        yield GatewayFeeBooked(command.line, command.amount)
