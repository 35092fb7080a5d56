"""What payouts mean for the tables that pages read."""

from dataclasses import asdict

from exchange.payouts.events import (
    PayoutAccountNamed,
    PayoutBegun,
    PayoutEvent,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
    PayoutTermsSet,
)
from exchange.persistence.rows import Rows
from exchange.persistence.tables import payouts
from exchange.state import PayoutState


def project_payouts(rows: Rows, seq: int, event: PayoutEvent) -> None:
    """Add what an event about payouts means for the tables."""
    match event:
        case PayoutTermsSet(terms):
            rows.put(payouts.payout_terms, {"only": True, **asdict(terms)})
        case PayoutAccountNamed(party, account):
            rows.put(payouts.payout_accounts, {"party": party, "account": account, "seq": seq})
        case PayoutBegun(payout, party, account, amount, way):
            row = {"id": payout, "party": party, "account": account, "way": way, "amount": amount}
            told = {"left": amount, "status": PayoutState.BEGUN, "reference": None, "why": None}
            rows.add(payouts.payouts, {**row, **told, "slot": rows.heard.now, "seq": seq})
        case PayoutPaid(payout, _, _, reference):
            rows.change(payouts.payouts, {"id": payout, "status": PayoutState.PAID, "reference": reference})
        case PayoutFailed(payout, _, _, why):
            rows.change(payouts.payouts, {"id": payout, "status": PayoutState.FAILED, "why": why, "left": 0})
        case PayoutReturned(payout, _, _, left, _):
            status = PayoutState.PAID if left else PayoutState.RETURNED
            rows.change(payouts.payouts, {"id": payout, "status": status, "left": left})
