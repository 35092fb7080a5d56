"""The audit of usage that nobody is billed for yet: whatever is changed of it, or slipped in, is found all the same."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from exchange.persistence.decisions import Outcome
from exchange.venue.commands import AdoptTerms
from tests.exchange.house import CLERK, HOURS
from tests.integration.conftest import at, execute
from tests.integration.season import ask
from tests.integration.test_audit import audited, broken
from tests.integration.test_disputes import signing
from tests.integration.test_metering import metered


@pytest.fixture(scope="module")
def unbilled_url(postgres_server: str, _migrated: str) -> Iterator[str]:
    """The URL of a venue whose meters have reported in time and too late, and of which no month was closed."""
    name = f"{_migrated}_unbilled"
    execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_migrated} STRATEGY file_copy")
    asyncio.run(report(at(postgres_server, name)))
    yield at(postgres_server, name)
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


async def report(url: str) -> None:
    async with metered(url) as meter:
        await meter.deliveries("1", meter.delivery(1, 0), meter.delivery(2, 1, 7000))
        await meter.tokens("2", meter.use(1, 0), meter.use(2, 3))
        await meter.tick(76)
        assert await meter.deliveries("3", meter.delivery(3, 2), meter.delivery(4, 5)) == (
            1,
            0,
            [(0, "too_late")],
        )
        assert await meter.tokens("4", meter.use(3, 2), meter.use(4, 5)) == (1, 0, [(0, "too_late")])


BROKEN = {
    "a delivery that came too late": "UPDATE delivery_records SET status = 'accepted' WHERE sequence = 3",
    "tokens that came too late": "UPDATE token_records SET status = 'accepted' WHERE sequence = 3",
    "a delivery that came in time": "UPDATE delivery_records SET status = 'too_late' WHERE sequence = 1",
    "tokens": "UPDATE token_records SET input_tokens = input_tokens * 1000 WHERE sequence = 1",
    "card-seconds": "UPDATE delivery_records SET delivered = 7200 WHERE sequence = 2",
    "a delivery that nobody reported": (
        "INSERT INTO delivery_records SELECT party, 'forged', 1, lease, slot + 3, 7200, status, batch "
        "FROM delivery_records WHERE sequence = 1"
    ),
    "tokens that nobody reported": (
        "INSERT INTO token_records SELECT party, 'forged', 1, contract, at + 60, 5, 0, 5, status, batch "
        "FROM token_records WHERE sequence = 1"
    ),
    "a number": "UPDATE delivery_records SET sequence = 99 WHERE sequence = 1",
    "a meter": "UPDATE token_records SET meter = 'other' WHERE sequence = 1",
    "a record deleted": "DELETE FROM delivery_records WHERE sequence = 1",
    "tokens deleted": "DELETE FROM token_records WHERE sequence = 1",
    "a batch deleted": "DELETE FROM usage_batches WHERE id = 2",
    "verdicts": 'UPDATE usage_batches SET verdicts = \'["accepted", "accepted"]\' WHERE id = 3',
    "content": "UPDATE usage_batches SET content = '' WHERE id = 1",
    "a key": "UPDATE usage_batches SET key = 'other' WHERE id = 1",
    "a batch's clock": "UPDATE usage_batches SET now = now - 4 WHERE id = 3",
    "a batch's place in the log": "UPDATE usage_batches SET seq = seq - 1 WHERE id = 3",
    "a digest": "UPDATE usage_batches SET digest = '' WHERE id = 4",
}


@pytest.mark.parametrize("statement", BROKEN.values(), ids=BROKEN)
def test_what_is_changed_of_usage_before_it_is_billed_is_found(unbilled_url: str, statement: str) -> None:
    assert set(broken(unbilled_url, statement)) == {"usage"}


def test_what_is_changed_is_told_once(unbilled_url: str) -> None:
    found = broken(unbilled_url, "UPDATE delivery_records SET delivered = 7200 WHERE sequence = 2")
    (difference,) = found["usage"].differences
    assert difference.startswith("digest of batch 1: expected ")


def test_lateness_and_counts_are_found_apart_from_the_digest(unbilled_url: str) -> None:
    differences = broken(unbilled_url, BROKEN["a delivery that came too late"])["usage"].differences
    assert "record sun/m/3 of batch 3: expected too_late, got accepted" in differences
    assert "accepted in batch 3: expected 1, got 2" in differences


def test_a_record_is_judged_by_the_late_window_of_its_time(database_url: str) -> None:
    async def run() -> None:
        async with metered(database_url) as meter:
            await meter.tick(60)
            assert await meter.deliveries("1", meter.delivery(1, 0)) == (1, 0, [])
            shorter = replace(HOURS, late_window_seconds=3600)
            await ask(meter.exchange, CLERK, "shorter", AdoptTerms(shorter))
            assert await meter.deliveries("2", meter.delivery(2, 1)) == (0, 0, [(0, "too_late")])

    asyncio.run(run())
    assert audited(database_url)["usage"].differences == ()


@pytest.fixture(scope="module")
def signed_url(postgres_server: str, _migrated: str) -> Iterator[str]:
    """The URL of a venue whose meter signs: two records are billed, one is disputed, and one is decided."""
    name = f"{_migrated}_signed"
    execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_migrated} STRATEGY file_copy")

    async def report_signed() -> None:
        async with signing(at(postgres_server, name)) as signs:
            await signs.say(
                "1", signs.record(1, 0), signs.record(2, 1, 7201), signs.record(3, 2), signs.record(4, 8)
            )
            await signs.decide(2, Outcome.REJECTED)
            await signs.decide(1, Outcome.BILLED, counts={2: 7100})

    asyncio.run(report_signed())
    yield at(postgres_server, name)
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


BROKEN_SIGNED = {
    "a link": "UPDATE meter_chain SET link = previous WHERE sequence = 1",
    "a link before": "UPDATE meter_chain SET previous = link WHERE sequence = 2",
    "a link deleted": "DELETE FROM meter_chain WHERE sequence = 3",
    "a link of no batch": "UPDATE meter_chain SET batch = 99 WHERE sequence = 3",
    "a signature": "UPDATE batch_seals SET signature = previous",
    "the key that signed": "UPDATE batch_seals SET public_key = previous",
    "a seal deleted": "DELETE FROM batch_seals",
    "a dispute": "UPDATE disputes SET finding = 'gap' WHERE id = 1",
    "a dispute deleted": "DELETE FROM disputes WHERE id = 1",
    "a disputed count": "UPDATE disputed_records SET counts = '{7200}' WHERE dispute = 1",
    "a disputed time": "UPDATE disputed_records SET in_time = NOT in_time WHERE dispute = 1",
    "a disputed record deleted": "DELETE FROM disputed_records WHERE dispute = 1",
    "a disputed record slipped in": (
        "INSERT INTO disputed_records SELECT dispute, 9, subject, moment + 3, counts, link, in_time, batch "
        "FROM disputed_records WHERE dispute = 1"
    ),
    "what was decided": "UPDATE delivery_records SET delivered = 7200 WHERE meter = 'dispute/1'",
}


@pytest.mark.parametrize("statement", BROKEN_SIGNED.values(), ids=BROKEN_SIGNED)
def test_what_is_changed_of_signed_usage_and_disputes_is_found(signed_url: str, statement: str) -> None:
    assert "usage" in set(broken(signed_url, statement))


def test_a_signature_is_verified_apart_from_the_digest(signed_url: str) -> None:
    differences = broken(signed_url, BROKEN_SIGNED["a signature"])["usage"].differences
    assert "batch 1: what was found of its signature is not so" in differences
    differences = broken(signed_url, BROKEN_SIGNED["a link"])["usage"].differences
    assert any(difference.startswith("link of sun/m/1") for difference in differences)
