"""What sellers report in a replay: delivery slot by slot with stated faults, and the tokens of a real trace."""

import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from exchange.metering import BATCH_MAX, DeliveryRecord, TokenRecord
from exchange.names import ContractId, Instant, PartyId
from exchange.persistence.queries.replay import ServedLease
from exchange.replay.assumptions import HOUR_S, SLOT_S, WHOLE, Assumptions
from exchange.replay.script import Report
from exchange.replay.tokens import TokenUse
from matching.terms import Slot

Record = TypeVar("Record", DeliveryRecord, TokenRecord)
Tokens = Mapping[str, Sequence[TokenUse]]
"""The requests of each stream, by time."""

SLOTS_MAX = 100_000  # more than any lease has: a meter's numbers are those of its leases, then of their slots


def deliveries(
    leases: Iterable[ServedLease], report: Report, assumptions: Assumptions
) -> dict[PartyId, list[DeliveryRecord]]:
    """The records of one report, by seller: slots just over, and the late ones of an earlier time."""
    late = assumptions.late_hours * HOUR_S // SLOT_S
    records: dict[PartyId, list[DeliveryRecord]] = {}
    for lease in leases:
        mine = records.setdefault(lease.seller, [])
        mine += _between(lease, report.since, report.until, assumptions, late=False)
        mine += _between(lease, report.since - late, report.until - late, assumptions, late=True)
    return records


def _between(
    lease: ServedLease, since: int, until: int, assumptions: Assumptions, *, late: bool
) -> Iterator[DeliveryRecord]:
    """Records of a lease's slots that begin in [since, until) and are reported late, or those that are not."""
    for slot in range(max(since, lease.start), min(until, lease.end)):
        draw = zlib.crc32(f"{assumptions.seed}/{lease.id}/{slot}".encode())
        if (draw % WHOLE < assumptions.late_milli) is not late:
            continue
        delivered = lease.cards * SLOT_S
        if draw // WHOLE % WHOLE < assumptions.undelivered_milli:
            if draw & 1:  # every other failure is not reported at all
                continue
            delivered = 0
        sequence = int(lease.id.removeprefix("lse-")) * SLOTS_MAX + slot - lease.start
        yield DeliveryRecord(f"{lease.seller}/delivery", sequence, lease.id, Slot(slot), delivered)


def tokens(
    uses: Sequence[TokenUse], stream: str, contract: ContractId, report: Report
) -> Iterator[TokenRecord]:
    """The requests of a stream that fall into one report. Their numbers are their places in the trace."""
    first, last = (
        bisect_left(uses, slot * SLOT_S, key=lambda use: use.at_s) for slot in (report.since, report.until)
    )
    for n in range(first, last):
        use = uses[n]
        at = Instant(use.at_s)
        yield TokenRecord(f"{stream}/tokens", n, contract, at, use.input_tokens, 0, use.output_tokens)


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Records in batches as large as the venue takes them."""
    remaining = iter(records)
    while batch := list(islice(remaining, BATCH_MAX)):
        yield batch
