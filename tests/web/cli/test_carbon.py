"""Power and carbon at the command line: the clerk adopts tables, a seller declares what is its own."""

import json

import pytest

from tests.web.cli.test_buyer import Counter, buyer
from tests.web.house import HORINGER

__all__ = ["buyer"]

pytestmark = pytest.mark.integration


def test_a_seller_declares_a_pue_and_a_certificate(buyer: Counter) -> None:
    assert "Nothing is declared" in buyer("carbon", "declared", by="seller").stdout
    wrong = buyer("carbon", "pue", HORINGER, "2026-12", "1.1855", "--reference", "audit 7", by="seller")
    assert (wrong.exit_code, "three decimals" in wrong.stderr) == (2, True)
    told = buyer("carbon", "pue", HORINGER, "2026-12", "1.185", "--reference", "audit 7", by="seller")
    assert told.exit_code == 0, told.stderr
    assert "1.185" in told.stdout
    certificate = ("carbon", "certificate", HORINGER, "2026-12", 10_000, "GEC-1")
    found = json.loads(buyer(*certificate, "--json", by="seller").stdout)
    assert [(one["reference"], one["kwh"], one["used_wh"]) for one in found["certificates"]] == [
        ("GEC-1", 10_000, 0)
    ]
    again = buyer(*certificate, by="seller")
    assert (again.exit_code, "declared_already" in again.stderr) == (4, True)
    assert "GEC-1" in buyer("carbon", "declared", by="seller").stdout
