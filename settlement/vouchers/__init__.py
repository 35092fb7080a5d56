"""Compute vouchers (算力券): programmes as dated data, one function that judges an application, and checks for misuse."""

from settlement.vouchers.judging import judge, missing_evidence
from settlement.vouchers.misuse import misuses
from settlement.vouchers.presets import PRESETS
from settlement.vouchers.uses import standing_of

__all__ = ["PRESETS", "judge", "missing_evidence", "misuses", "standing_of"]
