"""What can happen to pair agreements."""

from dataclasses import dataclass

from exchange.names import Instant, PartyId
from exchange.state import Signature
from matching.terms import RegionCode
from settlement.agreements import PairAgreement


@dataclass(frozen=True, slots=True)
class AgreementProposed:
    """A version lies before its parties. `digest` is the SHA-256 of its terms, which is what they sign."""

    agreement: PairAgreement
    by: PartyId
    at: Instant
    digest: str


@dataclass(frozen=True, slots=True)
class AgreementSigned:
    """A region has signed a version."""

    agreement: str
    version: int
    signature: Signature


@dataclass(frozen=True, slots=True)
class AgreementDeclined:
    """A region will not sign a version, which ends it."""

    agreement: str
    version: int
    region: RegionCode
    by: PartyId
    key: str
    at: Instant
    reason: str


@dataclass(frozen=True, slots=True)
class AgreementWithdrawn:
    """Whoever proposed a version has taken it back."""

    agreement: str
    version: int
    at: Instant


@dataclass(frozen=True, slots=True)
class AgreementEnded:
    """An open-ended agreement ends where its next version begins. `agreement` is as it now stands."""

    agreement: PairAgreement


@dataclass(frozen=True, slots=True)
class AgreementRecorded:
    """Every party has signed: the agreement is in force from its first instant on."""

    agreement: PairAgreement


AgreementEvent = (
    AgreementProposed
    | AgreementSigned
    | AgreementDeclined
    | AgreementWithdrawn
    | AgreementRecorded
    | AgreementEnded
)
