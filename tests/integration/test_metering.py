"""Metering on a real database: every record counts once, and every other one is told why it does not."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from exchange.app import Exchange, open_exchange
from exchange.bus import DifferentCommandError
from exchange.metering import BATCH_MAX, DeliveryRecord, Receipt, TokenRecord
from exchange.names import ContractId, Instant, LeaseId, PartyId
from exchange.orders.events import LeaseGranted
from exchange.state import Role
from exchange.venue.commands import Tick
from matching.terms import Slot, Window
from tests.exchange.house import BUYER, HOURS, NEW_YEAR, SELLER, House, only, party
from tests.exchange.test_contracts import open_contract
from tests.integration.season import ask, tell

pytestmark = pytest.mark.anyio
RAY = PartyId("ray")


@dataclass
class Meter:
    """A venue with a lease of two cards for eight hours and a contract of ten days, and its clock."""

    exchange: Exchange
    house: House
    lease: LeaseId
    contract: ContractId

    async def tick(self, slot: int) -> None:
        instant = self.house.state.rules.instant_of(self.house.first + slot)
        await self.exchange.as_venue(f"tick-{slot}", Tick(instant))

    def delivery(self, number: int, slot: int, delivered: int = 7200) -> DeliveryRecord:
        return DeliveryRecord("m", number, self.lease, Slot(self.house.first + slot), delivered)

    def use(self, number: int, hour: int, tokens: int = 5) -> TokenRecord:
        return TokenRecord("t", number, self.contract, Instant(NEW_YEAR + hour * 3600), tokens, 0, 0)

    async def deliveries(
        self, key: str, *records: DeliveryRecord, by: PartyId = SELLER
    ) -> tuple[int, int, list[tuple[int, str]]]:
        return summary(await self.exchange.metering.deliveries(by, key, records))

    async def tokens(
        self, key: str, *records: TokenRecord, by: PartyId = SELLER
    ) -> tuple[int, int, list[tuple[int, str]]]:
        return summary(await self.exchange.metering.tokens(by, key, records))

    async def stored(self) -> list[tuple[int, int, str]]:
        rows = await self.exchange.readers.fetch(
            "SELECT sequence, slot, status FROM delivery_records ORDER BY party, sequence"
        )
        return [(row["sequence"], row["slot"] - self.house.first, row["status"]) for row in rows]


def summary(receipt: Receipt) -> tuple[int, int, list[tuple[int, str]]]:
    """Accepted, duplicates, and each refusal with its place in the batch."""
    return receipt.accepted, receipt.duplicates, [(one.index, str(one.code)) for one in receipt.refused]


@asynccontextmanager
async def metered(url: str) -> AsyncIterator[Meter]:
    house = House()
    house.offer()
    lease = only(LeaseGranted, house.place(slots=8, cards=(2, 2), window=(0, 8))).lease.id
    contract = open_contract(house)
    house.admit(party(RAY, Role.SELLER))
    async with open_exchange(url, HOURS) as exchange:
        await tell(exchange, [envelope for _, envelope, _ in house.log[1:]])
        meter = Meter(exchange, house, lease, contract)
        await meter.tick(8)
        yield meter


async def test_what_is_over_and_leased_is_accepted(database_url: str) -> None:
    async with metered(database_url) as meter:
        assert await meter.deliveries("1", meter.delivery(1, 0), meter.delivery(2, 1, 0)) == (2, 0, [])
        assert await meter.stored() == [(1, 0, "accepted"), (2, 1, "accepted")]


async def test_each_refusal_has_its_reason(database_url: str) -> None:
    async with metered(database_url) as meter:
        await meter.deliveries("0", meter.delivery(1, 0), meter.delivery(2, 1))
        records = [
            replace(meter.delivery(10, 2), lease=LeaseId("lse-99")),
            meter.delivery(11, -1),
            meter.delivery(12, 8),
            meter.delivery(13, 2, 7201),
            meter.delivery(14, 0),
            meter.delivery(2, 3),
            meter.delivery(1, 0),
            meter.delivery(15, 2),
        ]
        assert await meter.deliveries("1", *records) == (
            1,
            1,
            [
                (0, "unknown_subject"),
                (1, "outside_term"),
                (2, "outside_term"),
                (3, "more_than_leased"),
                (4, "already_reported"),
                (5, "number_reused"),
            ],
        )
        assert [number for number, _, _ in await meter.stored()] == [1, 2, 15]


async def test_time_that_is_not_over_can_be_reported_later(database_url: str) -> None:
    async with metered(database_url) as meter:
        house = meter.house
        house.offer(window=(8, 20))
        meter.lease = only(LeaseGranted, house.place(slots=4, window=(8, 12))).lease.id
        await tell(meter.exchange, [envelope for _, envelope, _ in house.log[-2:]])
        await meter.tick(9)
        record = meter.delivery(1, 9, 3600)
        assert await meter.deliveries("1", record) == (0, 0, [(0, "not_over")])
        await meter.tick(10)
        assert await meter.deliveries("1", record) == (0, 0, [(0, "not_over")]), "the batch was answered"
        assert await meter.deliveries("2", record) == (1, 0, [])


async def test_what_comes_too_late_is_kept_and_stays_too_late(database_url: str) -> None:
    async with metered(database_url) as meter:
        await meter.tick(8 + 71)
        assert await meter.deliveries("1", meter.delivery(1, 7)) == (1, 0, []), "71 hours after its end"
        assert await meter.deliveries("2", meter.delivery(2, 6)) == (0, 0, [(0, "too_late")]), "72 hours"
        assert await meter.deliveries("3", meter.delivery(2, 6)) == (0, 0, [(0, "too_late")])
        assert await meter.deliveries("4", meter.delivery(3, 7)) == (0, 0, [(0, "already_reported")])
        assert await meter.stored() == [(1, 7, "accepted"), (2, 6, "too_late")]


async def test_within_one_batch_the_first_of_two_counts(database_url: str) -> None:
    async with metered(database_url) as meter:
        await meter.deliveries("0", meter.delivery(1, 0))
        records = [
            meter.delivery(2, 1),
            meter.delivery(2, 1),
            meter.delivery(2, 2),
            meter.delivery(3, 1),
            meter.delivery(4, 0),
            meter.delivery(4, 3),
        ]
        assert await meter.deliveries("1", *records) == (
            2,
            1,
            [(2, "number_reused"), (3, "already_reported"), (4, "number_reused")],
        )
        assert await meter.stored() == [(1, 0, "accepted"), (2, 1, "accepted"), (4, 3, "accepted")]


async def test_a_batch_counts_once_and_its_key_is_used_for_ever(database_url: str) -> None:
    async with metered(database_url) as meter:
        first = await meter.exchange.metering.deliveries(SELLER, "key", [meter.delivery(1, 0)])
        assert await meter.exchange.metering.deliveries(SELLER, "key", [meter.delivery(1, 0)]) == first
        with pytest.raises(DifferentCommandError):
            await meter.deliveries("key", meter.delivery(1, 1))
        with pytest.raises(DifferentCommandError):
            await meter.tokens("key", meter.use(1, 1))
        assert await meter.stored() == [(1, 0, "accepted")]


async def test_a_seller_reports_its_own_leases_and_its_meters_are_its_own(database_url: str) -> None:
    async with metered(database_url) as meter:
        mine = meter.delivery(1, 0)
        assert await meter.deliveries("1", mine, by=RAY) == (0, 0, [(0, "unknown_subject")])
        house = meter.house
        house.offer(RAY, window=(8, 12), price=9 * 10**6)
        other = only(LeaseGranted, house.place(slots=1, window=(8, 9))).lease.id
        await tell(meter.exchange, [envelope for _, envelope, _ in house.log[-2:]])
        await meter.tick(9)
        theirs = replace(meter.delivery(1, 8, 3600), lease=other)
        assert await meter.deliveries("2", theirs, by=RAY) == (1, 0, [])
        assert await meter.deliveries("1", mine) == (1, 0, []), (
            "the same meter, number and key of another seller"
        )


async def test_tokens_are_taken_like_deliveries(database_url: str) -> None:
    async with metered(database_url) as meter:
        records = [
            meter.use(1, 0),
            meter.use(1, 0),
            meter.use(1, 1),
            meter.use(2, 0),
            meter.use(3, 8),
            meter.use(4, -1),
            meter.use(5, 24 * 10),
            replace(meter.use(6, 0), contract=ContractId("tkc-99")),
        ]
        assert await meter.tokens("1", *records) == (
            2,
            1,
            [
                (2, "number_reused"),
                (4, "not_over"),
                (5, "outside_term"),
                (6, "outside_term"),
                (7, "unknown_subject"),
            ],
        )
        assert await meter.tokens("2", meter.use(7, 0), by=RAY) == (0, 0, [(0, "unknown_subject")])
        await meter.tick(72)
        assert await meter.tokens("3", meter.use(8, 0), meter.use(9, 1)) == (1, 0, [(0, "too_late")])


async def test_ten_thousand_records_at_once(database_url: str) -> None:
    async with metered(database_url) as meter:
        records = [meter.use(n, n % 8, n) for n in range(BATCH_MAX)]
        assert await meter.tokens("1", *records) == (BATCH_MAX, 0, [])
        again = [*records[1:], meter.use(BATCH_MAX, 0)]
        assert await meter.tokens("2", *again) == (1, BATCH_MAX - 1, [])
        with pytest.raises(AssertionError, match="the door bounds a batch"):
            await meter.tokens("3", *records, *again)


async def test_batches_that_come_at_once_are_numbered_in_turn(database_url: str) -> None:
    async with metered(database_url) as meter:
        sent = [meter.deliveries(str(n), meter.delivery(n, n % 8)) for n in range(16)]
        receipts: Sequence[tuple[int, int, list[tuple[int, str]]]] = await asyncio.gather(*sent)
        assert sum(accepted for accepted, _, _ in receipts) == 8
        rows = await meter.exchange.readers.fetch("SELECT id, now FROM usage_batches ORDER BY id")
        assert [row["id"] for row in rows] == list(range(1, 17))


async def test_before_the_first_tick_nothing_is_over(database_url: str) -> None:
    house = House()
    first_hours = Window(Slot(1), Slot(5))
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, [envelope for _, envelope, _ in house.log[2:]])
        await ask(exchange, SELLER, "offer", replace(house.listing(), window=first_hours))
        answer = await ask(exchange, BUYER, "order", replace(house.order(), window=first_hours))
        lease = only(LeaseGranted, list(answer.events)).lease.id
        record = DeliveryRecord("m", 1, lease, Slot(1), 3600)
        receipt = await exchange.metering.deliveries(SELLER, "1", [record])
        assert summary(receipt) == (0, 0, [(0, "not_over")])
