"""What may be asked about pair agreements."""

from dataclasses import dataclass

from settlement.agreements import PairAgreement


@dataclass(frozen=True, slots=True)
class ProposeAgreement:
    """Put a version of an agreement before its parties. Nothing is in force until each of them has signed it."""

    agreement: PairAgreement


@dataclass(frozen=True, slots=True)
class SignAgreement:
    """Sign a version for the region of whoever asks. `digest` is the SHA-256 of the terms as they were read.

    `key` is the API key that spoke. The last signature puts the version in force, and ends the open-ended version
    before it if that has the same id and parties.
    """

    agreement: str
    version: int
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class DeclineAgreement:
    """Refuse a version, as one of its regions: it never comes into force."""

    agreement: str
    version: int
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawAgreement:
    """Take back what one has proposed, while a signature is missing."""

    agreement: str
    version: int


AgreementCommand = ProposeAgreement | SignAgreement | DeclineAgreement | WithdrawAgreement
