"""Versions of pair agreements: their terms as they were signed, who signed them, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg
import msgspec

from exchange.names import Instant, PartyId
from exchange.state import DraftStatus, Signature
from settlement.agreements import PairAgreement


class VersionState(StrEnum):
    """How a version stands at an instant."""

    DRAFT = "draft"
    """Nobody has signed."""
    WAITING = "waiting"
    """Some have signed."""
    LAPSED = "lapsed"
    """A signature was missing when it was to begin."""
    COMING = "coming"
    """Every party has signed, and it begins later."""
    IN_FORCE = "in_force"
    ENDED = "ended"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Ending:
    """When a version was declined or withdrawn; of a declined one also by whom and why."""

    at: Instant
    region: str = ""
    party: str = ""
    key: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it was proposed. `valid_to` is where it ends as things stand: a next version may have ended it."""

    agreement: PairAgreement
    valid_to: Instant | None
    digest: str
    proposed_by: PartyId
    proposed_at: Instant
    status: DraftStatus
    ended: Ending | None
    signatures: Sequence[Signature]

    @property
    def name(self) -> str:
        """As statement lines and the ledger have it."""
        return f"{self.agreement.id}/{self.agreement.version}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be signed, declined or withdrawn."""
        return self.status is DraftStatus.OPEN

    @property
    def waits_for(self) -> list[str]:
        """Parties that have not signed what is still open."""
        signed = {signature.region for signature in self.signatures}
        return [region for region in self.agreement.parties if region not in signed] if self.is_open else []

    def state(self, now: int) -> VersionState:
        """How it stands at an instant, in UTC seconds."""
        match self.status:
            case DraftStatus.DECLINED:
                return VersionState.DECLINED
            case DraftStatus.WITHDRAWN:
                return VersionState.WITHDRAWN
            case DraftStatus.OPEN if self.agreement.valid_from < now:
                return VersionState.LAPSED
            case DraftStatus.OPEN:
                return VersionState.WAITING if self.signatures else VersionState.DRAFT
            case DraftStatus.SIGNED if now < self.agreement.valid_from:
                return VersionState.COMING
            case DraftStatus.SIGNED:
                return (
                    VersionState.IN_FORCE
                    if self.valid_to is None or now < self.valid_to
                    else VersionState.ENDED
                )


async def versions(pool: asyncpg.Pool, region: str | None = None) -> list[Version]:
    """Every version, or those that a region is a party of: pair by pair, what begins last first."""
    rows = await pool.fetch(
        """
        SELECT d.*, CASE WHEN a.id IS NULL THEN (d.terms ->> 'valid_to')::bigint ELSE a.valid_to END AS valid_to,
               coalesce(s.signatures, '[]') AS signatures
        FROM agreement_drafts d
        LEFT JOIN agreements a ON (a.id, a.version) = (d.id, d.version)
        LEFT JOIN LATERAL (
            SELECT jsonb_agg(to_jsonb(g) ORDER BY g.seq) AS signatures FROM agreement_signatures g
            WHERE (g.agreement, g.version) = (d.id, d.version)
        ) s ON true
        WHERE $1::text IS NULL OR d.terms -> 'parties' ? $1
        ORDER BY d.source, d.destination, (d.terms ->> 'valid_from')::bigint DESC, d.version DESC, d.id
        """,
        region,
    )
    return [_version(row) for row in rows]


async def version_of(
    pool: asyncpg.Pool, agreement: str, version: int, region: str | None = None
) -> Version | None:
    """One version, if there is one and a region, where one is named, is a party of it."""
    found = await versions(pool, region)
    name = (agreement, version)
    return next((one for one in found if (one.agreement.id, one.agreement.version) == name), None)


def before(version: Version, among: Sequence[Version]) -> Version | None:
    """The version of the same id and pair that was proposed before another, if there was one."""
    agreement = version.agreement
    earlier = [
        one
        for one in among
        if (one.agreement.id, one.agreement.source, one.agreement.destination)
        == (agreement.id, agreement.source, agreement.destination)
        and one.agreement.version < agreement.version
    ]
    return max(earlier, key=lambda one: one.agreement.version, default=None)


def _version(row: asyncpg.Record) -> Version:
    return Version(
        agreement=msgspec.json.decode(row["terms"], type=PairAgreement),
        valid_to=row["valid_to"],
        digest=row["digest"],
        proposed_by=PartyId(row["proposed_by"]),
        proposed_at=Instant(row["proposed_at"]),
        status=DraftStatus(row["status"]),
        ended=None if row["ended"] is None else msgspec.json.decode(row["ended"], type=Ending),
        signatures=msgspec.json.decode(row["signatures"], type=list[Signature]),
    )
