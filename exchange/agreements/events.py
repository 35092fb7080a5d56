"""What can happen to pair agreements."""

from dataclasses import dataclass

from settlement.agreements import PairAgreement


@dataclass(frozen=True, slots=True)
class AgreementRecorded:
    """An agreement is in force from its first day on."""

    agreement: PairAgreement
