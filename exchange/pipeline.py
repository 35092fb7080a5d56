"""Work that overlaps: a few pieces are on their way at once, begun in the order in which they were given."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self


class Pipeline:
    """At most so many pieces of work at once, which may change on the way. Leaving the block waits for what has begun.

    What a piece raises is raised where the next one is given, or where all are awaited.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._begun: deque[asyncio.Task[None]] = deque()

    async def give(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin some work as soon as there is room for it."""
        while len(self._begun) >= self.most:
            await self._begun.popleft()
        self._begun.append(asyncio.create_task(work()))

    async def all_done(self) -> None:
        """Wait until nothing is on its way."""
        while self._begun:
            await self._begun.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        ends = await asyncio.gather(*self._begun, return_exceptions=True)
        self._begun.clear()
        failed = next((end for end in ends if isinstance(end, BaseException)), None)
        if fault is None and failed is not None:
            raise failed
