"""Scenarios of a plain order book, played in the degenerate market: one chip, one region, one slot.

A sell is a listing that pays its makers their own limit, a buy a gang over its sellers. What rested is the maker.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from matching.cases import Difference
from matching.commands import AmendListing, AmendOrder, CancelOrder, Command, Place, Publish, WithdrawListing
from matching.curves import flat
from matching.events import Leased
from matching.live import MILLI
from matching.market import Market
from matching.rules import apply
from matching.terms import (
    Block,
    ChipCode,
    Listing,
    ListingId,
    MarketTerms,
    Order,
    OrderId,
    OwnerGroup,
    Price,
    PriceRule,
    RegionCode,
    Seq,
    Slot,
    Split,
    Tier,
    TimeInForce,
    Window,
)

Record = Mapping[str, Any]  # a JSON object of a case file

CHIP, REGION = ChipCode("chip"), RegionCode("region")
NOW = Window(Slot(0), Slot(1))
AT_ANY_PRICE = 10**12

EXCEPTIONS: Mapping[str, str] = {
    "post_only_rejected_if_it_would_take": "no order here asks to be only a maker",
    "aon_waits_until_two_sellers_sum_up": "the arrival that completes a waiting order is its taker",
    "aon_prefers_full_aon_over_time_priority": "age is never given up to fit an all-or-none listing",
    "min_qty_not_met_rests_then_wakes": "the listings that waited are paid their asks, only the arrival pays limits",
    "reduce_by_zero_or_negative_rejected": "a size is set and not reduced by, so there is nothing to refuse",
    "reduce_more_than_left_removes_order": "a size below one is refused, and the order stays",
    "fok_sell_killed_book_untouched": "a listing sells what it can: it has no fill-or-kill",
}
"""Scenarios in which the elastic market decides otherwise, and why."""


@dataclass(slots=True)
class _Run:
    """One scenario on its way. `alias` gives the engine's id of what a case calls by one name."""

    market: Market = field(default_factory=lambda: Market(terms=MarketTerms(displacement=False)))
    seq: int = 0
    alias: dict[int, str] = field(default_factory=dict)
    trades: list[Record] = field(default_factory=list)

    def step(self, record: Record) -> None:
        """Carry out one command of the scenario."""
        match record["op"]:
            case "new" if record["id"] not in self.alias:
                self.enter(record, str(record["id"]))
            case "cancel":
                self.cancel(record["id"])
            case "reduce":
                self.reduce(record["id"], record["by"])
            case "replace":
                self.replace(record)
            case _:
                pass  # an id that was used is refused

    def enter(self, record: Record, engine_id: str) -> None:
        """A new order or listing, under an id of the engine's."""
        if record["qty"] < 1 or record.get("min_qty", 0) > record["qty"]:
            return
        self.alias[record["id"]] = engine_id
        if record["side"] == "buy":
            self.carry_out(Place(_buy(record, engine_id)))
        else:
            self.carry_out(Publish(_sell(record, engine_id)))
            if record.get("tif", "GTC") != "GTC" and engine_id in self.market.listings:
                self.carry_out(WithdrawListing(ListingId(engine_id)))

    def cancel(self, case_id: int) -> None:
        """Take an order or a listing out of the book."""
        engine_id = self.alias.get(case_id, "")
        if engine_id in self.market.listings:
            self.carry_out(WithdrawListing(ListingId(engine_id)))
        else:
            self.carry_out(CancelOrder(OrderId(engine_id)))

    def reduce(self, case_id: int, by: int) -> None:
        """Make an order or a listing smaller, in its place."""
        engine_id = self.alias[case_id]
        if engine_id in self.market.listings:
            cards = self.market.listings[ListingId(engine_id)].terms.cards
            self.carry_out(AmendListing(ListingId(engine_id), cards=cards - by))
        elif engine_id in self.market.orders:
            shape = self.market.orders[OrderId(engine_id)].terms.shape
            assert isinstance(shape, Block), "a buy is a block"
            size = min(shape.least, shape.most - by), shape.most - by
            self.carry_out(AmendOrder(OrderId(engine_id), cards=size))

    def replace(self, record: Record) -> None:
        """Cancel and enter anew, with the age of now."""
        engine_id = self.alias[record["id"]]
        left = _left(self.market, engine_id)
        if left:
            side = "sell" if engine_id in self.market.listings else "buy"
            price = _price(self.market, engine_id)
            self.cancel(record["id"])
            anew = {"id": record["id"], "side": side, "price": price, "qty": left, **record}
            self.enter(anew, f"{engine_id}+")

    def carry_out(self, command: Command) -> None:
        """Let the market decide, and note the trades."""
        self.seq += 1
        for event in apply(self.market, Seq(self.seq), command):
            if isinstance(event, Leased):
                buy, sell = int(event.order.rstrip("+")), int(event.listing.rstrip("+"))
                taker, maker = (buy, sell) if isinstance(command, Place | AmendOrder) else (sell, buy)
                trade = {"taker": taker, "maker": maker, "price": event.runs[0][2], "qty": event.cards}
                self.trades.append(trade)


def decided_otherwise(scenario: Record) -> bool:
    """Whether a scenario is one that the elastic market decides otherwise, for a reason that is written down."""
    return scenario.get("name") in EXCEPTIONS


def check_book_scenario(scenario: Record) -> list[Difference]:
    """Play a scenario and compare its trades and its book. An empty list means that it passes."""
    run = _Run()
    for record in scenario["commands"]:
        run.step(record)
    got = {
        "expected_trades": run.trades,
        "expected_book": {"bids": list(_bids(run.market)), "asks": list(_asks(run.market))},
    }
    return [Difference(name, scenario[name], value) for name, value in got.items() if value != scenario[name]]


def _buy(record: Record, engine_id: str) -> Order:
    tif, most = record.get("tif", "GTC"), record["qty"]
    least = most if record.get("aon") or tif == "FOK" else record.get("min_qty") or 1
    return Order(
        id=OrderId(engine_id),
        buyer=OwnerGroup(record.get("owner", "buyer")),
        tier=Tier.SPOT,
        chips={CHIP: MILLI},
        regions=(REGION,),
        window=NOW,
        limit=Price(AT_ANY_PRICE if record["price"] is None else record["price"]),
        shape=Block(least, most, 1, Split.SELLERS),
        tif=TimeInForce.GTC if tif == "GTC" else TimeInForce.IOC,
    )


def _sell(record: Record, engine_id: str) -> Listing:
    return Listing(
        id=ListingId(engine_id),
        seller=OwnerGroup(record.get("owner", "seller")),
        chip=CHIP,
        region=REGION,
        window=NOW,
        cards=record["qty"],
        lot=1,
        min_slots=1,
        asks={Tier.SPOT: flat(record["price"] or 0)},
        price_rule=PriceRule.MAKER,
    )


def _left(market: Market, engine_id: str) -> int:
    """What is still to be bought or sold under an id."""
    if engine_id in market.listings:
        return market.listings[ListingId(engine_id)].free.least(0, 1)
    live = market.orders.get(OrderId(engine_id))
    return 0 if live is None else live.left // MILLI


def _price(market: Market, engine_id: str) -> int:
    if engine_id in market.listings:
        return market.listings[ListingId(engine_id)].terms.asks[Tier.SPOT].at(0)
    return market.orders[OrderId(engine_id)].terms.limit


def _bids(market: Market) -> Iterator[list[int]]:
    for live in sorted(market.orders.values(), key=lambda live: (-live.terms.limit, live.seq)):
        yield [live.terms.limit, int(live.terms.id.rstrip("+")), live.left // MILLI]


def _asks(market: Market) -> Iterator[list[int]]:
    ranked = sorted(market.listings.values(), key=lambda live: (live.terms.asks[Tier.SPOT].at(0), live.seq))
    for live in ranked:
        left = live.free.least(0, 1)
        if left:
            yield [live.terms.asks[Tier.SPOT].at(0), int(live.terms.id.rstrip("+")), left]
