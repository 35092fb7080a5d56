"""What may be asked about pair agreements."""

from dataclasses import dataclass

from settlement.agreements import PairAgreement


@dataclass(frozen=True, slots=True)
class RecordAgreement:
    """Record what two or more regions have agreed. Other terms are another version that begins later.

    It ends the open-ended version before it, if that has the same id and parties.
    """

    agreement: PairAgreement
