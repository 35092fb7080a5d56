"""Meters that sign, and disputes about what they said, as they are asked for and answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from exchange.metering import FOUND
from exchange.persistence.chains import MeterStanding
from exchange.persistence.queries.disputes import ChainLink, DisputedRecord, Ending, StoredDispute
from exchange.state import VenueTerms
from settlement.metering.chain import GENESIS
from web.bodies.fields import IdField, LinkField, SequenceField, TextField, utc
from web.bodies.usage import Tokens
from web.strict import Body

RECORDS_MAX = 100  # records of a dispute that are told


class MeterKeyIn(Body):
    """The public key that signs for a meter from its number `since` on. A meter begins to count with its first key."""

    meter: IdField
    public_key: LinkField
    since: SequenceField = 1


@dataclass(frozen=True, slots=True)
class MeterOut:
    """A meter that signs: where its chain begins and ends, and the key for what comes next, from `since` on.

    `link` is what the record after `head` is tied to: 64 zeros before the first.
    """

    seller: str
    meter: str
    begins: int
    head: int
    link: str
    public_key: str
    since: int

    @classmethod
    def of(cls, seller: str, known: MeterStanding) -> "MeterOut":
        """A seller's meter as it stands."""
        link = GENESIS if known.link is None else known.link
        return cls(
            seller, known.meter, known.begins, known.head, link.hex(), known.public_key.hex(), known.since
        )


class WithdrawIn(Body):
    """Takes disputed records back. The note is for the other side."""

    note: TextField | None = None


class CountsIn(Body):
    """What is billed of one record: card-seconds; or tokens, input before output."""

    sequence: SequenceField
    counts: Annotated[list[Tokens], Field(min_length=1, max_length=3)]


class DecideIn(Body):
    """Ends a dispute. `bill` bills each record as it was reported, at most what was leased, or at `counts`."""

    decision: Literal["bill", "reject"]
    counts: Annotated[list[CountsIn], Field(max_length=RECORDS_MAX)] = Field(default_factory=list)
    note: TextField | None = None

    def by_number(self) -> dict[int, tuple[int, ...]]:
        """The counts, by the number of their record."""
        return {one.sequence: tuple(one.counts) for one in sorted(self.counts, key=lambda one: one.sequence)}


@dataclass(frozen=True, slots=True)
class EndingOut:
    """How a dispute has ended, by whom, and in which batch."""

    outcome: str
    by: str
    batch: int
    note: str
    ended_at: datetime

    @classmethod
    def of(cls, end: Ending) -> "EndingOut":
        """An end as it is stored."""
        return cls(end.outcome, end.by, end.batch, end.note, end.at)


@dataclass(frozen=True, slots=True)
class DisputeOut:
    """A dispute over a meter's numbers from `first` to `last`, and how it has ended: null while it is open.

    A gap is about no lease or contract, and so concerns no buyer. `records` counts those that are kept and not billed.
    """

    id: int
    code: str
    detail: str
    batch: int
    seller: str
    buyer: str | None
    meter: str
    subject: str | None
    first: int
    last: int
    records: int
    opened_at: datetime
    end: EndingOut | None

    @classmethod
    def of(cls, dispute: StoredDispute) -> "DisputeOut":
        """A dispute as it is stored."""
        return cls(
            id=dispute.id,
            code=dispute.finding,
            detail=FOUND[dispute.finding],
            batch=dispute.batch,
            seller=dispute.seller,
            buyer=dispute.buyer,
            meter=dispute.meter,
            subject=dispute.subject,
            first=dispute.first,
            last=dispute.last,
            records=dispute.records,
            opened_at=dispute.opened_at,
            end=None if dispute.end is None else EndingOut.of(dispute.end),
        )


@dataclass(frozen=True, slots=True)
class DisputedRecordOut:
    """A record that is disputed, with its time, its counts and its link; and the counts that stand in its place."""

    sequence: int
    subject: str
    at: datetime
    counts: list[int]
    link: str
    in_time: bool
    stands: list[int] | None

    @classmethod
    def of(cls, record: DisputedRecord, seconds: int) -> "DisputedRecordOut":
        """A record as it is stored; its moment is so many seconds long."""
        stands = None if record.stands is None else list(record.stands)
        return cls(
            record.sequence,
            record.subject,
            utc(record.moment * seconds),
            list(record.counts),
            record.link.hex(),
            record.in_time,
            stands,
        )


@dataclass(frozen=True, slots=True)
class ChainLinkOut:
    """A number of the meter's chain, as it is known: what it is tied to, its own link, and the batch it came in."""

    sequence: int
    previous: str
    link: str
    batch: int

    @classmethod
    def of(cls, known: ChainLink) -> "ChainLinkOut":
        """A link as it is stored."""
        return cls(known.sequence, known.previous.hex(), known.link.hex(), known.batch)


@dataclass(frozen=True, slots=True)
class DisputeDetail:
    """A dispute with its first hundred records, and the meter's chain around them."""

    dispute: DisputeOut
    records: list[DisputedRecordOut]
    chain: list[ChainLinkOut]

    @classmethod
    def of(
        cls,
        dispute: StoredDispute,
        records: Sequence[DisputedRecord],
        chain: Sequence[ChainLink],
        terms: VenueTerms,
    ) -> "DisputeDetail":
        """A dispute as it is stored."""
        seconds = terms.slot_seconds if dispute.kind == "deliveries" else 1
        return cls(
            DisputeOut.of(dispute),
            [DisputedRecordOut.of(record, seconds) for record in records],
            [ChainLinkOut.of(one) for one in chain],
        )
