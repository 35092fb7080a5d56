"""The collector: it looks at young objects only, which is enough because the market makes no others in circles."""

import gc
from collections.abc import Iterator

import pytest

from exchange.collector import YOUNG_MAX, calm_collector, collector_resting, look_at_young
from tests.matching.laws import log_of
from tests.matching.strategies import SEED, WORLDS, worlds_of


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_what_has_grown_old_is_never_looked_at_again() -> None:
    looked_at: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            looked_at.append(info["generation"])

    calm_collector()
    gc.callbacks.append(note)
    try:
        kept = [[number] for number in range(50 * YOUNG_MAX)]
    finally:
        gc.callbacks.remove(note)
    assert len(kept) == 50 * YOUNG_MAX
    assert len(looked_at) >= 40
    assert set(looked_at) == {0}


def test_circles_that_die_young_are_freed() -> None:
    calm_collector()
    with collector_resting():
        circle: list[object] = []
        circle.append(circle)
        del circle
        before = gc.get_stats()[0]["collected"]
        look_at_young()
        assert gc.get_stats()[0]["collected"] == before + 1


def test_the_market_makes_nothing_that_refers_in_a_circle() -> None:
    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    drawn = worlds_of(SEED, WORLDS)[: WORLDS // 10]
    with collector_resting():
        gc.collect()
        events = sum(len(log_of(world)) for world in drawn)
        assert gc.collect() == 0
    assert events > WORLDS
