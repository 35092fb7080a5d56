"""What happens at Stripe without being asked by the venue: buyers pay, sellers sign up, banks take back."""

from settlement.gateways.fake_stripe import rules
from settlement.gateways.fake_stripe.books import Books
from settlement.gateways.fake_stripe.objects import (
    Account,
    BalanceTransaction,
    Charge,
    Dispute,
    PaymentIntent,
    Payout,
    Refund,
    document,
)
from settlement.gateways.fake_stripe.replies import ReplyError


def pay(books: Books, intent: str, card: str = "pm_card_visa") -> PaymentIntent:
    """The buyer gives a card in its browser: one of Stripe's test cards. A card that is declined is no fault of ours."""
    try:
        return rules.confirm_intent(books, intent, {"payment_method": card})
    except ReplyError:
        return books.get(PaymentIntent, intent)


def sign_up(books: Books, account: str) -> Account:
    """The seller says who it is, and may be paid from now on."""
    seller = books.get(Account, account)
    seller.capabilities = dict.fromkeys(seller.capabilities, "active")
    seller.details_submitted = seller.payouts_enabled = True
    books.happened("account.updated", seller, account=seller.id)
    return seller


def pay_seller_out(books: Books, account: str) -> int:
    """The seller's balance goes to its own bank, so that no reversal finds it any more."""
    amount, books.sellers[account] = books.sellers[account], 0
    return amount


def pay_out(books: Books) -> Payout:
    """Stripe's daily payout of all that has not been paid out, with the lines that it consists of."""
    before = {line for lines in books.paid_out.values() for line in lines}
    lines = [line for line in books.lines if line.id not in before and line.type != "payout"]
    payout = rules.pay_out(books, sum(line.net for line in lines), automatic=True)
    books.paid_out[payout.id] = [*(line.id for line in lines), payout.balance_transaction or ""]
    books.happened("payout.reconciliation_completed", payout)
    return payout


def fail_payout(books: Books, identity: str) -> Payout:
    """The venue's bank sends a payout back."""
    payout = books.get(Payout, identity)
    payout.status, payout.failure_code = "failed", "account_closed"
    books.line("payout_failure", "payout_reversal", payout.amount, payout.id)
    books.happened("payout.failed", payout)
    return payout


def fail_refund(books: Books, identity: str) -> Refund:
    """The buyer's bank sends a refund back."""
    refund = books.get(Refund, identity)
    refund.status, refund.failure_reason = "failed", "lost_or_stolen_card"
    charge = books.get(Charge, refund.charge)
    charge.amount_refunded -= refund.amount
    charge.refunded = False
    books.line("refund_failure", "refund_failure", refund.amount, refund.id)
    books.happened("refund.failed", refund)
    return refund


def dispute(books: Books, intent: str) -> Dispute:
    """The buyer's bank takes a payment back, whatever became of the money since."""
    charge = books.get(Charge, books.get(PaymentIntent, intent).latest_charge or "")
    charge.disputed = True
    opened = books.add(
        Dispute(
            id=books.new_id("dp"),
            created=books.now(),
            amount=charge.amount_captured - charge.amount_refunded,
            charge=charge.id,
            payment_intent=charge.payment_intent,
        )
    )
    _book(books, opened, "dispute", -opened.amount)
    books.happened("charge.dispute.created", opened)
    return opened


def close_dispute(books: Books, identity: str, *, won: bool) -> Dispute:
    """The bank decides. What is won comes back."""
    closed = books.get(Dispute, identity)
    closed.status = "won" if won else "lost"
    if won:
        _book(books, closed, "dispute_reversal", closed.amount)
    books.happened("charge.dispute.closed", closed)
    return closed


def _book(books: Books, dispute: Dispute, category: str, amount: int) -> None:
    line = books.get(BalanceTransaction, books.line("adjustment", category, amount, dispute.id))
    dispute.balance_transactions = [*dispute.balance_transactions, document(line)]


def charge_a_fee(books: Books, amount: int) -> None:
    """Stripe takes a fee of its own, such as that for a dispute: a line about nothing else."""
    books.line("stripe_fee", "fee", -amount, None)
