"""`suanli bench matching`: what it prints, at a scale that takes no time."""

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exchange.bench import Figure
from exchange.benches import elastic, plain_books, quotes
from exchange.benches import matching as benched
from exchange.benches.adversarial import Trap
from exchange.benches.elastic import Load
from exchange.benches.plain_books import BookRun, Peers
from tests.web.cli.conftest import Suanli
from web.cli import bench_matching

TINY = ("bench", "matching", "--scale", 20, "--commands", 100)


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Starting a process for each of some dozen measurements takes longer than they do.

    So would their collections, if they looked at all that other tests have left in this one.
    """

    def here(work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    monkeypatch.setattr(benched, "fresh", here)
    monkeypatch.setattr(benched, "TRAP_COMMANDS", 20)
    monkeypatch.setattr(quotes, "TRADED", 20)
    for load in Load:
        monkeypatch.setitem(elastic.COMMANDS, load, 50)
    gc.freeze()
    yield
    gc.unfreeze()


def test_it_gives_a_figure_for_each_load_and_says_what_was_run(suanli: Suanli) -> None:
    told = suanli(*TINY, "--seed", 3, "--json")
    assert told.exit_code in {0, 1}, "figures may fall short on a slow machine"
    document = json.loads(told.stdout)
    assert document["matcher"] in {"compiled", "plain Python"}
    assert (document["scale"], document["commands"], document["seed"]) == (20, 100, 3)
    assert document["left_out"] == ["plain order books"]
    names = [figure["name"] for figure in document["figures"]]
    for wanted in (*Load, *Trap, "quotes: gangs", "collector", "memory of each", "blocks of memory"):
        assert any(str(wanted) in name for name in names), wanted
    assert {"value", "unit", "peer", "peer_value", "ratio", "wanted", "met"} < document["figures"][0].keys()
    assert told.exit_code == (0 if all(figure["met"] for figure in document["figures"]) else 1)


def test_people_get_a_table_and_are_told_what_is_left_out(suanli: Suanli) -> None:
    told = suanli(*TINY)
    assert told.stdout.startswith("The matcher runs as ")
    assert "A8 a gang larger than the book" in told.stdout
    assert told.stdout.endswith(f"{bench_matching.NO_PEERS}\n")


def test_the_exit_code_says_whether_all_figures_are_met(
    suanli: Suanli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for met in (True, False):
        figure = Figure("order", 1.0, "s", "peer", 2.0, 0.5, "less", met)
        monkeypatch.setattr(bench_matching, "measure_matching", lambda *_, one=figure: iter([one]))
        assert suanli(*TINY).exit_code == (0 if met else 1)


def test_plain_order_books_stand_beside_the_peers_that_are_installed(
    suanli: Suanli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Peers, "generate", lambda *_: None)
    monkeypatch.setattr(Peers, "installed", lambda _: ["liquibook"])
    monkeypatch.setattr(Peers, "rate", lambda *_: 50.0)
    monkeypatch.setattr(plain_books, "run", lambda _: BookRun(100.0, 7, as_expected=False))
    document = json.loads(suanli(*TINY, "--peers", tmp_path, "--json").stdout)
    books = {figure["name"]: figure for figure in document["figures"] if "workload A" in figure["name"]}
    assert [figure["ratio"] for figure in books.values()] == [100 / benched.BOOK_RATE, 2.0]
    assert "NOT as expected" in next(iter(books))
    assert not next(iter(books.values()))["met"]
    assert document["left_out"] == []


def test_peers_that_cannot_be_run_are_bad_usage(suanli: Suanli, tmp_path: Path) -> None:
    told = suanli(*TINY, "--peers", tmp_path, "--python", "nowhere/python")
    assert told.exit_code == 2
    assert "nowhere/python can't be run" in told.stderr
