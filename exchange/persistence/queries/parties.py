"""What the door and the clerk ask about parties: who holds a key, who is admitted, what is owed to whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import PartyId
from exchange.persistence.database import Pool
from exchange.state import Party, Role
from matching.terms import OwnerGroup, RegionCode
from settlement.ledger.chart import AccountKind


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A party, and the key that speaks for it."""

    party: Party
    key: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A party, and the place in the log of its admission."""

    party: Party
    seq: int


async def holder_of(pool: Pool, digest: str) -> KeyHolder | None:
    """Whose key has this digest, unless it is revoked."""
    row = await pool.fetchrow(
        "SELECT p.*, k.key FROM api_keys k JOIN parties p ON p.id = k.party WHERE k.digest = $1 AND NOT k.revoked",
        digest,
    )
    return None if row is None else KeyHolder(_party(row), row["key"])


async def holder_named(pool: Pool, party: str, key: str) -> KeyHolder | None:
    """The party that has this key, unless it is revoked."""
    row = await pool.fetchrow(
        "SELECT p.*, k.key FROM api_keys k JOIN parties p ON p.id = k.party "
        "WHERE k.party = $1 AND k.key = $2 AND NOT k.revoked",
        party,
        key,
    )
    return None if row is None else KeyHolder(_party(row), row["key"])


async def has_key(pool: Pool, party: str, key: str) -> bool:
    """Whether a party was ever given this key."""
    found = await pool.fetchval("SELECT true FROM api_keys WHERE party = $1 AND key = $2", party, key)
    return found is not None


async def party_of(pool: Pool, party: str) -> Admitted | None:
    """One party."""
    row = await pool.fetchrow("SELECT * FROM parties WHERE id = $1", party)
    return None if row is None else _admitted(row)


async def names_of(pool: Pool, parties: Iterable[str]) -> dict[str, str]:
    """What these parties are called."""
    rows = await pool.fetch("SELECT id, name FROM parties WHERE id = ANY($1::text[])", list(set(parties)))
    return {row["id"]: row["name"] for row in rows}


async def registered(pool: Pool, parties: Iterable[str]) -> dict[str, Party]:
    """These parties, by their ids."""
    rows = await pool.fetch("SELECT * FROM parties WHERE id = ANY($1::text[])", list(set(parties)))
    return {row["id"]: _party(row) for row in rows}


async def parties(pool: Pool, before: int | None, most: int) -> list[Admitted]:
    """Every party, the newest first, before a place in the log."""
    rows = await pool.fetch(
        "SELECT * FROM parties WHERE $1::bigint IS NULL OR seq < $1 ORDER BY seq DESC LIMIT $2", before, most
    )
    return [_admitted(row) for row in rows]


async def balances(pool: Pool, owner: str) -> Mapping[AccountKind, int]:
    """What is owed to an owner on each of its accounts, in fen; what it counts of carbon is in grams."""
    rows = await pool.fetch("SELECT kind, amount FROM balances WHERE owner = $1", owner)
    return {AccountKind(row["kind"]): row["amount"] for row in rows}


def _admitted(row: asyncpg.Record) -> Admitted:
    return Admitted(_party(row), row["seq"])


def _party(row: asyncpg.Record) -> Party:
    return Party(
        id=PartyId(row["id"]),
        name=row["name"],
        roles=frozenset(Role(role) for role in msgspec.json.decode(row["roles"])),
        region=RegionCode(row["region"]),
        group=OwnerGroup(row["group"]),
    )
