"""Fills a venue with what every page has to show: parties, listings, orders, leases, a closed month, agreements.

Everything follows from `NOW`: the same log each time. Keys are as fixed as the rest, for a venue that only tests know.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import count

from exchange.agreements.commands import DeclineAgreement, ProposeAgreement, SignAgreement
from exchange.app import Exchange
from exchange.bus import Answer
from exchange.catalogue.catalogue import load_catalogue
from exchange.catalogue.chips import relative_weight
from exchange.commands import Command, Envelope
from exchange.contracts.commands import AddPackage, OpenContract
from exchange.defaults import venue_terms
from exchange.listings.commands import PublishListing
from exchange.metering import DeliveryRecord, TokenRecord
from exchange.names import VENUE, ContractId, Instant, PartyId
from exchange.orders.commands import PlaceOrder
from exchange.orders.events import LeaseGranted
from exchange.parties.commands import Deposit, IssueKey, RegisterParty
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue
from exchange.state import LeaseTerms, Party, Role, VenueTerms
from exchange.venue.commands import Tick
from matching.commands import CancelOrder, Reclaim, SetLink, WithdrawListing
from matching.curves import PriceCurve, flat
from matching.terms import (
    Block,
    ChipCode,
    ListingId,
    OrderId,
    OwnerGroup,
    Preference,
    Price,
    PriceRule,
    RegionCode,
    Shape,
    Slot,
    Split,
    Tier,
    TimeInForce,
    Window,
    Work,
)
from settlement.agreements import PairAgreement, Shares
from settlement.money import BasisPoints, Fen
from settlement.rating.service_credits import ServicePromise
from settlement.rating.tokens import TokenPrices
from settlement.sign_off import digest_of

HOUR, DAY = 3600, 86_400


def at(text: str) -> Instant:
    """An instant, such as `2026-11-23 10:00`, on the clock of UTC+8."""
    return Instant(int(datetime.fromisoformat(f"{text}+08:00").timestamp()))


OPENED, NOW = at("2026-10-05 00:00"), at("2026-11-23 10:00")
SHANGHAI, SHENZHEN, HANGZHOU = RegionCode("310000"), RegionCode("440300"), RegionCode("330100")
QINGYANG, ZHONGWEI, HOHHOT, GUIYANG = (
    RegionCode("621000"),
    RegionCode("640500"),
    RegionCode("150100"),
    RegionCode("520100"),
)
H800, H20, A800, ASCEND, A100 = (
    ChipCode("nvidia-h800-80g"),
    ChipCode("nvidia-h20-96g"),
    ChipCode("nvidia-a800-80g"),
    ChipCode("ascend-910b-64g"),
    ChipCode("nvidia-a100-80g"),
)
PARTIES = {
    "buyer-1": ("Buyer 1", SHANGHAI, {Role.BUYER}),
    "buyer-2": ("Buyer 2", SHENZHEN, {Role.BUYER}),
    "buyer-3": ("Buyer 3", HANGZHOU, {Role.BUYER, Role.SELLER}),
    "buyer-4": ("Buyer 4", SHANGHAI, {Role.BUYER}),
    "seller-1": ("Qingyang seller 1", QINGYANG, {Role.SELLER}),
    "seller-2": ("Zhongwei seller 2", ZHONGWEI, {Role.SELLER}),
    "seller-3": ("Hohhot seller 3", HOHHOT, {Role.SELLER}),
    "seller-4": ("Guiyang seller 4", GUIYANG, {Role.SELLER}),
    "office-shanghai": ("Shanghai finance office", SHANGHAI, {Role.REGION}),
    "office-qingyang": ("Qingyang finance office", QINGYANG, {Role.REGION}),
    "office-hangzhou": ("Hangzhou finance office", HANGZHOU, {Role.REGION}),
    "office-zhongwei": ("Zhongwei finance office", ZHONGWEI, {Role.REGION}),
    "office-shenzhen": ("Shenzhen finance office", SHENZHEN, {Role.REGION}),
    "office-guiyang": ("Guiyang finance office", GUIYANG, {Role.REGION}),
    "clerk-1": ("Settlement clerk 1", SHANGHAI, {Role.CLERK}),
}
MONEY = {"buyer-1": 3_000_000_00, "buyer-2": 800_000_00, "buyer-3": 500_000_00}


def terms() -> VenueTerms:
    """The usual terms, on the day on which the venue opens, and a promise for each tier."""
    usual = venue_terms(load_catalogue(), datetime.fromisoformat("2026-10-05T00:00:00+08:00"))
    firm = ServicePromise(tuple(zip(bp(9900, 9980), bp(2500, 1000), strict=True)))
    spot = ServicePromise(
        tuple(zip(bp(9500), bp(1000), strict=True)), 6 * HOUR, bp(2000)[0], 2 * HOUR, bp(1000)[0]
    )
    return replace(usual, promises={Tier.ON_DEMAND: firm, Tier.SPOT: spot})


def token_of(party: str) -> str:
    """The key by which a party signs in, in the form that the venue gives out."""
    name, secret = (hashlib.sha256(f"{part} {party}".encode()).hexdigest() for part in ("name", "secret"))
    return f"sk_{name[:12]}_{secret}"


class Seeder:
    """Asks a venue for one thing after another, and insists on being given it."""

    def __init__(self, exchange: Exchange, prefix: str = "seed") -> None:
        self.exchange = exchange
        self.prefix = prefix
        self.numbers = count(1)
        self.leases: list[LeaseTerms] = []

    async def ask(self, by: str, command: Command) -> Answer:
        envelope = Envelope(PartyId(by), f"{self.prefix}-{next(self.numbers)}", command)
        answer = await self.exchange.bus.submit(envelope)
        assert answer.rejection is None, f"{command} was refused: {answer.rejection}"
        self.leases += [event.lease for event in answer.events if isinstance(event, LeaseGranted)]
        return answer

    async def tick(self, now: int) -> None:
        await self.ask(VENUE, Tick(Instant(now)))

    async def admit(self, party: str, name: str, region: RegionCode, roles: Iterable[Role]) -> None:
        admitted = Party(PartyId(party), name, frozenset(roles), region, OwnerGroup(party))
        await self.ask("venue", RegisterParty(admitted))
        token = token_of(party)
        digest = hashlib.sha256(token.encode()).hexdigest()
        await self.ask("venue", IssueKey(PartyId(party), token.split("_")[1], digest))

    async def sign(self, agreement: PairAgreement, by: str) -> None:
        """Have an agreement proposed, and signed by the office of each of its regions."""
        await self.ask(by, ProposeAgreement(agreement))
        for office, (_, region, roles) in PARTIES.items():
            if region in agreement.parties and roles == {Role.REGION}:
                await self.sign_as(office, agreement)

    async def sign_as(self, office: str, agreement: PairAgreement) -> None:
        """Let one office sign an agreement."""
        key = token_of(office).split("_")[1]
        await self.ask(office, SignAgreement(agreement.id, agreement.version, key, digest_of(agreement)))

    async def sell(
        self,
        party: str,
        chip: ChipCode,
        region: RegionCode,
        window: tuple[int, int],
        cards: int,
        asks: dict[Tier, PriceCurve],
        lot: int = 1,
        shortest: int = 1,
        price_rule: PriceRule = PriceRule.POSTED,
    ) -> ListingId:
        line = "bare_metal_lease" if lot > 1 else "compute_service"
        listing = PublishListing(chip, region, slots(*window), cards, lot, shortest, asks, line, price_rule)
        return ListingId(f"lst-{(await self.ask(party, listing)).seq}")

    async def buy(
        self,
        party: str,
        chips: Iterable[ChipCode],
        regions: Iterable[RegionCode],
        window: tuple[int, int],
        cards: tuple[int, int],
        hours: int,
        yuan: int,
        tier: Tier = Tier.ON_DEMAND,
        prefer: Preference = Preference.CHEAPEST,
        tif: TimeInForce = TimeInForce.GTC,
        split: Split = Split.ONE,
    ) -> OrderId:
        """Ask for a block."""
        return await self.order(
            party, chips, regions, window, Block(*cards, hours, split), yuan, tier, prefer, tif
        )

    async def order(
        self,
        party: str,
        chips: Iterable[ChipCode],
        regions: Iterable[RegionCode],
        window: tuple[int, int],
        shape: Shape,
        yuan: int,
        tier: Tier,
        prefer: Preference = Preference.CHEAPEST,
        tif: TimeInForce = TimeInForce.GTC,
    ) -> OrderId:
        known = [self.exchange.catalogue.chips[chip] for chip in chips]
        best = max(known, key=lambda chip: chip.weight_milli)
        weights = {chip.code: int(relative_weight(chip, best)) for chip in known}
        limit = Price(yuan * 1_000_000)
        order = PlaceOrder(tier, weights, tuple(regions), slots(*window), limit, shape, prefer, tif)
        return OrderId(f"ord-{(await self.ask(party, order)).seq}")

    async def report(self, until: int) -> None:
        """Deliver every leased slot that is over and was not reported; now and then a part of one is lost."""
        last = until // HOUR
        for lease in self.leases:
            records = [
                DeliveryRecord(lease.id, slot, lease.id, Slot(slot), delivered(lease, slot))
                for run in lease.runs
                for slot in range(run.window.start, run.window.end)
                if until - 2 * DAY <= slot * HOUR and slot < last
            ]
            if records:
                receipt = await self.exchange.metering.deliveries(
                    lease.seller, f"{lease.id}-{until}", records
                )
                assert not receipt.refused, receipt.refused


def slots(start: int, end: int) -> Window:
    """A window of the hours that begin from one instant on and before another."""
    return Window(Slot(start // HOUR), Slot(end // HOUR))


def delivered(lease: LeaseTerms, slot: int) -> int:
    """Card-seconds: all of them, but for a quarter of an hour of one card in every fiftieth slot."""
    return lease.cards * HOUR - (900 if slot % 50 == 0 else 0)


def nightly(start: int, end: int, day: int, night: int) -> PriceCurve:
    """A price in yuan by day, and another from 22:00 to 08:00 in UTC+8."""
    steps: list[tuple[int, int]] = []
    for hour in range(start // HOUR, end // HOUR):
        local = (hour + 8) % 24
        price = (night if local >= 22 or local < 8 else day) * 1_000_000
        if not steps or steps[-1][1] != price:
            steps.append((hour, price))
    return PriceCurve(tuple(steps))


async def fill(exchange: Exchange) -> None:
    """Play seven weeks: October is closed, November is under way."""
    seeder = Seeder(exchange)
    await seeder.tick(OPENED)
    await admit_everybody(seeder)
    await play_october(seeder)
    await exchange.closing(PartyId("clerk-1")).close("2026-10")
    await play_november(seeder)


async def admit_everybody(seeder: Seeder) -> None:
    for party, (name, region, roles) in PARTIES.items():
        await seeder.admit(party, name, region, roles)
    for party, fen in MONEY.items():
        await seeder.ask("clerk-1", Deposit(PartyId(party), Fen(fen), f"bank transfer of {party}"))
    for n, (source, destination) in enumerate(
        [(SHANGHAI, QINGYANG), (HANGZHOU, ZHONGWEI), (SHENZHEN, GUIYANG)], start=1
    ):
        shares = Shares(bp(4000, 6000), bp(5000, 5000), bp(3000, 7000), bp(5000, 5000))
        parties = (str(source), str(destination))
        agreement = PairAgreement(f"pair-{n}", 1, parties, OPENED, None, shares, BasisPoints(6000))
        await seeder.sign(agreement, "clerk-1")


def bp(*parts: int) -> tuple[BasisPoints, ...]:
    return tuple(BasisPoints(part) for part in parts)


async def play_october(seeder: Seeder) -> None:
    ends = at("2026-11-01 00:00")
    both = {Tier.ON_DEMAND: nightly(OPENED, ends, 18, 11), Tier.SPOT: nightly(OPENED, ends, 12, 7)}
    await seeder.sell("seller-1", H800, QINGYANG, (OPENED, ends), 64, both, lot=8)
    await seeder.sell("seller-2", ASCEND, ZHONGWEI, (OPENED, ends), 128, {Tier.ON_DEMAND: flat(6_000_000)})
    west = [QINGYANG, ZHONGWEI]
    for day in range(0, 26, 2):
        start = OPENED + day * DAY
        await seeder.tick(start)
        await seeder.buy("buyer-1", [H800], [QINGYANG], (start, start + 2 * DAY), (8, 8), 12, 20)
        await seeder.buy("buyer-3", [ASCEND], west, (start, start + 2 * DAY), (4, 12), 20, 7)
        await seeder.report(start)
    opened = await seeder.ask("clerk-1", token_contract())
    contract = ContractId(f"tkc-{opened.seq}")
    for package in packages(contract):
        await seeder.ask("clerk-1", package)
    tokens = [
        TokenRecord(
            "gateway-1",
            n,
            contract,
            Instant(at("2026-10-31 00:00") + n),
            1_234_567,
            0 if n % 2 else 2_345_678,
            345_678,
        )
        for n in range(48)
    ]
    for day in (at("2026-10-31 00:00"), at("2026-11-02 00:00")):
        await seeder.tick(day)
        await seeder.report(day)
    await seeder.exchange.metering.tokens(PartyId("seller-2"), "tokens", tokens)
    await declare_october(seeder)


async def declare_october(seeder: Seeder) -> None:
    """The venue reckons carbon, and a seller shows a PUE and certificates of its own."""
    tables = seeder.exchange.catalogue.power_tables("2026-11")
    await seeder.ask("clerk-1", AdoptPowerTables(tables))
    await seeder.ask("seller-1", DeclarePue(QINGYANG, "2026-10", 1180, "能效测试报告 2026-7"))
    for number, kwh in ((1, 300), (2, 200)):
        await seeder.ask(
            "seller-1", DeclareCertificates(QINGYANG, "2026-10", kwh, f"GEC-2026-10-{number:04}")
        )


def token_contract() -> OpenContract:
    return OpenContract(
        PartyId("buyer-3"),
        PartyId("seller-2"),
        ZHONGWEI,
        TokenPrices(2_000_000, 500_000, 8_000_000),
        Fen(20_000_00),
        OPENED,
        at("2027-01-01 00:00"),
        "compute_service",
    )


def packages(contract: ContractId) -> list[AddPackage]:
    """One that October uses up, one that it leaves something of, one that was given, and one that is not valid yet."""
    december, january = at("2026-12-01 00:00"), at("2027-01-01 00:00")
    return [
        AddPackage(contract, 60_000_000, Fen(180_00), OPENED, at("2026-11-01 00:00")),
        AddPackage(contract, 90_000_000, Fen(280_00), OPENED, december),
        AddPackage(contract, 1_000_000, Fen(0), OPENED, january),
        AddPackage(contract, 100_000_000, Fen(290_00), december, january),
    ]


async def play_november(seeder: Seeder) -> None:
    begins, ends = at("2026-11-02 00:00"), at("2026-12-20 00:00")
    await offer_november(seeder, begins, ends)
    for day in range(0, 21, 2):
        start = begins + day * DAY
        await seeder.tick(start)
        await seeder.report(start)
        await seeder.buy("buyer-1", [H800], [QINGYANG], (start, start + 3 * DAY), (8, 16), 24, 20)
        await seeder.buy("buyer-3", [ASCEND], [ZHONGWEI, GUIYANG], (start, start + 2 * DAY), (4, 32), 36, 7)
        await seeder.buy("buyer-2", [H20], [HOHHOT], (start, start + 2 * DAY), (2, 2), 6, 9, Tier.SPOT)
    await seeder.tick(NOW)
    await seeder.report(NOW)
    await order_november(seeder)
    await bend_november(seeder)
    await propose_november(seeder)


async def propose_november(seeder: Seeder) -> None:
    """Shanghai has signed other terms with Qingyang from next year on; Shenzhen has refused Guiyang's."""
    later = at("2027-01-01 00:00")
    shares = Shares(bp(3500, 6500), bp(4000, 6000), bp(3000, 7000), bp(5000, 5000))
    second = PairAgreement(
        "pair-1", 2, (str(SHANGHAI), str(QINGYANG)), later, None, shares, BasisPoints(6500)
    )
    await seeder.ask("office-shanghai", ProposeAgreement(second))
    await seeder.sign_as("office-shanghai", second)
    other = PairAgreement("pair-3", 2, (str(SHENZHEN), str(GUIYANG)), later, None, shares, BasisPoints(6500))
    await seeder.ask("office-guiyang", ProposeAgreement(other))
    key = token_of("office-shenzhen").split("_")[1]
    no = DeclineAgreement("pair-3", 2, key, "The shares of tax stay as they are.")
    await seeder.ask("office-shenzhen", no)


async def offer_november(seeder: Seeder, begins: int, ends: int) -> None:
    firm = {Tier.ON_DEMAND: nightly(begins, ends, 18, 11), Tier.SPOT: nightly(begins, ends, 12, 7)}
    await seeder.sell("seller-1", H800, QINGYANG, (begins, ends), 64, firm, lot=8)
    await seeder.sell("seller-1", A800, QINGYANG, (begins, ends), 32, {Tier.ON_DEMAND: flat(9_500_000)})
    await seeder.sell("seller-2", ASCEND, ZHONGWEI, (begins, ends), 128, {Tier.ON_DEMAND: flat(6_000_000)})
    await seeder.sell(
        "seller-2", H800, ZHONGWEI, (begins, ends), 16, {Tier.ON_DEMAND: flat(19_000_000)}, shortest=4
    )
    await seeder.sell("seller-3", H20, HOHHOT, (begins, ends), 48, {Tier.SPOT: nightly(begins, ends, 8, 5)})
    await seeder.sell(
        "seller-4",
        ASCEND,
        GUIYANG,
        (begins, ends),
        24,
        {Tier.ON_DEMAND: flat(6_800_000), Tier.SPOT: flat(4_200_000)},
    )
    await seeder.sell("buyer-3", A100, HANGZHOU, (begins, ends), 8, {Tier.ON_DEMAND: flat(11_000_000)})
    gone = await seeder.sell("seller-1", H20, QINGYANG, (begins, ends), 8, {Tier.SPOT: flat(6_000_000)})
    await seeder.ask("seller-1", WithdrawListing(gone))


async def order_november(seeder: Seeder) -> None:
    later = (NOW, NOW + 5 * DAY)
    west = [QINGYANG, ZHONGWEI, HOHHOT, GUIYANG]
    await seeder.buy("buyer-1", [H800, ASCEND], west, later, (16, 16), 48, 20, prefer=Preference.EARLIEST)
    await seeder.buy("buyer-1", [H800], [QINGYANG], later, (8, 8), 24, 10)
    await seeder.buy("buyer-1", [H800], [QINGYANG], later, (40, 64), 24, 14)
    await seeder.buy("buyer-2", [H800], [QINGYANG, ZHONGWEI], later, (16, 16), 24, 9)
    await seeder.buy("buyer-2", [A800], [QINGYANG], later, (40, 48), 12, 12)
    cancelled = await seeder.buy("buyer-1", [A800], [QINGYANG], later, (8, 8), 12, 3)
    await seeder.ask("buyer-1", CancelOrder(cancelled))
    await seeder.buy("buyer-1", [A100], [HANGZHOU], later, (64, 64), 12, 8, tif=TimeInForce.IOC)
    await seeder.buy("buyer-1", [A800], [QINGYANG], (NOW, NOW + DAY), (24, 40), 12, 10)


async def bend_november(seeder: Seeder) -> None:
    """A gang, flexible work, a spot lease that gives way to a firm order, a reclaim that leaves nobody, and a link."""
    week = (NOW, NOW + 7 * DAY)
    await seeder.ask("clerk-1", SetLink(SHANGHAI, GUIYANG, 100_000))
    both = {Tier.SPOT: flat(5_000_000), Tier.ON_DEMAND: flat(8_000_000)}
    await seeder.sell("seller-4", H20, GUIYANG, week, 16, both, price_rule=PriceRule.MAKER)
    await seeder.sell("seller-4", H20, GUIYANG, week, 16, {Tier.ON_DEMAND: flat(9_000_000)})
    gang = (NOW + 5 * DAY, NOW + 6 * DAY)
    await seeder.buy("buyer-1", [H20], [GUIYANG], gang, (24, 24), 4, 10, split=Split.SELLERS)
    await seeder.buy("buyer-2", [H20], [GUIYANG], week, (16, 16), 48, 7, Tier.SPOT)
    await seeder.buy("buyer-1", [H20], [GUIYANG], (NOW + 6 * HOUR, NOW + 12 * HOUR), (16, 16), 6, 8)
    await seeder.order("buyer-2", [H20], [GUIYANG], (NOW, NOW + 3 * DAY), Work(600, 16), 6, Tier.SPOT)
    short = await seeder.sell("seller-4", A100, GUIYANG, week, 4, {Tier.SPOT: flat(3_000_000)})
    await seeder.buy("buyer-2", [A100], [GUIYANG], (NOW + DAY, NOW + 2 * DAY), (4, 4), 24, 4, Tier.SPOT)
    await seeder.ask("seller-4", Reclaim(short, Slot((NOW + DAY) // HOUR + 1)))
