"""Metering: what sellers report of delivered time and used tokens, taken in batches beside the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from exchange.bus import DifferentCommandError
from exchange.names import ContractId, Instant, LeaseId, PartyId
from exchange.persistence import chains, usage
from exchange.persistence.chains import MeterStanding, Seal
from exchange.persistence.database import Connection, Pool
from exchange.persistence.decisions import Decision, decide
from exchange.persistence.queries import disputes
from matching.terms import Slot
from settlement.metering.judging import Finding

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
    """Tokens used under a contract at an instant. Its meter numbers it like a delivery.

    `input_tokens` were read anew: those that came from a cache are counted apart.
    """

    meter: str
    sequence: int
    contract: ContractId
    at: Instant
    input_tokens: int
    cached_input_tokens: int
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


FOUND: dict[Finding, str] = {
    Finding.BAD_SIGNATURE: "The meter's key has not signed this batch: sign what you send, and send it again.",
    Finding.BROKEN_CHAIN: "The records are tied to something else than the meter has said before them or after.",
    Finding.ALTERED: "The meter has used these numbers for other records, which stand.",
    Finding.OUTSIDE_TERM: "The time lies outside the lease or contract.",
    Finding.CLOCK_SKEW: "The time lies more than a slot ahead of the venue's clock: set the meter's.",
    Finding.MORE_THAN_LEASED: "No more card-seconds can be delivered than are leased in a slot.",
    Finding.GAP: "The meter has left numbers out: send them, and this ends by itself.",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is not billed: its place in the batch, from 0, and why."""

    index: int
    code: RefusalCode
    explain: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A dispute that a batch has opened, over the meter's numbers from `first` to `last`."""

    dispute: int
    finding: Finding
    explain: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: the same answer however often it is sent.

    `disputed` counts records that are kept and billed to nobody until their dispute has ended.
    """

    batch: int
    accepted: int
    duplicates: int
    refused: tuple[Refused, ...]
    disputed: int = 0
    disputes: tuple[Opened, ...] = ()


@dataclass(frozen=True, slots=True)
class Metering:
    """Takes usage in. Batches are numbered in the order in which they commit, so that a run can name a last one."""

    pool: Pool

    async def deliveries(
        self, party: PartyId, key: str, records: Sequence[DeliveryRecord], seal: Seal | None = None
    ) -> Receipt:
        """Take delivery records of the leases that `party` has sold: at most `BATCH_MAX`.

        `key` names the batch for ever: the same batch again gets the same receipt, and another one under its key
        raises `DifferentCommandError`. With a `seal` the batch is of one meter, and its numbers follow each other.
        Raises `SignatureNeededError` and `UnknownMeterError`.
        """
        columns: usage.Columns = {
            "meter": [record.meter for record in records],
            "sequence": [record.sequence for record in records],
            "lease": [record.lease for record in records],
            "slot": [record.slot for record in records],
            "delivered": [record.delivered for record in records],
        }
        return await self._take(usage.DELIVERIES, party, key, columns, seal)

    async def tokens(
        self, party: PartyId, key: str, records: Sequence[TokenRecord], seal: Seal | None = None
    ) -> Receipt:
        """Take token records of the contracts that `party` serves, like `deliveries`."""
        columns: usage.Columns = {
            "meter": [record.meter for record in records],
            "sequence": [record.sequence for record in records],
            "contract": [record.contract for record in records],
            "at": [record.at for record in records],
            "input_tokens": [record.input_tokens for record in records],
            "cached_input_tokens": [record.cached_input_tokens for record in records],
            "output_tokens": [record.output_tokens for record in records],
        }
        return await self._take(usage.TOKENS, party, key, columns, seal)

    async def receipt(self, party: PartyId, key: str) -> Receipt | None:
        """What became of the batch that `party` sent under this key, or None where none came in."""
        async with self.pool.acquire() as connection:
            stored = await usage.batch_of(connection, party, key)
            return None if stored is None else await _receipt(connection, stored)

    async def register_key(self, party: PartyId, meter: str, public_key: bytes, since: int) -> MeterStanding:
        """Let a key sign for a meter from a number on. Raises `KeyRefusedError`."""
        async with self.pool.acquire() as connection:
            await chains.register_key(connection, party, meter, public_key, since)
            standing = await chains.standing_of(connection, party, meter)
        assert standing is not None, "a meter whose key was registered has one"
        return standing

    async def decide(self, decision: Decision) -> None:
        """End a dispute by somebody's word. Raises `DecidedError` and `NotBillableError`."""
        async with self.pool.acquire() as connection:
            await decide(connection, decision)

    async def _take(
        self, kind: usage.Kind, party: PartyId, key: str, columns: usage.Columns, seal: Seal | None
    ) -> Receipt:
        assert len(columns["meter"]) <= BATCH_MAX, "the door bounds a batch"
        async with self.pool.acquire() as connection:
            if seal is None:
                stored = await usage.store(connection, kind, party, key, columns)
            else:
                stored = await chains.store_signed(connection, kind, party, key, columns, seal)
            if stored.content != usage.content_of(kind, columns, seal):
                raise DifferentCommandError(f"{key} was used for another batch")
            return await _receipt(connection, stored)


async def _receipt(connection: Connection, stored: usage.Stored) -> Receipt:
    refused = tuple(
        Refused(index, RefusalCode(verdict), EXPLAINS[RefusalCode(verdict)])
        for index, verdict in enumerate(stored.verdicts)
        if verdict not in {"accepted", "duplicate", "disputed"}
    )
    opened = tuple(
        Opened(number, Finding(finding), FOUND[Finding(finding)], first, last)
        for number, finding, first, last in await disputes.opened_by(connection, stored.batch)
    )
    accepted, duplicates, disputed = map(stored.verdicts.count, ("accepted", "duplicate", "disputed"))
    return Receipt(stored.batch, accepted, duplicates, refused, disputed, opened)
