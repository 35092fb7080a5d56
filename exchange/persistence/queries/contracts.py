"""What buyers, sellers and the clerk ask about token contracts."""

from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import ContractId, Instant, PackageId, PartyId, RunId, VoucherId
from exchange.persistence.database import Pool
from matching.terms import RegionCode
from settlement.money import BasisPoints, Fen
from settlement.rating.tokens import TokenTariff


@dataclass(frozen=True, slots=True)
class StoredPackage:
    """A package of tokens as it stands. `charged_in` is the run that has charged its price: None if none has yet."""

    id: PackageId
    tokens: int
    left: int
    price: Fen
    begins: Instant
    ends: Instant
    charged_in: RunId | None

    @property
    def is_due(self) -> bool:
        """Whether its price is still held."""
        return self.price > 0 and self.charged_in is None


@dataclass(frozen=True, slots=True)
class StoredContract:
    """A contract as it stands. `tariffs` are its prices by version; `left` is what remains of the budget.

    `vouchers` is how much it held of which when it was opened.
    """

    id: ContractId
    buyer: PartyId
    seller: PartyId
    source: RegionCode
    destination: RegionCode
    tariffs: tuple[TokenTariff, ...]
    packages: tuple[StoredPackage, ...]
    vouchers: tuple[tuple[VoucherId, Fen], ...]
    line: str
    vat_rate_bp: BasisPoints
    budget: Fen
    left: Fen
    begins: Instant
    ends: Instant
    status: str
    seq: int


async def contract_of(pool: Pool, party: str | None, contract: str) -> StoredContract | None:
    """One contract of a party, or anybody's where no party is named."""
    row = await pool.fetchrow(
        f"{CONTRACTS} WHERE id = $1 AND ($2::text IS NULL OR $2 IN (buyer, seller))",
        contract,
        party,
    )
    return None if row is None else _contract(row)


async def contracts_of(pool: Pool, party: str | None, before: int | None, most: int) -> list[StoredContract]:
    """A party's contracts, or everybody's, the newest first, before a place in the log."""
    rows = await pool.fetch(
        f"{CONTRACTS} WHERE ($1::text IS NULL OR $1 IN (buyer, seller)) "
        "AND ($2::bigint IS NULL OR seq < $2) ORDER BY seq DESC LIMIT $3",
        party,
        before,
        most,
    )
    return [_contract(row) for row in rows]


CONTRACTS = """
    SELECT c.*, (SELECT json_agg(p ORDER BY p.version) FROM contract_prices p WHERE p.contract = c.id) AS tariffs,
           (SELECT json_agg(p ORDER BY p.seq) FROM token_packages p WHERE p.contract = c.id) AS packages,
           (SELECT json_agg(json_build_array(m.voucher, m.amount) ORDER BY m.voucher) FROM voucher_moves m
            WHERE m.subject = c.id AND m.kind = 'held') AS vouchers
    FROM contracts c
"""
"""Contracts, each with every version of its prices, for `tariffs_of`, with its packages, for `packages_of`, and vouchers."""


def tariffs_of(versions: str) -> tuple[TokenTariff, ...]:
    """Versions as they are read: none of them ends but by the next."""
    return tuple(
        TokenTariff(
            version=one["version"],
            valid_from=one["begins"],
            valid_to=None,
            input_price=one["input_price"],
            cached_input_price=one["cached_input_price"],
            output_price=one["output_price"],
        )
        for one in msgspec.json.decode(versions)
    )


def packages_of(packages: str | None) -> tuple[StoredPackage, ...]:
    """Packages as they are read, in the order in which they were added."""
    return () if packages is None else tuple(_packages.decode(packages))


_packages = msgspec.json.Decoder(list[StoredPackage])
_vouchers = msgspec.json.Decoder(tuple[tuple[VoucherId, Fen], ...])


def _contract(row: asyncpg.Record) -> StoredContract:
    return StoredContract(
        id=ContractId(row["id"]),
        buyer=PartyId(row["buyer"]),
        seller=PartyId(row["seller"]),
        source=RegionCode(row["source"]),
        destination=RegionCode(row["destination"]),
        tariffs=tariffs_of(row["tariffs"]),
        packages=packages_of(row["packages"]),
        vouchers=_vouchers.decode(row["vouchers"] or "[]"),
        line=row["line"],
        vat_rate_bp=BasisPoints(row["vat_rate_bp"]),
        budget=Fen(row["budget"]),
        left=Fen(row["left"]),
        begins=Instant(row["begins"]),
        ends=Instant(row["ends"]),
        status=row["status"],
        seq=row["seq"],
    )
