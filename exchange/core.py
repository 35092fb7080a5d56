"""The core: one match over every command, one over every event.

Decides by reading, changes only by `evolve`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from exchange.agreements.commands import (
    DeclineAgreement,
    ProposeAgreement,
    SignAgreement,
    WithdrawAgreement,
)
from exchange.agreements.evolving import AgreementEvent, evolve_agreements
from exchange.agreements.rules import (
    decline_agreement,
    propose_agreement,
    sign_agreement,
    withdraw_agreement,
)
from exchange.bookkeeping import entries
from exchange.closing.commands import BeginClose, CutUsage, FinishClose, PostStatements
from exchange.closing.events import (
    CloseBegun,
    EmissionsReckoned,
    PeriodClosed,
    StatementPosted,
    SubjectKind,
    UsageCut,
)
from exchange.closing.packages import settle_contract
from exchange.closing.rules import begin_close, cut_usage, finish_close, post_statements
from exchange.commands import Command, Envelope
from exchange.contracts.commands import AddPackage, AgreePrices, OpenContract
from exchange.contracts.events import ContractClosed, ContractOpened, PackageAdded, PricesAgreed
from exchange.contracts.evolving import evolve_contracts
from exchange.contracts.rules import decide_contracts
from exchange.events import Event
from exchange.holds import slots_by_price, unsettled_after
from exchange.listings.commands import PublishListing
from exchange.listings.events import ListingPublished
from exchange.listings.rules import amend_listing, publish_listing, reclaim_listing, withdraw_listing
from exchange.names import VENUE, LeaseId, PartyId
from exchange.orders.commands import PlaceOrder
from exchange.orders.events import (
    LeaseDisplaced,
    LeaseGranted,
    OrderAccepted,
    OrderClosed,
    OrderNotContinued,
    OrderReworked,
    ReserveReleased,
)
from exchange.orders.rules import amend_order, cancel_order, place_order
from exchange.parties.commands import Deposit, IssueKey, RegisterParty, RevokeKey
from exchange.parties.events import Deposited, KeyIssued, KeyRevoked, PartyRegistered
from exchange.parties.rules import deposit, issue_key, register_party, revoke_key
from exchange.payouts.commands import (
    BeginPayouts,
    ConfirmPayout,
    FailPayout,
    NamePayoutAccount,
    ReturnPayout,
    SetPayoutTerms,
)
from exchange.payouts.evolving import PayoutEvent, evolve_payouts
from exchange.payouts.rules import (
    begin_payouts,
    confirm_payout,
    fail_payout,
    name_payout_account,
    return_payout,
    set_payout_terms,
)
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue
from exchange.power.events import CertificatesDeclared, PowerTablesAdopted, PueDeclared
from exchange.power.evolving import evolve_power
from exchange.power.rules import decide_power
from exchange.quarters.commands import ConfirmQuarter, DisputeQuarter, RecogniseAmount
from exchange.quarters.events import AmountRecognised, QuarterAgreed, QuarterConfirmed, QuarterDisputed
from exchange.quarters.evolving import evolve_quarters
from exchange.quarters.rules import confirm_quarter, dispute_quarter, recognise_amount
from exchange.refunds.commands import MoveCreditNote, RefundLine
from exchange.refunds.events import CreditNoteMoved, LineRefunded
from exchange.refunds.evolving import evolve_refunds
from exchange.refunds.rules import move_credit_note, refund_line
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import Earnings, LiveLease, OpenListing, OpenOrder, Reserve, Role, State
from exchange.subsidies.commands import BookSubsidy, RepaySubsidy
from exchange.subsidies.events import SubsidyPaid, SubsidyRepaid
from exchange.subsidies.evolving import cover, evolve_subsidies
from exchange.subsidies.rules import decide_subsidies
from exchange.venue.commands import AdoptTerms, Tick
from exchange.venue.events import TermsAdopted
from exchange.venue.rules import adopt_terms, set_link, tick
from exchange.vouchers.commands import AdoptProgramme, ClaimVoucher, DeclareFacts, IssueVoucher
from exchange.vouchers.events import (
    FactsDeclared,
    ProgrammeAdopted,
    VoucherExpired,
    VoucherHeld,
    VoucherIssued,
    VoucherPassed,
    VoucherReturned,
)
from exchange.vouchers.rules import decide_vouchers, evolve_vouchers, use
from matching.commands import AmendListing, AmendOrder, CancelOrder, Reclaim, SetLink, WithdrawListing
from matching.events import LinkSet, ListingAmended, ListingClosed, Rested, Ticked
from matching.market import adopt
from matching.market import evolve as evolve_market
from matching.terms import Seq
from settlement.ledger.journal import JournalEntry

PayingCommand = (
    RefundLine
    | MoveCreditNote
    | SetPayoutTerms
    | NamePayoutAccount
    | BeginPayouts
    | ConfirmPayout
    | FailPayout
    | ReturnPayout
    | BookSubsidy
    | RepaySubsidy
)

Happening = tuple[Event, list[JournalEntry]]
"""An event, and the journal entries that follow from it."""


def step(state: State, seq: Seq, envelope: Envelope) -> list[Happening]:
    """Carry out one command: what it made happen."""
    return [(event, evolve(state, event)) for event in decide(state, seq, envelope)]


def decide(state: State, seq: Seq, envelope: Envelope) -> Iterator[Event]:
    """What a command, the `seq`-th, makes happen. Relies on `evolve` between one event and the next."""
    refusal = _refusal(state, envelope)
    if refusal is not None:
        yield refusal
        return
    by, command = envelope.by, envelope.command
    if isinstance(command, PayingCommand):
        yield from _decide_paying(state, seq, by, command)
        return
    match command:
        case AdoptTerms():
            yield from adopt_terms(state, command)
        case Tick():
            yield from tick(state, seq, command)
        case RegisterParty():
            yield from register_party(state, command)
        case IssueKey():
            yield from issue_key(state, command)
        case RevokeKey():
            yield from revoke_key(state, command)
        case Deposit():
            yield from deposit(state, command)
        case PublishListing():
            yield from publish_listing(state, seq, by, command)
        case AmendListing():
            yield from amend_listing(state, seq, by, command)
        case WithdrawListing():
            yield from withdraw_listing(state, seq, by, command)
        case Reclaim():
            yield from reclaim_listing(state, seq, by, command)
        case SetLink():
            yield from set_link(state, seq, command)
        case PlaceOrder():
            yield from place_order(state, seq, by, command)
        case AmendOrder():
            yield from amend_order(state, seq, by, command)
        case CancelOrder():
            yield from cancel_order(state, seq, by, command)
        case OpenContract() | AgreePrices() | AddPackage():
            yield from decide_contracts(state, seq, command)
        case ProposeAgreement() | SignAgreement() | DeclineAgreement() | WithdrawAgreement():
            yield from _decide_agreements(state, by, command)
        case BeginClose() | CutUsage() | PostStatements() | FinishClose():
            yield from _decide_closing(state, command)
        case DeclareFacts() | AdoptProgramme() | IssueVoucher() | ClaimVoucher():
            yield from decide_vouchers(state, seq, by, command)
        case ConfirmQuarter() | DisputeQuarter() | RecogniseAmount():
            yield from _decide_quarters(state, by, command)
        case AdoptPowerTables() | DeclarePue() | DeclareCertificates():
            yield from decide_power(state, by, command)
        case _:
            assert_never(command)


def _decide_paying(state: State, seq: Seq, by: PartyId, command: PayingCommand) -> Iterator[Event]:
    match command:
        case RefundLine():
            yield from refund_line(state, seq, by, command, entries)
        case MoveCreditNote():
            yield from move_credit_note(state, by, command)
        case SetPayoutTerms():
            yield from set_payout_terms(command)
        case NamePayoutAccount():
            yield from name_payout_account(state, by, command)
        case BeginPayouts():
            yield from begin_payouts(state, seq, command)
        case ConfirmPayout():
            yield from confirm_payout(state, command)
        case FailPayout():
            yield from fail_payout(state, command)
        case ReturnPayout():
            yield from return_payout(state, command)
        case BookSubsidy() | RepaySubsidy():
            yield from decide_subsidies(state, command)


def _decide_agreements(
    state: State,
    by: PartyId,
    command: ProposeAgreement | SignAgreement | DeclineAgreement | WithdrawAgreement,
) -> Iterator[Event]:
    match command:
        case ProposeAgreement():
            yield from propose_agreement(state, by, command)
        case SignAgreement():
            yield from sign_agreement(state, by, command)
        case DeclineAgreement():
            yield from decline_agreement(state, by, command)
        case WithdrawAgreement():
            yield from withdraw_agreement(state, by, command)


def _decide_closing(
    state: State, command: BeginClose | CutUsage | PostStatements | FinishClose
) -> Iterator[Event]:
    match command:
        case BeginClose():
            yield from begin_close(state, command)
        case CutUsage():
            yield from cut_usage(state, command)
        case PostStatements():
            yield from post_statements(state, command)
        case FinishClose():
            yield from finish_close(state, command)
        case _:
            assert_never(command)


def _decide_quarters(
    state: State, by: PartyId, command: ConfirmQuarter | DisputeQuarter | RecogniseAmount
) -> Iterator[Event]:
    match command:
        case ConfirmQuarter():
            yield from confirm_quarter(state, by, command)
        case DisputeQuarter():
            yield from dispute_quarter(state, by, command)
        case RecogniseAmount():
            yield from recognise_amount(state, by, command)


def evolve(state: State, event: Event) -> list[JournalEntry]:
    """Let an event have happened, and post what it means in money. Never refuses: what is impossible asserts."""
    evolve_unposted(state, event)
    made = entries(event)
    for entry in made:
        state.balances.post(entry)
    return made


def evolve_unposted(state: State, event: Event) -> None:
    """Let an event have happened in all but the balances: for whoever has them from the journal that it made."""
    if isinstance(event, PayoutEvent):
        evolve_payouts(state, event)
        return
    if isinstance(event, AgreementEvent):
        evolve_agreements(state, event)
        return
    match event:
        case TermsAdopted(terms):
            state.terms = terms
            adopt(state.market, terms.market)
        case PartyRegistered(party):
            state.parties[party.id] = party
        case QuarterConfirmed() | QuarterAgreed() | QuarterDisputed() | AmountRecognised():
            evolve_quarters(state, event)
        case PowerTablesAdopted() | PueDeclared() | CertificatesDeclared() | EmissionsReckoned():
            evolve_power(state.power, event)
        case ListingPublished() | ListingAmended() | ListingClosed() | Ticked() | LinkSet():
            _evolve_listings(state, event)
        case OrderAccepted() | OrderReworked() | Rested() | OrderClosed() | ReserveReleased():
            _evolve_orders(state, event)
        case LeaseGranted() | LeaseDisplaced():
            _evolve_leases(state, event)
        case ContractOpened() | PricesAgreed() | PackageAdded() | ContractClosed():
            evolve_contracts(state, event)
        case CloseBegun() | UsageCut() | StatementPosted() | PeriodClosed():
            _evolve_settlement(state, event)
        case LineRefunded() | CreditNoteMoved():
            evolve_refunds(state, event)
        case (
            FactsDeclared()
            | ProgrammeAdopted()
            | VoucherIssued()
            | VoucherHeld()
            | VoucherPassed()
            | VoucherReturned()
            | VoucherExpired()
        ):
            evolve_vouchers(state, event)
        case SubsidyPaid() | SubsidyRepaid():
            evolve_subsidies(state, event)
        case Deposited(party_id, _, reference):
            state.references.setdefault(party_id, set()).add(reference)
        case KeyIssued(party_id, key, _):
            state.keys.setdefault(party_id, set()).add(key)
        case KeyRevoked(party_id, key):
            state.keys.get(party_id, set()).discard(key)
        case Rejected() | OrderNotContinued():
            pass
        case _:
            assert_never(event)


def _evolve_listings(
    state: State, event: ListingPublished | ListingAmended | ListingClosed | Ticked | LinkSet
) -> None:
    match event:
        case ListingPublished(listed, party, line):
            evolve_market(state.market, listed)
            state.listings[listed.listing.id] = OpenListing(party, line)
        case ListingClosed(listing, _):
            evolve_market(state.market, event)
            del state.listings[listing]
        case Ticked(now):
            evolve_market(state.market, event)
            state.first_slot = now if state.first_slot is None else state.first_slot
        case ListingAmended() | LinkSet():
            evolve_market(state.market, event)


def _evolve_orders(
    state: State, event: OrderAccepted | OrderReworked | Rested | OrderClosed | ReserveReleased
) -> None:
    match event:
        case OrderAccepted(opened, party, source, held):
            evolve_market(state.market, opened)
            state.orders[opened.order.id] = OpenOrder(party, source, held)
        case OrderReworked(amended, _, _, held):
            evolve_market(state.market, amended)
            state.orders[amended.order.id].held = held
        case Rested():
            evolve_market(state.market, event)
        case OrderClosed(closed, party, _, kept):
            evolve_market(state.market, closed)
            del state.orders[closed.order]
            if kept:
                state.reserves[closed.order] = Reserve(party, kept)
        case ReserveReleased(order, _, _):
            del state.reserves[order]


def _evolve_leases(state: State, event: LeaseGranted | LeaseDisplaced) -> None:
    match event:
        case LeaseGranted(leased, lease, _, order_held):
            assert order_held >= 0, "an order's hold covers every lease that it gets"
            evolve_market(state.market, leased)
            state.orders[lease.order].held = order_held
            chip = state.market.listings[lease.listing].terms.chip
            state.leases[lease.id] = LiveLease(lease, chip, slots_by_price(lease.runs))
        case LeaseDisplaced(displaced, name, _, runs):
            evolve_market(state.market, displaced)
            live = state.leases[name]
            live.notice = event.notice
            live.unsettled = unsettled_after(live.unsettled, live.terms.runs, runs)
            live.terms = replace(live.terms, runs=runs)
            if not runs:
                del state.leases[name]


def _evolve_settlement(
    state: State,
    event: CloseBegun | UsageCut | StatementPosted | PeriodClosed,
) -> None:
    match event:
        case CloseBegun(run):
            state.open_run = run
            state.runs += 1
            state.earnings[run.id] = Earnings()
        case UsageCut(run):
            state.open_run = run
        case StatementPosted():
            _settle(state, event)
        case PeriodClosed(run):
            state.open_run, state.last_run = None, run
            state.earnings[run.id].closed = state.now


ROLES: dict[type[Command], tuple[Role, ...]] = {
    AdoptTerms: (Role.CLERK,),
    PublishListing: (Role.SELLER,),
    AmendListing: (Role.SELLER,),
    WithdrawListing: (Role.SELLER,),
    PlaceOrder: (Role.BUYER,),
    Reclaim: (Role.SELLER,),
    AmendOrder: (Role.BUYER,),
    CancelOrder: (Role.BUYER,),
    RegisterParty: (Role.CLERK,),
    IssueKey: (Role.CLERK,),
    RevokeKey: (Role.CLERK,),
    Deposit: (Role.CLERK,),
    OpenContract: (Role.CLERK,),
    AgreePrices: (Role.CLERK,),
    AddPackage: (Role.CLERK,),
    ProposeAgreement: (Role.CLERK, Role.REGION),
    SignAgreement: (Role.REGION,),
    DeclineAgreement: (Role.REGION,),
    WithdrawAgreement: (Role.CLERK, Role.REGION),
    BeginClose: (Role.CLERK,),
    CutUsage: (Role.CLERK,),
    PostStatements: (Role.CLERK,),
    FinishClose: (Role.CLERK,),
    ConfirmQuarter: (Role.REGION,),
    DisputeQuarter: (Role.REGION,),
    RecogniseAmount: (Role.CLERK, Role.REGION),
    AdoptPowerTables: (Role.CLERK,),
    DeclarePue: (Role.SELLER,),
    DeclareCertificates: (Role.SELLER,),
    SetLink: (Role.CLERK,),
    RefundLine: (Role.CLERK, Role.SELLER),
    MoveCreditNote: (Role.CLERK, Role.SELLER, Role.BUYER),
    SetPayoutTerms: (Role.CLERK,),
    NamePayoutAccount: (Role.CLERK, Role.SELLER),
    BeginPayouts: (Role.CLERK,),
    BookSubsidy: (Role.CLERK,),
    RepaySubsidy: (Role.CLERK,),
    DeclareFacts: (Role.CLERK,),
    AdoptProgramme: (Role.REGION,),
    IssueVoucher: (Role.REGION,),
    ClaimVoucher: (Role.BUYER,),
}
"""Who may give a command. The venue itself does what is nobody else's, as ticks are, and may stand in for its clerks."""


def _refusal(state: State, envelope: Envelope) -> Rejected | None:
    """Why this party may not give this command, whatever it says."""
    kind = type(envelope.command)
    if state.terms is None and kind is not AdoptTerms:
        return rejected(VenueRejection.VENUE_NOT_OPEN, "The venue has not adopted its terms yet.")
    roles = ROLES.get(kind, ())
    if envelope.by == VENUE and (not roles or Role.CLERK in roles):
        return None
    if envelope.by in state.parties and not state.parties[envelope.by].roles.isdisjoint(roles):
        return None
    who = f"a {' or a '.join(roles)}" if roles else "the venue itself"
    return rejected(VenueRejection.NOT_ALLOWED, f"This is for {who} to ask.")


def _settle(state: State, event: StatementPosted) -> None:
    """Slots that are charged are done with, and so is a lease without slots; a contract's budget shrinks."""
    earned = sum(max(0, line.line.payout_on_charge_fen) for line in event.lines)
    state.earnings[event.run].add(event.seller, earned)
    for line in event.lines:
        for part in line.vouchers:
            use(state, event.subject, part.voucher, part.covered)
    cover(state, event)
    if event.kind is SubjectKind.CONTRACT:
        settle_contract(state, event)
        return
    lease = state.leases[LeaseId(event.subject)]
    lease.last_run = event.run
    for price, slots in event.settled:
        lease.unsettled[price] -= slots
        assert lease.unsettled[price] >= 0, "a slot was settled twice"
    if not any(lease.unsettled.values()):
        del state.leases[lease.terms.id]
