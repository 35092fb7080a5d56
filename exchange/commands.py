"""Every command that the venue takes, and the envelope it comes in."""

from dataclasses import dataclass

from exchange.agreements.commands import AgreementCommand
from exchange.chargebacks.commands import ChargebackCommand
from exchange.closing.commands import ClosingCommand, PostStatements
from exchange.contracts.commands import ContractCommand
from exchange.costs.commands import CostCommand
from exchange.listings.commands import ListingCommand
from exchange.names import PartyId
from exchange.orders.commands import OrderCommand
from exchange.parties.commands import PartyCommand
from exchange.payouts.commands import PayoutCommand
from exchange.power.commands import PowerCommand
from exchange.quarters.commands import QuarterCommand
from exchange.refunds.commands import RefundCommand
from exchange.subsidies.commands import SubsidyCommand
from exchange.venue.commands import VenueCommand
from exchange.vouchers.commands import VoucherCommand

Command = (
    VenueCommand
    | PartyCommand
    | ListingCommand
    | OrderCommand
    | ContractCommand
    | AgreementCommand
    | ClosingCommand
    | RefundCommand
    | PayoutCommand
    | ChargebackCommand
    | CostCommand
    | VoucherCommand
    | SubsidyCommand
    | QuarterCommand
    | PowerCommand
)

STATEMENTS_WEIGH = 125


def weight(command: Command) -> int:
    """How much a command adds to a transaction, in orders.

    A part of a close counts for more than the five orders that it takes as long as: four fill a transaction, so that what
    follows is decided while they are stored. Were all that a closing job has asked in one, its next would wait for that.
    """
    return STATEMENTS_WEIGH if isinstance(command, PostStatements) else 1


@dataclass(frozen=True, slots=True)
class Envelope:
    """A command, who gives it, and the id that its giver chose for it: unique for that party, for ever.

    An id that the venue makes in a party's name has a `/` in it, which the door takes from nobody: so no request of that
    party can use it up, and keep a closing or a replay from going on.
    """

    by: PartyId
    id: str
    command: Command
