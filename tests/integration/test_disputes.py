"""Signed meters on a real database: what is honest is billed, what is found is disputed, and each dispute can be ended."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from exchange.audit import audit
from exchange.metering import DeliveryRecord, Receipt, TokenRecord
from exchange.names import PartyId
from exchange.persistence.chains import KeyRefusedError, Seal, UnknownMeterError, batch_of, standings_of
from exchange.persistence.decisions import DecidedError, Decision, NotBillableError, Outcome
from exchange.persistence.queries.disputes import (
    StoredDispute,
    chain_around,
    dispute_of,
    disputes_of,
    records_of,
)
from exchange.persistence.usage import DELIVERIES, TOKENS, SignatureNeededError
from exchange.replay.signing import SigningMeters
from exchange.sealing import keep
from exchange.signing import new_private_key, public_key_of, sign
from settlement.metering.chain import GENESIS, Chained, chained, signed_bytes
from tests.exchange.house import BUYER, CLERK, SELLER
from tests.integration.season import FEBRUARY, JANUARY
from tests.integration.test_metering import Meter, metered

pytestmark = pytest.mark.anyio


@dataclass
class Signing:
    """A meter that signs: what it has said so far, and the venue that hears it."""

    meter: Meter
    name: str
    key: bytes = field(default_factory=new_private_key)
    previous: bytes = GENESIS

    async def register(self, since: int = 1) -> None:
        await self.meter.exchange.metering.register_key(SELLER, self.name, public_key_of(self.key), since)

    def sealed(
        self, records: Sequence[DeliveryRecord | TokenRecord], previous: bytes
    ) -> tuple[Seal, list[Chained]]:
        kind = DELIVERIES if isinstance(records[0], DeliveryRecord) else TOKENS
        columns = {name: [getattr(record, name) for record in records] for name in kind.columns}
        places = chained(batch_of(kind, SELLER, columns, Seal(previous, b""), 3600))
        return Seal(previous, sign(self.key, signed_bytes(places[-1].link))), places

    async def say(self, key: str, *records: DeliveryRecord, seal: Seal | None = None) -> Receipt:
        """Send records that go on from what was said before; with another seal they leave the chain as it is."""
        if seal is None:
            seal, places = self.sealed(records, self.previous)
            self.previous = places[-1].link
        return await self.meter.exchange.metering.deliveries(SELLER, key, records, seal)

    def record(self, number: int, slot: int, delivered: int = 7200) -> DeliveryRecord:
        return replace(self.meter.delivery(number, slot, delivered), meter=self.name)

    async def disputes(self) -> list[tuple[str, int, int, str | None]]:
        """What was found, the numbers that it is over, and how it has ended."""
        found = await disputes_of(self.meter.exchange.readers, None, None, 100)
        return [
            (str(one.finding), one.first, one.last, None if one.end is None else str(one.end.outcome))
            for one in reversed(found)
        ]

    async def decide(
        self, dispute: int, outcome: Outcome, by: PartyId = CLERK, counts: Mapping[int, int] | None = None
    ) -> None:
        given = {number: (count,) for number, count in (counts or {}).items()}
        await self.meter.exchange.metering.decide(Decision(dispute, SELLER, outcome, by, given, ""))

    async def billed(self) -> list[tuple[int, int]]:
        rows = await self.meter.exchange.readers.fetch(
            "SELECT slot, delivered FROM delivery_records WHERE status = 'accepted' ORDER BY slot"
        )
        return [(row["slot"] - self.meter.house.first, row["delivered"]) for row in rows]


@asynccontextmanager
async def signing(url: str) -> AsyncIterator[Signing]:
    """A meter with a key at a venue whose lease of two cards has run its eight hours; the audit finds nothing at the end."""
    async with metered(url) as meter:
        signs = Signing(meter, "m")
        await signs.register()
        yield signs
        checks = await audit(url, meter.exchange.catalogue, redecide=False)
        assert [check.differences for check in checks if check.differences] == []


async def test_an_honest_meter_is_billed_whatever_is_sent_twice(database_url: str) -> None:
    async with signing(database_url) as signs:
        first, second = [signs.record(1, 0), signs.record(2, 1)], [signs.record(3, 2, 0)]
        receipt = await signs.say("a", *first)
        assert (receipt.accepted, receipt.disputes) == (2, ())
        assert (await signs.say("b", *second)).accepted == 1
        seal, _ = signs.sealed([*first, *second], GENESIS)
        again = await signs.say("c", *first, *second, seal=seal)
        assert (again.accepted, again.duplicates, again.disputes) == (0, 3, ())
        assert await signs.billed() == [(0, 7200), (1, 7200), (2, 0)]


async def test_a_gap_is_told_and_closes_by_itself(database_url: str) -> None:
    async with signing(database_url) as signs:
        records = [signs.record(n, n - 1) for n in range(1, 6)]
        seals = {}
        previous: bytes = GENESIS
        for record in records:
            seals[record.sequence], places = signs.sealed([record], previous)
            previous = places[-1].link
        for n in (1, 5, 3):
            await signs.say(str(n), records[n - 1], seal=seals[n])
        assert await signs.disputes() == [("gap", 2, 4, None)]
        await signs.say("2", records[1], seal=seals[2])
        assert await signs.disputes() == [("gap", 2, 4, None)]
        await signs.say("4", records[3], seal=seals[4])
        assert await signs.disputes() == [("gap", 2, 4, "filled")]
        assert len(await signs.billed()) == 5


async def test_each_tampering_is_found_and_nothing_of_it_is_billed(database_url: str) -> None:
    async with signing(database_url) as signs:
        await signs.say("1", signs.record(1, 0), signs.record(2, 1, 7000))
        true_link = signs.previous

        altered, _ = signs.sealed([signs.record(2, 1, 7200)], true_link)
        assert (await signs.say("2", signs.record(2, 1, 7200), seal=altered)).disputed == 1
        stolen, _ = Signing(signs.meter, "m").sealed([signs.record(3, 2)], true_link)
        assert (await signs.say("3", signs.record(3, 2), seal=stolen)).disputed == 1
        forked, _ = signs.sealed([signs.record(3, 3)], bytes(32))
        assert (await signs.say("4", signs.record(3, 3), seal=forked)).disputed == 1
        truth, _ = signs.sealed([signs.record(3, 4, 100)], true_link)
        assert (await signs.say("5", signs.record(3, 4, 7000), seal=truth)).disputed == 1
        receipt = await signs.say(
            "6",
            signs.record(3, 4),
            signs.record(4, 5, 7201),
            signs.record(5, 8),
            signs.record(6, 9, 1),
            signs.record(7, 6),
        )
        assert (receipt.accepted, receipt.disputed) == (2, 3)
        assert await signs.disputes() == [
            ("altered", 2, 2, None),
            ("bad_signature", 3, 3, None),
            ("broken_chain", 3, 3, None),
            ("bad_signature", 3, 3, "reported"),
            ("more_than_leased", 4, 4, None),
            ("outside_term", 5, 6, None),
        ]
        assert await signs.billed() == [(0, 7200), (1, 7000), (4, 7200), (6, 7200)]
        assert (
            await signs.say("7", signs.record(8, 2), signs.record(9, 3), signs.record(10, 5))
        ).accepted == 3
        assert [end for *_, end in await signs.disputes()] == [
            None,
            "reported",
            "reported",
            "reported",
            "reported",
            None,
        ]


async def test_a_clock_that_runs_ahead_is_found_and_one_that_is_early_is_told_to_wait(
    database_url: str,
) -> None:
    async with metered(database_url) as meter:
        signs = Signing(meter, "t")
        await signs.register()
        uses = [replace(meter.use(n, hour), meter="t") for n, hour in enumerate((3, 8, 9), start=1)]
        seal, _ = signs.sealed(uses, GENESIS)
        receipt = await meter.exchange.metering.tokens(SELLER, "1", uses, seal)
        assert (receipt.accepted, receipt.disputed, [str(one.code) for one in receipt.refused]) == (
            1,
            1,
            ["not_over"],
        )
        assert [one.finding for one in receipt.disputes] == ["clock_skew"]
        await meter.tick(10)
        later = await meter.exchange.metering.tokens(SELLER, "2", uses, seal)
        assert (later.accepted, later.duplicates) == (1, 2), "what was early is taken now"
        await signs.decide(1, Outcome.BILLED, BUYER)
        rows = await meter.exchange.readers.fetch("SELECT meter, sequence FROM token_records ORDER BY at")
        assert [tuple(row) for row in rows] == [("t", 1), ("t", 2), ("dispute/1", 3)]
        checks = await audit(database_url, meter.exchange.catalogue, redecide=False)
        assert [check.differences for check in checks if check.differences] == []


async def test_what_is_decided_is_billed_once_and_for_ever(database_url: str) -> None:
    async with signing(database_url) as signs:
        await signs.say("1", signs.record(1, 0, 7201), signs.record(2, 1))
        for wrong in ({1: 7201}, {2: 7200}):
            with pytest.raises(NotBillableError):
                await signs.decide(1, Outcome.BILLED, counts=wrong)
        await signs.decide(1, Outcome.BILLED, counts={1: 7100})
        await signs.decide(1, Outcome.BILLED, counts={1: 7100})
        with pytest.raises(DecidedError):
            await signs.decide(1, Outcome.REJECTED)
        assert await signs.billed() == [(0, 7100), (1, 7200)]
        await signs.say("2", signs.record(3, 2, 9999), signs.record(4, 8))
        await signs.decide(2, Outcome.WITHDRAWN, SELLER)
        with pytest.raises(NotBillableError, match="Nothing of it"):
            await signs.decide(3, Outcome.BILLED)
        await signs.decide(3, Outcome.REJECTED)
        assert await signs.billed() == [(0, 7100), (1, 7200)]
        await signs.meter.tick(JANUARY)
        await signs.meter.exchange.closing(CLERK).close("2026-01")
        assert await lines(signs.meter) == [("2026-01", 8 * 7200, 6 * 7200 + 100)], (
            "what was withdrawn is lost"
        )


async def test_a_decision_about_slots_in_another_order_is_digested_by_number(database_url: str) -> None:
    async with signing(database_url) as signs:
        await signs.say("1", signs.record(1, 3, 9999), signs.record(2, 0, 9999))
        await signs.decide(1, Outcome.BILLED)
        assert await signs.billed() == [(0, 7200), (3, 7200)]


async def test_nobodys_word_takes_a_report_from_a_meter_that_is_in_time(database_url: str) -> None:
    """Somebody with the seller's API key alone sends what its meter has not signed, and takes it back."""
    async with signing(database_url) as signs:
        forged = [signs.record(n, n - 1, 0) for n in (1, 2)]
        seal, _ = Signing(signs.meter, "m").sealed(forged, GENESIS)
        assert (await signs.say("forged", *forged, seal=seal)).disputed == 2
        await signs.decide(1, Outcome.WITHDRAWN, SELLER)
        assert (await signs.say("true", signs.record(1, 0), signs.record(2, 1))).accepted == 2
        assert await signs.billed() == [(0, 7200), (1, 7200)]


async def test_what_is_rejected_after_the_late_window_is_lost_in_the_next_run(database_url: str) -> None:
    async with signing(database_url) as signs:
        await signs.say("1", signs.record(1, 0, 7201))
        await signs.meter.tick(JANUARY)
        await signs.meter.exchange.closing(CLERK).close("2026-01")
        assert await lines(signs.meter) == [("2026-01", 7 * 7200, 7 * 7200)]
        await signs.decide(1, Outcome.REJECTED)
        assert await signs.billed() == [(0, 0)]
        await signs.meter.tick(FEBRUARY)
        await signs.meter.exchange.closing(CLERK).close("2026-02")
        assert await lines(signs.meter, "2026-02") == [("2026-01", 7200, 7200)]


async def test_keys_begin_above_what_was_said(database_url: str) -> None:
    async with signing(database_url) as signs:
        with pytest.raises(UnknownMeterError):
            await signs.say("0", replace(signs.record(1, 0), meter="other"), seal=Seal(GENESIS, bytes(64)))
        with pytest.raises(SignatureNeededError):
            await signs.meter.deliveries("0", signs.record(1, 0))
        await signs.say("1", signs.record(1, 0))
        await signs.register()
        signs.key = new_private_key()
        with pytest.raises(KeyRefusedError):
            await signs.register(since=1)
        await signs.register(since=3)
        assert (await signs.say("2", signs.record(2, 1), signs.record(3, 2))).disputed == 2, (
            "a batch has one key"
        )
        assert await signs.disputes() == [("bad_signature", 2, 3, None)]


async def test_the_chain_around_a_dispute_is_told(database_url: str) -> None:
    async with signing(database_url) as signs:
        await signs.say("1", *(signs.record(n, n - 1) for n in range(1, 5)), signs.record(5, 4, 7201))
        await signs.say("2", signs.record(6, 5))
        pool = signs.meter.exchange.readers
        dispute = await dispute_of(pool, BUYER, 1)
        assert isinstance(dispute, StoredDispute)
        assert dispute.buyer == BUYER
        assert await dispute_of(pool, "ray", 1) is None
        assert [link.sequence for link in await chain_around(pool, dispute)] == [2, 3, 4, 5, 6]
        assert [(one.counts, one.stands) for one in await records_of(pool, dispute, 10)] == [((7201,), None)]


async def test_what_is_disputed_at_the_close_waits_and_is_billed_by_the_next_run(
    database_url: str, tmp_path: Path
) -> None:
    """The disputed slot is neither delivered nor lost in January; once decided, February bills it as January's."""
    async with signing(database_url) as signs:
        meter = signs.meter
        await signs.say("1", signs.record(1, 0, 7201), signs.record(2, 1, 9999), signs.record(3, 2, 7000))
        await meter.tick(JANUARY)
        await meter.exchange.closing(CLERK).close("2026-01")
        assert await lines(meter) == [("2026-01", 6 * 7200, 5 * 7200 + 200)]
        january = await keep(database_url, "2026-01", tmp_path)
        (held,) = await meter.exchange.readers.fetch(
            "SELECT unsettled, held FROM leases WHERE id = $1", meter.lease
        )
        assert held["unsettled"] == 2
        assert held["held"] > 0

        await signs.decide(1, Outcome.BILLED, counts={1: 7100, 2: 0})
        assert (await keep(database_url, "2026-01", tmp_path)).digest == january.digest
        await meter.tick(FEBRUARY)
        await meter.exchange.closing(CLERK).close("2026-02")
        assert await lines(meter, "2026-02") == [("2026-01", 2 * 7200, 7200 + 100)]
        assert (await keep(database_url, "2026-02", tmp_path)).sums > 0
        (held,) = await meter.exchange.readers.fetch(
            "SELECT unsettled, held FROM leases WHERE id = $1", meter.lease
        )
        assert tuple(held) == (0, 0)


async def test_what_came_too_late_and_disputed_is_never_billed(database_url: str) -> None:
    async with signing(database_url) as signs:
        meter = signs.meter
        await meter.tick(76)
        receipt = await signs.say("1", signs.record(1, 0, 7201), signs.record(2, 6, 7201))
        assert receipt.disputed == 2
        await meter.tick(JANUARY)
        await meter.exchange.closing(CLERK).close("2026-01")
        assert await lines(meter) == [("2026-01", 7 * 7200, 7 * 7200)], "the slot that came in time waits"
        await signs.decide(1, Outcome.BILLED)
        assert await signs.billed() == [(6, 7200)]


async def test_tokens_of_a_contract_that_has_ended_are_not_billed_after_all(database_url: str) -> None:
    async with metered(database_url) as meter:
        signs = Signing(meter, "t")
        await signs.register()
        lied = [replace(meter.use(n, 10), meter="t") for n in (1, 2)]
        seal, _ = signs.sealed(lied[:1], GENESIS)
        assert (await meter.exchange.metering.tokens(SELLER, "1", lied[:1], seal)).disputes[
            0
        ].finding == "clock_skew"
        await meter.tick(JANUARY)
        await meter.exchange.closing(CLERK).close("2026-01")
        with pytest.raises(NotBillableError, match="Nothing of it"):
            await signs.decide(1, Outcome.BILLED)
        await signs.decide(1, Outcome.REJECTED)


async def test_who_is_killed_in_the_middle_of_a_batch_leaves_all_of_it_or_nothing(database_url: str) -> None:
    async with signing(database_url) as signs:
        records = [replace(signs.meter.use(n, n % 8, n), meter="m") for n in range(1, 5001)]
        seal, places = signs.sealed(records, GENESIS)
        stored: asyncio.Task[Receipt] | None = None
        for wait in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4):
            stored = asyncio.create_task(signs.meter.exchange.metering.tokens(SELLER, "batch", records, seal))
            await asyncio.sleep(wait)
            await signs.meter.exchange.readers.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'meter_chain'::regclass)"
            )
            await asyncio.wait([stored])
            counts = await signs.meter.exchange.readers.fetchrow(
                "SELECT (SELECT count(*) FROM token_records) AS records, (SELECT count(*) FROM meter_chain) AS links, "
                "(SELECT count(*) FROM usage_batches) AS batches"
            )
            assert tuple(counts) in {(0, 0, 0), (5000, 5000, 1)}
        receipt = await signs.meter.exchange.metering.tokens(SELLER, "batch", records, seal)
        assert (receipt.accepted, receipt.disputes) == (5000, ())
        (standing,) = await standings_of(signs.meter.exchange.readers, SELLER)
        assert (standing.head, standing.link) == (5000, places[-1].link)


async def test_sellers_of_the_demo_sign_and_go_on_where_they_were_stopped(database_url: str) -> None:
    async with metered(database_url) as meter:
        meters = SigningMeters(meter.exchange)
        for _ in range(2):
            await meters.deliveries(SELLER, "1", [meter.delivery(70, 0), meter.delivery(71, 1)])
            await meters.tokens(SELLER, "2", [meter.use(0, 1), meter.use(1, 2)])
        await meters.deliveries(SELLER, "3", [meter.delivery(80, 2)])
        known = await standings_of(meter.exchange.readers, SELLER)
        assert [(one.meter, one.head) for one in known] == [("m", 3), ("t", 2)]
        assert await disputes_of(meter.exchange.readers, None, None, 9) == []
        checks = await audit(database_url, meter.exchange.catalogue, redecide=False)
        assert [check.differences for check in checks if check.differences] == []


async def lines(meter: Meter, period: str = "2026-01") -> list[tuple[str, int, int]]:
    """Service period, card-seconds and lost ones of a period's lines about the lease."""
    rows = await meter.exchange.readers.fetch(
        "SELECT l.service_period, l.quantity, l.lost FROM statements s JOIN statement_lines l ON l.statement = s.id "
        "JOIN runs r ON r.id = s.run WHERE s.subject = $1 AND r.period = $2 ORDER BY l.n",
        meter.lease,
        period,
    )
    return [tuple(row) for row in rows]
