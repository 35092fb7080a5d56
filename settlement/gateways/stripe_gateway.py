"""The gateway by Stripe: payments by PaymentIntent, sellers by Connect, transfers apart from charges.

The real library does the speaking. Whatever it says is turned into an outcome here, and nowhere else.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar, assert_never

import stripe

from settlement.gateways.gateway import (
    Dispute,
    NoAnswer,
    NotNow,
    Outcome,
    Pending,
    Refused,
    Returned,
    Succeeded,
)
from settlement.money import Fen
from settlement.payments import (
    TAKEN_BACK,
    Authorise,
    BankTransfer,
    Capture,
    Movement,
    OpenAccount,
    Refund,
    Reversal,
    TopUp,
    Transfer,
)
from settlement.reconciliation import BookLine, GatewayPayout, LineKind

CURRENCY = "cny"
LABEL = "suanli"
"""The name under which the gateway keeps our own id beside each thing."""

CLOCKS_DIFFER = 3600
"""Seconds by which Stripe's clock and ours may differ when a lost request is looked for."""

DISPUTED_MEANWHILE = "charge_for_pending_refund_disputed"
"""Stripe's reason of a refund that failed since its payment was disputed before it had arrived."""

PAGE = 100
NOT_FOUND = 404
ANSWER_SECONDS = 30

Thing = TypeVar("Thing", bound=stripe.StripeObject)


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """`key` is Stripe's secret key, of test mode or live; `address` leads to another server than Stripe's.

    `tries` is how often the library itself repeats a request, under the same key.
    """

    key: str = field(repr=False)
    address: str | None = None
    tries: int = 2


def stripe_client(settings: StripeSettings, http: stripe.HTTPClient) -> stripe.StripeClient:
    """The library's client, over the network or by the fake's own hook."""
    return stripe.StripeClient(
        settings.key,
        http_client=http,
        max_network_retries=settings.tries,
        base_addresses={"api": settings.address} if settings.address else None,
    )


@asynccontextmanager
async def connected(settings: StripeSettings) -> AsyncIterator["StripeGateway"]:
    """The gateway over the network, for as long as the block lasts."""
    http = stripe.HTTPXClient(timeout=ANSWER_SECONDS)
    try:
        yield StripeGateway(stripe_client(settings, http))
    finally:
        await http.close_async()  # type: ignore[no-untyped-call]  # the library's


class StripeGateway:
    """A gateway for movements, and a page where sellers sign up."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._api = client.v1

    async def carry_out(self, movement: Movement) -> Outcome:
        """Ask Stripe for it, under the movement's key."""
        try:
            return await self._ask(movement)
        except stripe.StripeError as fault:
            told = _told(fault)
        if isinstance(told, Refused) and isinstance(movement.instruction, Refund):
            return await self._refusal(movement.instruction, told)
        return told

    async def look_up(self, movement: Movement) -> Outcome | None:
        """Ask Stripe what has become of it: by its reference, or by our id beside it."""
        try:
            return await self._find(movement)
        except stripe.StripeError as fault:
            if fault.http_status == NOT_FOUND:
                return None
            told = _told(fault)
            return NoAnswer(told.explain) if isinstance(told, Refused) else told

    async def onboarding_link(self, account: str, back_to: str) -> str | None:
        """A page where a seller says who it is, which then leads `back_to` ours; None where Stripe gives none now."""
        try:
            link = await self._api.account_links.create_async(
                {
                    "account": account,
                    "type": "account_onboarding",
                    "return_url": back_to,
                    "refresh_url": back_to,
                }
            )
        except stripe.StripeError:
            return None
        return link.url

    async def _ask(self, movement: Movement) -> Outcome:
        once: stripe.RequestOptions = {"idempotency_key": movement.key}
        label = {LABEL: movement.id}
        match movement.instruction:
            case TopUp(_, amount):
                intent = await self._api.payment_intents.create_async(
                    {
                        "amount": amount,
                        "currency": CURRENCY,
                        "automatic_payment_methods": {"enabled": True},  # cards, Alipay, WeChat Pay
                        "metadata": label,
                    },
                    once,
                )
                return _of_top_up(intent)
            case Authorise(_, amount):
                intent = await self._api.payment_intents.create_async(
                    {"amount": amount, "currency": CURRENCY, "capture_method": "manual", "metadata": label},
                    once,
                )
                return _of_authorisation(intent)
            case Capture(_, payment, amount):
                intent = await self._api.payment_intents.capture_async(
                    payment, {"amount_to_capture": amount}, once
                )
                return _of_capture(intent)
            case Refund(_, payment, amount):
                refund = await self._api.refunds.create_async(
                    {"payment_intent": payment, "amount": amount, "metadata": label}, once
                )
                return _of_refund(refund)
            case OpenAccount(_, country):
                account = await self._api.accounts.create_async(_seller(country, label), once)
                return Succeeded(account.id)
            case Transfer(_, account_id, amount):
                transfer = await self._api.transfers.create_async(
                    {
                        "amount": amount,
                        "currency": CURRENCY,
                        "destination": account_id,
                        "transfer_group": movement.id,
                        "metadata": label,
                    },
                    once,
                )
                return Succeeded(transfer.id)
            case BankTransfer():
                return Refused("not_offered", "Stripe pays to no account at a bank.")
            case Reversal(_, transfer_id, amount):
                reversal = await self._api.transfers.reversals.create_async(
                    transfer_id, {"amount": amount, "metadata": label}, once
                )
                return Succeeded(reversal.id)
            case unknown:
                assert_never(unknown)

    async def _refusal(self, refund: Refund, refused: Refused) -> Outcome:
        """Why a refund was refused. Stripe has no code for each case in which the buyer may have its payment back already."""
        try:
            charge = await self._charge(refund.payment)
        except stripe.StripeError as fault:
            told = _told(fault)
            return refused if isinstance(told, Refused) else told
        if charge is None:
            return refused
        left = charge.amount_captured - charge.amount_refunded
        return Refused(TAKEN_BACK, refused.explain) if charge.disputed or left < refund.amount else refused

    async def _charge(self, payment: str) -> stripe.Charge | None:
        """What a payment has taken from its buyer; None where there is no such payment, or it was not made."""
        intent = await self._api.payment_intents.retrieve_async(payment) if payment else None
        if intent is None or intent.latest_charge is None:
            return None
        return await self._api.charges.retrieve_async(str(intent.latest_charge))

    async def _find(self, movement: Movement) -> Outcome | None:
        match movement.instruction:
            case TopUp():
                intent = await self._intent(movement)
                return None if intent is None else _of_top_up(intent)
            case Authorise():
                intent = await self._intent(movement)
                return None if intent is None else _of_authorisation(intent)
            case Capture(_, payment, _):
                intent = await self._api.payment_intents.retrieve_async(payment)
                return None if intent.status == "requires_capture" else _of_capture(intent)
            case Refund(_, payment, _):
                refunds = await self._api.refunds.list_async({"payment_intent": payment, "limit": PAGE})
                found = await _labelled(refunds, movement)
                return None if found is None else _of_refund(found)
            case OpenAccount():
                since = (movement.requested_at or 0) - CLOCKS_DIFFER
                accounts = await self._api.accounts.list_async({"created": {"gte": since}, "limit": PAGE})
                account = await _labelled(accounts, movement)
                return None if account is None else Succeeded(account.id)
            case Transfer():
                transfers = await self._api.transfers.list_async({"transfer_group": movement.id})
                transfer = await _labelled(transfers, movement)
                return None if transfer is None else Succeeded(transfer.id)
            case BankTransfer():
                return None
            case Reversal(_, transfer_id, _):
                reversals = await self._api.transfers.reversals.list_async(transfer_id, {"limit": PAGE})
                reversal = await _labelled(reversals, movement)
                return None if reversal is None else Succeeded(reversal.id)
            case unknown:
                assert_never(unknown)

    async def _intent(self, movement: Movement) -> stripe.PaymentIntent | None:
        if movement.reference is not None:
            return await self._api.payment_intents.retrieve_async(movement.reference)
        since = (movement.requested_at or 0) - CLOCKS_DIFFER
        listed = await self._api.payment_intents.list_async({"created": {"gte": since}, "limit": PAGE})
        return await _labelled(listed, movement)

    async def dispute(self, name: str) -> Dispute | None:
        """How a dispute stands, by the lines that it has made: an inquiry has none, and one that is won has two."""
        try:
            told = await self._api.disputes.retrieve_async(name)
            intent = await self._api.payment_intents.retrieve_async(str(told.payment_intent))
        except stripe.StripeError:
            return None
        amounts = [line.amount for line in told.balance_transactions]
        withdrawn = Fen(-sum(amount for amount in amounts if amount < 0))
        reinstated = Fen(sum(amount for amount in amounts if amount > 0))
        return Dispute(told.id, intent.id, _label(intent), withdrawn, reinstated)

    async def book_lines(self, since: int) -> Sequence[BookLine]:
        """Every balance transaction since a second. Raises `stripe.StripeError`."""
        listed = await self._api.balance_transactions.list_async(
            {"created": {"gte": since}, "limit": PAGE, "expand": ["data.source"]}
        )
        return [line async for line in _lines(listed)]

    async def payouts(self, since: int) -> Sequence[GatewayPayout]:
        """Automatic payouts since a second; Stripe can't tell what one by hand consists of. Raises `stripe.StripeError`."""
        listed = await self._api.payouts.list_async({"created": {"gte": since}, "limit": PAGE})
        return [
            await self._with_lines(payout) async for payout in listed.auto_paging_iter() if payout.automatic
        ]

    async def _with_lines(self, payout: stripe.Payout) -> GatewayPayout:
        listed = await self._api.balance_transactions.list_async(
            {"payout": payout.id, "limit": PAGE, "expand": ["data.source"]}
        )
        lines = [line async for line in _lines(listed) if line.kind is not LineKind.PAYOUT]
        return GatewayPayout(payout.id, Fen(payout.amount), tuple(lines))


def _seller(country: str, label: dict[str, str]) -> stripe.params.AccountCreateParams:
    """A seller that Stripe itself asks who it is. The venue bears what a seller's balance lacks."""
    return {
        "country": country,
        "controller": {
            "stripe_dashboard": {"type": "express"},
            "fees": {"payer": "application"},
            "losses": {"payments": "application"},
        },
        "capabilities": {"transfers": {"requested": True}},
        "metadata": label,
    }


def _of_top_up(intent: stripe.PaymentIntent) -> Outcome:
    match intent.status:
        case "succeeded":
            return Succeeded(intent.id)
        case "canceled":
            return Refused("canceled", "The payment was given up.")
        case _:
            return Pending(intent.id, intent.client_secret or "")


def _of_authorisation(intent: stripe.PaymentIntent) -> Outcome:
    return Succeeded(intent.id) if intent.status == "requires_capture" else _of_top_up(intent)


def _of_capture(intent: stripe.PaymentIntent) -> Outcome:
    return Pending(intent.id) if intent.status == "processing" else _of_top_up(intent)


def _of_refund(refund: stripe.Refund) -> Outcome:
    match refund.status:
        case "succeeded":
            return Succeeded(refund.id)
        case "failed":
            disputed = refund.failure_reason == DISPUTED_MEANWHILE
            return Returned(refund.id, TAKEN_BACK if disputed else refund.failure_reason or "failed")
        case "canceled":
            return Refused("canceled", "The refund was given up.")
        case _:
            return Pending(refund.id)


def _told(fault: stripe.StripeError) -> Refused | NotNow | NoAnswer:
    """What a fault of the library means for the money.

    Refused is only what Stripe has judged by its rules. A line that broke and a failure of Stripe's own say nothing;
    a key that is not in force, a conflict and too many requests say that nothing was looked at.
    """
    explain = fault.user_message or type(fault).__name__
    match fault:
        case stripe.CardError() | stripe.InvalidRequestError():
            return Refused(fault.code or "invalid_request", explain)
        case stripe.RateLimitError() | stripe.AuthenticationError() | stripe.PermissionError():
            return NotNow(explain)
        case stripe.IdempotencyError():
            # A key stands for one movement, whose request never changes: somebody else has used it.
            return NotNow(explain)
        case _:
            return NotNow(explain) if fault.http_status == 409 else NoAnswer(explain)


async def _labelled(listed: stripe.ListObject[Thing], movement: Movement) -> Thing | None:
    """The thing that has our id beside it."""
    async for thing in listed.auto_paging_iter():
        if _label(thing) == movement.id:
            return thing
    return None


def _label(thing: object) -> str:
    """Our id beside a thing of Stripe's; empty where it has none."""
    metadata = getattr(thing, "metadata", None)
    return str(metadata[LABEL]) if metadata and LABEL in metadata else ""


_KINDS = {
    "charge": LineKind.PAYMENT,
    "refund": LineKind.REFUND,
    "refund_failure": LineKind.REFUND_FAILURE,
    "transfer": LineKind.TRANSFER,
    "transfer_reversal": LineKind.REVERSAL,
    "dispute": LineKind.DISPUTE,
    "dispute_reversal": LineKind.DISPUTE_REVERSAL,
    "payout": LineKind.PAYOUT,
    "payout_reversal": LineKind.PAYOUT_FAILURE,
    "fee": LineKind.FEE,
}
"""Stripe's reporting categories, which it recommends for accounting over the types of transactions."""


async def _lines(listed: stripe.ListObject[stripe.BalanceTransaction]) -> AsyncIterator[BookLine]:
    async for line in listed.auto_paging_iter():
        source = line.source
        about = source.id if isinstance(source, stripe.StripeObject) else source
        # A charge is known to us by the payment that it is for.
        payment = getattr(source, "payment_intent", None) if isinstance(source, stripe.Charge) else None
        yield BookLine(
            id=line.id,
            kind=_KINDS.get(line.reporting_category, LineKind.OTHER),
            amount=Fen(line.amount),
            fee=Fen(line.fee),
            reference=str(payment or about or line.id),
            movement=_label(source),
        )
