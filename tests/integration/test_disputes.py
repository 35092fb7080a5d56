"""Signed meters on a real database: what is honest is billed, what is found is disputed, and each dispute can be ended."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from exchange.audit import audit
from exchange.metering import DeliveryRecord, Receipt, TokenRecord
from exchange.persistence.chains import KeyRefusedError, Seal, UnknownMeterError, batch_of
from exchange.persistence.decisions import DecidedError, Decision, NotBillableError, Outcome
from exchange.persistence.queries.disputes import StoredDispute, chain_around, dispute_of, disputes_of, records_of
from exchange.persistence.usage import DELIVERIES, TOKENS, SignatureNeededError
from exchange.signing import new_private_key, public_key_of, sign
from exchange.state import PartyId
from settlement.metering.chain import GENESIS, Chained, chained, signed_bytes
from tests.exchange.house import BUYER, CLERK, SELLER
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

    def sealed(self, records: Sequence[DeliveryRecord | TokenRecord], previous: bytes) -> tuple[Seal, list[Chained]]:
        kind = DELIVERIES if isinstance(records[0], DeliveryRecord) else TOKENS
        columns = {
            name: [getattr(record, name) for record in records] for name in kind.columns
        }
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
        self, dispute: int, outcome: Outcome, by: PartyId = CLERK, counts: tuple[int, ...] | None = None
    ) -> None:
        await self.meter.exchange.metering.decide(Decision(dispute, SELLER, outcome, by, counts, ""))

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
            "6", signs.record(3, 4), signs.record(4, 5, 7201), signs.record(5, 8), signs.record(6, 9, 1), signs.record(7, 6)
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
        assert (await signs.say("7", signs.record(8, 2), signs.record(9, 3), signs.record(10, 5))).accepted == 3
        assert [end for *_, end in await signs.disputes()] == [
            None, "reported", "reported", "reported", "reported", None
        ]


async def test_a_clock_that_runs_ahead_is_found_and_one_that_is_early_is_told_to_wait(database_url: str) -> None:
    async with metered(database_url) as meter:
        signs = Signing(meter, "t")
        await signs.register()
        uses = [replace(meter.use(n, hour), meter="t") for n, hour in enumerate((3, 8, 9), start=1)]
        seal, _ = signs.sealed(uses, GENESIS)
        receipt = await meter.exchange.metering.tokens(SELLER, "1", uses, seal)
        assert (receipt.accepted, receipt.disputed, [str(one.code) for one in receipt.refused]) == (1, 1, ["not_over"])
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
        with pytest.raises(NotBillableError, match="No more than 7200"):
            await signs.decide(1, Outcome.BILLED, counts=(7201,))
        await signs.decide(1, Outcome.BILLED, counts=(7100,))
        await signs.decide(1, Outcome.BILLED, counts=(7100,))
        with pytest.raises(DecidedError):
            await signs.decide(1, Outcome.REJECTED)
        assert await signs.billed() == [(0, 7100), (1, 7200)]
        await signs.say("2", signs.record(3, 2, 9999), signs.record(4, 8))
        await signs.decide(2, Outcome.WITHDRAWN, SELLER)
        with pytest.raises(NotBillableError, match="Nothing of it"):
            await signs.decide(3, Outcome.BILLED)
        await signs.decide(3, Outcome.REJECTED)
        assert await signs.billed() == [(0, 7100), (1, 7200), (2, 0)]


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
        assert (await signs.say("2", signs.record(2, 1), signs.record(3, 2))).disputed == 2, "a batch has one key"
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
