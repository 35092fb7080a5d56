"""The rules for a buyer: who may order, what is reserved for it, and what each event of the market means in money."""

from collections.abc import Iterator

from exchange.holds import lease_hold, order_hold, slots_by_price
from exchange.orders.commands import PlaceOrder
from exchange.orders.events import LeaseGranted, OrderAccepted, OrderClosed, OrderEvent, OrderReworked, Told
from exchange.parties.rules import AMOUNT_MAX, out_of_range
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import LeaseId, LeaseTerms, PartyId, PricedRun, State
from matching.acceptance import amended_order, order_problem
from matching.commands import AmendOrder, CancelOrder, Place
from matching.events import (
    Closed,
    Leased,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rested,
    Ticked,
)
from matching.events import Event as MarketEvent
from matching.rules import decide
from matching.terms import Order, OrderId, Rejection, Seq, Slot, Window
from settlement.ledger.chart import AccountKind, LedgerAccount


def place_order(state: State, seq: Seq, by: PartyId, command: PlaceOrder) -> Iterator[OrderEvent]:
    """Accept an order whose cost is covered, and let the market seek what it needs."""
    party = state.parties[by]
    order = order_of(OrderId(f"ord-{seq}"), state, by, command)
    problem = order_problem(state.market, order)
    if problem is not None:
        yield refused_by_market(problem)
        return
    refusal = _refusal(state, by, order, already_held=0)
    if refusal is not None:
        yield refusal
        return
    for event in decide(state.market, seq, Place(order)):
        if isinstance(event, Opened):
            yield OrderAccepted(event, by, party.region, order_hold(order, state.rules))
        else:
            yield told(state, event)


def amend_order(state: State, seq: Seq, by: PartyId, command: AmendOrder) -> Iterator[OrderEvent]:
    """Change a resting order, reserve what its new terms can cost, and let it seek again."""
    if not _is_theirs(state, by, command.order):
        yield refused_by_market(Rejection.UNKNOWN_ID)
        return
    held = state.orders[command.order].held
    amended = amended_order(state.market, command)
    refusal = (
        refused_by_market(amended)
        if isinstance(amended, Rejection)
        else _refusal(state, by, amended, already_held=held)
    )
    if refusal is not None:
        yield refusal
        return
    for event in decide(state.market, seq, command):
        if isinstance(event, OrderAmended):
            yield OrderReworked(event, by, held, order_hold(event.order, state.rules))
        else:
            yield told(state, event)


def cancel_order(state: State, seq: Seq, by: PartyId, command: CancelOrder) -> Iterator[OrderEvent]:
    """Take an order out of the books, and free what it holds."""
    if not _is_theirs(state, by, command.order):
        yield refused_by_market(Rejection.UNKNOWN_ID)
        return
    for event in decide(state.market, seq, command):
        yield told(state, event)


def order_of(order_id: OrderId, state: State, by: PartyId, command: PlaceOrder) -> Order:
    """The market's order that a party's command stands for."""
    return Order(
        id=order_id,
        buyer=state.parties[by].group,
        tier=command.tier,
        chips=command.chips,
        regions=command.regions,
        window=command.window,
        limit=command.limit,
        shape=command.shape,
        prefer=command.prefer,
        tif=command.tif,
    )


def told(state: State, event: MarketEvent) -> Told:
    """An event of the market as the log tells it: with the parties, rates and money that ride on it."""
    match event:
        case Leased():
            return _granted(state, event)
        case Closed(order_id, _):
            order = state.orders[order_id]
            return OrderClosed(event, order.party, order.held)
        case Rested() | Ticked() | ListingAmended() | ListingClosed():
            return event
        case _:
            raise AssertionError(f"{event} is told by the rule that asked for it")


def _granted(state: State, event: Leased) -> LeaseGranted:
    """A lease keeps the rates in force now; later terms don't touch it."""
    order, listing = state.orders[event.order], state.listings[event.listing]
    offered = state.market.listings[event.listing].terms
    runs = tuple(PricedRun(Window(Slot(start), Slot(end)), price) for start, end, price in event.runs)
    lease = LeaseTerms(
        id=LeaseId(f"lse-{event.lease}"),
        order=event.order,
        listing=event.listing,
        buyer=order.party,
        seller=listing.party,
        source=order.source,
        destination=offered.region,
        cards=event.cards,
        runs=runs,
        vat_rate_bp=state.rules.vat_rates_bp[listing.line],
        fee=state.rules.fee,
    )
    return LeaseGranted(event, lease, lease_hold(event.cards, slots_by_price(runs)))


def _refusal(state: State, by: PartyId, order: Order, already_held: int) -> Rejected | None:
    """Why the venue won't take an order that the market would."""
    rules, now = state.rules, state.market.now
    if order.limit % rules.price_tick:
        return rejected(VenueRejection.PRICE_OFF_TICK, "Limits are whole fen per card-hour.")
    if order.latest_start < now:
        return rejected(
            VenueRejection.WINDOW_IN_THE_PAST, "The order could start no later than a time already past."
        )
    if order.window.end > now + rules.horizon_slots:
        return rejected(
            VenueRejection.WINDOW_TOO_FAR,
            f"The venue trades {rules.horizon_slots} slots ahead: choose an earlier deadline.",
        )
    held = order_hold(order, rules)
    if held > AMOUNT_MAX:
        return out_of_range()
    available = state.balances.of(LedgerAccount(by, AccountKind.AVAILABLE))
    if held - already_held > available:
        return rejected(
            VenueRejection.INSUFFICIENT_FUNDS,
            f"The order can cost {held - already_held} fen more than is held for it and {available} fen are available: "
            "deposit the difference, or lower its size or limit.",
        )
    return None


def _is_theirs(state: State, by: PartyId, order: OrderId) -> bool:
    return order in state.orders and state.orders[order].party == by
