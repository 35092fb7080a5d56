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
from exchange.state import LivePayout, PayoutState, PayoutWay, State
from settlement.money import Fen
from settlement.payments import NEVER_ARRIVED, TAKEN_BACK

KEPT_OPEN = frozenset({TAKEN_BACK, NEVER_ARRIVED})
"""Failures after which a top-up is tried again: its buyer may have the money already, and by its bank had it twice."""


def evolve_payouts(state: State, event: PayoutEvent) -> None:
    """Let something about payouts have happened."""
    match event:
        case PayoutTermsSet(terms):
            state.payout_terms = terms
        case PayoutAccountNamed(party, account):
            state.payout_accounts[party] = account
        case PayoutBegun(payout, party, account, amount, way):
            state.payouts[payout] = LivePayout(party, account, way, amount)
            if way is PayoutWay.REFUND:
                state.topups[party][account] = Fen(state.topups[party][account] - amount)
        case PayoutPaid(payout, _, amount, _):
            state.payouts[payout].state = PayoutState.PAID
            state.paid_out = Fen(state.paid_out + amount)
        case PayoutFailed(payout, party, amount, why):
            live = state.payouts.pop(payout)
            topups = state.topups.get(party, {})
            if why not in KEPT_OPEN:
                _give_up(state, live)
            elif live.account in topups:
                topups[live.account] = Fen(topups[live.account] + amount)
        case PayoutReturned(payout, _, amount, left, _):
            state.paid_out = Fen(state.paid_out - amount)
            live = state.payouts[payout]
            live.left = left
            _give_up(state, live)
            if not left:
                del state.payouts[payout]


def _give_up(state: State, live: LivePayout) -> None:
    """Nothing goes back any more by a top-up by which something could not: from now on it goes to the buyer's bank."""
    if live.way is PayoutWay.REFUND:
        state.topups[live.party].pop(live.account, None)
