"""What chargebacks change in the venue's state."""

from exchange.chargebacks.events import (
    ChargebackBooked,
    ChargebackEvent,
    ChargebackReinstated,
    LossRecovered,
)
from exchange.earnings import LiveChargeback
from exchange.state import State
from settlement.money import Fen


def evolve_chargebacks(state: State, event: ChargebackEvent) -> None:
    """Let something about a chargeback have happened. By a top-up that was taken back nothing goes back any more."""
    match event:
        case ChargebackBooked(dispute, party, topup, taken, borne):
            state.chargebacks.setdefault(party, {})[dispute] = LiveChargeback(taken, borne)
            state.topups.get(party, {}).pop(topup, None)
        case LossRecovered(dispute, party, amount):
            live = state.chargebacks[party][dispute]
            live.taken, live.borne = Fen(live.taken + amount), Fen(live.borne - amount)
        case ChargebackReinstated(dispute, party, restored, returned):
            live = state.chargebacks[party][dispute]
            live.taken, live.borne = Fen(live.taken - returned), Fen(live.borne - restored)
