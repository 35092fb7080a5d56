"""Signatures in a venue with a past: they stand in the tables and the log, and a forged one is found."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from exchange.agreements.commands import DeclineAgreement, ProposeAgreement, WithdrawAgreement
from exchange.app import Exchange, open_exchange
from exchange.names import VENUE, Instant
from exchange.persistence.queries.agreements import VersionState, versions
from exchange.persistence.queries.quarters import Confirmation, QuarterSides, booked_versions, sides_of
from exchange.persistence.queries.regions import refunded_figures, shared_figures
from exchange.quarters.commands import ConfirmQuarter, DisputeQuarter, RecogniseAmount
from exchange.venue.commands import Tick
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.quarters import PairQuarter, QuarterFigures, added
from settlement.sign_off import digest_of
from tests.exchange.house import CLERK, EAST, HOURS, NEW_YEAR, WEST, office_of, pair
from tests.integration.conftest import at, execute
from tests.integration.season import ask
from tests.integration.test_audit import audited, broken
from tests.integration.test_audit_trades import CHAINED_ANEW

QUARTER = PairQuarter(EAST, WEST, "2026-Q1")
MONTHS = ["2026-01", "2026-02", "2026-03"]
APRIL = Instant(NEW_YEAR + (31 + 28 + 31 + 5) * 86_400)


@pytest.fixture(scope="module")
def signed_url(postgres_server: str, season_url: str) -> Iterator[str]:
    """The season's venue, a month on: its first quarter is closed, agreed, and recognised in part."""
    season = make_url(season_url).database
    name = f"{season}_signed"
    execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {season} STRATEGY file_copy")
    asyncio.run(_sign(at(postgres_server, name)))
    yield at(postgres_server, name)
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


async def _sign(url: str) -> None:
    async with open_exchange(url, HOURS) as exchange:
        await ask(exchange, VENUE, "april", Tick(APRIL))
        await exchange.closing(CLERK).close("2026-03")
        figures = (await sides(exchange)).computed
        for region in (EAST, WEST):
            office = office_of(region)
            await ask(exchange, office, "no", DisputeQuarter(QUARTER, "desk", "let us see"))
            confirm = ConfirmQuarter(figures, "desk", digest_of(figures))
            await ask(exchange, office, "yes", confirm)
        document = RecogniseAmount(QUARTER, EAST, AccountKind.TAX, Fen(700), "document 7")
        await ask(exchange, CLERK, "document", document)
        begins = APRIL + 40 * 86_400
        for version in (4, 5):
            await ask(
                exchange, CLERK, f"draft-{version}", ProposeAgreement(pair(begins, None, version=version))
            )
        no = DeclineAgreement("east-west", 4, "desk", "too little")
        await ask(exchange, office_of(EAST), "decline", no)
        await ask(exchange, CLERK, "withdraw", WithdrawAgreement("east-west", 5))


async def sides(exchange: Exchange) -> QuarterSides:
    return await sides_of(exchange.readers, QUARTER, (EAST, WEST), MONTHS)


def test_a_venue_in_which_everything_was_signed_is_sound(signed_url: str) -> None:
    checks = audited(signed_url)
    assert {name: check.differences for name, check in checks.items() if check.differences} == {}
    assert checks["signatures"].examined > 20


def test_what_was_signed_stands_in_the_tables(signed_url: str) -> None:
    async def run() -> None:
        async with open_exchange(signed_url, HOURS) as exchange:
            found = {one.agreement.version: one for one in await versions(exchange.readers)}
            assert [(n, found[n].state(APRIL)) for n in sorted(found)] == [
                (1, VersionState.ENDED),
                (2, VersionState.ENDED),
                (3, VersionState.IN_FORCE),
                (4, VersionState.DECLINED),
                (5, VersionState.WITHDRAWN),
            ]
            assert found[2].agreement.valid_to is None, "its terms are those that were signed"
            assert found[2].valid_to == found[3].agreement.valid_from
            assert all(digest_of(one.agreement) == one.digest for one in found.values())
            assert [one.region for one in found[1].signatures] == [EAST, WEST]
            assert found[4].ended is not None
            assert found[4].ended.reason == "too little"
            assert await versions(exchange.readers, "000000") == []

    asyncio.run(run())


def test_a_quarter_has_three_sides(signed_url: str) -> None:
    async def run() -> None:
        async with open_exchange(signed_url, HOURS) as exchange:
            known = await sides(exchange)
            named = [f"east-west/{n}" for n in (1, 2, 3)]
            posted = await shared_figures(exchange.readers, named)
            refunded = await refunded_figures(exchange.readers, named)
            for told, ledger in ((known.posted, posted), (known.refunded, refunded)):
                for figure in told.figures:
                    of_ledger = [
                        one.amount for one in ledger if (one.kind, one.region) == (figure.kind, figure.region)
                    ]
                    assert figure.fen == sum(of_ledger)
                assert any(figure.fen for figure in told.figures)
            assert known.computed == added(known.posted, known.refunded)
            assert known.closed
            assert known.agreed == known.computed
            assert all(isinstance(word, Confirmation) for word in known.words.values())
            assert known.recognised_of(AccountKind.TAX, EAST) == 700
            assert known.recognised_of(AccountKind.TAX, WEST) is None
            assert isinstance(known.computed, QuarterFigures)
            booked = exchange.engine.state.quarters[QUARTER].booked
            assert await booked_versions(exchange.readers, QUARTER, MONTHS) == booked
            assert booked, "of late lines and refunds"

    asyncio.run(run())


FORGED = {
    "a digest": 'UPDATE events SET body = replace(body::text, \'"digest":"\', \'"digest":"f\')::json '
    "WHERE kind = 'AgreementSigned'",
    "a key": "UPDATE events SET body = replace(body::text, '\"desk\"', '\"safe\"')::json "
    "WHERE kind = 'QuarterConfirmed'",
    "who signed": f"UPDATE events SET body = replace(body::text, 'office-{WEST}', 'office-{EAST}')::json "
    "WHERE kind = 'AgreementSigned'",
    "a signature that never was": "DELETE FROM events WHERE (seq, n) = "
    "(SELECT seq, n FROM events WHERE kind = 'AgreementSigned' ORDER BY seq LIMIT 1)",
    "terms that nobody signed": "UPDATE events SET body = replace(body::text, '\"value_added_bp\":6000', "
    "'\"value_added_bp\":7000')::json WHERE kind = 'AgreementRecorded'",
    "figures that nobody agreed to": "UPDATE events SET body = replace(body::text, '\"fen\":', '\"fen\":1')::json "
    "WHERE kind = 'QuarterAgreed'",
    "a confirmation taken back": "DELETE FROM events WHERE kind = 'QuarterConfirmed' AND seq = "
    "(SELECT min(seq) FROM events WHERE kind = 'QuarterConfirmed')",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_is_forged_is_found_also_where_the_chain_is_made_anew(signed_url: str, forged: str) -> None:
    found = broken(signed_url, forged, CHAINED_ANEW)
    assert "signatures" in found, found
    assert "log" not in found


ROWS = {
    "a draft": "UPDATE agreement_drafts SET status = 'signed' WHERE status = 'declined'",
    "a signature": "UPDATE agreement_signatures SET key = 'safe' WHERE version = 1",
    "a confirmation": "UPDATE quarter_confirmations SET digest = 'f'",
    "a dispute": "DELETE FROM quarter_disputes",
    "what is agreed": "UPDATE quarters_agreed SET digest = 'f'",
    "a document": "UPDATE recognitions SET amount = amount + 1",
    "a document that nobody recorded": "INSERT INTO recognitions VALUES "
    f"('{EAST}', '{WEST}', '2026-Q1', '{EAST}', 'tax', 'another', 5, 'clara', 1, 1)",
    "a word that nobody said": "INSERT INTO quarter_disputes VALUES "
    f"('{EAST}', '{WEST}', '2026-Q1', '{EAST}', 'no', 'clara', 'desk', 1, 1)",
}


@pytest.mark.parametrize("statement", ROWS.values(), ids=ROWS)
def test_a_row_that_was_changed_is_found(signed_url: str, statement: str) -> None:
    assert set(broken(signed_url, statement)) == {"projections"}
