"""Every event that can be in the log.

Events of the market stand in it as they are, unless money rides on them.
"""

from exchange.agreements.events import (
    AgreementDeclined,
    AgreementEnded,
    AgreementProposed,
    AgreementRecorded,
    AgreementSigned,
    AgreementWithdrawn,
)
from exchange.closing.events import CloseBegun, EmissionsReckoned, PeriodClosed, StatementPosted, UsageCut
from exchange.contracts.events import ContractClosed, ContractOpened, PackageAdded, PricesAgreed
from exchange.listings.events import ListingPublished
from exchange.orders.events import (
    LeaseDisplaced,
    LeaseGranted,
    OrderAccepted,
    OrderClosed,
    OrderNotContinued,
    OrderReworked,
    ReserveReleased,
)
from exchange.parties.events import Deposited, KeyIssued, KeyRevoked, PartyRegistered
from exchange.payouts.events import (
    PayoutAccountNamed,
    PayoutBegun,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
    PayoutTermsSet,
)
from exchange.power.events import CertificatesDeclared, PowerTablesAdopted, PueDeclared
from exchange.quarters.events import AmountRecognised, QuarterAgreed, QuarterConfirmed, QuarterDisputed
from exchange.refunds.events import CreditNoteMoved, LineRefunded
from exchange.rejections import Rejected
from exchange.subsidies.events import SubsidyPaid, SubsidyRepaid
from exchange.venue.events import TermsAdopted
from exchange.vouchers.events import (
    FactsDeclared,
    ProgrammeAdopted,
    VoucherExpired,
    VoucherHeld,
    VoucherIssued,
    VoucherPassed,
    VoucherReturned,
)
from matching.events import LinkSet, ListingAmended, ListingClosed, Rested, Ticked

Event = (
    TermsAdopted
    | PartyRegistered
    | KeyIssued
    | KeyRevoked
    | Deposited
    | ListingPublished
    | ListingAmended
    | ListingClosed
    | OrderAccepted
    | OrderReworked
    | OrderNotContinued
    | LeaseGranted
    | LeaseDisplaced
    | ReserveReleased
    | Rested
    | OrderClosed
    | Ticked
    | LinkSet
    | ContractOpened
    | PricesAgreed
    | PackageAdded
    | ContractClosed
    | AgreementProposed
    | AgreementSigned
    | AgreementDeclined
    | AgreementWithdrawn
    | AgreementRecorded
    | AgreementEnded
    | CloseBegun
    | UsageCut
    | StatementPosted
    | PeriodClosed
    | LineRefunded
    | CreditNoteMoved
    | PayoutTermsSet
    | PayoutAccountNamed
    | PayoutBegun
    | PayoutPaid
    | PayoutFailed
    | PayoutReturned
    | FactsDeclared
    | ProgrammeAdopted
    | VoucherIssued
    | VoucherHeld
    | VoucherPassed
    | VoucherReturned
    | VoucherExpired
    | SubsidyPaid
    | SubsidyRepaid
    | QuarterConfirmed
    | QuarterAgreed
    | QuarterDisputed
    | AmountRecognised
    | PowerTablesAdopted
    | PueDeclared
    | CertificatesDeclared
    | EmissionsReckoned
    | Rejected
)
