"""The clerk without a server, and what is no server; one with a server is in test_serve.py."""

import json
import os
from pathlib import Path

import pytest

from exchange.clock import wall_clock
from exchange.names import Instant
from exchange.periods import period_of
from tests.web.cli.conftest import Suanli
from web.cli.folder import Server, announced, announced_server

pytestmark = pytest.mark.integration

ANN = ("ann-lab", "--name", "Ann Laboratory", "--role", "buyer", "--region", "310000")


OPENED_BEFORE = 40 * 86_400  # seconds: whatever month that was in, it is over


def test_without_a_server_the_clerk_opens_the_venue(suanli: Suanli) -> None:
    opened = Instant(wall_clock() - OPENED_BEFORE)
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr("web.cli.desk.wall_clock", lambda: opened)
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
    _facts_are_put_on_record(suanli)
    _closing_is_refused(suanli)
    _a_month_that_is_over_is_closed(suanli, opened)
    _terms_are_changed(suanli)
    _links_are_set(suanli)
    _a_bank_statement_is_taken_in(suanli)
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
    unnamed = suanli("deposit", "ann-lab", "1", "--reference", "")
    assert (unnamed.exit_code, "reference: The text is empty." in unnamed.stderr) == (4, True)
    stranger = suanli("deposit", "nobody", "1")
    assert stranger.exit_code == 4
    assert "unknown_party" in stranger.stderr
    assert suanli("deposit", "ann-lab", "0.07").stdout.startswith("¥0.07 booked for ann-lab")


def _facts_are_put_on_record(suanli: Suanli) -> None:
    shown = ("--size", "small", "--industry", "software", "--controller", "li-91310000")
    told = suanli("vouchers", "facts", "ann-lab", *shown)
    assert (told.exit_code, told.stdout.split(" is ")[0]) == (0, "ann-lab")
    again = json.loads(suanli("vouchers", "facts", "ann-lab", *shown[:4], "--json").stdout)
    assert again["controllers"] == []
    assert suanli("vouchers", "misuse").stdout == "Nothing was found.\n"
    assert json.loads(suanli("vouchers", "misuse", "--json").stdout) == []
    unknown = suanli("vouchers", "report", "nothing")
    assert (unknown.exit_code, "unknown_id" in unknown.stderr) == (4, True)


def _closing_is_refused(suanli: Suanli) -> None:
    unasked = suanli("close", "2026-01")
    assert unasked.exit_code == 2
    assert "run it again with --yes" in unasked.stderr
    too_early = suanli("close", "2199-01", "--yes")
    assert too_early.exit_code == 4
    assert "period_not_over" in too_early.stderr


def _a_month_that_is_over_is_closed(suanli: Suanli, opened: Instant) -> None:
    """Over by the wall clock: nobody has kept this venue's time, and it has traded nothing."""
    earlier = suanli("close", "2001-01", "--yes")
    assert (earlier.exit_code, "period_unknown" in earlier.stderr) == (4, True)
    closed = suanli("close", period_of(opened, 8 * 3600).name, "--yes", "--json")
    assert closed.exit_code == 0, closed.stderr
    assert json.loads(closed.stdout)["statements"] == 0


def _a_bank_statement_is_taken_in(suanli: Suanli) -> None:
    """Its lines count once, whoever they are from; a file that is none is refused as it stands."""
    head = "bank_reference,booked_on,amount,currency,account,name,remark"
    file = Path("statement.csv")
    file.write_text(f"{head}\nICBC-1,2026-11-30,12.50,CNY,6222021234567890,Ann,rent\n", encoding="utf-8")
    assert suanli("bank", "statement", file).stdout == "1 lines are new.\n"
    assert json.loads(suanli("bank", "statement", file, "--json").stdout) == {"new_lines": 0}
    assert suanli("bank", "statement", "nowhere.csv").exit_code == 2
    nothing = suanli("bank", "payments")
    assert (nothing.stdout, nothing.stderr) == ("", "The bank has been told of every payment.\n")
    assert json.loads(suanli("bank", "payments", "--json").stdout) == {"number": None, "csv": ""}
    assert suanli("bank", "payments", "--number", "1").exit_code == 4
    file.write_text("date,amount\n", encoding="utf-8")
    assert suanli("bank", "statement", file).exit_code == 4


def _links_are_set(suanli: Suanli) -> None:
    assert suanli("links", "list").stdout.startswith("There are no links yet")
    told = suanli("links", "set", "310000", "520100", "100000")
    assert (told.exit_code, told.stdout) == (0, "The link from 310000 to 520100 has 100,000 Mbit/s.\n")
    link = {"home": "310000", "region": "520100", "mbps": 40_000}
    assert json.loads(suanli("links", "set", "310000", "520100", "40000", "--json").stdout) == link
    assert json.loads(suanli("links", "list", "--json").stdout) == [link]
    assert "40,000" in suanli("links", "list").stdout
    for wrong, code in (("310000", "invalid_value"), ("999999", "unknown_region")):
        refused = suanli("links", "set", "310000", wrong, "1")
        assert (refused.exit_code, code in refused.stderr) == (4, True), refused.stderr
    assert suanli("links", "set", "310000", "520100", "-1").exit_code == 2


def _terms_are_changed(suanli: Suanli) -> None:
    """What is shown as JSON is what is changed and given back. Nothing happens without a yes."""
    shown = json.loads(suanli("terms", "show", "--json").stdout)
    promise = {
        "availability": [{"below_bp": 9950, "credit_bp": 1000}],
        "minimum_run_minutes": 360,
        "minimum_run_credit_bp": 2000,
        "notice_minutes": 120,
        "notice_credit_bp": 500,
    }
    asked = {**shown, "fee": {**shown["fee"], "rate_bp": 250}, "service_promises": {"spot": promise}}
    Path("terms.json").write_text(json.dumps(asked))
    unasked = suanli("terms", "adopt", "terms.json")
    assert unasked.exit_code == 2
    assert unasked.stderr.startswith("fee.rate_bp: 300 becomes 250\n")
    told = suanli("terms", "show").stdout
    assert "3 % of net, VAT at 6 % inside" in told
    assert "spot leases are taken back     for orders and by sellers" in told
    adopted = suanli("terms", "adopt", "terms.json", "--yes", "--json")
    assert json.loads(adopted.stdout) == {**asked, "now": json.loads(adopted.stdout)["now"]}
    told = suanli("terms", "show").stdout
    assert "2.5 % of net, VAT at 6 % inside" in told
    assert "spot, less than 99.5 % up      10 % off" in told
    assert "spot, run under 6 h            20 % off" in told
    assert "spot, notice under 2 h         5 % off" in told
    Path("terms.json").write_text(json.dumps({**asked, "lot_max": 9.5, "horizon_minutes": "60"}))
    refused = suanli("terms", "adopt", "terms.json", "--yes")
    assert refused.exit_code == 4
    assert "lot_max: Input should be a valid integer." in refused.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "terms.json can't be read in one way only: malformed_json"),
        ("[" * 100_000, "terms.json can't be read in one way only: too_deep"),
        ('{"lot_max": 8, "lot_max": 80}', "terms.json can't be read in one way only: duplicate_key"),
        ('{"lot_max": NaN}', "terms.json can't be read in one way only: malformed_json"),
        ("[]", "terms.json is no JSON object"),
        ("3", "terms.json is no JSON object"),
    ],
)
def test_a_file_of_terms_is_one_json_object(suanli: Suanli, content: str, said: str) -> None:
    Path("terms.json").write_text(content)
    told = suanli("terms", "adopt", "terms.json")
    assert told.exit_code == 2
    assert said in told.stderr
    assert suanli("terms", "adopt", "nowhere.json").exit_code == 2


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
