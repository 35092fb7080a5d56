"""Every command that the venue takes, and the envelope it comes in."""

from dataclasses import dataclass

from exchange.agreements.commands import (
    DeclineAgreement,
    ProposeAgreement,
    SignAgreement,
    WithdrawAgreement,
)
from exchange.closing.commands import BeginClose, CutUsage, FinishClose, PostStatements
from exchange.contracts.commands import AddPackage, AgreePrices, OpenContract
from exchange.listings.commands import PublishListing
from exchange.names import PartyId
from exchange.orders.commands import PlaceOrder
from exchange.parties.commands import Deposit, IssueKey, RegisterParty, RevokeKey
from exchange.payouts.commands import (
    BeginPayouts,
    ConfirmPayout,
    FailPayout,
    NamePayoutAccount,
    ReturnPayout,
    SetPayoutTerms,
)
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue
from exchange.quarters.commands import ConfirmQuarter, DisputeQuarter, RecogniseAmount
from exchange.refunds.commands import MoveCreditNote, RefundLine
from exchange.subsidies.commands import BookSubsidy, RepaySubsidy
from exchange.venue.commands import AdoptTerms, Tick
from exchange.vouchers.commands import AdoptProgramme, ClaimVoucher, DeclareFacts, IssueVoucher
from matching.commands import AmendListing, AmendOrder, CancelOrder, Reclaim, SetLink, WithdrawListing

Command = (
    AdoptTerms
    | Tick
    | RegisterParty
    | IssueKey
    | RevokeKey
    | Deposit
    | PublishListing
    | AmendListing
    | WithdrawListing
    | Reclaim
    | PlaceOrder
    | AmendOrder
    | CancelOrder
    | OpenContract
    | AgreePrices
    | AddPackage
    | ProposeAgreement
    | SignAgreement
    | DeclineAgreement
    | WithdrawAgreement
    | BeginClose
    | CutUsage
    | PostStatements
    | FinishClose
    | RefundLine
    | MoveCreditNote
    | SetPayoutTerms
    | NamePayoutAccount
    | BeginPayouts
    | ConfirmPayout
    | FailPayout
    | ReturnPayout
    | ConfirmQuarter
    | DisputeQuarter
    | RecogniseAmount
    | AdoptPowerTables
    | DeclarePue
    | DeclareCertificates
    | SetLink
    | DeclareFacts
    | AdoptProgramme
    | IssueVoucher
    | ClaimVoucher
    | BookSubsidy
    | RepaySubsidy
)

STATEMENTS_WEIGH = 250


def weight(command: Command) -> int:
    """How much a command adds to a transaction, in orders.

    A part of a close counts for more than the ten orders that it takes as long as: two fill a transaction, so that what
    follows is decided while they are stored. Were all that a closing job has asked in one, its next would wait for that.
    """
    return STATEMENTS_WEIGH if isinstance(command, PostStatements) else 1


@dataclass(frozen=True, slots=True)
class Envelope:
    """A command, who gives it, and the id that its giver chose for it: unique for that party, for ever.

    An id that the venue makes in a party's name has a `/` in it, which the door takes from nobody: so no request of that
    party can use it up, and keep a closing or a replay from going on.
    """

    by: PartyId
    id: str
    command: Command
