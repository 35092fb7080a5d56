"""Each event to what it means for the tables."""

from typing import assert_never

from exchange.agreements.events import AgreementEvent
from exchange.chargebacks.events import ChargebackEvent
from exchange.closing.events import ClosingEvent
from exchange.contracts.events import ContractEvent
from exchange.costs.events import CostEvent
from exchange.events import Event
from exchange.listings.events import ListingEvent
from exchange.orders.events import OrderEvent
from exchange.parties.events import PartyEvent
from exchange.payouts.events import PayoutEvent
from exchange.persistence.projections.agreements import project_agreements
from exchange.persistence.projections.closing import project_closing
from exchange.persistence.projections.contracts import project_contracts
from exchange.persistence.projections.house import project_parties, project_venue
from exchange.persistence.projections.listings import project_listings
from exchange.persistence.projections.orders import project_orders
from exchange.persistence.projections.payouts import project_payouts
from exchange.persistence.projections.power import project_power
from exchange.persistence.projections.quarters import project_quarters
from exchange.persistence.projections.refunds import project_refunds
from exchange.persistence.projections.subsidies import project_subsidies
from exchange.persistence.projections.vouchers import project_vouchers
from exchange.persistence.rows import Rows
from exchange.power.events import PowerEvent
from exchange.quarters.events import QuarterEvent
from exchange.refunds.events import RefundEvent
from exchange.rejections import Rejected
from exchange.subsidies.events import SubsidyEvent
from exchange.venue.events import VenueEvent
from exchange.vouchers.events import VoucherEvent


def project(rows: Rows, seq: int, digest: bytes, event: Event) -> None:
    """Add what `event` means for the tables: it was made by the `seq`-th command, after which the log has that digest."""
    rows.heard.hear(seq)
    if isinstance(event, OrderEvent):
        project_orders(rows, seq, digest, event)
    elif isinstance(event, ClosingEvent):
        project_closing(rows, seq, event)
    elif isinstance(event, ListingEvent):
        project_listings(rows, seq, event)
    elif isinstance(event, VenueEvent):
        project_venue(rows, event)
    elif isinstance(event, VoucherEvent):
        project_vouchers(rows, seq, event)
    elif isinstance(event, PowerEvent):
        project_power(rows, seq, event)
    elif isinstance(event, PartyEvent):
        project_parties(rows, seq, event)
    elif isinstance(event, ContractEvent):
        project_contracts(rows, seq, event)
    elif isinstance(event, RefundEvent):
        project_refunds(rows, event)
    elif isinstance(event, PayoutEvent):
        project_payouts(rows, seq, event)
    elif isinstance(event, SubsidyEvent):
        project_subsidies(rows, seq, event)
    elif isinstance(event, AgreementEvent):
        project_agreements(rows, seq, event)
    elif isinstance(event, QuarterEvent):
        project_quarters(rows, seq, event)
    elif not isinstance(event, ChargebackEvent | CostEvent | Rejected):
        assert_never(event)
