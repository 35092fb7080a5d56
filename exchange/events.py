"""Every event that can be in the log.

Events of the market stand in it as they are, unless money rides on them.
"""

from exchange.agreements.events import AgreementEvent
from exchange.chargebacks.events import ChargebackEvent
from exchange.closing.events import ClosingEvent
from exchange.contracts.events import ContractEvent
from exchange.costs.events import CostEvent
from exchange.listings.events import ListingEvent
from exchange.orders.events import OrderEvent
from exchange.parties.events import PartyEvent
from exchange.payouts.events import PayoutEvent
from exchange.power.events import PowerEvent
from exchange.quarters.events import QuarterEvent
from exchange.refunds.events import RefundEvent
from exchange.rejections import Rejected
from exchange.subsidies.events import SubsidyEvent
from exchange.venue.events import VenueEvent
from exchange.vouchers.events import VoucherEvent

Event = (
    VenueEvent
    | PartyEvent
    | ListingEvent
    | OrderEvent
    | ContractEvent
    | AgreementEvent
    | ClosingEvent
    | RefundEvent
    | PayoutEvent
    | ChargebackEvent
    | CostEvent
    | VoucherEvent
    | SubsidyEvent
    | QuarterEvent
    | PowerEvent
    | Rejected
)
