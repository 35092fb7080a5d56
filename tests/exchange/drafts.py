"""What the parties of the state machine ask for, drawn at random: mostly what makes sense."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from exchange.listings.commands import PublishListing
from exchange.orders.commands import PlaceOrder
from exchange.state import PartyId, VoucherId
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
from tests.exchange.house import BUYER, EAST, FAST, LEASE_LINE, SELLER, SERVICE, SLOW, WEST, House

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
baskets = st.lists(orders, min_size=1, max_size=5)
reports = st.fixed_dictionaries(
    {
        "back": backs,
        "loss": st.sampled_from([0, 0, 1, 450, 900]),
        "most": st.sampled_from([6, 6, 2, 0]),
        "tokens": st.tuples(st.integers(0, 10**8), st.integers(0, 10**7), st.integers(0, 10**8)),
    }
)


def token_prices(fresh: int, cached: int, output: int) -> TokenPrices:
    return TokenPrices(fresh * 3_333_333, cached * 333_333, output * 7_000_001)


def listing_of(draft: Draft, house: House, price: Callable[[int], int]) -> PublishListing:
    """A listing whose price changes every third slot."""
    begins = house.state.market.now - house.first + draft["start"]
    rises = ((house.first + begins + 3 * n, price(at)) for n, at in enumerate(draft["prices"]))
    return PublishListing(
        chip=draft["chip"],
        region=draft["region"],
        window=house.window(begins, begins + draft["length"]),
        cards=draft["cards"],
        lot=draft["lot"],
        min_slots=draft["min_slots"],
        asks=dict.fromkeys(draft["tiers"], PriceCurve(tuple(rises))),
        line=draft["line"],
        price_rule=draft["price_rule"],
    )


def order_as(
    draft: Draft, house: House, price: Callable[[int], int], vouchers: tuple[VoucherId, ...]
) -> PlaceOrder:
    """An order as it was drafted, from now on."""
    begins = house.state.market.now - house.first + draft["start"]
    return PlaceOrder(
        tier=draft["tier"],
        chips=draft["chips"],
        regions=draft["regions"],
        window=house.window(begins, begins + draft["slots"] + draft["slack"]),
        limit=Price(price(draft["limit"])),
        shape=_shape(draft),
        prefer=draft["prefer"],
        tif=draft["tif"],
        on_preempt=draft["on_preempt"],
        home=draft["home"],
        mbps_per_card=draft["mbps_per_card"],
        vouchers=vouchers,
    )


def _shape(draft: Draft) -> Shape:
    """A block; or as much work, at the rate of the block's most cards."""
    (least, most), slots, kind = draft["cards"], draft["slots"], draft["shape"]
    if kind in {"work", "whole"}:
        return Work(most * slots, most, kind == "whole")
    return Block(least, most, slots, kind)
