"""What came of a command, and how the venue is."""

from dataclasses import dataclass
from datetime import datetime

from exchange.contracts.events import ContractOpened
from exchange.events import Event
from exchange.listings.events import ListingPublished
from exchange.names import PartyId
from exchange.orders.events import LeaseGranted, OrderAccepted
from exchange.parties.events import KeyIssued, PartyRegistered
from exchange.persistence.queries.commands import Outcome
from exchange.vouchers.events import VoucherIssued


@dataclass(frozen=True, slots=True)
class RejectionOut:
    """Why a command was refused, by its code."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class CommandOut:
    """What came of a command: its place in the log, and the ids of what it made, or why it was refused.

    What it made for others, such as the order that goes on for a lease that it took back, is theirs to read.
    """

    id: str
    kind: str
    seq: int
    accepted: bool
    made: list[str]
    rejection: RejectionOut | None
    logged_at: datetime

    @classmethod
    def of(cls, command: str, outcome: Outcome, party: PartyId) -> "CommandOut":
        """A command as it stands in the log, for the party that gave it."""
        rejection = outcome.rejection
        return cls(
            id=command,
            kind=outcome.kind,
            seq=outcome.seq,
            accepted=rejection is None,
            made=[made for event in outcome.events if (made := _made(event, party)) is not None],
            rejection=None if rejection is None else RejectionOut(rejection.code, rejection.explain),
            logged_at=outcome.logged_at,
        )


def _made(event: Event, by: PartyId) -> str | None:
    """The id of what an event brings into being for a party or by its hand, if it does."""
    match event:
        case PartyRegistered(party):
            return party.id
        case KeyIssued(_, key, _):
            return key
        case ListingPublished(listed, _, _):
            return listed.listing.id
        case OrderAccepted(opened, buyer, _, _) if buyer == by:
            return opened.order.id
        case LeaseGranted(_, lease, _) if by in {lease.buyer, lease.seller}:
            return lease.id
        case ContractOpened(contract):
            return contract.id
        case VoucherIssued(voucher, _, _):
            return voucher.id
        case _:
            return None


@dataclass(frozen=True, slots=True)
class HealthOut:
    """How the venue is: the last place in its log, how many commands wait, and for how long the oldest has."""

    status: str
    seq: int
    waiting: int
    oldest_seconds: int
