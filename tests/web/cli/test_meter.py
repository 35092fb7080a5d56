"""A meter's key in a file, and files of usage that are signed with it."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exchange.signing import public_key_of
from tests.web.house import Door, order, straight_to
from web.cli import usage as command
from web.cli.main import app
from web.cli.meter_key import make_key, read_key
from web.cli.talk import Failure
from web.cli.usage_file import read_usage
from web.client import Client

HEADER = "meter,sequence,lease,slot,delivered_card_seconds"


def test_a_key_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "rack.key"
    made = CliRunner().invoke(app, ["meter", "new", str(path)])
    assert made.exit_code == 0, made.output
    assert made.stdout.strip() == public_key_of(read_key(path)).hex()
    assert path.stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(app, ["meter", "new", str(path)])
    assert (again.exit_code, "never written over" in again.stderr) == (2, True)


@pytest.mark.parametrize("text", ["", "00", "x" * 64, "00" * 33, "é"])
def test_what_is_no_key_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.key").write_text(text, encoding="utf-8")
    with pytest.raises(Failure, match="holds no key"):
        read_key(tmp_path / "bad.key")
    with pytest.raises(Failure, match="can't be read"):
        read_key(tmp_path / "none.key")
    with pytest.raises(Failure, match="can't be written"):
        make_key(tmp_path / "none" / "new.key")


def file(folder: Path, *rows: tuple[str, int, int, int]) -> Path:
    path = folder / "usage.csv"
    lines = [f"{meter},{n},lse-1,2026-11-30T0{hour}:00:00Z,{count}" for meter, n, hour, count in rows]
    path.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    return path


def test_a_signed_batch_is_of_one_meter_and_its_numbers_follow(tmp_path: Path) -> None:
    rows = [("a", 1, 0, 0), ("a", 2, 1, 0), ("a", 4, 2, 0), ("b", 5, 3, 0), ("b", 6, 4, 0)]
    cut = [(start, len(batch)) for _, start, batch in read_usage(file(tmp_path, *rows)).chained_batches()]
    assert cut == [(0, 2), (2, 1), (3, 2)]


@pytest.mark.integration
@pytest.mark.anyio
async def test_a_file_is_signed_and_goes_on_where_the_meter_has_come_to(
    market: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await market.ask("POST", "/v1/orders", by="buyer", json=order())
    await market.at("2026-12-01T00:00:00Z")
    key = tmp_path / "rack.key"
    await asyncio.to_thread(make_key, key)
    private = read_key(key)
    monkeypatch.setattr(command, "Client", partial(Client, transport=straight_to(market.app)))

    async def send(*rows: tuple[str, int, int, int]) -> command.Sent:
        return await command._sent(
            read_usage(file(tmp_path, *rows)), "http://venue", market.tokens["seller"], private
        )

    first = [("rack", 1, 0, 28_800), ("rack", 2, 1, 28_800)]
    with pytest.raises(Failure, match="has no key"):
        await send(*first)
    async with Client("http://venue", market.tokens["seller"], straight_to(market.app)) as client:
        await client.register_meter("rack", public_key_of(private).hex())
    assert (await send(*first)).accepted == 2
    assert (await send(*first)).accepted == 2, "the receipt of the batch that was taken"
    with pytest.raises(Failure, match="has come to 2"):
        await send(("rack", 4, 3, 28_800))
    more = await send(*first, ("rack", 3, 2, 30_000), ("rack", 4, 3, 28_800))
    assert (more.accepted, more.duplicates, more.disputed) == (1, 2, 1)
    assert [one.code for one in more.disputes] == ["more_than_leased"]
