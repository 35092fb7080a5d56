"""Every command can be loaded, and its help has examples."""

import importlib

import pytest
from typer.main import get_command

from tests.web.cli.conftest import Suanli
from web.cli.main import COMMANDS

GROUPS = {
    "agreement": [
        "list",
        "propose",
        "sign",
        "decline",
        "withdraw",
        "quarter",
        "confirm",
        "dispute",
        "recognise",
    ],
    "bank": ["statement", "payments"],
    "bench": ["matching", "settle"],
    "carbon": ["tables", "adopt", "declared", "pue", "certificate"],
    "contract": ["list", "open", "prices", "package"],
    "db": ["check", "upgrade", "rebuild"],
    "jobs": ["run", "list", "again"],
    "links": ["list", "set"],
    "meter": ["new", "register", "list"],
    "party": ["add", "list", "key"],
    "terms": ["show", "adopt"],
    "vouchers": ["facts", "report", "claims", "paid", "repaid", "misuse"],
}
EVERY = [[name] for name in COMMANDS if name not in GROUPS or name == "bench"]
EVERY += [[group, name] for group, names in GROUPS.items() if group in COMMANDS for name in names]


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_has_help_with_examples(suanli: Suanli, command: list[str]) -> None:
    told = suanli(*command, "--help")
    assert told.exit_code == 0
    assert "Examples" in told.stdout
    assert f"suanli {' '.join(command)}" in told.stdout.partition("Examples")[2]


def test_the_help_names_every_command_and_exit_code(suanli: Suanli) -> None:
    told = suanli("--help").stdout
    assert all(f" {name} " in told for name in COMMANDS)
    assert all(f"{code}:" in told for code in range(7))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_told_before_it_is_loaded_and_can_be_loaded(name: str) -> None:
    front = COMMANDS[name]
    assert front.purpose.endswith(".")
    assert get_command(importlib.import_module(front.module).app) is not None


def test_the_version(suanli: Suanli) -> None:
    assert suanli("--version").stdout.startswith("suanli 0.")


def test_what_is_no_command_is_bad_usage(suanli: Suanli) -> None:
    assert suanli("nonsense").exit_code == 2
    assert suanli("doctor", "--nonsense").exit_code == 2
