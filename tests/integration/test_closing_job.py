"""The closing job on a real database: statements to the fen, stopped anywhere and gone on, late reports, overruns."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from exchange.app import Exchange, open_exchange
from exchange.audit import audit
from exchange.bus import Answer, CommandBus
from exchange.catalogue.catalogue import load_catalogue
from exchange.commands import Envelope
from exchange.jobs import ClosingPorts, RefusedError
from exchange.persistence import database, usage
from settlement.jobs import close_period as job
from tests.exchange.house import CLERK, PROMISING, SELLER
from tests.exchange.story import told
from tests.integration.season import FEBRUARY, JANUARY, add_packages, over, report, tell, tick, use_tokens

pytestmark = pytest.mark.anyio


class StoppedError(Exception):
    """The job was stopped before it could give another command."""


@dataclass
class Stopping:
    """A bus that takes so many commands and no more."""

    bus: CommandBus
    patience: int

    async def submit(self, envelope: Envelope) -> Answer:
        if self.patience == 0:
            raise StoppedError
        self.patience -= 1
        return await self.bus.submit(envelope)


async def traded(url: str, commands: int = 250) -> None:
    """A month of trade and usage, ready to be closed: a lease crosses its end, reported to the third slot."""
    house = told(5, commands, PROMISING)
    house.offer(window=(JANUARY - 4, JANUARY + 4), cards=4)
    house.place(window=(JANUARY - 4, JANUARY + 4), slots=8, cards=(3, 3))
    async with open_exchange(url, PROMISING) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        await report(exchange, await over(exchange.readers, house), "first")
        await add_packages(exchange, house)
        await use_tokens(exchange, house, "first")
        await tick(exchange, house, JANUARY + 2)
        await report(exchange, (await over(exchange.readers, house, JANUARY - 4))[:3], "in time")


async def rows(url: str, query: str) -> list[dict[str, Any]]:
    connection = await database.connect(url)
    found = [dict(row) for row in await connection.fetch(query)]
    await connection.close()
    return found


async def settled(url: str) -> list[list[dict[str, Any]]]:
    """All that a run leaves behind, but for the places in the log."""
    return [
        await rows(url, "SELECT id, charged, released FROM statements ORDER BY id"),
        await rows(url, "SELECT * FROM statement_lines ORDER BY statement, n"),
        await rows(url, "SELECT id, unsettled, held FROM leases ORDER BY id"),
        await rows(url, 'SELECT id, "left", status FROM contracts ORDER BY id'),
        await rows(url, "SELECT * FROM token_packages ORDER BY id"),
        await rows(url, "SELECT * FROM balances ORDER BY owner, kind"),
        await rows(url, "SELECT id, period, status, usage_batch, late_until FROM runs ORDER BY id"),
    ]


async def require_sound(url: str) -> None:
    checks = await audit(url, load_catalogue(), redecide=False)
    assert not [difference for check in checks for difference in check.differences]


async def test_a_run_that_is_stopped_between_any_two_commands_comes_to_the_same_end(
    database_url: str, another_database: Callable[[str | None], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "LEASES_AT_ONCE", 20)
    monkeypatch.setattr(job, "SUMS_MAX", 6)
    await traded(database_url, 200)
    stopped_often = another_database(database_url)
    async with open_exchange(database_url, PROMISING) as exchange:
        whole = await exchange.closing(CLERK).close("2026-01")
    stops = 0
    async with open_exchange(stopped_often, PROMISING) as exchange:
        ports = exchange.closing(CLERK)
        while True:
            try:
                assert await replace(ports, bus=Stopping(exchange.bus, 1)).close("2026-01") == whole
                break
            except StoppedError:
                stops += 1
                await require_sound(stopped_often)
        assert await ports.close("2026-01") == whole, "a closed period stays as it is"
    assert stops > 9
    assert await settled(stopped_often) == await settled(database_url)
    assert await rows(
        stopped_often, "SELECT seq, party, id, kind, body::text, digest FROM commands ORDER BY seq"
    ) == (
        await rows(database_url, "SELECT seq, party, id, kind, body::text, digest FROM commands ORDER BY seq")
    ), "and by the same commands"
    await require_sound(stopped_often)


async def test_late_reports_are_settled_in_the_next_period(database_url: str) -> None:
    house = told(5, 40)
    house.offer(window=(JANUARY - 4, JANUARY + 4), cards=4)
    house.place(window=(JANUARY - 4, JANUARY + 4), slots=8, cards=(3, 3))
    async with open_exchange(database_url, PROMISING) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        await tick(exchange, house, JANUARY + 2)
        await report(exchange, (await over(exchange.readers, house, JANUARY - 4))[:2], "two of four")
        january = await exchange.closing(CLERK).close("2026-01")
        await tick(exchange, house, JANUARY + 70)
        late = await over(exchange.readers, house, JANUARY - 4)
        receipt = await report(exchange, late[:1], "in the late window")
        assert receipt.accepted == 1
        await tick(exchange, house, FEBRUARY)
        refused = await report(exchange, late[1:2], "beyond it")
        assert [one.code for one in refused.refused] == ["too_late"]
        february = await exchange.closing(CLERK).close("2026-02")
        lines = await exchange.readers.fetch(
            "SELECT s.run, l.service_period, l.quantity / 10800 AS slots, l.lost / 10800 AS lost FROM statement_lines l "
            "JOIN statements s ON s.id = l.statement WHERE l.quantity % 10800 = 0 AND s.subject = "
            "(SELECT max(id) FROM leases WHERE cards = 3) ORDER BY s.run, l.service_period"
        )
        assert [tuple(line) for line in lines] == [
            ("run-1", "2026-01", 2, 0),
            ("run-2", "2026-01", 2, 1),
            ("run-2", "2026-02", 4, 4),
        ]
        assert (january.run, february.run) == ("run-1", "run-2")
    await require_sound(database_url)


async def test_a_report_on_its_way_when_its_late_window_closes_is_settled_by_the_run_that_closes_it(
    database_url: str,
) -> None:
    """The run waits for it before it cuts the usage: no slot is both accepted and lost."""
    house = told(5, 40)
    house.offer(window=(JANUARY - 4, JANUARY + 4), cards=4)
    house.place(window=(JANUARY - 4, JANUARY), slots=4, cards=(3, 3))
    async with open_exchange(database_url, PROMISING) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        await tick(exchange, house, JANUARY + 71)
        (record,) = await over(exchange.readers, house, JANUARY - 1)
        columns = {name: [getattr(record, name)] for name in usage.DELIVERIES.columns}
        async with exchange.usage.acquire() as connection:
            async with connection.transaction():
                stored = await usage.store(connection, usage.DELIVERIES, SELLER, "slow", columns)
                assert stored.verdicts == ["accepted"]
                await tick(exchange, house, JANUARY + 72)
                closing = asyncio.create_task(exchange.closing(CLERK).close("2026-01"))
                await asyncio.sleep(0.2)
                assert not closing.done()
            report = await closing
        lease = await exchange.readers.fetchval("SELECT max(id) FROM leases WHERE cards = 3")
        line = await exchange.readers.fetchrow(
            "SELECT quantity / 10800 AS slots, lost / 10800 AS lost FROM statement_lines WHERE statement = $1",
            f"{report.run}/{lease}",
        )
        assert tuple(line) == (4, 3)
    await require_sound(database_url)


async def test_tokens_beyond_a_budget_are_recorded_and_not_charged(database_url: str) -> None:
    await traded(database_url)
    async with open_exchange(database_url, PROMISING) as exchange:
        january = await exchange.closing(CLERK).close("2026-01")
        assert january.over_budget > 0
        overrun = await exchange.readers.fetch(
            'SELECT c.budget, c."left", s.charged - coalesce(sum(p.price), 0) AS used FROM contracts c '
            "JOIN statements s ON s.subject = c.id LEFT JOIN token_packages p ON p.contract = c.id "
            "WHERE EXISTS (SELECT 1 FROM statement_lines l WHERE l.statement = s.id AND l.over_budget > 0) "
            "GROUP BY c.id, s.id"
        )
        assert overrun
        assert all((row["left"], row["used"]) == (0, row["budget"]) for row in overrun)


async def test_what_the_venue_refuses_the_job_says(database_url: str) -> None:
    await traded(database_url, 40)
    async with open_exchange(database_url, PROMISING) as exchange:
        ports = exchange.closing(CLERK)
        with pytest.raises(RefusedError, match="not over"):
            await ports.close("2026-02")
        with pytest.raises(RefusedError, match="not over"):
            await ports.close("2026-02")
        with pytest.raises(RefusedError, match="calendar month"):
            await ports.close("January")
        with pytest.raises(RefusedError) as refused:
            await exchange.closing("bay").close("2026-01")  # type: ignore[arg-type]
        assert refused.value.rejection.code == "not_allowed"
        await ports.close("2026-01")
        await not_begun(exchange, ports)


async def not_begun(exchange: Exchange, ports: ClosingPorts) -> None:
    """A period that was refused before can be closed when its time has come."""
    house = told(5, 40)
    house.tick(JANUARY + 2)
    await tick(exchange, house, FEBRUARY + 1)
    assert (await ports.close("2026-02")).run == "run-2"
