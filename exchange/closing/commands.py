"""What the closing job asks.

It brings exact sums; the venue makes the statement lines and books them.
"""

from dataclasses import dataclass

from exchange.names import ContractId, Instant, LeaseId, RunId
from settlement.rating.tokens import Tokens


@dataclass(frozen=True, slots=True)
class BeginClose:
    """Begin to close a calendar month, such as `2026-01`."""

    period: str


@dataclass(frozen=True, slots=True)
class CutUsage:
    """Let a run settle the usage that came in batches up to `usage_batch`."""

    run: RunId
    usage_batch: int


@dataclass(frozen=True, slots=True)
class LeaseSum:
    """What one segment of a lease comes to: its slots of one price, service period and agreement.

    `price` is in micro-yuan per card-slot, `lost` in card-seconds. `agreement` is (id, version), or None.
    """

    lease: LeaseId
    service_period: str
    price: int
    agreement: tuple[str, int] | None
    slots: int
    lost: int


@dataclass(frozen=True, slots=True)
class ContractSum:
    """Tokens used under a contract that are billed alike: in one service period, at one price, under one agreement.

    `begins` is when the first time begins in which they were used: the prices of then are in force for all of them.
    """

    contract: ContractId
    service_period: str
    agreement: tuple[str, int] | None
    begins: Instant
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class PostStatements:
    """Book a part of a run, all sums of a lease or contract together. The job sends some ten sums at a time."""

    run: RunId
    leases: tuple[LeaseSum, ...] = ()
    contracts: tuple[ContractSum, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishClose:
    """Close the period for good: everything is posted."""

    run: RunId


ClosingCommand = BeginClose | CutUsage | PostStatements | FinishClose
