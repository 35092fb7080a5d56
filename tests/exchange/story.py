"""A long story for a venue from a seed: what several parties ask, command by command, in one fixed order.

It is made on a venue in memory, so that most of it makes sense, and can be told again to any other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from exchange.commands import Command, Envelope
from exchange.contracts.commands import OpenContract
from exchange.names import VENUE, Instant, PartyId
from exchange.orders.commands import PlaceOrder
from exchange.parties.commands import Deposit, IssueKey, RevokeKey
from exchange.state import Role, VenueTerms
from exchange.venue.commands import Tick
from matching.commands import AmendListing, AmendOrder, CancelOrder, Reclaim, SetLink, WithdrawListing
from matching.curves import PriceCurve, flat
from matching.terms import Block, OnPreempt, Price, PriceRule, Shape, Slot, Split, Tier, TimeInForce, Work
from settlement.money import BasisPoints, Fen
from settlement.rating.tokens import TokenPrices
from tests.exchange.house import (
    BUYER,
    CLERK,
    EAST,
    FAST,
    HOURS,
    NORTH,
    SELLER,
    SERVICE,
    SLOW,
    WEST,
    House,
    pair,
    party,
)

ANN, RAY = PartyId("ann"), PartyId("ray")  # another buyer, another seller


def story(seed: int, commands: int, rules: VenueTerms = HOURS) -> list[Envelope]:
    """The first `commands` commands of a story, from the adoption of the terms on."""
    return [envelope for _, envelope, _ in told(seed, commands, rules).log]


def told(seed: int, commands: int, rules: VenueTerms = HOURS) -> House:
    """A venue to which a story was told."""
    house = House(rules, checked=False)
    house.admit(party(ANN, Role.BUYER, region=NORTH), money=10_000_000_00)
    house.admit(party(RAY, Role.SELLER, Role.BUYER, region=WEST), money=5_000_00)
    halves = (BasisPoints(5000), BasisPoints(5000))
    house.agree(pair(house.state.now + 7 * 3600, house.state.now + 90 * 3600, carbon=halves))
    teller = Teller(house, Random(seed))
    while len(house.log) < commands:
        by, command = teller.next()
        house.ask(by, command)
    return house


@dataclass
class Teller:
    """Says what is asked next."""

    house: House
    chance: Random

    def next(self) -> tuple[str, Command]:
        asks: list[tuple[int, Callable[[], tuple[str, Command]]]] = [
            (36, self.order),
            (14, self.listing),
            (9, self.amended_order),
            (6, self.amended_listing),
            (8, self.cancelled),
            (3, self.withdrawn),
            (2, self.reclaimed),
            (1, self.link),
            (6, self.tick),
            (3, self.deposit),
            (1, self.contract),
            (1, self.key),
            (1, self.nonsense),
        ]
        (ask,) = self.chance.choices([ask for _, ask in asks], [weight for weight, _ in asks])
        return ask()

    @property
    def now(self) -> int:
        return self.house.state.market.now - self.house.first

    def price(self, least: int, most: int) -> int:
        return self.chance.randint(least, most) * 11 * self.house.state.rules.price_tick

    def order(self) -> tuple[str, Command]:
        start, slots = self.now + self.chance.randint(0, 6), self.chance.randint(1, 5)
        least = self.chance.randint(1, 4)
        chips = self.chance.choice([{FAST: 1000}, {SLOW: 1000}, {FAST: 1000, SLOW: 333}, {SLOW: 1250}])
        command = PlaceOrder(
            tier=self.chance.choice(list(Tier)),
            chips=chips,
            regions=self.chance.choice([(WEST,), (WEST, EAST)]),
            window=self.house.window(start, start + slots + self.chance.randint(0, 8)),
            limit=Price(self.price(6, 20)),
            shape=self.shape(least, slots),
            tif=self.chance.choice([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC]),
            on_preempt=self.chance.choice([OnPreempt.REQUEUE, OnPreempt.REQUEUE, OnPreempt.CANCEL]),
            home=self.chance.choice([None, None, NORTH]),
            mbps_per_card=self.chance.choice([0, 100]),
        )
        return self.chance.choice([BUYER, ANN, ANN, RAY]), command

    def shape(self, least: int, slots: int) -> Shape:
        """Mostly a block on one listing."""
        most = least + self.chance.choice([0, 0, 2])
        if self.chance.random() < 0.2:
            return Work(most * slots, most, self.chance.random() < 0.2)
        return Block(least, most, slots, self.chance.choice([Split.ONE, Split.ONE, *Split]))

    def listing(self) -> tuple[str, Command]:
        start = self.now + self.chance.randint(0, 4)
        lot = self.chance.choice([1, 1, 2, 8])
        rise = self.house.first + start + self.chance.randint(1, 5)
        curve = PriceCurve(((0, self.price(5, 16)), (rise, self.price(5, 16))))
        command = self.house.listing(
            window=(start, start + self.chance.randint(3, 24)),
            chip=self.chance.choice([FAST, FAST, SLOW]),
            region=self.chance.choice([WEST, WEST, EAST]),
            cards=lot * self.chance.randint(1, 4),
            lot=lot,
            asks=dict.fromkeys(self.chance.choice([tuple(Tier), (Tier.SPOT,)]), curve),
            price_rule=self.chance.choice([PriceRule.POSTED, PriceRule.POSTED, PriceRule.MAKER]),
        )
        return self.chance.choice([SELLER, RAY]), command

    def amended_order(self) -> tuple[str, Command]:
        if not self.house.state.orders:
            return self.order()
        name, live = self.chance.choice(list(self.house.state.orders.items())[-40:])
        changes = AmendOrder(name, limit=Price(self.price(6, 22)))
        if self.chance.random() < 0.4:
            changes = AmendOrder(name, cards=(1, self.chance.randint(1, 6)))
        if self.chance.random() < 0.2:
            changes = AmendOrder(
                name, deadline=Slot(self.house.state.market.now + self.chance.randint(0, 20))
            )
        return live.party, changes

    def amended_listing(self) -> tuple[str, Command]:
        if not self.house.state.listings:
            return self.listing()
        name, live = self.chance.choice(list(self.house.state.listings.items())[-40:])
        if self.chance.random() < 0.5:
            return live.party, AmendListing(name, cards=8 * self.chance.randint(1, 3))
        return live.party, AmendListing(name, asks={Tier.SPOT: flat(self.price(4, 12))})

    def cancelled(self) -> tuple[str, Command]:
        if not self.house.state.orders:
            return self.order()
        name, live = self.chance.choice(list(self.house.state.orders.items())[-40:])
        return live.party, CancelOrder(name)

    def withdrawn(self) -> tuple[str, Command]:
        if not self.house.state.listings:
            return self.listing()
        name, live = self.chance.choice(list(self.house.state.listings.items())[-40:])
        return live.party, WithdrawListing(name)

    def reclaimed(self) -> tuple[str, Command]:
        if not self.house.state.listings:
            return self.listing()
        name, live = self.chance.choice(list(self.house.state.listings.items())[-40:])
        return live.party, Reclaim(name, Slot(self.house.state.market.now + self.chance.randint(0, 9)))

    def link(self) -> tuple[str, Command]:
        return CLERK, SetLink(NORTH, self.chance.choice([WEST, EAST]), self.chance.choice([0, 400, 1600]))

    def tick(self) -> tuple[str, Command]:
        return VENUE, Tick(Instant(self.house.state.now + self.house.state.rules.slot_seconds))

    def deposit(self) -> tuple[str, Command]:
        return CLERK, Deposit(
            self.chance.choice([BUYER, ANN, RAY]),
            Fen(self.chance.randint(1, 10**7)),
            f"transfer {len(self.house.log)}",
        )

    def contract(self) -> tuple[str, Command]:
        now = self.house.state.now
        command = OpenContract(
            buyer=ANN,
            seller=SELLER,
            destination=WEST,
            prices=TokenPrices(2_000_000, 500_000, 8_000_000),
            budget=Fen(self.chance.randint(1, 500_00)),
            begins=now,
            ends=Instant(now + self.chance.randint(1, 20) * 86_400),
            line=SERVICE,
        )
        return CLERK, command

    def key(self) -> tuple[str, Command]:
        name = f"key-{self.chance.randint(1, 5)}"
        if self.chance.random() < 0.5:
            return CLERK, RevokeKey(BUYER, name)
        return CLERK, IssueKey(BUYER, name, f"{self.chance.getrandbits(256):064x}")

    def nonsense(self) -> tuple[str, Command]:
        return self.chance.choice([SELLER, "nobody", CLERK]), self.order()[1]
