"""A play that ends early leaves nothing behind that waits or complains."""

import asyncio
import gc
from typing import Any

import pytest

from exchange.bus import Answer, HaltedError
from exchange.replay.run import sending

pytestmark = pytest.mark.anyio


async def test_what_is_on_its_way_when_a_play_ends_is_let_go() -> None:
    complaints = list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))

    async def never() -> Answer:
        return await asyncio.Event().wait()  # type: ignore[return-value]  # it never comes

    async def halted() -> Answer:
        raise HaltedError

    with pytest.raises(HaltedError):
        async with sending() as sent:
            sent += [asyncio.ensure_future(never()), asyncio.ensure_future(halted())]
            await asyncio.sleep(0)
            raise HaltedError
    assert [answer.cancelled() for answer in sent] == [True, False]
    sent.clear()
    gc.collect()
    assert complaints == []
