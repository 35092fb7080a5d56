"""The rules of chargebacks: the buyer's balance pays as far as it goes, the venue bears the rest, no seller any."""

from collections.abc import Iterator
from typing import assert_never

from exchange.chargebacks.commands import BookChargeback, ChargebackCommand, ReinstateChargeback
from exchange.chargebacks.events import (
    ChargebackBooked,
    ChargebackEvent,
    ChargebackReinstated,
    LossRecovered,
)
from exchange.names import PartyId, is_topup
from exchange.parties.rules import AMOUNT_MAX, out_of_range, unknown_party
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import State
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen


def decide_chargebacks(state: State, command: ChargebackCommand) -> Iterator[ChargebackEvent | Rejected]:
    """What a command about chargebacks makes happen."""
    match command:
        case BookChargeback():
            yield from book_chargeback(state, command)
        case ReinstateChargeback():
            yield from reinstate_chargeback(state, command)
        case _:
            assert_never(command)


def book_chargeback(state: State, command: BookChargeback) -> Iterator[ChargebackBooked | Rejected]:
    """Book that a buyer's bank took a payment back: once for each dispute, and only of a top-up that is booked."""
    party = command.party
    if party not in state.parties:
        yield unknown_party(party)
    elif not 0 < command.amount <= AMOUNT_MAX:
        yield out_of_range()
    elif command.dispute in state.chargebacks.get(party, ()):
        yield rejected(
            VenueRejection.CHARGEBACK_EXISTS,
            f"The dispute {command.dispute} is booked already: nothing was booked again.",
        )
    elif not is_topup(party, command.topup) or command.topup not in state.references.get(party, ()):
        yield rejected(
            VenueRejection.CHARGEBACK_OUT_OF_TURN,
            f"No top-up {command.topup} of {party} is booked that could be taken back.",
        )
    else:
        taken = min(_available(state, party), command.amount)
        borne = Fen(command.amount - taken)
        yield ChargebackBooked(command.dispute, party, command.topup, Fen(taken), borne)


def reinstate_chargeback(
    state: State, command: ReinstateChargeback
) -> Iterator[ChargebackReinstated | Rejected]:
    """Book that a dispute is won: what the venue bore comes first, and no more comes back than was taken."""
    live = state.chargebacks.get(command.party, {}).get(command.dispute)
    if live is None:
        yield rejected(
            VenueRejection.CHARGEBACK_OUT_OF_TURN,
            f"No dispute {command.dispute} of {command.party} is booked that could be won.",
        )
    elif not 0 < command.amount <= live.taken + live.borne:
        yield rejected(
            VenueRejection.AMOUNT_OUT_OF_RANGE,
            f"Of {command.dispute} between 1 and {live.taken + live.borne} fen can come back.",
        )
    else:
        restored = min(live.borne, command.amount)
        returned = Fen(command.amount - restored)
        yield ChargebackReinstated(command.dispute, command.party, Fen(restored), returned)


def recover_losses(state: State, party: PartyId) -> Iterator[LossRecovered]:
    """Make up for what the venue bears of a buyer's chargebacks by what is free in its balance, the oldest first.

    So it does not matter in which order the news of payments, refunds and disputes come.
    """
    for dispute, live in state.chargebacks.get(party, {}).items():
        amount = min(live.borne, _available(state, party))
        if amount:
            yield LossRecovered(dispute, party, Fen(amount))


def _available(state: State, party: PartyId) -> int:
    return state.balances.of(LedgerAccount(party, AccountKind.AVAILABLE))
