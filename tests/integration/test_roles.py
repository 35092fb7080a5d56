"""What the venue's roles may do: to add, and to change what changes; never to touch what is for ever."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from exchange.persistence import database
from exchange.persistence.database import Connection
from exchange.persistence.migrate import GRANTS, missing, upgrade
from exchange.persistence.roles import ADDED_TO, CHANGED, READER, VENUE
from exchange.persistence.tables.every import metadata
from exchange.persistence.turn import hold_usage
from tests.integration.conftest import execute

pytestmark = pytest.mark.anyio

UPDATE, DELETE, TRUNCATE = "UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Connection]:
    connection = await database.connect(database_url, database.NO_ROLE)
    yield connection
    await connection.close()


def test_every_table_has_its_place_in_one_list() -> None:
    """A new table fails here: put it into `ADDED_TO` if its rows stay as they are, and else into `CHANGED`."""
    named = [table.name for table in (*ADDED_TO, *CHANGED)]
    assert sorted(named) == sorted(metadata.tables)


async def test_tables_with_a_guard_are_not_among_those_that_change(owner: Connection) -> None:
    rows = await owner.fetch(
        "SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname = 'append_only'"
    )
    guarded = {row["name"] for row in rows}
    assert len(guarded) == 15
    assert guarded <= {table.name for table in ADDED_TO}


async def refusals(connection: Connection, *statements: str) -> list[str]:
    """Why each is refused, or nothing where it is not; all is taken back."""
    said = []
    for statement in statements:
        part = connection.transaction()
        await part.start()
        try:
            await connection.execute(statement)
            said.append("")
        except asyncpg.InsufficientPrivilegeError as refused:
            said.append(str(refused))
        await part.rollback()
    return said


@pytest.mark.parametrize("role", [VENUE, READER])
async def test_no_role_changes_what_is_for_ever_even_where_no_trigger_is_at_work(
    owner: Connection, role: str
) -> None:
    forbidden = {table: [UPDATE, DELETE, TRUNCATE] for table in ADDED_TO}
    forbidden |= {
        table: [DELETE, TRUNCATE] if role == VENUE else [UPDATE, DELETE, TRUNCATE] for table in CHANGED
    }
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        for table, changes in forbidden.items():
            statements = [change.format(table.name, f'"{[*table.columns][-1].name}"') for change in changes]
            assert await refusals(owner, *statements) == [""] * len(changes), (
                "the owner can, without triggers"
            )
            await owner.execute(f"SET LOCAL ROLE {role}")
            denied = f"permission denied for table {table.name}"
            assert await refusals(owner, *statements) == [denied] * len(changes)
            await owner.execute("SET LOCAL ROLE NONE")


async def test_the_venue_cannot_take_the_guards_away(owner: Connection) -> None:
    attempts = (
        "ALTER TABLE commands DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON commands",
        "DROP TABLE postings",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER mine BEFORE INSERT ON postings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        "SET session_replication_role = replica",
        "LOCK TABLE usage_batches IN EXCLUSIVE MODE",
    )
    assert await refusals(owner, *attempts) == [""] * len(attempts), "the owner can"
    await owner.execute(f"SET ROLE {VENUE}")
    assert "" not in await refusals(owner, *attempts)


@pytest.mark.parametrize(("settings", "role"), [(database.WRITING, VENUE), (database.READING, READER)])
async def test_a_session_keeps_its_role_unless_it_says_otherwise(
    database_url: str, settings: database.Settings, role: str
) -> None:
    """`SET ROLE NONE` leads back to the user who logged in: where that is the owner, it has the owner's rights."""
    connection = await database.connect(database_url, settings)
    for statement in ("RESET ROLE", "RESET ALL"):
        await connection.execute(statement)
        assert await connection.fetchval("SELECT current_user") == role
    await connection.execute("SET ROLE NONE")
    assert await connection.fetchval("SELECT current_user") != role
    await connection.close()


async def test_readers_cannot_write_even_in_a_transaction_that_may(database_url: str) -> None:
    async with await database.reading_pool(database_url) as readers, readers.acquire() as reader:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with reader.transaction():
                await reader.execute("SET TRANSACTION READ WRITE")
                await reader.execute("INSERT INTO gateway_events (id, kind, created) VALUES ('evt', '', 0)")


@pytest.mark.parametrize(
    "stray", [f"GRANT DELETE ON commands TO {VENUE}", f"REVOKE INSERT ON orders FROM {VENUE}"]
)
def test_rights_that_are_not_as_they_should_be_are_seen_and_set_right(database_url: str, stray: str) -> None:
    assert missing(database_url) == []
    execute(database_url, stray)
    assert missing(database_url) == [GRANTS]
    upgrade(database_url)
    assert missing(database_url) == []


async def test_who_adds_usage_next_reads_what_was_added_before(database_url: str) -> None:
    """The lock is let go of when the commit can be seen, and no sooner."""
    numbers: list[int] = []

    async def add() -> None:
        connection = await database.connect(database_url, database.WRITING)
        for _ in range(25):
            async with connection.transaction():
                await hold_usage(connection)
                last: int = await connection.fetchval("SELECT count(*) FROM gateway_events")
                await connection.execute(
                    "INSERT INTO gateway_events (id, kind, created) VALUES ($1, '', 0)", str(last)
                )
            numbers.append(last)
        await connection.close()

    await asyncio.gather(*(add() for _ in range(4)))
    assert sorted(numbers) == list(range(100))
