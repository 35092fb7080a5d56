"""The writer on a real database: what is asked once happens once, and whoever comes next finds it all."""

import asyncio
from dataclasses import dataclass, replace
from functools import partial

import asyncpg
import pytest

from exchange import app
from exchange.app import Exchange, open_exchange
from exchange.audit import audit
from exchange.bus import Answer, DifferentCommandError, HaltedError
from exchange.catalogue.catalogue import load_catalogue
from exchange.checks.decisions import picture
from exchange.commands import Command, Envelope
from exchange.engine import Engine
from exchange.names import VENUE, PartyId
from exchange.parties.commands import Deposit, IssueKey, RegisterParty, RevokeKey
from exchange.persistence.log import FencedError, Log
from exchange.state import Role
from exchange.venue.commands import Tick
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen
from tests.exchange.house import BUYER, CLERK, HOURS, NEW_YEAR, QUARTERS, House, party
from tests.exchange.story import story, told
from tests.integration.season import ask, tell

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Sight:
    """What somebody who looks at a venue sees: its state, its place in the log, and the log's digest."""

    state: dict[str, bytes]
    seq: int
    digest: bytes


def sight(exchange: Exchange) -> Sight:
    log = exchange.engine._storage
    assert isinstance(log, Log)
    return Sight(picture(exchange.engine.state), log.seq, log.digest)


async def commands(exchange: Exchange) -> int:
    count: int = await exchange.readers.fetchval("SELECT count(*) FROM commands")
    return count


async def require_sound(url: str) -> None:
    checks = await audit(url, load_catalogue(), redecide=True)
    assert not [difference for check in checks for difference in check.differences]


def small() -> list[Envelope]:
    """Terms, the first tick, a buyer with money, a seller and a clerk."""
    return [envelope for _, envelope, _ in House().log[1:]]


async def test_a_restart_rebuilds_state_and_digest(database_url: str) -> None:
    house = told(7, 400)
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, [envelope for _, envelope, _ in house.log[1:]])
        before = sight(exchange)
        assert before.state == picture(house.state), "a database changes no decision"
    for _ in range(2):
        async with open_exchange(database_url, HOURS) as exchange:
            assert sight(exchange) == before
    async with open_exchange(database_url, HOURS) as exchange:
        await ask(exchange, CLERK, "one more", Deposit(BUYER, Fen(1), "slip 1"))
        assert sight(exchange) != before
    await require_sound(database_url)


async def test_a_venue_keeps_the_terms_that_it_has(database_url: str) -> None:
    async with open_exchange(database_url, HOURS):
        pass
    async with open_exchange(database_url, QUARTERS) as exchange:
        assert exchange.terms == HOURS
        assert await commands(exchange) == 1


async def test_the_same_command_again_gets_the_same_answer_even_after_a_restart(database_url: str) -> None:
    asked: list[tuple[str, Command]] = [
        (CLERK, Deposit(BUYER, Fen(5), "slip 2")),
        (BUYER, Deposit(BUYER, Fen(5), "slip 3")),
        (BUYER, House().order()),
        (VENUE, Tick(NEW_YEAR)),
    ]
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, small())
        first = [await ask(exchange, by, f"same-{n}", command) for n, (by, command) in enumerate(asked)]
        known = await commands(exchange)
        again = [await ask(exchange, by, f"same-{n}", command) for n, (by, command) in enumerate(asked)]
        assert await commands(exchange) == known
    async with open_exchange(database_url, HOURS) as exchange:
        later = [await ask(exchange, by, f"same-{n}", command) for n, (by, command) in enumerate(asked)]
        assert await commands(exchange) == known
    assert [answer.replayed for answer in first + again + later] == [False] * 4 + [True] * 8
    assert (
        [answer.seq for answer in first]
        == [answer.seq for answer in again]
        == [answer.seq for answer in later]
    )
    assert [answer.events for answer in first] == [answer.events for answer in again]
    assert [answer.events for answer in first] == [answer.events for answer in later]
    assert first[1].rejection is not None, "a refusal stays a refusal"


async def test_an_id_stays_used_even_by_a_refusal(database_url: str) -> None:
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, small())
        refused = await ask(exchange, CLERK, "mine", Deposit(PartyId("nobody"), Fen(1), ""))
        assert refused.rejection is not None
        known = await commands(exchange)
    async with open_exchange(database_url, HOURS) as exchange:
        with pytest.raises(DifferentCommandError):
            await ask(exchange, CLERK, "mine", Deposit(BUYER, Fen(1), "slip 4"))
        assert await commands(exchange) == known
        assert not (await ask(exchange, VENUE, "mine", Deposit(BUYER, Fen(1), "slip 5"))).replayed


async def test_fifty_at_once_with_one_id_have_one_effect(database_url: str) -> None:
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, small())
        envelope = Envelope(CLERK, "once", Deposit(BUYER, Fen(7), "slip 6"))
        answers = await tell(exchange, [envelope] * 50)
        assert [answer.replayed for answer in answers].count(False) == 1
        assert len({answer.seq for answer in answers}) == 1
        assert balance(exchange) == 1_000_000_07


async def test_fifty_who_race_for_one_balance_never_overspend_it(database_url: str) -> None:
    """Each order holds 80 yuan, and there are 1,000: twelve are accepted, in the order in which they came."""
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, small())
        await ask(exchange, CLERK, "ann", RegisterParty(party("ann", Role.BUYER)))
        await ask(exchange, CLERK, "money", Deposit(PartyId("ann"), Fen(1_000_00), ""))
        orders = [Envelope(PartyId("ann"), f"order-{n}", House().order()) for n in range(50)]
        answers = await tell(exchange, orders)
        codes = [answer.rejection.code if answer.rejection else "accepted" for answer in answers]
        assert codes == ["accepted"] * 12 + ["insufficient_funds"] * 38
        assert balance(exchange, "ann") == 40_00
    await require_sound(database_url)


def balance(exchange: Exchange, owner: str = BUYER) -> int:
    return exchange.engine.state.balances.of(LedgerAccount(owner, AccountKind.AVAILABLE))


async def test_a_key_that_is_issued_and_revoked_at_once_is_revoked(database_url: str) -> None:
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, small())
        issued = [IssueKey(BUYER, name, "ab" * 32) for name in ("a", "b", "c")]
        wishes: list[Command] = [*issued, RevokeKey(BUYER, "a"), RevokeKey(BUYER, "b"), issued[1]]
        wishes += [RevokeKey(BUYER, "never-issued"), RevokeKey(BUYER, "never-issued")]
        await tell(exchange, (Envelope(CLERK, f"key-{n}", wish) for n, wish in enumerate(wishes)))
        rows = await exchange.readers.fetch("SELECT key, revoked FROM api_keys ORDER BY key")
        assert [tuple(row) for row in rows] == [("a", True), ("b", False), ("c", False)]
    await require_sound(database_url)


async def test_a_second_writer_fences_the_first(database_url: str) -> None:
    async with open_exchange(database_url, HOURS) as first:
        await tell(first, small())
        known = await commands(first)
        async with open_exchange(database_url, HOURS) as second:
            with pytest.raises(HaltedError, match="another writer has taken over"):
                await ask(first, CLERK, "too late", Deposit(BUYER, Fen(1), "slip 7"))
            assert isinstance(first.engine.halted, FencedError)
            assert await commands(second) == known
            with pytest.raises(HaltedError):
                await ask(first, CLERK, "still too late", Deposit(BUYER, Fen(1), "slip 8"))
            assert (await ask(second, CLERK, "in time", Deposit(BUYER, Fen(1), "slip 9"))).seq == known + 1
    await require_sound(database_url)


async def test_writers_that_take_over_under_load_lose_nothing_that_was_answered(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each writer is asked for a part of a story and fenced in the middle; the next goes on from the log's end."""
    monkeypatch.setattr(app, "Engine", partial(Engine, batch_max=10))
    envelopes = story(9, 1200)
    acknowledged: set[int] = set()
    halted = 0
    for number in range(6):
        async with open_exchange(database_url, HOURS) as exchange:
            wanted = [exchange.bus.submit(one) for one in envelopes[exchange.engine.seq or 1 :][:200]]
            asked = [asyncio.ensure_future(one) for one in wanted]
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            async with open_exchange(database_url, HOURS):
                outcomes = await asyncio.gather(*asked, return_exceptions=True)
            acknowledged |= {outcome.seq for outcome in outcomes if isinstance(outcome, Answer)}
            halted += sum(isinstance(outcome, HaltedError) for outcome in outcomes)
            assert all(isinstance(outcome, Answer | HaltedError) for outcome in outcomes)
            rows = await exchange.readers.fetch("SELECT seq, epoch FROM commands ORDER BY seq")
            assert acknowledged <= {row["seq"] for row in rows}
            assert rows[-1]["epoch"] <= 2 * number + 1, "whoever took over was asked for nothing"
    assert acknowledged
    assert halted
    await require_sound(database_url)


async def test_what_the_database_refuses_halts_the_writer_and_leaves_no_trace(database_url: str) -> None:
    """PostgreSQL has no text with a zero character. The doors let none through; if one came, nobody would guess."""
    poison = RegisterParty(replace(party("eve", Role.BUYER), name="\0"))
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, small())
        known = await commands(exchange)
        good = Envelope(CLERK, "good", Deposit(BUYER, Fen(1), "slip 10"))
        outcomes = await asyncio.gather(
            exchange.bus.submit(good),
            exchange.bus.submit(Envelope(CLERK, "poison", poison)),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [HaltedError, HaltedError]
        assert isinstance(exchange.engine.halted, asyncpg.PostgresError)
        assert await commands(exchange) == known
    async with open_exchange(database_url, HOURS) as exchange:
        assert not (await exchange.bus.submit(good)).replayed
    await require_sound(database_url)
