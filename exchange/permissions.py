"""Who may give which command, whatever it says."""

from exchange.agreements.commands import DeclineAgreement, ProposeAgreement, SignAgreement, WithdrawAgreement
from exchange.closing.commands import BeginClose, CutUsage, FinishClose, PostStatements
from exchange.commands import Command, Envelope
from exchange.contracts.commands import AddPackage, AgreePrices, OpenContract
from exchange.listings.commands import PublishListing
from exchange.names import VENUE
from exchange.orders.commands import PlaceOrder
from exchange.parties.commands import Deposit, IssueKey, RegisterParty, RevokeKey
from exchange.payouts.commands import BeginPayouts, BeginWithdrawal, NamePayoutAccount, SetPayoutTerms
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue
from exchange.quarters.commands import ConfirmQuarter, DisputeQuarter, RecogniseAmount
from exchange.refunds.commands import MoveCreditNote, RefundLine
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import Role, State
from exchange.subsidies.commands import BookSubsidy, RepaySubsidy
from exchange.venue.commands import AdoptTerms
from exchange.vouchers.commands import AdoptProgramme, ClaimVoucher, DeclareFacts, IssueVoucher
from matching.commands import AmendListing, AmendOrder, CancelOrder, Reclaim, SetLink, WithdrawListing

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
    BeginWithdrawal: (Role.BUYER,),
    BookSubsidy: (Role.CLERK,),
    RepaySubsidy: (Role.CLERK,),
    DeclareFacts: (Role.CLERK,),
    AdoptProgramme: (Role.REGION,),
    IssueVoucher: (Role.REGION,),
    ClaimVoucher: (Role.BUYER,),
}
"""Who may give a command. The venue itself does what is nobody else's, as ticks are, and may stand in for its clerks."""


def refusal_of(state: State, envelope: Envelope) -> Rejected | None:
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
