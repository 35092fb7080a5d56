"""The things that the fake keeps, with the fields that Stripe has for them and the venue reads."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import ClassVar

from settlement.gateways.fake_stripe.replies import Document

Metadata = Mapping[str, str]


@dataclass(slots=True)
class PaymentIntent:
    """A payment that a buyer is to make."""

    object: ClassVar[str] = "payment_intent"

    id: str
    created: int
    amount: int
    capture_method: str
    metadata: Metadata
    client_secret: str
    status: str = "requires_payment_method"
    currency: str = "cny"
    amount_capturable: int = 0
    amount_received: int = 0
    payment_method: str | None = None
    latest_charge: str | None = None
    cancellation_reason: str | None = None
    transfer_group: str | None = None
    livemode: bool = False


@dataclass(slots=True)
class Charge:
    """Money that was taken from a card, or set aside on it."""

    object: ClassVar[str] = "charge"

    id: str
    created: int
    amount: int
    payment_intent: str
    metadata: Metadata
    captured: bool
    amount_captured: int = 0
    amount_refunded: int = 0
    refunded: bool = False
    disputed: bool = False
    paid: bool = True
    status: str = "succeeded"
    currency: str = "cny"
    balance_transaction: str | None = None
    livemode: bool = False


@dataclass(slots=True)
class Refund:
    """Money that went back to a card."""

    object: ClassVar[str] = "refund"

    id: str
    created: int
    amount: int
    charge: str
    payment_intent: str
    metadata: Metadata
    status: str = "succeeded"
    currency: str = "cny"
    reason: str | None = None
    failure_reason: str | None = None
    balance_transaction: str | None = None


@dataclass(slots=True)
class Account:
    """A seller's account, of use for transfers once its owner has said who it is."""

    object: ClassVar[str] = "account"

    id: str
    created: int
    country: str
    metadata: Metadata
    capabilities: Mapping[str, str]
    details_submitted: bool = False
    payouts_enabled: bool = False
    charges_enabled: bool = False


@dataclass(slots=True)
class AccountLink:
    """A page where a seller says who it is."""

    object: ClassVar[str] = "account_link"

    created: int
    url: str
    expires_at: int


@dataclass(slots=True)
class Transfer:
    """Money that went to a seller's account."""

    object: ClassVar[str] = "transfer"

    id: str
    created: int
    amount: int
    destination: str
    metadata: Metadata
    transfer_group: str | None
    source_transaction: str | None
    amount_reversed: int = 0
    reversed: bool = False
    currency: str = "cny"
    balance_transaction: str | None = None
    livemode: bool = False


@dataclass(slots=True)
class TransferReversal:
    """Money that came back from a seller's account."""

    object: ClassVar[str] = "transfer_reversal"

    id: str
    created: int
    amount: int
    transfer: str
    metadata: Metadata
    currency: str = "cny"
    balance_transaction: str | None = None


@dataclass(slots=True)
class Payout:
    """Money that went to the venue's own bank."""

    object: ClassVar[str] = "payout"

    id: str
    created: int
    arrival_date: int
    amount: int
    automatic: bool
    metadata: Metadata = field(default_factory=dict)
    status: str = "paid"
    currency: str = "cny"
    reconciliation_status: str = "completed"
    failure_code: str | None = None
    balance_transaction: str | None = None
    livemode: bool = False


@dataclass(slots=True)
class Dispute:
    """A payment that a buyer's bank has taken back."""

    object: ClassVar[str] = "dispute"

    id: str
    created: int
    amount: int
    charge: str
    payment_intent: str
    balance_transactions: list[Document] = field(default_factory=list)
    status: str = "needs_response"
    reason: str = "general"
    currency: str = "cny"
    livemode: bool = False


@dataclass(slots=True)
class BalanceTransaction:
    """A line of the books: what came to the venue's account, or left it, and what Stripe took of it."""

    object: ClassVar[str] = "balance_transaction"

    id: str
    created: int
    available_on: int
    amount: int
    fee: int
    net: int
    type: str
    reporting_category: str
    source: str | None
    status: str = "available"
    currency: str = "cny"


@dataclass(slots=True)
class Event:
    """Something that happened, with what it was about as it stood then."""

    object: ClassVar[str] = "event"

    id: str
    created: int
    type: str
    data: Document
    api_version: str
    account: str | None = None
    pending_webhooks: int = 1
    livemode: bool = False


Resource = (
    PaymentIntent
    | Charge
    | Refund
    | Account
    | AccountLink
    | Transfer
    | TransferReversal
    | Payout
    | Dispute
    | BalanceTransaction
    | Event
)

RESOURCES: tuple[type[Resource], ...] = (
    PaymentIntent,
    Charge,
    Refund,
    Account,
    AccountLink,
    Transfer,
    TransferReversal,
    Payout,
    Dispute,
    BalanceTransaction,
    Event,
)


def document(resource: Resource) -> Document:
    """A thing as it is sent."""
    shown = {"object": resource.object, **asdict(resource)}
    if isinstance(resource, Event) and resource.account is None:
        del shown["account"]
    return shown
