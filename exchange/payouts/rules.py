"""The rules of payouts: a seller is paid what is owed to it and not held back, a buyer what it has available; once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import assert_never

from exchange.names import VENUE, PartyId, PayoutId
from exchange.parties.rules import AMOUNT_MAX, out_of_range, unknown_party
from exchange.payouts.commands import (
    BeginPayouts,
    BeginWithdrawal,
    ConfirmPayout,
    FailPayout,
    NamePayoutAccount,
    PayoutAsked,
    PayoutCommand,
    ReturnPayout,
    SetPayoutTerms,
)
from exchange.payouts.events import (
    PayoutAccountNamed,
    PayoutBegun,
    PayoutEvent,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
    PayoutTermsSet,
)
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import LivePayout, PayoutState, PayoutWay, Role, State
from matching.terms import Seq
from settlement.gateways.bank_file import is_account
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import NOTHING, Fen
from settlement.subsidies import allotted

DAY = 86_400  # seconds
DAYS_MAX = 366
ACCOUNT_MAX = 64  # characters
AT_ONCE_MAX = 500
PARTS_MAX = 50  # of a withdrawal: as many requests to the gateway, while its buyer waits


def decide_payouts(
    state: State, seq: Seq, by: PartyId, command: PayoutCommand
) -> Iterator[PayoutEvent | Rejected]:
    """What a command about payouts makes happen."""
    match command:
        case SetPayoutTerms():
            yield from set_payout_terms(command)
        case NamePayoutAccount():
            yield from name_payout_account(state, by, command)
        case BeginPayouts():
            yield from begin_payouts(state, seq, command)
        case BeginWithdrawal():
            yield from begin_withdrawal(state, seq, by, command)
        case ConfirmPayout():
            yield from confirm_payout(state, command)
        case FailPayout():
            yield from fail_payout(state, command)
        case ReturnPayout():
            yield from return_payout(state, command)
        case _:
            assert_never(command)


def set_payout_terms(command: SetPayoutTerms) -> Iterator[PayoutTermsSet | Rejected]:
    """Change when sellers are paid."""
    terms = command.terms
    if not 0 <= terms.hold_back_days <= DAYS_MAX or terms.minimum < 1:
        yield rejected(
            VenueRejection.PAYOUT_TERMS_INVALID,
            f"Money is held back for 0 to {DAYS_MAX} days, and the least payout is a fen or more.",
        )
    else:
        yield PayoutTermsSet(terms)


def name_payout_account(
    state: State, by: PartyId, command: NamePayoutAccount
) -> Iterator[PayoutAccountNamed | Rejected]:
    """Say where a seller is paid. What is on its way already goes where it was sent."""
    party = state.parties.get(command.party)
    if party is None:
        yield unknown_party(command.party)
    elif by not in {command.party, VENUE} and Role.CLERK not in state.parties[by].roles:
        yield rejected(VenueRejection.NOT_ALLOWED, "An account is named by its seller, or by a clerk.")
    elif Role.SELLER not in party.roles:
        yield rejected(VenueRejection.WRONG_ROLE, f"{party.id} is no {Role.SELLER}.")
    elif not command.account.strip() or len(command.account) > ACCOUNT_MAX:
        yield rejected(
            VenueRejection.PAYOUT_ACCOUNT_INVALID, f"An account has a name of 1 to {ACCOUNT_MAX} characters."
        )
    else:
        yield PayoutAccountNamed(command.party, command.account)


def begin_payouts(state: State, seq: Seq, command: BeginPayouts) -> Iterator[PayoutBegun | Rejected]:
    """Set sellers' money aside. Nothing is begun if any part of it can't be."""
    refusal = _refusal(state, command)
    if refusal is not None:
        yield refusal
        return
    for n, asked in enumerate(command.payouts):
        account = state.payout_accounts[asked.party]
        yield PayoutBegun(PayoutId(f"pay-{seq}-{n}"), asked.party, account, asked.amount)


def due(state: State, party: PartyId) -> Fen:
    """What may be paid to a seller now: what it is owed, less what runs have settled that are open or still held back."""
    held_back = sum(
        earnings.by_seller.get(party, 0)
        for earnings in state.earnings.values()
        if earnings.closed is None or earnings.closed + state.payout_terms.hold_back_days * DAY > state.now
    )
    payable = state.balances.of(LedgerAccount(party, AccountKind.PAYABLE))
    return Fen(max(0, payable - max(0, held_back)))


def _refusal(state: State, command: BeginPayouts) -> Rejected | None:
    sellers = Counter(asked.party for asked in command.payouts)
    if not 0 < len(command.payouts) <= AT_ONCE_MAX or max(sellers.values()) > 1:
        return rejected(
            VenueRejection.AMOUNT_OUT_OF_RANGE,
            f"Name 1 to {AT_ONCE_MAX} payouts at a time, each to another seller.",
        )
    return next(
        (refusal for asked in command.payouts if (refusal := _refusal_of(state, asked)) is not None), None
    )


def _refusal_of(state: State, asked: PayoutAsked) -> Rejected | None:
    if asked.party not in state.parties:
        return unknown_party(asked.party)
    if asked.party not in state.payout_accounts:
        return rejected(
            VenueRejection.NO_PAYOUT_ACCOUNT, f"{asked.party} has named no account that it could be paid at."
        )
    if asked.amount < state.payout_terms.minimum:
        return rejected(
            VenueRejection.PAYOUT_TOO_SMALL, f"The least payout is {state.payout_terms.minimum} fen."
        )
    may_be_paid = due(state, asked.party)
    if asked.amount > may_be_paid:
        return rejected(VenueRejection.PAYOUT_NOT_DUE, f"{may_be_paid} fen are due to {asked.party} now.")
    return None


def begin_withdrawal(
    state: State, seq: Seq, buyer: PartyId, command: BeginWithdrawal
) -> Iterator[PayoutBegun | Rejected]:
    """Set a part of a buyer's balance aside for itself: back by its top-ups, the newest first, and the rest to its bank."""
    parts = list(_parts(state.topups.get(buyer, {}), command))
    refusal = _withdrawal_refusal(state, buyer, command, parts)
    if refusal is not None:
        yield refusal
        return
    for n, (way, account, amount) in enumerate(parts):
        yield PayoutBegun(PayoutId(f"pay-{seq}-{n}"), buyer, account, amount, way)


Part = tuple[PayoutWay, str, Fen]
"""A part of a withdrawal: by which way, at which account, how much."""


def _parts(topups: dict[str, Fen], command: BeginWithdrawal) -> Iterator[Part]:
    """What goes back by each top-up, and what is left for the bank: its account is empty where the buyer has named none."""
    newest_first = list(reversed(topups.items()))
    shares = list(allotted(command.amount, (left for _, left in newest_first)))
    for (reference, _), share in zip(newest_first, shares, strict=True):
        if share:
            yield PayoutWay.REFUND, reference, share
    if rest := Fen(command.amount - sum(shares)):
        yield PayoutWay.BANK, command.account or "", rest


def _withdrawal_refusal(
    state: State, buyer: PartyId, command: BeginWithdrawal, parts: Sequence[Part]
) -> Rejected | None:
    available = state.balances.of(LedgerAccount(buyer, AccountKind.AVAILABLE))
    if not 0 < command.amount <= AMOUNT_MAX:
        return out_of_range()
    if command.amount > available:
        return rejected(
            VenueRejection.INSUFFICIENT_FUNDS,
            f"{available} fen are available: what orders, leases and contracts hold can't be withdrawn.",
        )
    if len(parts) > PARTS_MAX:
        return rejected(
            VenueRejection.AMOUNT_OUT_OF_RANGE,
            f"It would go back by more than {PARTS_MAX} top-ups: withdraw less at a time.",
        )
    way, account, amount = parts[-1]
    if way is PayoutWay.BANK and not account:
        return rejected(
            VenueRejection.NO_PAYOUT_ACCOUNT,
            f"{amount} fen of it can't go back by a top-up: name an account at your bank for them.",
        )
    if command.account is not None and not is_account(command.account):
        return rejected(
            VenueRejection.PAYOUT_ACCOUNT_INVALID, "An account has the 6 to 34 digits that its bank gives it."
        )
    return None


def confirm_payout(state: State, command: ConfirmPayout) -> Iterator[PayoutPaid | Rejected]:
    """Book that whom a payout pays has the money."""
    live = _in_state(state, command.payout, PayoutState.BEGUN)
    if isinstance(live, Rejected):
        yield live
    else:
        yield PayoutPaid(command.payout, live.party, live.left, command.reference, live.way)


def fail_payout(state: State, command: FailPayout) -> Iterator[PayoutFailed | Rejected]:
    """Book that it has not got there."""
    live = _in_state(state, command.payout, PayoutState.BEGUN)
    if isinstance(live, Rejected):
        yield live
    else:
        yield PayoutFailed(command.payout, live.party, live.left, command.why, live.way)


def return_payout(state: State, command: ReturnPayout) -> Iterator[PayoutReturned | Rejected]:
    """Book what has come back of a paid payout. No more comes back than was paid."""
    live = _in_state(state, command.payout, PayoutState.PAID)
    if isinstance(live, Rejected):
        yield live
    elif not NOTHING < command.amount <= live.left:
        yield rejected(
            VenueRejection.AMOUNT_OUT_OF_RANGE,
            f"Of {command.payout} between 1 and {live.left} fen can come back.",
        )
    else:
        left = Fen(live.left - command.amount)
        yield PayoutReturned(command.payout, live.party, command.amount, left, command.movement, live.way)


def _in_state(state: State, payout: PayoutId, needed: PayoutState) -> LivePayout | Rejected:
    live = state.payouts.get(payout)
    if live is None or live.state is not needed:
        return rejected(VenueRejection.PAYOUT_OUT_OF_TURN, f"There is no payout {payout} that is {needed}.")
    return live
