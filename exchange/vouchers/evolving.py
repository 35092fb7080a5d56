"""What programmes and vouchers change in the venue's state."""

from dataclasses import replace
from typing import assert_never

from exchange.names import PartyId, ProgrammeId, VoucherId
from exchange.promises import LiveProgramme, LiveVoucher, Pledge, VoucherPart
from exchange.state import State
from exchange.vouchers.events import (
    FactsDeclared,
    ProgrammeAdopted,
    VoucherEvent,
    VoucherExpired,
    VoucherHeld,
    VoucherIssued,
    VoucherPassed,
    VoucherReturned,
)
from settlement.money import NOTHING, Fen
from settlement.vouchers.uses import year_of


def evolve_vouchers(state: State, event: VoucherEvent) -> None:
    """Let something have happened to programmes and vouchers."""
    match event:
        case FactsDeclared(party, facts, _):
            state.facts[party] = facts
        case ProgrammeAdopted(programme, claim):
            known = state.programmes.setdefault(ProgrammeId(programme.id), LiveProgramme([], None))
            known.versions.append(programme)
            known.claim = claim
        case VoucherIssued():
            _issue(state, event)
        case VoucherHeld(order, pledge):
            state.pledges[order] = (*state.pledges.get(order, ()), pledge)
            _take(state, pledge, pledge.amount)
        case VoucherPassed(order, lease, pledge):
            _lessen(state, order, pledge.voucher, pledge.amount)
            state.pledges[lease] = (*state.pledges.get(lease, ()), pledge)
        case VoucherReturned(subject, voucher, amount):
            _take(state, _lessen(state, subject, voucher, amount), Fen(-amount))
        case VoucherExpired(voucher, _, amount):
            assert state.vouchers.pop(voucher).left == amount, "all that is left of a voucher expires"
        case _:
            assert_never(event)


def use(state: State, subject: str, voucher: VoucherId, amount: Fen) -> None:
    """Let a lease or contract have used so much of a voucher."""
    _lessen(state, subject, voucher, amount)
    live = state.vouchers[voucher]
    live.held = Fen(live.held - amount)


def give_back(state: State, buyer: PartyId, part: VoucherPart, amount: Fen) -> None:
    """Let a voucher have back so much of what it covered; of one that is over, its programme has it."""
    if part.voucher in state.vouchers:
        live = state.vouchers[part.voucher]
        live.left = Fen(live.left + amount)
    _count(state, part, buyer, Fen(-amount))


def _lessen(state: State, subject: str, voucher: VoucherId, amount: Fen) -> Pledge:
    """Let an order, lease or contract hold so much less of a voucher; gives the pledge as it was."""
    pledges = state.pledges.pop(subject)
    (pledge,) = [one for one in pledges if one.voucher == voucher]
    assert 0 <= amount <= pledge.amount, "no more comes of a voucher than was held of it"
    rest = tuple(replace(one, amount=Fen(one.amount - amount)) if one is pledge else one for one in pledges)
    if any(one.amount for one in rest):
        state.pledges[subject] = rest
    return pledge


def _take(state: State, pledge: Pledge, amount: Fen) -> None:
    """Move so much from what is left of a voucher to what is held, and count it for the programme and the year."""
    live = state.vouchers[pledge.voucher]
    live.left, live.held = Fen(live.left - amount), Fen(live.held + amount)
    assert min(live.left, live.held) >= 0, "a voucher covers what is left of it"
    _count(state, pledge, live.terms.buyer, amount)


def _count(state: State, of: Pledge | VoucherPart, buyer: PartyId, amount: Fen) -> None:
    """Count so much more, or less, against the caps of a programme in the year of an order."""
    taken = state.programmes[of.programme].taken.setdefault(buyer, {})
    year = year_of(of.at)
    taken[year] = Fen(taken.get(year, NOTHING) + amount)


def _issue(state: State, event: VoucherIssued) -> None:
    voucher, year = event.voucher, year_of(event.at)
    known = state.programmes[voucher.programme]
    state.vouchers[voucher.id] = LiveVoucher(voucher, voucher.amount, NOTHING)
    known.issued[year] = Fen(known.issued.get(year, NOTHING) + voucher.amount)
    if event.claimed:
        known.claimed[voucher.buyer] = year
