"""A venue's door for each test that asks."""

from collections.abc import AsyncIterator

import pytest

from tests.web.house import Door, open_door, open_market


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    async with open_door(database_url) as opened:
        yield opened


@pytest.fixture
async def market(database_url: str) -> AsyncIterator[Door]:
    async with open_market(database_url) as opened:
        yield opened
