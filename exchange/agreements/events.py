"""What can happen to pair agreements."""

from dataclasses import dataclass

from settlement.agreements import PairAgreement


@dataclass(frozen=True, slots=True)
class AgreementEnded:
    """An open-ended agreement ends where its next version begins. `agreement` is as it now stands."""

    agreement: PairAgreement


@dataclass(frozen=True, slots=True)
class AgreementRecorded:
    """An agreement is in force from its first day on."""

    agreement: PairAgreement
