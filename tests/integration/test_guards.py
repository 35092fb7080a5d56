"""The last line: what the database itself refuses, whoever asks; and that its shape is the one we write for."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import CheckConstraint, Table

from exchange.persistence import database
from exchange.persistence.migrate import drift, missing, upgrade
from exchange.persistence.tables.every import LOG, METERS, USAGE, metadata
from settlement.ledger.chart import CONTRA

pytestmark = pytest.mark.anyio

POSTING = "INSERT INTO postings (seq, n, leg, owner, kind, book, amount) VALUES "
AGREEMENT = (
    "INSERT INTO agreements (id, version, source, destination, valid_from, valid_to, terms, seq) VALUES "
)
DELIVERY = (
    "INSERT INTO delivery_records (party, meter, sequence, lease, slot, delivered, status, batch) VALUES "
)


async def refusal(url: str, *statements: str) -> str:
    """The constraint or message with which the last statement is refused; the others are taken back."""
    connection = await database.connect(url, database.NO_ROLE)
    try:
        transaction = connection.transaction()
        await transaction.start()
        for statement in statements[:-1]:
            await connection.execute(statement)
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.execute(statements[-1])
        return refused.value.constraint_name or str(refused.value)
    finally:
        await connection.close()


async def taken(url: str, *statements: str) -> None:
    """Statements that nothing refuses, taken back."""
    connection = await database.connect(url, database.NO_ROLE)
    try:
        transaction = connection.transaction()
        await transaction.start()
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_entries_that_do_not_balance(season_url: str) -> None:
    lonely = await refusal(season_url, POSTING + "(1000000, 0, 0, 'ann', 'available', 'money', 5)")
    assert lonely == "entry 1000000.0 does not balance in the money book: 5 too much"
    crossed = await refusal(
        season_url,
        POSTING
        + "(1000000, 0, 0, 'ann', 'available', 'money', 5), (1000000, 0, 1, 'west', 'tax', 'memo', -5)",
    )
    assert crossed.startswith("entry 1000000.0 does not balance in the m")
    between = await refusal(
        season_url,
        POSTING
        + "(1000000, 0, 0, 'ann', 'held', 'money', 5), (1000000, 1, 0, 'ann', 'available', 'money', -5)",
    )
    assert "does not balance" in between, "each entry by itself"


async def test_postings_that_move_nothing(season_url: str) -> None:
    assert (
        await refusal(season_url, POSTING + "(1000000, 0, 0, 'ann', 'available', 'money', 0)")
        == "ck_postings_moves_something"
    )


@pytest.mark.parametrize("table", [table.name for table in LOG])
@pytest.mark.parametrize("change", ["UPDATE {} SET seq = seq", "DELETE FROM {}", "TRUNCATE {}"])
async def test_changes_of_the_log(season_url: str, table: str, change: str) -> None:
    refused = await refusal(season_url, change.format(table))
    assert refused.startswith("log and usage are never changed: ")


@pytest.mark.parametrize("table", [table.name for table in USAGE])
@pytest.mark.parametrize("change", ["UPDATE {} SET party = party", "DELETE FROM {}", "TRUNCATE {}"])
async def test_changes_of_usage(season_url: str, table: str, change: str) -> None:
    refused = await refusal(season_url, change.format(table))
    assert refused.startswith("log and usage are never changed: ")


@pytest.mark.parametrize("table", METERS, ids=lambda table: table.name)
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
async def test_changes_of_chains_and_disputes(season_url: str, table: Table, change: str) -> None:
    refused = await refusal(season_url, change.format(table.name, table.columns[0].name))
    assert refused.startswith("log and usage are never changed: ")


async def test_balances_below_zero_but_for_the_contra_accounts(season_url: str) -> None:
    below = "INSERT INTO balances (owner, kind, amount) VALUES ('eve', '{}', -1)"
    for kind in ("available", "held", "payable", "fee_income", "revenue", "tax"):
        assert await refusal(season_url, below.format(kind)) == "ck_balances_not_below_zero"
    await taken(season_url, *(below.format(kind) for kind in CONTRA))


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        ("('b', 1, 'east', 'west', 150, 250, '{}', 2)", True),
        ("('a', 2, 'east', 'west', 199, NULL, '{}', 2)", True),
        ("('b', 1, 'east', 'west', 200, NULL, '{}', 2)", False),
        ("('b', 1, 'west', 'east', 150, 250, '{}', 2)", False),
    ],
)
async def test_agreements_of_one_pair_that_overlap(season_url: str, second: str, refused: bool) -> None:
    both = (AGREEMENT + "('a', 1, 'east', 'west', 100, 200, '{}', 1)", AGREEMENT + second)
    if refused:
        assert await refusal(season_url, *both) == "ex_agreements_overlap"
    else:
        await taken(season_url, *both)


async def test_slots_that_are_reported_twice(season_url: str) -> None:
    first = DELIVERY + "('sun', 'm', 1, 'lse-1', 7, 5, 'accepted', 1)"
    again = DELIVERY + "('sun', 'm', 2, 'lse-1', 7, 5, 'accepted', 1)"
    assert await refusal(season_url, first, again) == "ix_delivery_records_slot"
    assert await refusal(season_url, DELIVERY + "('sun', 'm', 3, 'lse-1', 8, -1, 'accepted', 1)") == (
        "ck_delivery_records_not_negative"
    )


async def test_a_lease_that_is_settled_beyond_its_end(season_url: str) -> None:
    lease = (
        "INSERT INTO leases "
        "VALUES ('lse-1', 'o', 'l', 'b', 's', 'e', 'w', 1, 1, 0, 5, '[]', 5, 5, 5, 5, {}, 600, 1)"
    )
    assert await refusal(season_url, lease.format(-1)) == "ck_leases_not_settled_twice"


async def test_every_check_of_the_tables_is_in_the_database(season_url: str) -> None:
    """Alembic compares columns, indexes and unique constraints, and leaves these to us."""
    wanted = {
        constraint.name
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    connection = await database.connect(season_url)
    rows = await connection.fetch("SELECT conname FROM pg_constraint WHERE contype = 'c'")
    await connection.close()
    assert wanted <= {row["conname"] for row in rows}


async def test_one_writer_row_and_one_clock(season_url: str) -> None:
    assert await refusal(season_url, "INSERT INTO writer VALUES (true, 1)") == "pk_writer"
    assert await refusal(season_url, "INSERT INTO writer VALUES (false, 1)") == "ck_writer_one_row"
    assert await refusal(season_url, 'INSERT INTO venue ("only") VALUES (true)') == "pk_venue"


async def test_readers_cannot_write(season_url: str) -> None:
    async with await database.reading_pool(season_url) as readers:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await readers.execute("DELETE FROM parties")


def test_an_empty_database_is_brought_to_the_shape_that_the_code_writes_for(empty_database_url: str) -> None:
    lacking = missing(empty_database_url)
    assert lacking
    assert lacking == sorted(lacking)
    upgrade(empty_database_url)
    assert missing(empty_database_url) == []
    assert drift(empty_database_url) == []
    upgrade(empty_database_url)
    assert missing(empty_database_url) == []


def test_drift_is_seen(empty_database_url: str) -> None:
    upgrade(empty_database_url)

    async def add_a_column() -> None:
        connection = await database.connect(empty_database_url, database.NO_ROLE)
        await connection.execute("ALTER TABLE parties ADD COLUMN stray text")
        await connection.close()

    asyncio.run(add_a_column())
    assert len(drift(empty_database_url)) == 1
