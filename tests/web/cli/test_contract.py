"""Token contracts at the command line: the clerk registers one, other prices and a package, its buyer reads them."""

import json
from pathlib import Path

import pytest

from tests.web.cli.test_buyer import Counter, buyer
from web.api.openapi import examples

__all__ = ["buyer"]

pytestmark = pytest.mark.integration

PRICES = ("--begins", "2026-12-15T00:00:00+08:00", "--input", "1.25", "--output", "4")


def test_a_contract_is_opened_and_gets_other_prices_and_a_package(buyer: Counter) -> None:
    asked = next(step["request"] for step in examples() if step.get("operation") == "open_contract")
    asked = {**asked, "buyer": "buyer", "seller": "seller"}
    Path("contract.json").write_text(json.dumps(asked), encoding="utf-8")
    opened = buyer("contract", "open", "contract.json", "--json", by="clerk")
    assert opened.exit_code == 0, opened.stderr
    contract = json.loads(opened.stdout)["id"]
    fine = buyer("contract", "prices", contract, *PRICES, "--cached", "0.1234567", by="clerk")
    assert (fine.exit_code, "six decimals" in fine.stderr) == (2, True)
    told = buyer("contract", "prices", contract, *PRICES, "--cached", "0.125", by="clerk")
    assert told.exit_code == 0, told.stderr
    (listed,) = json.loads(buyer("contract", "list", "--json").stdout)
    newest = listed["prices"][-1]
    assert (newest["version"], newest["cached_input_price_micro_yuan_per_million"]) == (2, 125_000)
    term = ("--begins", "2026-12-15T00:00:00+08:00", "--ends", "2027-01-15T00:00:00+08:00")
    added = buyer("contract", "package", contract, 5_000_000, "--price", "12.50", *term, by="clerk")
    assert added.exit_code == 0, added.stderr
    assert "5,000,000" in added.stdout
    assert "¥12.50" in added.stdout
    assert "¥4.00" in buyer("contract", "list", by="clerk").stdout
