"""What payouts change in the venue's state."""

from exchange.payouts.events import (
    PayoutAccountNamed,
    PayoutBegun,
    PayoutEvent,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
    PayoutTermsSet,
)
from exchange.state import LivePayout, PayoutState, State
from settlement.money import Fen


def evolve_payouts(state: State, event: PayoutEvent) -> None:
    """Let something about payouts have happened."""
    match event:
        case PayoutTermsSet(terms):
            state.payout_terms = terms
        case PayoutAccountNamed(party, account):
            state.payout_accounts[party] = account
        case PayoutBegun(payout, party, _, amount):
            state.payouts[payout] = LivePayout(party, amount)
        case PayoutPaid(payout, _, amount, _):
            state.payouts[payout].state = PayoutState.PAID
            state.paid_out = Fen(state.paid_out + amount)
        case PayoutFailed(payout):
            del state.payouts[payout]
        case PayoutReturned(payout, _, amount, left, _):
            state.paid_out = Fen(state.paid_out - amount)
            state.payouts[payout].left = left
            if not left:
                del state.payouts[payout]
