"""What may be asked about vouchers."""

from dataclasses import dataclass

from exchange.names import Instant, PartyId, ProgrammeId
from exchange.promises import Claim, Facts
from settlement.money import Fen
from settlement.vouchers.programme import Programme


@dataclass(frozen=True, slots=True)
class DeclareFacts:
    """Put on record what a party has shown of itself. Later facts take the place of earlier ones."""

    party: PartyId
    facts: Facts


@dataclass(frozen=True, slots=True)
class AdoptProgramme:
    """Let a region's programme be used, or its next version. With a `claim` eligible buyers may help themselves."""

    programme: Programme
    claim: Claim | None


@dataclass(frozen=True, slots=True)
class IssueVoucher:
    """Promise a buyer up to `amount` of what it orders before `ends`."""

    programme: ProgrammeId
    buyer: PartyId
    amount: Fen
    ends: Instant


@dataclass(frozen=True, slots=True)
class ClaimVoucher:
    """Ask a programme for the voucher that it has for every eligible buyer."""

    programme: ProgrammeId


VoucherCommand = DeclareFacts | AdoptProgramme | IssueVoucher | ClaimVoucher
