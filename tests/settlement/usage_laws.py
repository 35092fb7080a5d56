"""What every engine has to keep.

An engine is reached through a backend, so that a broken one can stand in for it.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import permutations

import pytest

from settlement.usage import sums
from settlement.usage.records import Record, UsageError
from settlement.usage.sums import Sum, UsageEngine
from tests.settlement import usage_worlds

Backend = Callable[[Iterable[Sequence[object]]], Awaitable[UsageEngine]]
"""Stores rows of usage where an engine finds them, whatever is wrong with them, and gives that engine."""

Law = Callable[[Backend], Awaitable[None]]


def by_hand(records: Iterable[Record]) -> list[Sum]:
    """The same sums, one Python integer after the other."""
    found: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for record in records:
        known = found[record.subject, record.segment, record.meter]
        for n, amount in enumerate(
            (1, record.contracted, record.delivered, record.contracted * record.price)
        ):
            known[n] += amount
    return [Sum(*key, *amounts) for key, amounts in found.items()]  # type: ignore[arg-type]


async def sums_are_those_of_python(backend: Backend) -> None:
    records = usage_worlds.hard() + usage_worlds.drawn(seed=1)
    engine = await backend(records)
    assert sums.encoded(await engine.sums()) == sums.encoded(by_hand(records))


async def sums_are_python_integers(backend: Backend) -> None:
    engine = await backend(usage_worlds.hard())
    found = await engine.sums()
    assert {type(amount) for one in found for amount in one[3:]} == {int}
    assert max(one.accumulated for one in found) == usage_worlds.WHALE**2 > 2**63


async def shards_in_any_order_are_the_whole(backend: Backend) -> None:
    records = usage_worlds.hard() + usage_worlds.drawn(seed=2, count=300)
    shards = [await (await backend(records[n::3])).sums() for n in range(3)]
    whole = sums.digest(by_hand(records))
    assert {sums.digest(sums.merged(order)) for order in permutations(shards)} == {whole}


async def a_hole_is_refused(backend: Backend) -> None:
    sound = usage_worlds.hard()
    for row in usage_worlds.holed():
        engine = await backend([*sound, row])
        with pytest.raises(UsageError, match="lack"):
            await engine.sums()


async def a_sum_of_more_than_38_digits_is_refused(backend: Backend) -> None:
    for times in (1, 4):
        engine = await backend(usage_worlds.TOO_MUCH * times)
        with pytest.raises(UsageError, match="38 digits"):
            await engine.sums()


async def nothing_comes_of_nothing(backend: Backend) -> None:
    engine = await backend([])
    assert await engine.sums() == []


LAWS: tuple[Law, ...] = (
    sums_are_those_of_python,
    sums_are_python_integers,
    shards_in_any_order_are_the_whole,
    a_hole_is_refused,
    a_sum_of_more_than_38_digits_is_refused,
    nothing_comes_of_nothing,
)
