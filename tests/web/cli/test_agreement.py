"""Regions at the command line: a version is proposed, read and signed by each, and a quarter confirmed."""

import asyncio
import json
from pathlib import Path

import pytest

from exchange.state import Role
from tests.web.cli.conftest import Suanli
from tests.web.cli.test_buyer import Counter, buyer
from tests.web.house import HORINGER, SHANGHAI, open_market
from web.api.openapi import examples
from web.server import serving

__all__ = ["buyer"]

pytestmark = pytest.mark.integration

TERMS = next(step["request"] for step in examples() if step.get("operation") == "propose_agreement")
QUARTER = (SHANGHAI, HORINGER, "2026-Q4")


def terms(**changed: object) -> str:
    """A file with terms, where the command runs."""
    return written("terms.json", {**TERMS, **changed})


def written(name: str, document: object) -> str:
    Path(name).write_text(json.dumps(document), encoding="utf-8")
    return name


def test_a_version_is_read_signed_and_listed(buyer: Counter) -> None:
    proposed = buyer("agreement", "propose", terms(), by="clerk")
    assert proposed.exit_code == 0, proposed.stderr
    assert "draft; it waits for 310000, 150100. SHA-256" in proposed.stdout
    unread = buyer("agreement", "sign", "sh-horinger", 1, by="office")
    assert (unread.exit_code, '"parties":["310000","150100"]' in unread.stderr) == (2, True)
    signed = buyer("agreement", "sign", "sh-horinger", 1, "--yes", "--json", by="office")
    assert json.loads(signed.stdout)["waits_for"] == [HORINGER]
    again = buyer("agreement", "sign", "sh-horinger", 1, "--yes", by="office")
    assert (again.exit_code, "signed_already" in again.stderr) == (4, True)
    nothing = buyer("agreement", "sign", "sh-horinger", 7, "--yes", by="office")
    assert (nothing.exit_code, "has no sh-horinger, version 7" in nothing.stderr) == (4, True)
    listed = buyer("agreement", "list", by="office")
    assert "waiting" in listed.stdout
    assert "50 % : 50 %" in listed.stdout
    declined = buyer("agreement", "decline", "sh-horinger", 1, "--reason", "40 : 60", by="office")
    assert "sh-horinger, version 1: declined." in declined.stdout
    second = buyer("agreement", "propose", terms(version=2), "--json", by="office")
    assert json.loads(second.stdout)["proposed_by"] == "office"
    assert "withdrawn" in buyer("agreement", "withdraw", "sh-horinger", 2, by="office").stdout


def test_a_quarter_is_shown_disputed_confirmed_and_recognised(database_url: str, suanli: Suanli) -> None:
    async def run() -> None:
        async with open_market(database_url) as door, serving(door.app, port=0) as address:
            await door.admit("far-office", Role.REGION, region=HORINGER)

            def ask(by: str, *arguments: object) -> str:
                own = ("--url", address, "--key", door.tokens[by])
                told = suanli("agreement", arguments[0], *own, *arguments[1:])
                assert told.exit_code == 0, told.stderr
                return told.stdout

            await asyncio.to_thread(ask, "clerk", "propose", terms())
            for office in ("office", "far-office"):
                await asyncio.to_thread(ask, office, "sign", "sh-horinger", 1, "--yes")
            await door.at("2027-01-05T00:00:00Z")
            for month in ("2026-11", "2026-12"):
                await door.ask("POST", f"/v1/periods/{month}/close", by="clerk")
            disputed = await asyncio.to_thread(ask, "office", "dispute", *QUARTER, "--reason", "Tax 40 : 60")
            assert "310000 disputed: Tax 40 : 60" in disputed
            figures = json.loads(await asyncio.to_thread(ask, "office", "quarter", *QUARTER, "--json"))[
                "figures"
            ]
            agreed_on = [{"kind": one["kind"], "region": one["region"], "fen": 7} for one in figures]
            other = ("--figures", written("agreed.json", {"figures": agreed_on}), "--yes")
            await asyncio.to_thread(ask, "office", "confirm", *QUARTER, *other)
            unlike = await asyncio.to_thread(ask, "far-office", "confirm", *QUARTER, "--yes", "--json")
            assert not json.loads(unlike)["agreed"]
            agreed = await asyncio.to_thread(ask, "far-office", "confirm", *QUARTER, *other, "--json")
            assert json.loads(agreed)["agreed"]
            notice = (SHANGHAI, "tax", "1200.5", "--reference", "Notice 41")
            await asyncio.to_thread(ask, "clerk", "recognise", *QUARTER, *notice)
            taken = ("--reference", "Notice 52", "--json", "--", *QUARTER, SHANGHAI, "tax", "-30.00")
            recognised = json.loads(await asyncio.to_thread(ask, "office", "recognise", *taken))
            tax = {(one["kind"], one["region"]): one for one in recognised["figures"]}["tax", SHANGHAI]
            assert (tax["agreed_fen"], tax["recognised_fen"]) == (7, 117_050)
            shown = await asyncio.to_thread(ask, "clerk", "quarter", *QUARTER)
            assert "310000 confirmed" in shown
            assert "not a tax filing, not official statistics" in shown

    asyncio.run(run())


def test_without_a_key_the_clerk_is_at_its_desk(suanli: Suanli) -> None:
    listed = suanli("agreement", "list", "--json")
    assert (listed.exit_code, json.loads(listed.stdout)) == (0, [])
    lacking = suanli("agreement", "sign", "a", 1, "--yes")
    assert lacking.exit_code == 2
