"""Usage as sellers report it, and the receipt that they get."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from exchange.metering import BATCH_MAX, DeliveryRecord, Receipt, TokenRecord
from exchange.names import ContractId, Instant, LeaseId
from exchange.persistence.chains import Seal
from exchange.state import VenueTerms
from matching.terms import Slot
from settlement.metering.chain import Reading
from settlement.meters import Meter
from web.bodies.fields import IdField, LinkField, SequenceField, SignatureField, fault, slot_at
from web.bodies.fields import Instant as InstantField
from web.problems import DoorRejection
from web.strict import Body

CardSeconds = Annotated[int, Field(ge=0, le=10**12)]
# At the dearest price, 10^8 records of the most tokens still come to less than 64 bits hold.
Tokens = Annotated[int, Field(ge=0, le=10**10)]
Records = Field(min_length=1, max_length=BATCH_MAX)


class SealIn(Body):
    """Signs a batch: `previous` is the link before its first record, and `signature` the key's over its last link.

    Such a batch is of one meter that has a key, and its numbers follow each other.
    """

    previous: LinkField
    signature: SignatureField

    def over(self, records: Sequence["DeliveryIn | TokensIn"]) -> Seal:
        """The seal of these records."""
        for n, record in enumerate(records):
            if record.meter != records[0].meter:
                raise fault(
                    f"/records/{n}/meter", DoorRejection.INVALID_VALUE, "A signed batch is of one meter."
                )
            if record.sequence != records[0].sequence + n:
                sentence = "In a signed batch each number follows the one before."
                raise fault(f"/records/{n}/sequence", DoorRejection.INVALID_VALUE, sentence)
        return Seal(bytes.fromhex(self.previous), bytes.fromhex(self.signature))


class DeliveryIn(Body):
    """Card-seconds of a lease that were delivered in the slot that begins at `slot`. A meter numbers its records."""

    meter: IdField
    sequence: SequenceField
    lease: IdField
    slot: InstantField
    delivered_card_seconds: CardSeconds

    def reading(self) -> Reading:
        """The record as its meter signs it."""
        return Reading(
            self.sequence, self.lease, self.slot, ((Meter.CARD_SECONDS, self.delivered_card_seconds),)
        )


class DeliveriesIn(Body):
    """A batch of delivery records, signed or not. Sending it again changes nothing."""

    records: Annotated[list[DeliveryIn], Records]
    seal: SealIn | None = None

    def sealed(self) -> Seal | None:
        """The batch's seal, if it is signed."""
        return None if self.seal is None else self.seal.over(self.records)

    def in_slots(self, terms: VenueTerms) -> list[DeliveryRecord]:
        """The records as metering takes them."""
        return [
            DeliveryRecord(
                meter=record.meter,
                sequence=record.sequence,
                lease=LeaseId(record.lease),
                slot=Slot(slot_at(terms, record.slot, f"/records/{n}/slot")),
                delivered=record.delivered_card_seconds,
            )
            for n, record in enumerate(self.records)
        ]


class TokensIn(Body):
    """Tokens used under a contract at an instant. A meter numbers its records.

    Input that came from a cache is counted apart from `input_tokens`, and has a price of its own.
    """

    meter: IdField
    sequence: SequenceField
    contract: IdField
    at: InstantField
    input_tokens: Tokens
    cached_input_tokens: Tokens = 0
    output_tokens: Tokens

    def reading(self) -> Reading:
        """The record as its meter signs it."""
        counts = (
            (Meter.INPUT_TOKENS, self.input_tokens),
            (Meter.CACHED_INPUT_TOKENS, self.cached_input_tokens),
            (Meter.OUTPUT_TOKENS, self.output_tokens),
        )
        return Reading(self.sequence, self.contract, self.at, counts)


class TokenBatchIn(Body):
    """A batch of token records, signed or not. Sending it again changes nothing."""

    records: Annotated[list[TokensIn], Records]
    seal: SealIn | None = None

    def sealed(self) -> Seal | None:
        """The batch's seal, if it is signed."""
        return None if self.seal is None else self.seal.over(self.records)

    def taken(self) -> list[TokenRecord]:
        """The records as metering takes them."""
        return [
            TokenRecord(
                meter=record.meter,
                sequence=record.sequence,
                contract=ContractId(record.contract),
                at=Instant(record.at),
                input_tokens=record.input_tokens,
                cached_input_tokens=record.cached_input_tokens,
                output_tokens=record.output_tokens,
            )
            for record in self.records
        ]


@dataclass(frozen=True, slots=True)
class RefusedOut:
    """A record that is not billed: its place in the batch, from 0, and why."""

    index: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class OpenedOut:
    """A dispute that a batch has opened, over the meter's numbers from `first` to `last`."""

    dispute: int
    code: str
    detail: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ReceiptOut:
    """What became of a batch. Records that were there already are duplicates; the rest of the batch is taken.

    `disputed` counts records that are kept, and billed to nobody until their disputes end.
    """

    batch: int
    accepted: int
    duplicates: int
    refused: list[RefusedOut]
    disputed: int
    disputes: list[OpenedOut]

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptOut":
        """Metering's receipt."""
        refused = [RefusedOut(one.index, one.code, one.explain) for one in receipt.refused]
        opened = [
            OpenedOut(one.dispute, one.finding, one.explain, one.first, one.last) for one in receipt.disputes
        ]
        return cls(receipt.batch, receipt.accepted, receipt.duplicates, refused, receipt.disputed, opened)
