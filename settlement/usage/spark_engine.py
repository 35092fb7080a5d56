"""Spark, for usage that outgrows one machine: sums files that every machine of its cluster can read."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.errors import ArithmeticException
from pyspark.sql import SparkSession

from settlement.usage.records import UsageError
from settlement.usage.sums import TOO_LARGE, Sum, question, sums_of

EXACT = "DECIMAL(19, 0)"
"""Any 64-bit integer. Products and sums of it have 38 digits, and Spark's ANSI mode raises beyond them."""


@dataclass(frozen=True, slots=True)
class SparkEngine:
    """Sums files of usage on a cluster."""

    session: SparkSession
    files: Sequence[Path]

    async def sums(self) -> list[Sum]:
        """Every sum, waited for in a thread of its own."""
        return await asyncio.to_thread(self._sums)

    def _sums(self) -> list[Sum]:
        self.session.read.parquet(*map(str, self.files)).createOrReplaceTempView("usage_records")
        try:
            return sums_of(self.session.sql(question("usage_records", EXACT)).collect())
        except ArithmeticException as fault:
            raise UsageError(TOO_LARGE) from fault
