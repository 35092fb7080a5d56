"""What Stripe does when it is asked: payments, refunds, sellers' accounts, transfers and payouts."""

from settlement.gateways.fake_stripe.books import Books
from settlement.gateways.fake_stripe.objects import (
    Account,
    AccountLink,
    Charge,
    PaymentIntent,
    Payout,
    Refund,
    Transfer,
    TransferReversal,
)
from settlement.gateways.fake_stripe.params import Form
from settlement.gateways.fake_stripe.replies import declined, forbidden, invalid

AMOUNT_MAX = 99_999_999
"""Stripe takes eight digits: 999,999.99 yuan in one payment."""

LINK_SECONDS = 300
DECLINES = {
    "pm_card_visa_chargeDeclined": "card_declined",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
}
ASKS_THE_BUYER = "pm_card_authenticationRequired"
WAITING = {"requires_payment_method", "requires_confirmation", "requires_action"}


def create_intent(books: Books, asked: Form) -> PaymentIntent:
    """A payment to be made; with `confirm` it is made at once."""
    _must_be_money(asked)
    identity = books.new_id("pi")
    intent = books.add(
        PaymentIntent(
            id=identity,
            created=books.now(),
            amount=asked["amount"],
            capture_method=asked.get("capture_method", "automatic"),
            metadata=asked.get("metadata", {}),
            client_secret=f"{identity}_secret_fake",
            transfer_group=asked.get("transfer_group"),
        )
    )
    books.happened("payment_intent.created", intent)
    if asked.get("confirm"):
        confirm_intent(books, intent.id, asked)
    return intent


def confirm_intent(books: Books, identity: str, asked: Form) -> PaymentIntent:
    """The buyer pays by a card: one of Stripe's test cards, by its name."""
    intent = books.get(PaymentIntent, identity)
    if intent.status not in WAITING:
        raise _unexpected(intent.status)
    card = asked.get("payment_method") or intent.payment_method
    if card is None:
        raise invalid("A payment method is missing.", "payment_intent_unexpected_state", "payment_method")
    if code := DECLINES.get(card):
        intent.status = "requires_payment_method"
        books.happened("payment_intent.payment_failed", intent)
        raise declined(code)
    intent.payment_method = card
    if card == ASKS_THE_BUYER and intent.status != "requires_action":
        intent.status = "requires_action"
        books.happened("payment_intent.requires_action", intent)
        return intent
    return _charge(books, intent)


def _charge(books: Books, intent: PaymentIntent) -> PaymentIntent:
    charge = books.add(
        Charge(
            id=books.new_id("ch"),
            created=books.now(),
            amount=intent.amount,
            payment_intent=intent.id,
            metadata=dict(intent.metadata),
            captured=False,
        )
    )
    intent.latest_charge = charge.id
    if intent.capture_method == "manual":
        intent.status, intent.amount_capturable = "requires_capture", intent.amount
        books.happened("payment_intent.amount_capturable_updated", intent)
        return intent
    return _take(books, intent, charge, intent.amount)


def capture_intent(books: Books, identity: str, asked: Form) -> PaymentIntent:
    """Take what was set aside, once; what is not taken is free again."""
    intent = books.get(PaymentIntent, identity)
    if intent.status != "requires_capture" or intent.latest_charge is None:
        raise _unexpected(intent.status)
    amount = asked.get("amount_to_capture", intent.amount_capturable)
    if not 0 < amount <= intent.amount_capturable:
        raise invalid("The amount to capture is out of range.", "amount_too_large", "amount_to_capture")
    intent.metadata = {**intent.metadata, **asked.get("metadata", {})}
    return _take(books, intent, books.get(Charge, intent.latest_charge), amount)


def _take(books: Books, intent: PaymentIntent, charge: Charge, amount: int) -> PaymentIntent:
    charge.captured, charge.amount_captured = True, amount
    charge.balance_transaction = books.line("charge", "charge", amount, charge.id, fee=books.fee_of(amount))
    intent.status, intent.amount_received, intent.amount_capturable = "succeeded", amount, 0
    books.happened("charge.succeeded", charge)
    books.happened("payment_intent.succeeded", intent)
    return intent


def cancel_intent(books: Books, identity: str, asked: Form) -> PaymentIntent:
    """Give a payment up that was not made."""
    intent = books.get(PaymentIntent, identity)
    if intent.status not in {*WAITING, "requires_capture"}:
        raise _unexpected(intent.status)
    intent.status, intent.amount_capturable = "canceled", 0
    intent.cancellation_reason = asked.get("cancellation_reason")
    books.happened("payment_intent.canceled", intent)
    return intent


def create_refund(books: Books, asked: Form) -> Refund:
    """Give back a payment or a part of it, out of the venue's balance. Transfers are left as they are."""
    charge = _charge_of(books, asked)
    left = charge.amount_captured - charge.amount_refunded
    amount = asked.get("amount", left)
    if charge.disputed:
        raise forbidden("The charge is disputed.", "charge_disputed")
    if left == 0:
        raise forbidden("The charge has already been refunded.", "charge_already_refunded")
    if not 0 < amount <= left:
        raise forbidden("The refund is greater than the unrefunded amount.", "amount_too_large")
    refund = Refund(
        id=books.new_id("re"),
        created=books.now(),
        amount=amount,
        charge=charge.id,
        payment_intent=charge.payment_intent,
        metadata=asked.get("metadata", {}),
        reason=asked.get("reason"),
    )
    refund.balance_transaction = books.line("refund", "refund", -amount, refund.id)
    charge.amount_refunded += amount
    charge.refunded = charge.amount_refunded == charge.amount_captured
    books.add(refund)
    books.happened("refund.created", refund)
    books.happened("charge.refunded", charge)
    return refund


def _charge_of(books: Books, asked: Form) -> Charge:
    if "payment_intent" not in asked and "charge" not in asked:
        raise invalid("One of charge, payment_intent is required.", "parameter_missing", "payment_intent")
    if "charge" in asked:
        return books.get(Charge, asked["charge"])
    intent = books.get(PaymentIntent, asked["payment_intent"])
    if intent.status != "succeeded" or intent.latest_charge is None:
        raise forbidden(
            "This PaymentIntent does not have a successful charge to refund.", "charge_not_refundable"
        )
    return books.get(Charge, intent.latest_charge)


def create_account(books: Books, asked: Form) -> Account:
    """A seller's account, which can be paid once its owner has been to the page of a link."""
    wanted = [name for name, how in asked.get("capabilities", {}).items() if how.get("requested")]
    account = books.add(
        Account(
            id=books.new_id("acct"),
            created=books.now(),
            country=asked.get("country", "CN"),
            metadata=asked.get("metadata", {}),
            capabilities=dict.fromkeys(wanted, "inactive"),
        )
    )
    books.sellers[account.id] = 0
    return account


def create_link(books: Books, asked: Form) -> AccountLink:
    """A page for a seller."""
    account = books.get(Account, asked["account"])
    url = f"https://connect.stripe.com/setup/e/{account.id}/{books.new_id('link')}"
    return AccountLink(books.now(), url, books.now() + LINK_SECONDS)


def create_transfer(books: Books, asked: Form) -> Transfer:
    """Money from the venue's balance to a seller's."""
    account = books.get(Account, asked["destination"])
    if account.capabilities.get("transfers") != "active":
        message = "Your destination account needs to have the capability transfers enabled."
        raise forbidden(message, "insufficient_capabilities_for_transfer")
    _must_be_money(asked, most=None)
    transfer = Transfer(
        id=books.new_id("tr"),
        created=books.now(),
        amount=asked["amount"],
        destination=account.id,
        metadata=asked.get("metadata", {}),
        transfer_group=asked.get("transfer_group"),
        source_transaction=asked.get("source_transaction"),
    )
    transfer.balance_transaction = books.line("transfer", "transfer", -transfer.amount, transfer.id)
    books.sellers[account.id] += transfer.amount
    books.add(transfer)
    books.happened("transfer.created", transfer)
    return transfer


def create_reversal(books: Books, identity: str, asked: Form) -> TransferReversal:
    """Money back from a seller's balance, which must have it."""
    transfer = books.get(Transfer, identity)
    amount = asked.get("amount", transfer.amount - transfer.amount_reversed)
    if not 0 < amount <= transfer.amount - transfer.amount_reversed:
        raise forbidden("The reversal is greater than the unreversed amount.", "amount_too_large")
    if books.sellers[transfer.destination] < amount:
        raise forbidden("The destination account has insufficient funds.", "balance_insufficient")
    reversal = TransferReversal(
        id=books.new_id("trr"),
        created=books.now(),
        amount=amount,
        transfer=transfer.id,
        metadata=asked.get("metadata", {}),
    )
    reversal.balance_transaction = books.line("transfer_refund", "transfer_reversal", amount, reversal.id)
    books.sellers[transfer.destination] -= amount
    transfer.amount_reversed += amount
    transfer.reversed = transfer.amount_reversed == transfer.amount
    books.add(reversal)
    books.happened("transfer.reversed", transfer)
    return reversal


def create_payout(books: Books, asked: Form) -> Payout:
    """Money to the venue's own bank, by hand: Stripe does not say which lines such a payout consists of."""
    _must_be_money(asked, most=None)
    return pay_out(books, asked["amount"], automatic=False, metadata=asked.get("metadata", {}))


def pay_out(books: Books, amount: int, *, automatic: bool, metadata: Form | None = None) -> Payout:
    """A payout, booked and on its way to the bank at once."""
    payout = Payout(
        id=books.new_id("po"),
        created=books.now(),
        arrival_date=books.now(),
        amount=amount,
        automatic=automatic,
        metadata=metadata or {},
        reconciliation_status="completed" if automatic else "not_applicable",
    )
    payout.balance_transaction = books.line("payout", "payout", -amount, payout.id)
    books.add(payout)
    books.happened("payout.created", payout)
    books.happened("payout.paid", payout)
    return payout


def _must_be_money(asked: Form, most: int | None = AMOUNT_MAX) -> None:
    """An amount in fen, and in yuan. Transfers say their amount although the library lets it be left out."""
    if asked["currency"] != "cny":
        raise invalid(f"Invalid currency: {asked['currency']}", "parameter_invalid", "currency")
    amount = asked.get("amount", 0)
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "parameter_invalid_integer", "amount")
    if most is not None and amount > most:
        raise invalid(f"Amount must be no more than {most}.", "amount_too_large", "amount")


def _unexpected(status: str) -> Exception:
    return forbidden(f"The PaymentIntent's status is {status}.", "payment_intent_unexpected_state")
