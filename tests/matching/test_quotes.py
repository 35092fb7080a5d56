"""Quotes and explanations keep their laws, tell the plain cases in plain figures, and can be caught lying."""

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from matching import deals, explaining, quoting, reach, relaxing, risk
from matching.commands import Command, Place, Publish
from matching.curves import PriceCurve, flat
from matching.explaining import Explanation
from matching.market import Market
from matching.quoting import Displacing, Quote, Step
from matching.rules import apply
from matching.terms import (
    Block,
    ChipCode,
    LeaseNumber,
    Listing,
    ListingId,
    Milli,
    Order,
    OrderEnd,
    OrderId,
    OwnerGroup,
    Preference,
    Price,
    RegionCode,
    Rejection,
    Seq,
    Slot,
    Split,
    Tier,
    TimeInForce,
    Window,
    Work,
)
from tests.matching import laws, quote_laws
from tests.matching.audit import BreachError
from tests.matching.strategies import SEED, WORLDS, World, lawful, short_worlds, worlds_of
from tests.matching.test_laws import a_wild_world

Law = Callable[[World], None]
Plant = Callable[[pytest.MonkeyPatch], None]
SABOTAGED_SEED, SABOTAGED_WORLDS = 1, 600


@pytest.mark.parametrize("law", quote_laws.LAWS)
def test_in_random_worlds(law: Law) -> None:
    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    for world in worlds_of(SEED, WORLDS)[: WORLDS // 10]:
        laws.hold(law, world)


@lawful(60)
@given(short_worlds)
def test_an_order_that_is_placed_gets_what_was_quoted(world: World) -> None:
    quote_laws.gives_what_it_quotes(world)


def test_nothing_that_is_asked_makes_the_kernel_raise() -> None:
    def answers_always(world: World) -> None:
        market = laws.new_market(world)
        for number, command in enumerate(world.commands, 1):
            if isinstance(command, Place):
                assert quoting.quote(market, command.order, Seq(number), tick=3)
                explaining.why_not(market, command.order, WEIGHTS, tick=3)
            apply(market, Seq(number), command)

    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    chance = Random(SEED)
    for _ in range(WORLDS // 10):
        laws.hold(answers_always, a_wild_world(chance.choice))


# Plain cases

DAY = Window(Slot(0), Slot(24))
A, B = ChipCode("A"), ChipCode("B")
EAST, WEST = RegionCode("east"), RegionCode("west")
WEIGHTS = {A: 1000, B: 500}


def listing(name: str, price: int | PriceCurve = 100, **terms: Any) -> Publish:
    """A day of eight cards of A in the east, for spot."""
    curve = flat(price) if isinstance(price, int) else price
    plain = Listing(ListingId(name), OwnerGroup("s"), A, EAST, DAY, 8, 1, 1, {Tier.SPOT: curve})
    return Publish(replace(plain, **terms))


def order(name: str = "q", **terms: Any) -> Order:
    """Four cards of A in the east for two slots, spot, at 150."""
    plain = Order(
        OrderId(name), OwnerGroup("x"), Tier.SPOT, {A: 1000}, (EAST,), DAY, Price(150), Block(4, 4, 2)
    )
    return replace(plain, **terms)


def market_of(*commands: Command) -> Market:
    market = Market()
    for number, command in enumerate(commands, 1):
        apply(market, Seq(number), command)
    return market


def quote_of(market: Market, asked: Order) -> Quote:
    answer = quoting.quote(market, asked, Seq(7))
    assert isinstance(answer, Quote)
    return answer


def why_of(market: Market, asked: Order, tick: int = 1) -> Explanation:
    answer = explaining.why_not(market, asked, WEIGHTS, tick)
    assert isinstance(answer, Explanation)
    return answer


def relaxed(explanation: Explanation) -> dict[str, tuple[Order, int]]:
    return {str(each.dimension): (each.order, each.deal.cost) for each in explanation.relaxations}


def test_a_quote_says_what_it_costs_and_what_waiting_saves() -> None:
    curve = PriceCurve(((0, 100), (20, 40)))
    quote = quote_of(market_of(listing("a", curve)), order(shape=Block(4, 8, 2)))
    assert quote.version == 7
    assert quote.deal is not None
    [leg] = quote.deal.legs
    assert (leg.listing, leg.chip, leg.region, leg.cards, leg.working) == ("a", A, EAST, 8, 8)
    assert (leg.window, leg.runs, leg.cost) == (Window(Slot(20), Slot(22)), ((20, 22, 40),), 640)
    assert (quote.deal.cost, quote.deal.filled, quote.deal.card_slots) == (640, 8000, 16_000)
    assert quote.deal.average == Fraction(40)
    assert (quote.saving, quote.delay, quote.end) == (960, 20, OrderEnd.FILLED)


def test_cards_that_fill_up_a_lot_are_paid_and_make_the_average_dearer() -> None:
    quote = quote_of(market_of(listing("a", lot=4)), order(shape=Block(3, 3, 2)))
    assert quote.deal is not None
    assert (quote.deal.cost, quote.deal.filled) == (800, 3000)
    assert quote.deal.average == Fraction(800, 6)


def test_steps_show_less_and_a_little_dearer() -> None:
    quote = quote_of(market_of(listing("a", 100, cards=2), listing("b", 155)), order())
    assert quote.deal is None
    assert quote.end is None
    assert quote.sizes == (
        Step(25, 1, Milli(1000), 200),
        Step(50, 2, Milli(2000), 400),
        Step(100, 4, Milli(0), 0),
    )
    fitting = Milli(4000)
    nothing = [Step(percent, at, Milli(0), 0) for percent, at in ((-10, 135), (-5, 142), (0, 150))]
    assert quote.limits == (*nothing, Step(5, 157, fitting, 1240), Step(10, 165, fitting, 1240))


def test_limits_of_steps_are_whole_ticks() -> None:
    answer = quoting.quote(market_of(), order(), Seq(0), tick=50)
    assert isinstance(answer, Quote)
    assert [step.at for step in answer.limits] == [100, 100, 150, 150, 150]


def crowded() -> Market:
    """Six slots of eight cards: firm has the first two, and rival, who pays hardly more, waits for five in a row."""
    six = Window(Slot(0), Slot(6))
    return market_of(
        listing("a", window=six),
        Place(order("firm", limit=Price(200), shape=Block(8, 8, 2))),
        Place(order("rival", limit=Price(205), shape=Block(8, 8, 5), buyer=OwnerGroup("y"))),
    )


def test_a_quote_says_who_could_take_it() -> None:
    quote = quote_of(crowded(), order())
    assert quote.displacing is None
    assert quote.risk == risk.Risk(
        outbid=158, on_demand=False, highest=205, exposed=8, card_slots=8, notice=1, grace=1
    )
    firm = quote_of(crowded(), order(limit=Price(300)))
    assert firm.risk is not None
    assert (firm.risk.outbid, firm.risk.highest, firm.risk.exposed) == (315, None, 0)


def test_a_quote_says_whom_it_displaces() -> None:
    market = crowded()
    apply(market, Seq(4), Place(order("mine")))
    quote = quote_of(market, order(limit=Price(300), shape=Block(8, 8, 4)))
    assert quote.displacing == Displacing(leases=(LeaseNumber(2),), damage=150 * 4 * 2)
    assert quote.deal is not None
    assert quote.deal.legs[0].runs == ((2, 6, 150),)
    assert (quote.deal.cost, quote.saving, quote.delay) == (150 * 8 * 4, 0, 0)


def test_an_order_that_is_unsound_is_refused_by_both() -> None:
    asked = order(shape=Block(0, 4, 2))
    assert quoting.quote(market_of(), asked, Seq(0)) is Rejection.BAD_QUANTITY
    assert explaining.why_not(market_of(), asked, WEIGHTS) is Rejection.BAD_QUANTITY


def test_what_fits_needs_no_explanation() -> None:
    assert explaining.why_not(market_of(listing("a")), order(), WEIGHTS) is None


def test_each_dimension_has_its_cheapest_relaxation() -> None:
    market = market_of(
        listing("dear", 163),
        listing("small", 90, cards=3, seller=OwnerGroup("t")),
        listing("small too", 95, cards=3),
        listing("west", 110, region=WEST),
        listing("chip", 60, chip=B),
        listing("late", 120, window=Window(Slot(30), Slot(40))),
    )
    explanation = why_of(market, order())
    assert relaxed(explanation) == {
        "limit": (order(limit=Price(163)), 1304),
        "hours": (order(window=Window(Slot(0), Slot(32))), 960),
        "region": (order(regions=(EAST, WEST)), 880),
        "chip": (order(chips={A: 1000, B: 500}), 960),
        "split": (order(shape=Block(4, 4, 2, Split.SELLERS)), 3 * 180 + 190),
        "size": (order(shape=Block(3, 3, 2)), 540),
    }
    averages = [each.deal.average for each in explanation.relaxations]
    assert averages == sorted(averages)


def test_relaxed_limits_are_whole_ticks() -> None:
    [relaxation] = why_of(market_of(listing("dear", 163)), order(), tick=10).relaxations
    assert relaxation.order.limit == 170


def test_barriers_tell_where_listings_drop_out_and_who_fails_by_one_alone() -> None:
    market = market_of(
        listing("tier", asks={Tier.ON_DEMAND: flat(100)}),
        listing("chip", chip=B),
        listing("region", region=WEST),
        listing("owner", seller=OwnerGroup("x")),
        listing("run", min_slots=3),
        listing("hours", window=Window(Slot(30), Slot(40))),
        listing("size", cards=3),
        listing("limit", 151),
        listing("two", 151, cards=3),
    )
    explanation = why_of(market, order())
    assert explanation.listings.listings == 9
    told = [(str(each.dimension), each.left.listings, each.alone.listings) for each in explanation.barriers]
    assert told == [
        ("tier", 8, 1),
        ("chip", 7, 0),  # at half the weight, it has half of what is asked
        ("region", 6, 1),
        ("owner", 5, 1),
        ("run", 4, 1),
        ("hours", 3, 1),
        ("size", 1, 1),
        ("link", 1, 0),
        ("limit", 0, 1),
    ]


def test_a_count_stops_where_nobody_needs_to_know_more(monkeypatch: pytest.MonkeyPatch) -> None:
    market = market_of(*(listing(f"l{number}", 151) for number in range(6)))
    monkeypatch.setattr(explaining, "MANY", 4)
    assert why_of(market, order()).listings == explaining.Count(4, more=True)
    monkeypatch.setattr(explaining, "LOOKED_AT", 3)
    assert why_of(market, order()).listings == explaining.Count(3, more=True)


def test_a_gang_that_never_was_gives_no_relaxation_but_its_size() -> None:
    market = market_of(listing("a"), listing("b", 120))
    asked = order(shape=Block(17, 17, 2, Split.SELLERS), tif=TimeInForce.IOC)
    assert quote_of(market, asked).end is OrderEnd.KILLED
    assert relaxed(why_of(market, asked)) == {
        "size": (replace(asked, shape=Block(16, 16, 2, Split.SELLERS)), 8 * 200 + 8 * 240)
    }


def test_work_that_wants_all_is_told_how_much_there_is() -> None:
    market = market_of(listing("a", window=Window(Slot(0), Slot(5)), cards=2))
    asked = order(shape=Work(12, 2, whole=True), prefer=Preference.EARLIEST)
    assert relaxed(why_of(market, asked)) == {"size": (replace(asked, shape=Work(10, 2, whole=True)), 1000)}


# Lies


def searches_forget_the_limit(patch: pytest.MonkeyPatch) -> None:
    """A relaxation is not verified as it stands."""
    sound = deals.from_free
    patch.setattr(
        relaxing, "from_free", lambda market, asked: sound(market, replace(asked, limit=Price(10**6)))
    )


def limit_is_off_by(units: int) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        sound = relaxing._needed_limit
        patch.setattr(relaxing, "_needed_limit", lambda asked, plan: sound(asked, plan) + units)

    return plant


def books_what_it_finds(patch: pytest.MonkeyPatch) -> None:
    sound = deals.searched

    def searched(market: Market, asked: Order) -> Any:
        plan = sound(market, asked)
        for leg in plan:
            leg.listing.free.take(leg.window.start, leg.window.end, leg.cards)
        return plan

    patch.setattr(quoting, "searched", searched)


def counts_a_lease(patch: pytest.MonkeyPatch) -> None:
    sound = relaxing.relaxations

    def relaxations(market: Market, *asked: Any) -> Any:
        market.granted += 1
        return sound(market, *asked)

    patch.setattr(explaining, "relaxations", relaxations)


def damage_is_counted_in_full(patch: pytest.MonkeyPatch) -> None:
    def displacing(taken: Any) -> Displacing:
        damage = sum(lease.hold * lease.cards * (lease.end - lease.start) for lease in taken.evicted)
        return Displacing(tuple(lease.number for lease in taken.evicted), damage)

    patch.setattr(quoting, "_displacing", displacing)


def halving_gives_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(relaxing, "_nearest", lambda probe, _, farthest: probe(farthest))


def replaced(module: Any, name: str, by: Any) -> Plant:
    return lambda patch: patch.setattr(module, name, by)


GIVES, BOOKS = quote_laws.gives_what_it_quotes, quote_laws.books_nothing
QUOTES, EXPLAINS = quote_laws.quotes_what_the_oracle_does, quote_laws.explains_as_the_oracle_does
FITS = quote_laws.relaxes_to_what_fits

SABOTAGE: list[tuple[str, Law, Plant]] = [
    ("a quote books what it finds", BOOKS, books_what_it_finds),
    ("an explanation leaves a trace", BOOKS, counts_a_lease),
    ("nobody is displaced", GIVES, replaced(quoting, "takeover", lambda *_: None)),
    ("all that gets something is filled", GIVES, replaced(quoting, "_end", lambda *_: OrderEnd.FILLED)),
    ("damage is counted from a lease's start", QUOTES, damage_is_counted_in_full),
    ("smaller sizes are rounded down", QUOTES, replaced(quoting, "_part", lambda w, p: max(1, w * p // 100))),
    (
        "limits of steps are rounded up",
        QUOTES,
        replaced(quoting, "limited", lambda o, p, t: Price(-(-o.limit * (100 + p) // 100 // t) * t)),
    ),
    ("the earliest is the cheapest", QUOTES, replaced(quoting, "_earliest", lambda _, __, free: free)),
    ("any higher limit outbids", QUOTES, replaced(risk, "_outbid", lambda hold, _: hold + 1)),
    ("gangs are feared", QUOTES, replaced(risk, "_takes_back", lambda _: True)),
    ("a relaxation is not verified", FITS, searches_forget_the_limit),
    ("the limit is one too high", EXPLAINS, limit_is_off_by(1)),
    ("the limit is one too low", EXPLAINS, limit_is_off_by(-1)),
    ("the first relaxation that works is taken", EXPLAINS, halving_gives_up),
    ("the dearest relaxation is taken", EXPLAINS, replaced(relaxing, "_average", lambda r: -r.deal.average)),
    ("whole work is taken for any work", EXPLAINS, replaced(relaxing, "_is_whole", lambda _: False)),
    ("gangs are given up too soon", EXPLAINS, replaced(reach, "_gives", lambda *_: iter(()))),
    (
        "a gang's curve is not looked at",
        EXPLAINS,
        replaced(reach, "_affordable", lambda _, first, last, __: [(first, last)] if first <= last else []),
    ),
    (
        "own listings and long runs count",
        EXPLAINS,
        replaced(explaining._Counter, "_allowed", lambda *_: True),
    ),
    ("listings need no run", EXPLAINS, replaced(explaining._Counter, "_has_run", lambda *_: True)),
]


@pytest.mark.parametrize(("law", "plant"), [pytest.param(*row[1:], id=row[0]) for row in SABOTAGE])
def test_a_lie_is_found(law: Law, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = worlds_of(SABOTAGED_SEED, SABOTAGED_WORLDS)
    plant(monkeypatch)
    assert any(isinstance(laws.fault(law, world), BreachError) for world in worlds)


def test_every_law_has_a_lie_that_breaks_it() -> None:
    assert {law for _, law, _ in SABOTAGE} == set(quote_laws.LAWS)
