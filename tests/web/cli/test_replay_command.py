"""Replay and bench on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from exchange.bench import Figure
from exchange.replay.assumptions import DEFAULTS, describe
from tests.web.cli.conftest import Suanli
from web.cli import bench, replay


def test_every_assumption_is_an_option(suanli: Suanli) -> None:
    told = suanli("replay", "--help").stdout
    assert all(f"--{option} " in told for option, _, _ in describe(DEFAULTS))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--supply", "plenty"), "supply should be a number"),
        (("--sellers", "0"), "sellers should be at least 1"),
        (("--buyer-regions", "nowhere"), "The catalogue has no region"),
        (("--trace", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_assumed_is_bad_usage(
    suanli: Suanli, arguments: tuple[str, ...], sentence: str
) -> None:
    told = suanli("replay", *arguments)
    assert told.exit_code == 2
    assert sentence in told.stderr


@pytest.mark.integration
def test_a_replay_reports_and_given_again_changes_nothing(suanli: Suanli) -> None:
    first = suanli("replay", "--scale", 20, "--seed", 3, "--json")
    assert first.exit_code == 0, first.stderr
    report = json.loads(first.stdout)
    assumed = next(section for section in report["sections"] if section["name"] == "assumptions")["rows"]
    assert {"option": "seed", "value": "3"}.items() <= next(
        row for row in assumed if row["option"] == "seed"
    ).items()
    again = suanli("replay", "--scale", 20, "--seed", 3)
    assert again.exit_code == 0, again.stderr
    assert f"digest: {report['digest']}" in again.stdout
    assert report["orders"] == 20


def _figure(name: str, *, met: bool) -> Figure:
    return Figure(name, 1.0, "s", "peer", 2.0, 0.5, "less", met)


@pytest.mark.integration
def test_the_bench_fails_where_a_figure_is_not_met(
    suanli: Suanli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    figures = [_figure("order", met=True), _figure("restart", met=False)]

    async def measured(*_: Any) -> list[Figure]:
        return figures

    monkeypatch.setattr(bench, "measure", measured)
    command = ("bench", "--scale", 10, "--data-dir", tmp_path / "bench")
    assert suanli(*command).exit_code == 1
    figures.pop()
    told = suanli(*command, "--json")
    assert told.exit_code == 0
    assert [figure["name"] for figure in json.loads(told.stdout)] == ["order"]


@pytest.mark.integration
def test_a_replay_that_is_stopped_says_so(suanli: Suanli, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(replay, "run", interrupted)
    told = suanli("replay", "--scale", 20, "--json")
    assert (told.exit_code, told.stdout, told.stderr.splitlines()[1:]) == (130, "", ["Stopped."])
