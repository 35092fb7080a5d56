"""A venue in memory for tests: parties with money, commands in, events out, and the laws checked after each command."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from exchange.agreements.commands import ProposeAgreement, SignAgreement
from exchange.commands import Command, Envelope
from exchange.core import Happening, step
from exchange.events import Event
from exchange.listings.commands import PublishListing
from exchange.names import VENUE, Instant, PartyId
from exchange.orders.commands import PlaceOrder
from exchange.parties.commands import Deposit, IssueKey, RegisterParty
from exchange.rejections import Rejected
from exchange.state import Party, Role, State, VenueTerms
from exchange.venue.commands import AdoptTerms, Tick
from matching.curves import PriceCurve, flat
from matching.market import Market
from matching.terms import (
    Block,
    ChipCode,
    ListingId,
    MarketTerms,
    OrderId,
    OwnerGroup,
    Price,
    RegionCode,
    Seq,
    Slot,
    Tier,
    TimeInForce,
    Window,
)
from settlement.agreements import PairAgreement, Shares
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import BasisPoints, Fen
from settlement.power import CardPower, GridFactor, PowerTables
from settlement.rating.service_credits import ServicePromise
from settlement.sign_off import digest_of
from settlement.terms import FeeBase, FeeTerms
from settlement.vouchers.programme import ChipOrigin
from tests.exchange.laws import require_sound

T = TypeVar("T")

EAST, WEST, NORTH = RegionCode("310000"), RegionCode("621000"), RegionCode("150900")
FAST, SLOW = ChipCode("nvidia-h100-80g"), ChipCode("ascend-910b-64g")
BUYER, SELLER, CLERK = PartyId("bay"), PartyId("sun"), PartyId("clara")
NEW_YEAR = Instant(1_767_196_800)  # 2026-01-01T00:00:00+08:00
YUAN = 1_000_000  # in micro-yuan, as prices are quoted
SERVICE, LEASE_LINE = "compute_service", "bare_metal_lease"

HOURS = VenueTerms(
    slot_seconds=3600,
    lot_max=8,
    horizon_slots=90 * 24,
    late_window_seconds=72 * 3600,
    fee=FeeTerms(rate_bp=BasisPoints(300), base=FeeBase.NET, vat_rate_bp=BasisPoints(600)),
    vat_rates_bp={SERVICE: BasisPoints(600), LEASE_LINE: BasisPoints(1300)},
    utc_offset_seconds=8 * 3600,
    market=MarketTerms(),
)
"""Slots of an hour, and the rates with which a venue opens unless it is given others."""

LADDER = ((BasisPoints(9000), BasisPoints(5000)), (BasisPoints(9950), BasisPoints(1000)))
FIRM_PROMISE = ServicePromise(LADDER)
SPOT_PROMISE = ServicePromise(LADDER, 4 * 3600, BasisPoints(2000), 3 * 3600, BasisPoints(1000))
PROMISING = replace(HOURS, promises={Tier.ON_DEMAND: FIRM_PROMISE, Tier.SPOT: SPOT_PROMISE})
"""A house that promises 99.5 % of every lease, and of spot a run of four hours and a notice of three."""

QUARTERS = replace(HOURS, slot_seconds=900, horizon_slots=90 * 24 * 4)
"""Slots of a quarter of an hour, in which a card may cost a fraction of a fen."""


def empty_state() -> State:
    chips, regions = frozenset({FAST, SLOW}), frozenset({EAST, WEST, NORTH})
    origins = {FAST: ChipOrigin.FOREIGN, SLOW: ChipOrigin.DOMESTIC}
    return State(market=Market(chips, regions), origins=origins)


def party(name: str, *roles: Role, region: RegionCode = EAST, group: str = "") -> Party:
    return Party(PartyId(name), name.title(), frozenset(roles), region, OwnerGroup(group or name))


def pair(
    begins: int,
    ends: int | None,
    tax: int = 5000,
    version: int = 1,
    carbon: tuple[BasisPoints, ...] = (),
) -> PairAgreement:
    """What east and west share: revenue 40:60, tax and carbon as given, output 35:65."""
    shares = Shares(
        revenue=(BasisPoints(4000), BasisPoints(6000)),
        tax=(BasisPoints(tax), BasisPoints(10_000 - tax)),
        gdp=(BasisPoints(3500), BasisPoints(6500)),
        carbon=carbon,
    )
    return PairAgreement("east-west", version, (EAST, WEST), begins, ends, shares, BasisPoints(6000))


def power_tables(version: str = "2026-1", watts: int = 700) -> PowerTables:
    """Figures for all that is traded: the west draws on a cleaner grid, and has a better PUE."""
    east = (GridFactor(2021, 600_001, "ministry"), GridFactor(2022, 584_900, "ministry"))
    west = (GridFactor(2021, 495_500, "ministry"), GridFactor(2022, 477_200, "ministry"))
    return PowerTables(
        version=version,
        cards={FAST: CardPower(watts, "data sheet"), SLOW: CardPower(350, "data sheet")},
        factors={EAST: east, WEST: west, NORTH: west},
        pues={EAST: 1500, WEST: 1200, NORTH: 1333},
    )


def office_of(region: str) -> PartyId:
    """Whoever signs for a region, with the key `desk`."""
    return PartyId(f"office-{region}")


def only(kind: type[T], events: list[Event]) -> T:
    """The one event of a kind among several."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


class House:
    """The venue. Slots are counted from new year, when its clock stands; money is fen.

    Checking the laws takes longer the more is open: long stories do without.
    """

    def __init__(self, rules: VenueTerms = HOURS, money: int = 1_000_000_00, *, checked: bool = True) -> None:
        self.state = empty_state()
        self.checked = checked
        self.log: list[tuple[Seq, Envelope, list[Happening]]] = []
        self.first = rules.slot_of(NEW_YEAR)
        self.ask(VENUE, AdoptTerms(rules))
        self.ask(VENUE, Tick(NEW_YEAR))
        self.admit(party(BUYER, Role.BUYER), money)
        self.admit(party(SELLER, Role.SELLER, region=WEST))
        self.admit(party(CLERK, Role.CLERK))

    def ask(self, by: str, command: Command) -> list[Event]:
        """Carry out a command; whatever comes of it, the laws hold."""
        seq = Seq(len(self.log) + 1)
        envelope = Envelope(PartyId(by), f"command-{seq}", command)
        happened = step(self.state, seq, envelope)
        self.log.append((seq, envelope, happened))
        if self.checked:
            require_sound(self.state)
        return [event for event, _ in happened]

    def refusal(self, by: str, command: Command) -> str:
        """The code with which a command is refused."""
        return only(Rejected, self.ask(by, command)).code

    def admit(self, member: Party, money: int = 0) -> None:
        self.ask(VENUE, RegisterParty(member))
        if money:
            self.ask(VENUE, Deposit(member.id, Fen(money), "transfer"))

    def open_offices(self, *regions: str) -> None:
        """Let regions have an office with a key, where they have none."""
        for region in regions:
            if office_of(region) not in self.state.parties:
                self.admit(party(office_of(region), Role.REGION, region=RegionCode(region)))
                self.ask(VENUE, IssueKey(office_of(region), "desk", "0" * 64))

    def agree(self, agreement: PairAgreement) -> list[Event]:
        """Propose an agreement and let every party sign it. What came of the last signature."""
        self.open_offices(*agreement.parties)
        happened = self.ask(CLERK, ProposeAgreement(agreement))
        for region in agreement.parties:
            happened = self.sign(region, agreement)
        return happened

    def sign(self, region: str, agreement: PairAgreement) -> list[Event]:
        """A region signs a version as it is."""
        sign = SignAgreement(agreement.id, agreement.version, "desk", digest_of(agreement))
        return self.ask(office_of(region), sign)

    def tick(self, slot: int) -> list[Event]:
        """Let time come to a slot."""
        return self.ask(VENUE, Tick(self.state.rules.instant_of(self.first + slot)))

    def offer(self, by: str = SELLER, price: int = 10 * YUAN, **changes: Any) -> list[Event]:
        return self.ask(by, self.listing(price, **changes))

    def place(self, by: str = BUYER, limit: int = 10 * YUAN, **changes: Any) -> list[Event]:
        return self.ask(by, self.order(limit, **changes))

    def listing(
        self,
        price: int = 10 * YUAN,
        window: tuple[int, int] = (0, 24),
        steps: Mapping[int, int] | None = None,
        **changes: Any,
    ) -> PublishListing:
        """A day of eight fast cards in the west; `price` and `steps` (slot: price) are per card-slot."""
        rises = {0: price} if steps is None else steps
        curve = (
            PriceCurve(tuple((self.first + slot, at) for slot, at in rises.items())) if steps else flat(price)
        )
        plain = PublishListing(
            chip=FAST,
            region=WEST,
            window=self.window(*window),
            cards=8,
            lot=1,
            min_slots=1,
            asks={Tier.ON_DEMAND: curve},
            line=SERVICE,
        )
        return replace(plain, **changes)

    def order(
        self,
        limit: int = 10 * YUAN,
        window: tuple[int, int] = (0, 24),
        cards: tuple[int, int] = (1, 1),
        slots: int = 1,
        **changes: Any,
    ) -> PlaceOrder:
        """An hour of one fast card in the west, within the day."""
        plain = PlaceOrder(
            tier=Tier.ON_DEMAND,
            chips={FAST: 1000},
            regions=(WEST,),
            window=self.window(*window),
            limit=Price(limit),
            shape=Block(*cards, slots),
            tif=TimeInForce.GTC,
        )
        return replace(plain, **changes)

    def window(self, start: int, end: int) -> Window:
        return Window(Slot(self.first + start), Slot(self.first + end))

    def available(self, owner: str = BUYER) -> int:
        return self.balance(owner, AccountKind.AVAILABLE)

    def held(self, owner: str = BUYER) -> int:
        return self.balance(owner, AccountKind.HELD)

    def balance(self, owner: str, kind: AccountKind) -> int:
        return self.state.balances.of(LedgerAccount(owner, kind))

    @property
    def last_listing(self) -> ListingId:
        return next(reversed(self.state.listings))

    @property
    def last_order(self) -> OrderId:
        return next(reversed(self.state.orders))
