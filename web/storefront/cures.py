"""What lets a job fit for which nothing does: each cure of a quote, as the form that asks for it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exchange.app import Exchange
from exchange.orders.commands import PlaceOrder
from exchange.persistence.queries.market import Clock
from exchange.quoting.quote import Cure, Explanation
from matching.explaining import Barrier
from matching.relaxing import Dimension
from matching.terms import Block, Order
from web.pages.fields import Reader
from web.pages.formats import local_field, plain_hours, plain_price
from web.storefront.order_form import millionths, read_order, reference, relative, weights

WHOLE = 1000  # thousandths
Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Offer:
    """A cure, and the query of the order form that asks for it."""

    cure: Cure
    query: str


def telling(why: Explanation) -> Iterator[Barrier]:
    """The barriers that rule anything out, until nothing is left."""
    left = why.listings.listings
    for barrier in why.barriers:
        if barrier.left.listings < left:
            yield barrier
            left = barrier.left.listings


def offers(
    cures: Iterable[Cure], asked: Reader, order: PlaceOrder, exchange: Exchange, clock: Clock
) -> Iterator[Offer]:
    """The cures of an order that its form can ask for: read again, it stands for just the order that was quoted."""
    for cure in cures:
        form = asked.changed(_fields(cure, asked, order, exchange, clock))
        then = read_order(form, exchange, clock, limit_needed=False)
        if then is not None and _asks_for(then, cure.order):
            yield Offer(cure, form.query())


def _asks_for(command: PlaceOrder, order: Order) -> bool:
    """Whether a command asks for an order, as far as a cure or a place of the form may change it."""
    return (command.chips, frozenset(command.regions), command.window, command.limit, command.shape) == (
        order.chips,
        frozenset(order.regions),
        order.window,
        order.limit,
        order.shape,
    ) and (not order.mbps_per_card or command.home == order.home)


def _fields(cure: Cure, asked: Reader, order: PlaceOrder, exchange: Exchange, clock: Clock) -> Fields:
    """The fields of the form that a cure changes, as they are typed."""
    cured, terms = cure.order, clock.terms
    match cure.dimension:
        case Dimension.LIMIT:
            return {"limit": [plain_price(clock.hourly(cured.limit))]}
        case Dimension.HOURS if cured.window.end != order.window.end:
            return {"deadline": [local_field(terms.instant_of(cured.window.end))]}
        case Dimension.HOURS:
            return {"start": [local_field(terms.instant_of(cured.window.start))]}
        case Dimension.REGION:
            home = {"origin": [order.home]} if order.home and order.mbps_per_card else {}
            return {"place": ["regions"], "region": list(cured.regions), **home}
        case Dimension.CHIP:
            return _one_more_chip(cured, asked, order, exchange)
        case Dimension.SPLIT | Dimension.SIZE:
            return _shape(cured, clock)
        case _:
            raise AssertionError(f"nothing cures {cure.dimension}")


def _shape(cured: Order, clock: Clock) -> Fields:
    shape = cured.shape
    if isinstance(shape, Block):
        least = "" if shape.least == shape.most else str(shape.least)
        return {"cards": [str(shape.most)], "least": [least], "split": [shape.split]}
    return {"work": [plain_hours(shape.amount * clock.terms.slot_seconds)]}


def _one_more_chip(cured: Order, asked: Reader, order: PlaceOrder, exchange: Exchange) -> Fields:
    """Another chip is ticked. Cards go on being counted in what they were, even if the other is faster."""
    known = weights(asked, exchange.catalogue)
    counted = reference(asked, known)
    (chip,) = cured.chips.keys() - order.chips.keys()
    usual, whole, needed = (
        exchange.catalogue.chips[chip].weight_milli * 1000,
        known[counted],
        cured.chips[chip],
    )
    fields = {"chip": [*known, chip]}
    if needed > WHOLE:
        fields["reference"] = [counted]
    if relative(usual, whole) != needed:
        fields[f"weight-{chip}"] = [millionths(needed * whole // 1000)]
    return fields
