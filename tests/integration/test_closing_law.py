"""Whenever slots are reported and periods closed, the job settles what the audit says that it should, and all of it."""

import os
from dataclasses import replace
from random import Random

import pytest

from exchange.app import Exchange, open_exchange
from exchange.audit import audit
from exchange.catalogue.catalogue import load_catalogue
from exchange.contracts.commands import AddPackage
from exchange.contracts.events import PackageAdded
from exchange.metering import DeliveryRecord, TokenRecord
from exchange.names import ContractId, Instant
from exchange.orders.events import LeaseGranted
from matching.commands import Reclaim
from matching.terms import Slot, Tier
from settlement.money import BasisPoints, Fen
from tests.exchange.house import CLERK, NEW_YEAR, PROMISING, SELLER, House, only, pair
from tests.exchange.test_contracts import open_contract
from tests.integration.season import FEBRUARY, JANUARY, ask, declare, over, tell, tick

pytestmark = pytest.mark.anyio

RULES = replace(PROMISING, late_window_seconds=5 * 3600)
LATE = 5  # slots
SEEDS = [int(os.environ["SUANLI_SEED"])] if "SUANLI_SEED" in os.environ else range(4)


def trade(chance: Random) -> House:
    """Leases over the ends of two months, under agreements that change in the middle of it, and a contract.

    Half of them are spot.
    """
    house = House(RULES)
    for number, (begins, ends) in enumerate([(JANUARY - 5, JANUARY + 3), (JANUARY + 3, FEBRUARY - 1)], 1):
        carbon = (BasisPoints(3333), BasisPoints(6667))
        agreed = pair(NEW_YEAR + begins * 3600 - 7, NEW_YEAR + ends * 3600 - 7, version=number, carbon=carbon)
        house.agree(agreed)
    for ends in (JANUARY, FEBRUARY):
        window = (ends - 10, ends + 10)
        steps = {ends - 10: 10**7, ends - 2: 7 * 10**6, ends + 4: 10**7}
        for tier in Tier:
            house.offer(window=window, cards=8, asks={tier: house.listing(steps=steps).asks[Tier.ON_DEMAND]})
            for _ in range(3):
                slots = chance.randint(3, 14)
                begins = chance.randint(ends - 10, ends + 10 - slots)
                wanted = house.place(slots=slots, window=(begins, begins + slots), cards=(1, 2), tier=tier)
                only(LeaseGranted, wanted)
    contract = open_contract(house, days=35)
    for _ in range(6):
        begins = chance.choice([0, JANUARY - 20, JANUARY - 5, JANUARY - 1, JANUARY, JANUARY + 3])
        ends = chance.choice([JANUARY - 3, JANUARY + 1, JANUARY + 7, 35 * 24])
        begins, ends = (Instant(NEW_YEAR + hour * 3600) for hour in (begins, max(ends, begins + 1)))
        price = Fen(chance.choice([0, 2_00, 3_00]))
        only(
            PackageAdded,
            house.ask(CLERK, AddPackage(contract, chance.randint(1, 10**6), price, begins, ends)),
        )
    return house


async def live_through(exchange: Exchange, house: House, chance: Random) -> None:
    """Hour by hour around the end of each month: every slot is reported in time, late, too late, or never.

    The seller takes its spot leases back, some of them before they have begun.
    """
    due: dict[int, list[DeliveryRecord]] = {}
    await declare(exchange)
    listings = house.state.market.listings.items()
    spot = [name for name, live in listings if Tier.SPOT in live.terms.asks]
    for number, ends in enumerate((JANUARY, FEBRUARY), 1):
        closes = ends + chance.randint(0, 9)
        reclaims = ends + chance.randint(-6, 6)
        for now in range(ends - 9, ends + 13):
            await tick(exchange, house, now)
            for record in await over(exchange.readers, house, now - 1):
                due.setdefault(now + chance.choice([0, 0, 1, 3, LATE - 1, LATE, 8, 10**6]), []).append(record)
            await exchange.metering.deliveries(SELLER, f"deliveries-{now}", due.pop(now, []))
            contract = ContractId(next(iter(house.state.contracts)))
            at = Instant(house.state.now - chance.choice([1, 3601, LATE * 3600, LATE * 3600 + 1]))
            used = TokenRecord("t", now, contract, at, chance.randint(0, 10**6), chance.randint(0, 10**6), 7)
            await exchange.metering.tokens(SELLER, f"tokens-{now}", [used])
            if now == reclaims:
                since = Slot(house.first + now + chance.randint(1, 3))
                await ask(exchange, SELLER, f"reclaim-{number}", Reclaim(spot[number - 1], since))
            if now == closes:
                await exchange.closing(CLERK).close(f"2026-{number:02}")
    await tick(exchange, house, FEBRUARY + 31 * 24 + LATE)
    await exchange.closing(CLERK).close("2026-03")


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_slot_is_settled_as_usage_and_late_windows_say(database_url: str, seed: int) -> None:
    chance = Random(seed)
    house = trade(chance)
    async with open_exchange(database_url, RULES) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        await live_through(exchange, house, chance)
        unsettled = await exchange.readers.fetchval("SELECT sum(unsettled) FROM leases")
        too_late = await exchange.readers.fetchval(
            "SELECT count(*) FROM delivery_records WHERE status = 'too_late'"
        )
        assert (unsettled, exchange.engine.state.leases) == (0, {})
        assert too_late
    checks = await audit(database_url, load_catalogue(), redecide=False)
    assert [difference for check in checks for difference in check.differences] == []
