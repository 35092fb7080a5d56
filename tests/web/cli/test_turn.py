"""The turn to write: one at a time."""

import asyncio

import pytest

from exchange.persistence import database
from exchange.persistence.turn import WriterAtWorkError, holder, sole_writer


def test_only_one_may_write_and_the_next_one_is_told_who(database_url: str) -> None:
    async def story() -> None:
        async with sole_writer(database_url):
            with pytest.raises(WriterAtWorkError, match=r"writes to this venue .*since 20"):
                async with sole_writer(database_url):
                    raise AssertionError("two have the turn")
        async with sole_writer(database_url):
            pass

    asyncio.run(story())


def test_nobody_has_the_turn_of_an_idle_venue(database_url: str) -> None:
    async def story() -> None:
        connection = await database.connect(database_url)
        assert await holder(connection) is None
        async with sole_writer(database_url):
            assert await holder(connection) is not None
        await connection.close()

    asyncio.run(story())
