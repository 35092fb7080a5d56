"""What buyers, sellers and the clerk ask about token contracts."""

from dataclasses import dataclass

import asyncpg

from exchange.persistence.database import Pool
from exchange.state import ContractId, Instant, MicroYuan, PartyId
from matching.terms import RegionCode
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class StoredContract:
    """A contract as it stands. Prices are micro-yuan per million tokens; `left` is what remains of the budget."""

    id: ContractId
    buyer: PartyId
    seller: PartyId
    source: RegionCode
    destination: RegionCode
    input_price: MicroYuan
    output_price: MicroYuan
    budget: Fen
    left: Fen
    begins: Instant
    ends: Instant
    status: str
    seq: int


async def contract_of(pool: Pool, party: str | None, contract: str) -> StoredContract | None:
    """One contract of a party, or anybody's where no party is named."""
    row = await pool.fetchrow(
        "SELECT * FROM contracts WHERE id = $1 AND ($2::text IS NULL OR $2 IN (buyer, seller))",
        contract,
        party,
    )
    return None if row is None else _contract(row)


async def contracts_of(pool: Pool, party: str | None, before: int | None, most: int) -> list[StoredContract]:
    """A party's contracts, or everybody's, the newest first, before a place in the log."""
    rows = await pool.fetch(
        "SELECT * FROM contracts WHERE ($1::text IS NULL OR $1 IN (buyer, seller)) "
        "AND ($2::bigint IS NULL OR seq < $2) ORDER BY seq DESC LIMIT $3",
        party,
        before,
        most,
    )
    return [_contract(row) for row in rows]


def _contract(row: asyncpg.Record) -> StoredContract:
    return StoredContract(
        id=ContractId(row["id"]),
        buyer=PartyId(row["buyer"]),
        seller=PartyId(row["seller"]),
        source=RegionCode(row["source"]),
        destination=RegionCode(row["destination"]),
        input_price=MicroYuan(row["input_price"]),
        output_price=MicroYuan(row["output_price"]),
        budget=Fen(row["budget"]),
        left=Fen(row["left"]),
        begins=Instant(row["begins"]),
        ends=Instant(row["ends"]),
        status=row["status"],
        seq=row["seq"],
    )
