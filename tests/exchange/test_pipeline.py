"""A pipeline begins work in order, never too much at once, and leaves nothing behind."""

import asyncio

import pytest

from exchange.jobs import AT_ONCE, BESIDE_OTHERS, QUIET_SECONDS, Pace
from exchange.pipeline import Pipeline

pytestmark = pytest.mark.anyio


class Works:
    """Pieces of work that last a moment, and what they did."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.at_once = self.most = 0

    async def one(self, name: str, *, fails: bool = False) -> None:
        self.told.append(f"{name} begins")
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(0.001)
        self.at_once -= 1
        if fails:
            raise ValueError(name)
        self.told.append(f"{name} ends")


async def test_so_many_are_at_work_at_once_and_begin_in_order() -> None:
    works = Works()
    async with Pipeline(3) as pipeline:
        for n in range(9):
            await pipeline.give(lambda n=n: works.one(str(n)))  # type: ignore[misc]
    assert works.most == 3
    assert works.at_once == 0
    assert [one for one in works.told if "begins" in one] == [f"{n} begins" for n in range(9)]


async def test_all_are_done_when_that_is_awaited() -> None:
    works = Works()
    async with Pipeline(2) as pipeline:
        await pipeline.give(lambda: works.one("a"))
        await pipeline.give(lambda: works.one("b"))
        await pipeline.all_done()
        assert works.told[-1] == "b ends"


async def test_a_fault_is_raised_later_and_what_has_begun_comes_to_its_end() -> None:
    works = Works()
    with pytest.raises(ValueError, match="bad"):
        async with Pipeline(2) as pipeline:
            await pipeline.give(lambda: works.one("bad", fails=True))
            await pipeline.give(lambda: works.one("good"))
            await pipeline.give(lambda: works.one("never"))
    assert works.told == ["bad begins", "good begins", "good ends"]


async def test_a_fault_of_the_last_one_is_not_lost() -> None:
    works = Works()
    with pytest.raises(ValueError, match="bad"):
        async with Pipeline(2) as pipeline:
            await pipeline.give(lambda: works.one("bad", fails=True))


def test_a_job_gives_more_at_once_while_nobody_else_asks() -> None:
    pace, later = Pace(), QUIET_SECONDS + 0.1
    assert pace.after(7, 0.0) == BESIDE_OTHERS, "who came before is not known"
    assert pace.after(8, 0.5) == BESIDE_OTHERS
    assert pace.after(9, later) == AT_ONCE
    assert pace.after(11, later) == BESIDE_OTHERS, "the tenth was somebody else's"
    assert pace.after(12, 2 * later) == AT_ONCE
    assert pace.after(3, 2 * later) == AT_ONCE, "one that was given before"
