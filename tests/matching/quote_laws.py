"""The laws of quotes and explanations, as functions of a world that raise `BreachError` when the kernel breaks one.

Each asks a few orders of the market that a world comes to. They reach the kernel through its modules, so that a
planted bug is seen.
"""

import pickle
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from matching import explaining, quoting, rules
from matching.acceptance import order_problem
from matching.commands import Place
from matching.deals import Deal
from matching.events import Closed, Displaced, Event, Leased, Rested
from matching.explaining import Explanation
from matching.market import Market
from matching.masks import FAR
from matching.quoting import Quote, Step
from matching.risk import Risk
from matching.terms import (
    Block,
    ChipCode,
    Milli,
    Order,
    OrderId,
    Preference,
    Price,
    Seq,
    Shape,
    Slot,
    Tier,
    Window,
)
from tests.matching import laws
from tests.matching.audit import require
from tests.matching.oracle_books import Books
from tests.matching.oracle_quotes import NOTHING, Answers, Got
from tests.matching.strategies import CHIPS, REGIONS, VENUES, World, an_order

WEIGHTS = {ChipCode("A"): 1000, ChipCode("B"): 700, ChipCode("C"): 1500}
ASKED = 4  # orders a world
TICKS = (1, 1, 3)
LATER = Seq(10**6)


class Asking(NamedTuple):
    """An order that is asked about, and the same market twice: the kernel's and the oracle's."""

    market: Market
    answers: Answers
    order: Order
    tick: int


def askings(world: World) -> Iterator[Asking]:
    """Sound orders that meet the market of a world, half of them like those that it has met before."""
    market, books = laws.new_market(world), Books(frozenset(CHIPS), frozenset(REGIONS), world.terms)
    for number, command in enumerate(world.commands, 1):
        for event in rules.apply(market, Seq(number), command):
            books.record(event)
    chance = Random(repr(world.commands))
    for order in orders_for(world, market, chance):
        ends = [stock.terms.window.end for stock in books.stocks.values()]
        if max([order.window.end, *ends]) <= market.origin + FAR:
            yield Asking(market, Answers(books), order, chance.choice(TICKS))


def orders_for(world: World, market: Market, chance: Random) -> Iterator[Order]:
    """They have one id, which the world has not used. Every second is like one that the world has met."""
    known = [command.order for command in world.commands if isinstance(command, Place)]
    for number in range(ASKED):
        order = an_order(chance.choice, chance.choice(VENUES), market.now, "probe")
        if number % 2 and known:
            earlier = chance.choice(known)
            shape = chance.choice((earlier.shape, order.shape))
            order = replace(earlier, id=order.id, buyer=order.buyer, shape=shape)
        if chance.choice((True, False)):
            wide = Window(market.now, Slot(market.now + 40))
            order = replace(order, window=wide, limit=Price(chance.choice((1, 2, 3, 5))))
        if order_problem(market, order) is None:
            yield order


def quoted(asking: Asking) -> Quote:
    answer = quoting.quote(asking.market, asking.order, LATER, asking.tick)
    assert isinstance(answer, Quote), "the order is sound"
    return answer


def explained(asking: Asking) -> Explanation | None:
    answer = explaining.why_not(asking.market, asking.order, WEIGHTS, asking.tick)
    assert not isinstance(answer, str), "the order is sound"
    return answer


def placed(market: Market, order: Order) -> Sequence[Event]:
    """What placing an order makes happen, in a copy of the market."""
    fork: Market = pickle.loads(pickle.dumps(market))
    return rules.apply(fork, LATER, Place(order))


def legs_of(deal: Deal | None) -> list[tuple[object, ...]]:
    legs = () if deal is None else deal.legs
    return [(leg.listing, leg.cards, leg.working, leg.window, leg.runs, leg.cost) for leg in legs]


def leases_of(order: OrderId, events: Sequence[Event]) -> list[tuple[object, ...]]:
    leases = [event for event in events if isinstance(event, Leased) and event.order == order]
    return [(each.listing, each.cards, each.working, each.window, each.runs, each.cost) for each in leases]


def told(deal: Deal | None) -> Got:
    """A deal in the oracle's words."""
    if deal is None:
        return NOTHING
    legs = [(leg.listing, leg.window.start, leg.window.end, leg.cards, leg.working) for leg in deal.legs]
    return Got(tuple(legs), deal.cost, deal.filled, deal.card_slots)


# Laws


def books_nothing(world: World) -> None:
    """Whatever is asked in between, a world goes on as it would have."""
    market, log = laws.new_market(world), laws.log_of(world)
    chance, said = Random(repr(world.commands)), list[Event]()
    for number, command in enumerate(world.commands, 1):
        said += rules.apply(market, Seq(number), command)
        before = laws.photograph(market)
        for order in [*orders_for(world, market, chance)][number % ASKED :][:1]:
            quoting.quote(market, order, LATER)
            explaining.why_not(market, order, WEIGHTS)
        require(laws.photograph(market) == before, "a quote leaves the market as it is")
    require(said == log, "a quote changes nothing that happens later")


def gives_what_it_quotes(world: World) -> None:
    """An order that is placed at once gets exactly what was quoted, takes back what was said, and ends as was said."""
    for asking in askings(world):
        quote, order = quoted(asking), asking.order
        events = placed(asking.market, order)
        require(leases_of(order.id, events) == legs_of(quote.deal), f"{order}: {quote.deal} but {events}")
        taken = [event.lease for event in events if isinstance(event, Displaced)]
        require(taken == list(quote.displacing.leases if quote.displacing else ()), "it takes what was said")
        ends = [event.end for event in events if isinstance(event, Closed) and event.order == order.id]
        rests = any(isinstance(event, Rested) and event.order == order.id for event in events)
        require(
            ends == ([] if quote.end is None else [quote.end]), f"{order} ends as {quote.end}, not {ends}"
        )
        require(rests == (quote.end is None), f"{order} rests: {rests}")


def quotes_what_the_oracle_does(world: World) -> None:
    """Deal, damage, the earliest deal, every step and the risk are the oracle's."""
    for market, answers, order, tick in askings(world):
        quote = quoted(Asking(market, answers, order, tick))
        free, takeover = answers.got(order), answers.takeover(order)
        if takeover is None:
            require(told(quote.deal) == free, f"{order} gets {free}, not {quote.deal}")
            require(quote.displacing is None, "nothing is taken back")
        else:
            require(quote.displacing is not None, f"{order} takes {takeover}")
            assert quote.displacing is not None
            require(quote.displacing.damage == takeover.damage, f"{order} damages {takeover}")
        if free.legs:
            soon = answers.got(replace(order, prefer=Preference.EARLIEST))
            require(
                told(quote.earliest) == soon, f"{order} at the earliest gets {soon}, not {quote.earliest}"
            )
            starts = [min(leg[1] for leg in got.legs) for got in (free, soon)]
            require((quote.saving, quote.delay) == (soon.cost - free.cost, starts[0] - starts[1]), "it saves")
        for step, (percent, at, variant) in zip(
            (*quote.sizes, *quote.limits), _variants(order, tick), strict=True
        ):
            got = answers.got(variant)
            expected = Step(percent, at, Milli(got.filled), got.cost)
            require(step == expected, f"{variant}: {expected}, not {step}")
        _risk_is_right(Asking(market, answers, order, tick), quote)


def _variants(order: Order, tick: int) -> Iterator[tuple[int, int, Order]]:
    """(percent, size or limit, order): sizes up to whole cards, limits down to whole ticks."""
    for percent in (25, 50, 100):
        shape: Shape
        if isinstance(order.shape, Block):
            least, most = (-(-size * percent // 100) for size in (order.shape.least, order.shape.most))
            shape, at = replace(order.shape, least=least, most=most), most
        else:
            at = -(-order.shape.amount * percent // 100)
            shape = order.shape._replace(amount=at)
        yield percent, at, replace(order, shape=shape)
    for percent in (-10, -5, 0, 5, 10):
        limit = order.limit if percent == 0 else order.limit * (100 + percent) // 100 // tick * tick
        yield percent, limit, replace(order, limit=Price(limit))


def _risk_is_right(asking: Asking, quote: Quote) -> None:
    market, answers, order, _ = asking
    if order.tier is not Tier.SPOT or not market.terms.displacement or quote.deal is None:
        require(quote.risk is None, "who can't be displaced runs no risk")
        return
    bp, legs = market.terms.outbid_bp, quote.deal.legs
    holds = [order.limit * order.chips[leg.chip] // 1000 for leg in legs]
    outbids = [
        next(bid for bid in range(hold + 1, 10**6) if bid * 10_000 >= hold * (10_000 + bp)) for hold in holds
    ]
    highest, exposed = answers.exposed(order, told(quote.deal).legs)
    asks = [answers.books.stocks[leg.listing].terms.asks for leg in legs]
    expected = Risk(
        outbid=min(outbids),
        on_demand=any(Tier.ON_DEMAND in each for each in asks),
        highest=highest,
        exposed=exposed,
        card_slots=sum(leg.cards * len(leg.window) for leg in legs),
        notice=market.terms.notice,
        grace=market.terms.grace,
    )
    require(quote.risk == expected, f"{order} runs {expected}, not {quote.risk}")


def explains_as_the_oracle_does(world: World) -> None:
    """Every count is the oracle's, and every relaxation is the least that it finds by trying all."""
    for market, answers, order, tick in askings(world):
        explanation = explained(Asking(market, answers, order, tick))
        require((explanation is None) == bool(answers.got(order).legs), "what fits needs no explanation")
        if explanation is None:
            continue
        expected = answers.relaxations(order, WEIGHTS, tick)
        got = [(str(each.dimension), each.order, told(each.deal)) for each in explanation.relaxations]
        require(got == [tuple(each) for each in expected], f"{order}:\nexpected {expected}\ngot {got}")
        names = [str(each.dimension) for each in explanation.barriers]
        require(
            explanation.listings.listings == len(answers.could_serve(order, WEIGHTS, frozenset(names))), "all"
        )
        for place, barrier in enumerate(explanation.barriers, 1):
            lifted = (frozenset(names[place:]), frozenset(names[place - 1 : place]))
            counts = [len(answers.could_serve(order, WEIGHTS, each)) for each in lifted]
            said = [barrier.left.listings, barrier.alone.listings]
            require(said == counts, f"{order}: {barrier}, not {counts}")


def relaxes_to_what_fits(world: World) -> None:
    """Each relaxed order that is placed gets exactly its deal."""
    for asking in askings(world):
        explanation = explained(asking)
        for relaxation in () if explanation is None else explanation.relaxations:
            leases = leases_of(asking.order.id, placed(asking.market, relaxation.order))
            require(leases != [], f"{relaxation} fits")
            require(leases == legs_of(relaxation.deal), f"{relaxation} but {leases}")


LAWS = (
    books_nothing,
    gives_what_it_quotes,
    quotes_what_the_oracle_does,
    explains_as_the_oracle_does,
    relaxes_to_what_fits,
)
