"""A venue with a past: a story was told to it, meters reported in time and late, and two months were closed."""

import asyncio
from collections.abc import Iterable, Mapping

from exchange.agreements.commands import ProposeAgreement, SignAgreement
from exchange.app import Exchange, open_exchange
from exchange.bus import Answer
from exchange.commands import Command, Envelope
from exchange.metering import DeliveryRecord, Receipt, TokenRecord
from exchange.persistence.database import Pool
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue
from exchange.state import VENUE, ContractId, Instant, LeaseId, PartyId, VenueTerms
from exchange.venue.commands import Tick
from matching.commands import Reclaim
from matching.curves import PriceCurve
from matching.terms import Slot, Tier
from settlement.sign_off import digest_of
from tests.exchange.house import BUYER, CLERK, HOURS, SELLER, WEST, YUAN, House, office_of, pair
from tests.exchange.story import told

DAY = 24  # slots
JANUARY, FEBRUARY = 31 * DAY, (31 + 28) * DAY
SEED = 28


async def tell(exchange: Exchange, envelopes: Iterable[Envelope]) -> list[Answer]:
    """Give commands all at once; the venue takes them in this order."""
    return list(await asyncio.gather(*(exchange.bus.submit(envelope) for envelope in envelopes)))


async def ask(exchange: Exchange, by: str, command_id: str, command: Command) -> Answer:
    return await exchange.bus.submit(Envelope(PartyId(by), command_id, command))


async def tick(exchange: Exchange, house: House, slot: int) -> None:
    """Let the clocks of both come to a slot, counted from new year."""
    instant = house.state.rules.instant_of(house.first + slot)
    house.ask(VENUE, Tick(instant))
    await exchange.as_venue(f"tick-{slot}", Tick(instant))


async def live(url: str, rules: VenueTerms = HOURS) -> None:
    """Fill an empty database with a venue's first two months and the beginning of the third."""
    house = told(SEED, 350, rules)
    house.offer(window=(JANUARY - 4, JANUARY + 4), cards=4)
    house.place(window=(JANUARY - 4, JANUARY + 4), slots=8, cards=(3, 3))
    house.offer(window=(JANUARY - 4, JANUARY + 90), cards=2, asks=spot(house))
    house.place(window=(JANUARY - 4, JANUARY + 90), slots=94, cards=(2, 2), tier=Tier.SPOT)
    async with open_exchange(url, rules) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        await report(exchange, await over(exchange.readers, house), "first")
        await use_tokens(exchange, house)
        await declare(exchange)
        await tick(exchange, house, JANUARY + 2)
        known = await over(exchange.readers, house, JANUARY - 4)
        await report(exchange, [*known[:3], *known[6:8]], "in time")
        await exchange.closing(CLERK).close("2026-01")
        await tick(exchange, house, JANUARY + 60)
        await report(exchange, (await over(exchange.readers, house, JANUARY - 4))[:4], "late")
        since = Slot(house.first + JANUARY + 62)
        await ask(exchange, SELLER, "reclaim", Reclaim(house.last_listing, since))
        await tick(exchange, house, FEBRUARY)
        await exchange.closing(CLERK).close("2026-02")
        await go_on(exchange, house)


def spot(house: House) -> Mapping[Tier, PriceCurve]:
    """Ten yuan for a card that may be taken back."""
    return {Tier.SPOT: house.listing().asks[Tier.ON_DEMAND]}


async def declare(exchange: Exchange) -> None:
    """The venue adopts tables of power; a seller declares a PUE, and a certificate for less than its cards will draw."""
    await ask(exchange, CLERK, "tables", AdoptPowerTables(exchange.catalogue.power_tables("2026-1")))
    await ask(exchange, SELLER, "pue", DeclarePue(WEST, "2026-01", 1150, "audit 7"))
    await ask(exchange, SELLER, "certificate", DeclareCertificates(WEST, "2026-01", 3, "GEC-1"))


async def go_on(exchange: Exchange, house: House) -> None:
    """Something rests, something is leased, something is held, and an open-ended agreement has got its next version.

    An order keeps what it needs to come back, because its lease can be taken back.
    """
    now = house.state.market.now - house.first
    await ask(exchange, SELLER, "go-on-1", house.listing(window=(now, now + 9)))
    await ask(exchange, SELLER, "go-on-2", house.listing(window=(now + 2, now + 8), lot=2))
    for slots, limit in ((3, 10), (2, 12), (4, 3)):
        command = house.order(limit=limit * YUAN, slots=slots, window=(now, now + 9), cards=(2, 3))
        await ask(exchange, BUYER, f"go-on-order-{slots}", command)
    await ask(exchange, SELLER, "go-on-3", house.listing(window=(now + 2, now + 8), asks=spot(house)))
    await ask(exchange, BUYER, "go-on-spot", house.order(window=(now, now + 9), cards=(2, 2), tier=Tier.SPOT))
    for version in (2, 3):
        begins = house.state.rules.instant_of(house.state.market.now + version * DAY)
        signed = pair(begins, None, version=version)
        await ask(exchange, CLERK, f"go-on-agreement-{version}", ProposeAgreement(signed))
        for region in signed.parties:
            sign = SignAgreement(signed.id, version, "desk", digest_of(signed))
            await ask(exchange, office_of(region), f"go-on-sign-{version}", sign)


async def over(pool: Pool, house: House, since: int = 0) -> list[DeliveryRecord]:
    """A record of each leased slot from `since` that is over and unreported; a tenth of them short."""
    rows = await pool.fetch(
        "SELECT l.id, l.cards, slot FROM leases l, generate_series(l.start_slot, l.end_slot - 1) AS slot "
        "WHERE slot >= $1 AND slot < $2 AND l.seller = $3 AND NOT EXISTS "
        "(SELECT 1 FROM delivery_records r WHERE r.lease = l.id AND r.slot = slot.slot) ORDER BY l.seq, l.id, slot",
        house.first + since,
        house.state.market.now,
        SELLER,
    )
    seconds = house.state.rules.slot_seconds
    return [
        DeliveryRecord(
            meter="m",
            sequence=row["slot"] * 1000 + int(row["id"].removeprefix("lse-")),
            lease=LeaseId(row["id"]),
            slot=Slot(row["slot"]),
            delivered=row["cards"] * seconds - (977 if row["slot"] % 10 == 0 else 0),
        )
        for row in rows
    ]


async def report(exchange: Exchange, records: list[DeliveryRecord], key: str) -> Receipt:
    return await exchange.metering.deliveries(SELLER, key, records)


async def use_tokens(exchange: Exchange, house: House) -> None:
    """Some tokens of every contract, and of the first more than its budget can pay."""
    records: list[TokenRecord] = []
    for number, (name, contract) in enumerate(house.state.contracts.items()):
        at = Instant(house.state.now - 1)
        if contract.terms.begins <= at < contract.terms.ends:
            records.append(
                TokenRecord("t", number, ContractId(name), at, 10**10 if not records else 10**6, 678)
            )
    await exchange.metering.tokens(SELLER, "tokens", records)
