"""The core: each command to the room that decides it, each event to the room whose state it changes.

Decides by reading, changes only by `evolve`.
"""

from collections.abc import Iterator
from typing import assert_never

from exchange.agreements.commands import AgreementCommand
from exchange.agreements.events import AgreementEvent
from exchange.agreements.evolving import evolve_agreements
from exchange.agreements.rules import decide_agreements
from exchange.bookkeeping import entries
from exchange.chargebacks.commands import ChargebackCommand
from exchange.chargebacks.events import ChargebackEvent
from exchange.chargebacks.evolving import evolve_chargebacks
from exchange.chargebacks.rules import decide_chargebacks, recover_losses
from exchange.closing.commands import ClosingCommand
from exchange.closing.events import ClosingEvent
from exchange.closing.evolving import evolve_closing
from exchange.closing.rules import decide_closing
from exchange.commands import Envelope
from exchange.contracts.commands import ContractCommand
from exchange.contracts.events import ContractEvent
from exchange.contracts.evolving import evolve_contracts
from exchange.contracts.rules import decide_contracts
from exchange.costs.commands import CostCommand
from exchange.costs.events import CostEvent
from exchange.costs.rules import decide_costs
from exchange.events import Event
from exchange.listings.commands import ListingCommand
from exchange.listings.events import ListingEvent
from exchange.listings.evolving import evolve_listings
from exchange.listings.rules import decide_listings
from exchange.names import PartyId
from exchange.orders.commands import OrderCommand
from exchange.orders.events import OrderEvent
from exchange.orders.evolving import evolve_orders
from exchange.orders.rules import decide_orders
from exchange.parties.commands import PartyCommand
from exchange.parties.events import PartyEvent
from exchange.parties.evolving import evolve_parties
from exchange.parties.rules import decide_parties
from exchange.payouts.commands import PayoutCommand
from exchange.payouts.events import PayoutEvent
from exchange.payouts.evolving import evolve_payouts
from exchange.payouts.rules import decide_payouts
from exchange.permissions import refusal_of
from exchange.power.commands import PowerCommand
from exchange.power.events import PowerEvent
from exchange.power.evolving import evolve_power
from exchange.power.rules import decide_power
from exchange.quarters.commands import QuarterCommand
from exchange.quarters.events import QuarterEvent
from exchange.quarters.evolving import evolve_quarters
from exchange.quarters.rules import decide_quarters
from exchange.refunds.commands import RefundCommand
from exchange.refunds.events import RefundEvent
from exchange.refunds.evolving import evolve_refunds
from exchange.refunds.rules import decide_refunds
from exchange.rejections import Rejected
from exchange.state import State
from exchange.subsidies.commands import SubsidyCommand
from exchange.subsidies.events import SubsidyEvent
from exchange.subsidies.evolving import evolve_subsidies
from exchange.subsidies.rules import decide_subsidies
from exchange.venue.commands import VenueCommand
from exchange.venue.events import VenueEvent
from exchange.venue.evolving import evolve_venue
from exchange.venue.rules import decide_venue
from exchange.vouchers.commands import VoucherCommand
from exchange.vouchers.events import VoucherEvent
from exchange.vouchers.evolving import evolve_vouchers
from exchange.vouchers.rules import decide_vouchers
from matching.terms import Seq
from settlement.ledger.chart import AccountKind
from settlement.ledger.journal import JournalEntry

Happening = tuple[Event, list[JournalEntry]]
"""An event, and the journal entries that follow from it."""


def step(state: State, seq: Seq, envelope: Envelope) -> list[Happening]:
    """Carry out one command: what it made happen."""
    return [(event, evolve(state, event)) for event in decide(state, seq, envelope)]


def decide(state: State, seq: Seq, envelope: Envelope) -> Iterator[Event]:
    """What a command, the `seq`-th, makes happen. Relies on `evolve` between one event and the next.

    Last, what has become free in a balance makes up for what the venue bears of its owner's chargebacks.
    """
    freed: set[PartyId] = set()
    for event in _decide(state, seq, envelope):
        yield event
        if state.chargebacks:
            freed.update(_moved_in_available(event))
    for party in sorted(freed):
        yield from recover_losses(state, party)


def _moved_in_available(event: Event) -> Iterator[PartyId]:
    """Whose free balance an event has changed."""
    return (
        PartyId(posting.account.owner)
        for made in entries(event)
        for posting in made.postings
        if posting.account.kind is AccountKind.AVAILABLE
    )


def _decide(state: State, seq: Seq, envelope: Envelope) -> Iterator[Event]:
    """The same, by the room whose command it is."""
    refusal = refusal_of(state, envelope)
    if refusal is not None:
        return iter([refusal])
    by, command = envelope.by, envelope.command
    if isinstance(command, OrderCommand):
        return decide_orders(state, seq, by, command)
    if isinstance(command, ListingCommand):
        return decide_listings(state, seq, by, command)
    if isinstance(command, VenueCommand):
        return decide_venue(state, seq, command)
    if isinstance(command, ClosingCommand):
        return decide_closing(state, command)
    if isinstance(command, PartyCommand):
        return decide_parties(state, command)
    if isinstance(command, ContractCommand):
        return decide_contracts(state, seq, command)
    if isinstance(command, RefundCommand):
        return decide_refunds(state, seq, by, command, entries)
    if isinstance(command, PayoutCommand):
        return decide_payouts(state, seq, by, command)
    if isinstance(command, ChargebackCommand):
        return decide_chargebacks(state, command)
    if isinstance(command, CostCommand):
        return decide_costs(command)
    if isinstance(command, VoucherCommand):
        return decide_vouchers(state, seq, by, command)
    if isinstance(command, SubsidyCommand):
        return decide_subsidies(state, command)
    if isinstance(command, AgreementCommand):
        return decide_agreements(state, by, command)
    if isinstance(command, QuarterCommand):
        return decide_quarters(state, by, command)
    if isinstance(command, PowerCommand):
        return decide_power(state, by, command)
    assert_never(command)


def evolve(state: State, event: Event) -> list[JournalEntry]:
    """Let an event have happened, and post what it means in money. Never refuses: what is impossible asserts."""
    evolve_unposted(state, event)
    made = entries(event)
    for entry in made:
        state.balances.post(entry)
    return made


def evolve_unposted(state: State, event: Event) -> None:
    """Let an event have happened in all but the balances: for whoever has them from the journal that it made."""
    if isinstance(event, OrderEvent):
        evolve_orders(state, event)
    elif isinstance(event, ClosingEvent):
        evolve_closing(state, event)
    elif isinstance(event, ListingEvent):
        evolve_listings(state, event)
    elif isinstance(event, VenueEvent):
        evolve_venue(state, event)
    elif isinstance(event, VoucherEvent):
        evolve_vouchers(state, event)
    elif isinstance(event, PowerEvent):
        evolve_power(state.power, event)
    elif isinstance(event, PartyEvent):
        evolve_parties(state, event)
    elif isinstance(event, ContractEvent):
        evolve_contracts(state, event)
    elif isinstance(event, RefundEvent):
        evolve_refunds(state, event)
    elif isinstance(event, PayoutEvent):
        evolve_payouts(state, event)
    elif isinstance(event, ChargebackEvent):
        evolve_chargebacks(state, event)
    elif isinstance(event, SubsidyEvent):
        evolve_subsidies(state, event)
    elif isinstance(event, AgreementEvent):
        evolve_agreements(state, event)
    elif isinstance(event, QuarterEvent):
        evolve_quarters(state, event)
    elif not isinstance(event, CostEvent | Rejected):
        assert_never(event)
