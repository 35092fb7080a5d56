"""The clerk without a server, and what is no server; one with a server is in test_serve.py."""

import json
import os
from pathlib import Path

import pytest

from tests.web.cli.conftest import Suanli
from web.cli.folder import Server, announced, announced_server

pytestmark = pytest.mark.integration

ANN = ("ann-lab", "--name", "Ann Laboratory", "--role", "buyer", "--region", "310000")


def test_without_a_server_the_clerk_opens_the_venue(suanli: Suanli) -> None:
    admitted = suanli("party", "add", *ANN)
    assert (admitted.exit_code, admitted.stdout.split(".")[0]) == (0, "Ann Laboratory is admitted as ann-lab")
    key = json.loads(suanli("party", "key", "ann-lab", "--json").stdout)
    assert key["token"].startswith(f"sk_{key['key']}_")
    _deposits(suanli)
    assert {party["id"] for party in json.loads(suanli("party", "list", "--json").stdout)} == {
        "ann-lab",
        "clerk",
    }
    again = suanli("party", "add", *ANN)
    assert again.exit_code == 4
    assert again.stderr.startswith("The venue has refused (party_exists)")
    _closing_is_refused(suanli)
    _made_up_trades_are_kept_out(suanli)


def _deposits(suanli: Suanli) -> None:
    """A reference is booked once, whether it comes again alike or otherwise."""
    for _ in range(2):
        booked = suanli("deposit", "ann-lab", "1234.50", "--reference", "bank-17", "--json")
        assert booked.exit_code == 0, booked.stderr
        assert json.loads(booked.stdout)["amount_fen"] == 123_450
    other = suanli("deposit", "ann-lab", "99.99", "--reference", "bank-17")
    assert other.exit_code == 4
    assert "stands for another deposit" in other.stderr
    stranger = suanli("deposit", "nobody", "1")
    assert stranger.exit_code == 4
    assert "unknown_party" in stranger.stderr
    assert suanli("deposit", "ann-lab", "0.07").stdout.startswith("¥0.07 booked for ann-lab")


def _closing_is_refused(suanli: Suanli) -> None:
    unasked = suanli("close", "2026-01")
    assert unasked.exit_code == 2
    assert "run it again with --yes" in unasked.stderr
    too_early = suanli("close", "2199-01", "--yes")
    assert too_early.exit_code == 4
    assert "period_not_over" in too_early.stderr


def _made_up_trades_are_kept_out(suanli: Suanli) -> None:
    demo = suanli("demo", "--data-dir", ".suanli", "--port", 0)
    assert demo.exit_code == 2
    assert "There is another venue in the embedded database in .suanli" in demo.stderr
    replay = suanli("replay", "--scale", 10)
    assert replay.exit_code == 2
    assert "This database was used for something else" in replay.stderr


@pytest.mark.parametrize("amount", ["1.234", "1,000", "-5", "1e3", "٣", "", "12.", " 1"])
def test_an_amount_is_yuan_with_at_most_two_decimals(suanli: Suanli, amount: str) -> None:
    told = suanli("deposit", "ann-lab", "--", amount)
    assert told.exit_code == 2
    assert "at most two decimals" in told.stderr


def test_a_period_is_a_month(suanli: Suanli) -> None:
    told = suanli("close", "2026-13")
    assert told.exit_code == 2
    assert "calendar month" in told.stderr


def test_a_server_that_has_gone_is_no_server(tmp_path: Path) -> None:
    with announced(tmp_path, Server("http://127.0.0.1:1", 2**22 + 1, None)):
        assert announced_server(tmp_path) is None
    (tmp_path / "server.json").write_text("{}")
    assert announced_server(tmp_path) is None


def test_a_number_that_is_another_process_now_is_no_server(suanli: Suanli) -> None:
    Path(".suanli").mkdir(mode=0o700)
    with announced(Path(".suanli"), Server("http://127.0.0.1:1", os.getpid(), None)):
        assert suanli("party", "list", "--json").exit_code == 0
