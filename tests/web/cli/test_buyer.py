"""A buyer at the command line: quotes, buys at the quoted price, and sees what came of it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.web.cli.conftest import Suanli
from tests.web.documents.test_focus import charges
from tests.web.house import YUAN, open_market, order
from web.documents.focus import focus_csv
from web.server import serving

pytestmark = pytest.mark.integration


@dataclass
class Counter:
    """A venue on a port, and the keys of its parties."""

    url: str
    tokens: dict[str, str]
    suanli: Suanli

    def __call__(self, *arguments: object, by: str = "buyer", typed: str | None = None) -> Result:
        return self.suanli(*arguments, "--url", self.url, "--key", self.tokens[by], typed=typed)


@pytest.fixture
def buyer(database_url: str, suanli: Suanli) -> Iterator[Counter]:
    up, found = threading.Event(), list[Counter]()
    ends: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with open_market(database_url) as door, serving(door.app, port=0) as address:
            down = asyncio.Event()
            ends.append((asyncio.get_running_loop(), down))
            found.append(Counter(address, door.tokens, suanli))
            up.set()
            await down.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="venue")
    thread.start()
    assert up.wait(60), "the venue did not open"
    yield found[0]
    loop, down = ends[0]
    loop.call_soon_threadsafe(down.set)
    thread.join(30)


def job(**changed: object) -> str:
    """A file with a job, where the command runs."""
    path = Path("job.json")
    path.write_text(json.dumps(order(**changed)), encoding="utf-8")
    return str(path)


def read(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_quote_is_told_and_books_nothing(buyer: Counter) -> None:
    told = buyer("quote", job()).stdout
    assert "8 cards of nvidia-h100-80g in 150100" in told
    assert "¥288.00 in all, of which VAT" in told
    assert "from listing 1 of this quote" in told
    assert "lst-" not in told
    assert "Of what is free, at another limit" in told
    quote = read(buyer("quote", job(), "--json"))
    assert quote["promise"] == {
        "version": quote["version"],
        "cost_micro_yuan": 288 * YUAN,
        "filled_milli": 8000,
    }
    piped = read(buyer("quote", "-", "--json", typed=json.dumps(order())))
    assert piped == quote
    assert "There are no orders yet" in buyer("orders").stdout
    assert "There are no leases yet" in buyer("leases").stdout


def test_where_nothing_fits_it_says_why_and_what_would(buyer: Counter) -> None:
    told = buyer("quote", job(limit_micro_yuan_per_card_hour=8 * YUAN)).stdout
    assert "Nothing fits now. 1 listings have something free." in told
    assert "limit: 0 left; 1 would do but for this" in told
    assert 'It would fit with {"limit_micro_yuan_per_card_hour": 9000000}: ¥288.00.' in told


def test_buying_keeps_to_the_quote_and_asks_first(buyer: Counter) -> None:
    unasked = buyer("buy", job())
    assert (unasked.exit_code, "run it again with --yes" in unasked.stderr) == (2, True)
    bought = buyer("buy", job(), "--yes")
    assert bought.exit_code == 0, bought.output
    assert "ord-" in bought.stdout
    assert "filled" in bought.stdout
    placed = read(buyer("buy", job(), "--yes", "--json"))
    listed = read(buyer("orders", "--json"))
    assert [one["id"] for one in listed][:1] == [placed["id"]]
    assert placed["leases"][0]["id"] in buyer("leases").stdout
    assert placed["id"] in buyer("orders").stdout
    assert len(read(buyer("leases", "--json", "--limit", "1"))) == 1


def test_a_balance_is_taken_back_and_told(buyer: Counter) -> None:
    assert "Nothing was withdrawn yet" in buyer("withdrawals").stdout
    unasked = buyer("withdraw", "12.50")
    assert (unasked.exit_code, "run it again with --yes" in unasked.stderr) == (2, True)
    unnamed = buyer("withdraw", "12.50", "--yes")
    assert (unnamed.exit_code, "no_payout_account" in unnamed.stderr) == (4, True)
    assert buyer("withdraw", "12.505", "--yes").exit_code == 2
    told = buyer("withdraw", "12.50", "--yes", "--account", "6222021234567891").stdout
    assert "¥12.50 are on their way back." in told
    begun = read(buyer("withdraw", "7", "--yes", "--account", "6222021234567891", "--json"))
    listed = read(buyer("withdrawals", "--json"))
    assert [(one["way"], one["amount_fen"], one["state"]) for one in listed] == [
        ("bank", 7_00, "begun"),
        ("bank", 12_50, "begun"),
    ]
    assert begun["payouts"] == listed[:1]
    assert "6222021234567891" in buyer("withdrawals").stdout


def test_what_can_t_be_read_or_is_refused_ends_with_its_code(buyer: Counter) -> None:
    assert buyer("quote", "nowhere.json").exit_code == 2
    assert buyer("quote", "-", typed="[]").exit_code == 2
    assert buyer("quote", "-", typed="{}").exit_code == 4
    far = {"start": "2026-11-30T00:00:00Z", "end": "2028-11-30T00:00:00Z"}
    for command in (("quote", job(window=far)), ("buy", job(window=far), "--yes")):
        refused = buyer(*command)
        assert (refused.exit_code, "window_too_far" in refused.stderr) == (4, True)
    assert buyer("quote", job(), by="seller").exit_code == 4


def test_a_focus_file_is_read_strictly_and_compared(buyer: Counter) -> None:
    file = Path("focus.csv")
    file.write_text(focus_csv([]), encoding="utf-8")
    told = buyer("check-focus", file, "2026-11")
    assert told.exit_code == 0
    assert told.stdout.startswith("0 charges are ¥0.00")
    file.write_text(focus_csv(charges()), encoding="utf-8")
    told = buyer("check-focus", file, "2026-10")
    assert told.exit_code == 1
    assert "run-9/lse-7, line 1: only the file has it" in told.stdout
    file.write_text(focus_csv(charges()).replace("CNY", "USD", 1), encoding="utf-8")
    told = buyer("check-focus", file, "2026-10")
    assert told.exit_code == 2
    assert "line 2, BillingCurrency" in " ".join(told.stderr.split())
