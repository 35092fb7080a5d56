"""What a venue may be asked, drawn by chance: drafts of listings, orders and reports, and the commands made of them."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from exchange.listings.commands import PublishListing
from exchange.names import PartyId, VoucherId
from exchange.orders.commands import PlaceOrder
from exchange.power.commands import DeclareCertificates, DeclarePue
from exchange.state import VenueTerms
from exchange.vouchers.judging import ANY
from matching.curves import PriceCurve
from matching.terms import (
    Block,
    OnPreempt,
    Preference,
    Price,
    PriceRule,
    Shape,
    Split,
    Tier,
    TimeInForce,
    Work,
)
from settlement.rating.tokens import TokenPrices
from tests.exchange.house import (
    BUYER,
    EAST,
    FAST,
    LEASE_LINE,
    SELLER,
    SERVICE,
    SLOW,
    WEST,
    House,
)

DUAL, RAY, OFFICE = (
    PartyId("dual"),
    PartyId("ray"),
    PartyId("office"),
)  # who both buys and sells; another seller, of the first one's group; a region's office
Draft = dict[str, Any]  # Any: the terms of a listing or an order

steps = st.integers(0, 6)  # multiples of the smallest step of a price
sizes = st.tuples(st.integers(1, 5), st.sampled_from([0, 0, 1, 4])).map(lambda at: (at[0], sum(at)))
backs, honesty = st.integers(0, 3), st.sampled_from([True, True, True, False])
chips = st.dictionaries(st.sampled_from([FAST, SLOW]), st.sampled_from([1000, 1000, 333, 1999]), min_size=1)
listings = st.fixed_dictionaries(
    {
        "by": st.sampled_from([SELLER, RAY, DUAL]),
        "chip": st.sampled_from([FAST, FAST, SLOW]),
        "region": st.sampled_from([WEST, WEST, WEST, EAST]),
        "start": st.sampled_from([0, 0, 1, 3, -2]),
        "length": st.integers(1, 14),
        "cards": st.sampled_from([8, 8, 8, 24, 5]),
        "lot": st.sampled_from([1, 1, 1, 2, 4, 8]),
        "min_slots": st.sampled_from([1, 1, 1, 3]),
        "prices": st.lists(steps, min_size=1, max_size=3),
        "tiers": st.sampled_from([tuple(Tier), tuple(Tier), (Tier.ON_DEMAND,), (Tier.SPOT,)]),
        "line": st.sampled_from([SERVICE, LEASE_LINE]),
        "price_rule": st.sampled_from([PriceRule.POSTED, PriceRule.POSTED, PriceRule.MAKER]),
    }
)
orders = st.fixed_dictionaries(
    {
        "by": st.sampled_from([BUYER, BUYER, DUAL]),
        "tier": st.sampled_from(Tier),
        "chips": chips,
        "regions": st.sampled_from([(WEST,), (EAST, WEST), (WEST, WEST), (EAST,)]),
        "cards": sizes,
        "slots": st.sampled_from([1, 2, 3, 3, 6]),
        "shape": st.sampled_from([Split.ONE, Split.ONE, *Split, "work", "whole"]),
        "on_preempt": st.sampled_from([OnPreempt.REQUEUE, OnPreempt.REQUEUE, OnPreempt.CANCEL]),
        "home": st.sampled_from([None, None, EAST]),
        "mbps_per_card": st.sampled_from([0, 0, 100]),
        "prefer": st.sampled_from(Preference),
        "tif": st.sampled_from([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC]),
        "limit": st.integers(1, 7),
        "start": st.sampled_from([0, 0, 0, 2, -1]),
        "slack": st.sampled_from([0, 1, 2, 2, 6, -1]),
        "vouchers": st.sampled_from([None, None, 0, 1, 1, 2, 3]),
    }
)
declarations = st.tuples(
    st.sampled_from([SELLER, DUAL, RAY]),
    st.sampled_from([DeclareCertificates, DeclareCertificates, DeclarePue]),
    st.sampled_from([WEST, WEST, EAST]),
    st.integers(1, 3),
    st.sampled_from([1, 2, 40, 1000, 1333, 0]),
    st.sampled_from("uvwxyz"),
)
baskets = st.lists(orders, min_size=1, max_size=5)
reports = st.fixed_dictionaries(
    {
        "back": backs,
        "loss": st.sampled_from([0, 0, 1, 450, 900]),
        "most": st.sampled_from([6, 6, 2, 0]),
        "tokens": st.tuples(st.integers(0, 10**8), st.integers(0, 10**7), st.integers(0, 10**8)),
    }
)
token_prices = st.tuples(steps, steps, steps).map(
    lambda at: TokenPrices(at[0] * 3_333_333, at[1] * 333_333, at[2] * 7_000_001)
)


class Drafts:
    """Makes commands of drafts, for a house of some terms."""

    terms: VenueTerms
    house: House

    @property
    def now(self) -> int:
        """The clock, in slots since new year."""
        return self.house.state.market.now - self.house.first

    def price(self, steps: int) -> int:
        """In slots of a quarter, an odd number of steps costs a fraction of a fen."""
        return steps * 37 * self.terms.price_tick

    def one_of(self, known: Mapping[Any, Any], back: int) -> tuple[Any, Any]:
        """Something that is open, the youngest first; or an id that never was."""
        return list(known.items())[-1 - back % len(known)] if known else ("nothing", None)

    def listing(self, draft: Draft) -> PublishListing:
        """A listing whose price changes every third slot."""
        start = self.now + draft["start"]
        rises = ((self.house.first + start + 3 * n, self.price(at)) for n, at in enumerate(draft["prices"]))
        return PublishListing(
            chip=draft["chip"],
            region=draft["region"],
            window=self.house.window(start, start + draft["length"]),
            cards=draft["cards"],
            lot=draft["lot"],
            min_slots=draft["min_slots"],
            asks=dict.fromkeys(draft["tiers"], PriceCurve(tuple(rises))),
            line=draft["line"],
            price_rule=draft["price_rule"],
        )

    def order(self, draft: Draft) -> PlaceOrder:
        start = self.now + draft["start"]
        return PlaceOrder(
            tier=draft["tier"],
            chips=draft["chips"],
            regions=draft["regions"],
            window=self.house.window(start, start + draft["slots"] + draft["slack"]),
            limit=Price(self.price(draft["limit"])),
            shape=self.shape(draft),
            prefer=draft["prefer"],
            tif=draft["tif"],
            on_preempt=draft["on_preempt"],
            home=draft["home"],
            mbps_per_card=draft["mbps_per_card"],
            vouchers=self.vouchers(draft),
        )

    def shape(self, draft: Draft) -> Shape:
        """A block; or as much work, at the rate of the block's most cards."""
        (least, most), slots, kind = draft["cards"], draft["slots"], draft["shape"]
        if kind in {"work", "whole"}:
            return Work(most * slots, most, kind == "whole")
        return Block(least, most, slots, kind)

    def vouchers(self, draft: Draft) -> tuple[VoucherId, ...]:
        """Vouchers of whoever orders, the youngest first, or whichever the venue picks, or somebody else's."""
        if draft["vouchers"] is None:
            return (ANY,)
        known = self.house.state.vouchers.items()
        own = [name for name, live in reversed(known) if live.terms.buyer == draft["by"]]
        return (*own[: draft["vouchers"]],) if draft["vouchers"] < 3 else (*self.house.state.vouchers,)[:1]
