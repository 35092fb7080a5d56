"""Metering: what sellers report of delivered time and used tokens, taken in batches beside the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from exchange.bus import DifferentCommandError
from exchange.persistence import usage
from exchange.persistence.database import Pool
from exchange.state import ContractId, Instant, LeaseId, PartyId
from matching.terms import Slot

BATCH_MAX = 10_000  # records in one batch


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """`delivered` card-seconds of a lease in one slot.

    A seller's meter numbers its records; each number counts once, for ever.
    """

    meter: str
    sequence: int
    lease: LeaseId
    slot: Slot
    delivered: int


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """Tokens used under a contract at an instant. Its meter numbers it like a delivery."""

    meter: str
    sequence: int
    contract: ContractId
    at: Instant
    input_tokens: int
    output_tokens: int


class RefusalCode(StrEnum):
    """Why a record is not taken. The rest of its batch is."""

    UNKNOWN_SUBJECT = "unknown_subject"
    OUTSIDE_TERM = "outside_term"
    NOT_OVER = "not_over"
    MORE_THAN_LEASED = "more_than_leased"
    TOO_LATE = "too_late"
    ALREADY_REPORTED = "already_reported"
    NUMBER_REUSED = "number_reused"


EXPLAINS: dict[RefusalCode, str] = {
    RefusalCode.UNKNOWN_SUBJECT: "You have sold nothing under this id.",
    RefusalCode.OUTSIDE_TERM: "The time lies outside the lease or contract.",
    RefusalCode.NOT_OVER: "The time is not over by the venue's clock: report it afterwards.",
    RefusalCode.MORE_THAN_LEASED: "No more card-seconds can be delivered than are leased in a slot.",
    RefusalCode.TOO_LATE: "The late window has passed: the record is kept, and nobody is billed for it.",
    RefusalCode.ALREADY_REPORTED: "Another record has reported this slot.",
    RefusalCode.NUMBER_REUSED: "The meter has used this number for another record.",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is not billed: its place in the batch, from 0, and why."""

    index: int
    code: RefusalCode
    explain: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: the same answer however often it is sent."""

    batch: int
    accepted: int
    duplicates: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Metering:
    """Takes usage in. Batches are numbered in the order in which they commit, so that a run can name a last one."""

    pool: Pool

    async def deliveries(self, party: PartyId, key: str, records: Sequence[DeliveryRecord]) -> Receipt:
        """Take delivery records of the leases that `party` has sold: at most `BATCH_MAX`.

        `key` names the batch for ever: the same batch again gets the same receipt, and another one under its key
        raises `DifferentCommandError`.
        """
        columns: usage.Columns = {
            "meter": [record.meter for record in records],
            "sequence": [record.sequence for record in records],
            "lease": [record.lease for record in records],
            "slot": [record.slot for record in records],
            "delivered": [record.delivered for record in records],
        }
        return await self._take(usage.DELIVERIES, party, key, columns)

    async def tokens(self, party: PartyId, key: str, records: Sequence[TokenRecord]) -> Receipt:
        """Take token records of the contracts that `party` serves, like `deliveries`."""
        columns: usage.Columns = {
            "meter": [record.meter for record in records],
            "sequence": [record.sequence for record in records],
            "contract": [record.contract for record in records],
            "at": [record.at for record in records],
            "input_tokens": [record.input_tokens for record in records],
            "output_tokens": [record.output_tokens for record in records],
        }
        return await self._take(usage.TOKENS, party, key, columns)

    async def receipt(self, party: PartyId, key: str) -> Receipt | None:
        """What became of the batch that `party` sent under this key, or None where none came in."""
        async with self.pool.acquire() as connection:
            stored = await usage.batch_of(connection, party, key)
        return None if stored is None else _receipt(stored)

    async def _take(self, kind: usage.Kind, party: PartyId, key: str, columns: usage.Columns) -> Receipt:
        assert len(columns["meter"]) <= BATCH_MAX, "the door bounds a batch"
        async with self.pool.acquire() as connection:
            stored = await usage.store(connection, kind, party, key, columns)
        if stored.content != usage.content_of(kind, columns):
            raise DifferentCommandError(f"{key} was used for another batch")
        return _receipt(stored)


def _receipt(stored: usage.Stored) -> Receipt:
    refused = tuple(
        Refused(index, RefusalCode(verdict), EXPLAINS[RefusalCode(verdict)])
        for index, verdict in enumerate(stored.verdicts)
        if verdict not in {"accepted", "duplicate"}
    )
    return Receipt(
        stored.batch, stored.verdicts.count("accepted"), stored.verdicts.count("duplicate"), refused
    )
