"""The rules about vouchers: who may issue and claim them, and what comes of what is held of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from exchange.names import Instant, PartyId, ProgrammeId, VoucherId
from exchange.parties.rules import AMOUNT_MAX, DEPOSITS_MAX, out_of_range, unknown_party
from exchange.promises import LiveProgramme, Voucher, VoucherPart
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import Role, State
from exchange.vouchers.commands import (
    AdoptProgramme,
    ClaimVoucher,
    DeclareFacts,
    IssueVoucher,
    VoucherCommand,
)
from exchange.vouchers.events import (
    FactsDeclared,
    ProgrammeAdopted,
    VoucherEvent,
    VoucherExpired,
    VoucherHeld,
    VoucherIssued,
    VoucherReturned,
)
from exchange.vouchers.judging import ANY, Purchase, judged, needed, party_of, still_granted
from matching.terms import RegionCode, Seq
from matching.terms import Rejection as MarketRejection
from settlement.money import NOTHING, Fen
from settlement.vouchers.judging import Refused, buyer_refusals
from settlement.vouchers.programme import BudgetSpan, Programme
from settlement.vouchers.uses import year_of

VOUCHERS_MAX = 4  # of one order
VOUCHERS_TOTAL_MAX = DEPOSITS_MAX  # fen of one programme


def decide_vouchers(
    state: State, seq: Seq, by: PartyId, command: VoucherCommand
) -> Iterator[VoucherEvent | Rejected]:
    """What a command about programmes and vouchers makes happen."""
    match command:
        case DeclareFacts():
            yield from declare_facts(state, command)
        case AdoptProgramme():
            yield from adopt_programme(state, by, command)
        case IssueVoucher():
            yield from issue_voucher(state, seq, by, command)
        case ClaimVoucher():
            yield from claim_voucher(state, seq, by, command)
        case _:
            assert_never(command)


def declare_facts(state: State, command: DeclareFacts) -> Iterator[FactsDeclared | Rejected]:
    """Put on record what a party has shown of itself, from now on."""
    if command.party not in state.parties:
        yield unknown_party(command.party)
    else:
        yield FactsDeclared(command.party, command.facts, state.now)


def adopt_programme(
    state: State, by: PartyId, command: AdoptProgramme
) -> Iterator[ProgrammeAdopted | Rejected]:
    """Let a programme of the region's own be used, or the next version of one."""
    problem = _programme_problem(state, by, command)
    if problem is not None:
        yield rejected(VenueRejection.PROGRAMME_INVALID, problem)
    elif state.market.regions is not None and not state.market.regions.issuperset(
        command.programme.buyers.regions
    ):
        yield refused_by_market(MarketRejection.UNKNOWN_REGION)
    else:
        yield ProgrammeAdopted(command.programme, command.claim)


def issue_voucher(
    state: State, seq: Seq, by: PartyId, command: IssueVoucher
) -> Iterator[VoucherIssued | Rejected]:
    """Give a buyer a voucher of a programme of the region's own."""
    known = state.programmes.get(command.programme)
    if known is None or known.versions[0].issuer != state.parties[by].region:
        yield unknown_programme(command.programme)
    elif command.buyer not in state.parties:
        yield unknown_party(command.buyer)
    elif not 0 < command.amount <= AMOUNT_MAX:
        yield out_of_range()
    elif command.ends <= state.now:
        yield rejected(
            VenueRejection.PROGRAMME_INVALID, "The voucher would be over already: let it end later."
        )
    else:
        yield _issued(state, seq, command, claimed=False)


def claim_voucher(
    state: State, seq: Seq, by: PartyId, command: ClaimVoucher
) -> Iterator[VoucherIssued | Rejected]:
    """Give a buyer the voucher that a programme has for everybody who is eligible, once in a calendar year."""
    known = state.programmes.get(command.programme)
    if known is None or known.claim is None:
        yield unknown_programme(command.programme)
    elif known.claimed.get(by) == year_of(state.now):
        yield rejected(
            VenueRejection.CLAIMED_ALREADY, "You have claimed this year's voucher: claim again in the next."
        )
    else:
        ends = Instant(state.now + known.claim.seconds)
        asked = IssueVoucher(command.programme, by, known.claim.amount, ends)
        yield _issued(state, seq, asked, claimed=True)


def hold_vouchers(
    state: State, purchase: Purchase, vouchers: Sequence[VoucherId]
) -> tuple[VoucherHeld, ...] | Rejected:
    """What an order or contract holds of the vouchers that it names, or why one of them can't be used."""
    if not vouchers:
        return ()
    if len(set(vouchers)) != len(vouchers) or len(vouchers) > VOUCHERS_MAX:
        return rejected(
            VenueRejection.VOUCHER_REFUSED, f"At most {VOUCHERS_MAX} vouchers can be named, each once."
        )
    if vouchers != (ANY,):
        for voucher in vouchers:
            if voucher not in state.vouchers or state.vouchers[voucher].terms.buyer != purchase.buyer:
                return rejected(
                    VenueRejection.UNKNOWN_VOUCHER,
                    f"{purchase.buyer} has no voucher {voucher}, or it is over.",
                )
    answer = judged(state, purchase, vouchers)
    if isinstance(answer, Refused):
        return rejected(
            VenueRejection.VOUCHER_REFUSED, " ".join(refusal.sentence for refusal in answer.refusals)
        )
    return tuple(VoucherHeld(purchase.id, pledge) for pledge in answer)


def hold_again(state: State, purchase: Purchase, freed: Mapping[VoucherId, int]) -> Iterator[VoucherHeld]:
    """What an order that goes on for lost leases holds of their vouchers: no more than those gave back."""
    for pledge in still_granted(state, purchase, tuple(freed)):
        amount = Fen(min(pledge.amount, freed[pledge.voucher]))
        yield VoucherHeld(purchase.id, replace(pledge, amount=amount))


def returned(state: State, subject: str, cost: Fen = NOTHING) -> Iterator[VoucherReturned]:
    """What an order, lease or contract gives back of vouchers if it can cost no more than this any more."""
    pledges = state.pledges.get(subject, ())
    for pledge, amount in zip(pledges, needed(pledges, cost), strict=True):
        if pledge.amount > amount:
            yield VoucherReturned(subject, pledge.voucher, Fen(pledge.amount - amount))


def expired(state: State) -> Iterator[VoucherExpired]:
    """The end of vouchers whose time is over and of which nothing is held any more."""
    over = [live for live in state.vouchers.values() if live.terms.ends <= state.now and not live.held]
    for live in over:
        yield VoucherExpired(live.terms.id, live.terms.programme, live.left)


def counted(state: State, part: VoucherPart, buyer: PartyId) -> Fen:
    """What counts of a buyer's vouchers of a programme in the year of a part."""
    known = state.programmes.get(part.programme)
    return NOTHING if known is None else known.taken.get(buyer, {}).get(year_of(part.at), NOTHING)


def _issued(state: State, seq: Seq, asked: IssueVoucher, *, claimed: bool) -> VoucherIssued | Rejected:
    """A voucher for a buyer that is eligible, as far as the budget goes."""
    known = state.programmes[asked.programme]
    programme = known.in_force(state.now)
    if Role.BUYER not in state.parties[asked.buyer].roles:
        return rejected(VenueRejection.WRONG_ROLE, f"{asked.buyer} is no buyer.")
    if asked.buyer not in state.facts:
        return rejected(
            VenueRejection.FACTS_MISSING,
            f"Nothing is on record of {asked.buyer}'s size, industry and owners: show them to the clerk first.",
        )
    refusals = buyer_refusals(programme, party_of(state, asked.buyer), state.now)
    if refusals:
        return rejected(VenueRejection.NOT_ELIGIBLE, " ".join(refusal.sentence for refusal in refusals))
    if asked.amount > _budget_left(state, known, programme):
        return rejected(
            VenueRejection.BUDGET_SPENT, "The programme's budget does not cover another such voucher."
        )
    ends = asked.ends if programme.valid_to is None else Instant(min(asked.ends, programme.valid_to))
    voucher = Voucher(
        VoucherId(f"vch-{seq}"),
        asked.programme,
        RegionCode(programme.issuer),
        asked.buyer,
        asked.amount,
        ends,
    )
    return VoucherIssued(voucher, state.now, claimed)


def _budget_left(state: State, known: LiveProgramme, programme: Programme) -> int:
    """What may still be promised: of the budget that is in force, and as far as the books go."""
    issued = sum(known.issued.values())
    room = VOUCHERS_TOTAL_MAX - issued
    if programme.budget is None:
        return room
    if programme.budget_span is BudgetSpan.CALENDAR_YEAR:
        issued = known.issued.get(year_of(state.now), NOTHING)
    return min(room, programme.budget - issued)


def _programme_problem(state: State, by: PartyId, command: AdoptProgramme) -> str | None:
    """What is wrong with a programme, or with who adopts it."""
    programme, claim = command.programme, command.claim
    problems = programme.problems()
    known = state.programmes.get(ProgrammeId(programme.id))
    version = 1 if known is None else len(known.versions) + 1
    if problems:
        return f"The programme can't be used: {'; '.join(f'{one.field}: {one.code}' for one in problems)}."
    if programme.issuer != state.parties[by].region:
        return "A region's office adopts programmes of its own region."
    if known is not None and known.versions[0].issuer != programme.issuer:
        return "Another region has a programme of this name: choose another."
    if programme.version != version:
        return f"Versions follow each other and are never edited: this would be version {version}."
    if known is not None and programme.valid_from < known.versions[-1].valid_from:
        return "A version begins no earlier than the one before it."
    if claim is not None and not (0 < claim.amount <= AMOUNT_MAX and claim.seconds > 0):
        return "A claim is for more than nothing, and for some time."
    return None


def unknown_programme(programme: ProgrammeId) -> Rejected:
    """The refusal of a command about a programme that there is not, or that is somebody else's."""
    return rejected(VenueRejection.UNKNOWN_PROGRAMME, f"There is no programme {programme} that you may ask.")
