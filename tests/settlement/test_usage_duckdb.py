"""DuckDB keeps the laws of every engine; and each law breaks for an engine that is broken on purpose."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from settlement.usage import duckdb_engine, sums
from settlement.usage.duckdb_engine import DuckDBEngine
from settlement.usage.records import UsageError
from settlement.usage.sums import Sum, UsageEngine
from tests.settlement import usage_laws
from tests.settlement.usage_files import file_of
from tests.settlement.usage_laws import LAWS, Backend, Law

pytestmark = pytest.mark.anyio

sound_question = sums.question


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    async def over(rows: Iterable[Sequence[object]]) -> UsageEngine:
        return DuckDBEngine([file_of(tmp_path, rows)])

    return over


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_duckdb_keeps(law: Law, backend: Backend) -> None:
    await law(backend)


def instead(part: str, of: str) -> Callable[[str, str], str]:
    """The question with one part of it changed."""

    def question(records: str, exact: str) -> str:
        asked = sound_question(records, exact)
        assert of in asked, "the sabotage itself is broken"
        return asked.replace(of, part, 1)

    return question


PRODUCT = "sum(CAST(contracted AS HUGEINT) * CAST(price AS HUGEINT))"
BROKEN: dict[str, tuple[Callable[[str, str], str], Law]] = {
    "floats": (
        instead("sum(CAST(contracted AS DOUBLE) * price)", PRODUCT),
        usage_laws.sums_are_those_of_python,
    ),
    "rounds each record": (
        instead("sum(CAST(contracted AS HUGEINT) * price // 10 * 10)", PRODUCT),
        usage_laws.sums_are_those_of_python,
    ),
    "prices the sum": (
        instead("sum(CAST(contracted AS HUGEINT)) * max(price)", PRODUCT),
        usage_laws.sums_are_those_of_python,
    ),
    "counts what is alike once": (
        instead("sum(DISTINCT CAST(contracted AS HUGEINT)", "sum(CAST(contracted AS HUGEINT)"),
        usage_laws.sums_are_those_of_python,
    ),
    "forgets corrections": (
        instead("GREATEST(CAST(contracted AS HUGEINT), 0)", "CAST(contracted AS HUGEINT)"),
        usage_laws.sums_are_those_of_python,
    ),
    "answers in decimals": (
        instead("CAST(sum(CAST(delivered AS HUGEINT)) AS DOUBLE)", "sum(CAST(delivered AS HUGEINT))"),
        usage_laws.sums_are_python_integers,
    ),
    "one group too wide": (
        instead("'s' AS segment,", "segment,"),
        usage_laws.shards_in_any_order_are_the_whole,
    ),
    "passes over holes": (
        instead("THEN 0 ELSE", "THEN 1 ELSE"),
        usage_laws.a_hole_is_refused,
    ),
    "invents a sum": (
        instead("GROUP BY GROUPING SETS ((subject, segment, meter), ())", "GROUP BY subject, segment, meter"),
        usage_laws.nothing_comes_of_nothing,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_engine_breaks_its_law(
    name: str, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, law = BROKEN[name]
    monkeypatch.setattr(duckdb_engine, "question", question)
    with pytest.raises((AssertionError, UsageError, pytest.fail.Exception)):
        await law(backend)


async def test_a_merge_that_loses_a_shard_breaks_its_law(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lossy(shards: Iterable[Iterable[Sum]]) -> list[Sum]:
        return list({one[:3]: one for shard in shards for one in shard}.values())

    monkeypatch.setattr(sums, "merged", lossy)
    with pytest.raises(AssertionError):
        await usage_laws.shards_in_any_order_are_the_whole(backend)


async def test_a_bound_that_is_not_looked_at_breaks_its_law(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sums, "SUM_MAX", 10**99)
    with pytest.raises(pytest.fail.Exception):
        await usage_laws.a_sum_of_more_than_38_digits_is_refused(backend)


@pytest.mark.parametrize("answered", [1.0, 2.5, Decimal("0.5"), None, True, "7"])
def test_an_answer_that_is_no_whole_number_is_refused(answered: object) -> None:
    with pytest.raises(UsageError, match="no integer"):
        sums.sums_of([("lse-1", "s", "card_seconds", 1, 1, 1, answered, False)])


def test_a_decimal_of_38_digits_arrives_whole() -> None:
    """The default context of decimals has 28 digits: nothing may be worked out in it."""
    [found] = sums.sums_of([("lse-1", "s", "card_seconds", 1, 1, 1, Decimal(10**38 - 1), False)])
    assert (found.accumulated, type(found.accumulated)) == (10**38 - 1, int)
