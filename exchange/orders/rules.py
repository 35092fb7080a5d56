"""The rules for a buyer: who may order, what is reserved for it, and what each event of the market means in money."""

from collections.abc import Iterator
from typing import assert_never

from exchange.holds import order_hold, rest_hold
from exchange.names import PartyId
from exchange.orders.commands import OrderCommand, PlaceOrder, Quoted
from exchange.orders.events import OrderAccepted, OrderEvent, OrderReworked, Told
from exchange.orders.telling import tell
from exchange.parties.rules import AMOUNT_MAX, out_of_range
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import State
from exchange.vouchers.judging import ordered
from exchange.vouchers.rules import hold_vouchers
from matching.acceptance import amended_order, order_problem
from matching.commands import AmendOrder, CancelOrder, Place
from matching.events import Opened, OrderAmended
from matching.quoting import deal_for
from matching.rules import decide
from matching.terms import Order, OrderId, Rejection, Seq
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen


def decide_orders(
    state: State, seq: Seq, by: PartyId, command: OrderCommand
) -> Iterator[OrderEvent | Told | Rejected]:
    """What a command about orders makes happen."""
    match command:
        case PlaceOrder():
            yield from place_order(state, seq, by, command)
        case AmendOrder():
            yield from amend_order(state, seq, by, command)
        case CancelOrder():
            yield from cancel_order(state, seq, by, command)
        case _:
            assert_never(command)


def place_order(
    state: State, seq: Seq, by: PartyId, command: PlaceOrder
) -> Iterator[OrderEvent | Told | Rejected]:
    """Accept an order whose cost is covered, and let the market seek what it needs."""
    party = state.parties[by]
    order = order_of(OrderId(f"ord-{seq}"), state, by, command)
    problem = order_problem(state.market, order)
    if problem is not None:
        yield refused_by_market(problem)
        return
    held = order_hold(order, state.rules)
    refusal = (
        order_refusal(state, order)
        or _unfunded(state, by, held, already_held=0)
        or _quote_refusal(state, order, command.quoted)
    )
    if refusal is not None:
        yield refusal
        return
    pledged = hold_vouchers(state, ordered(order, by, held), command.vouchers)
    if isinstance(pledged, Rejected):
        yield pledged
        return
    happened = decide(state.market, seq, Place(order))
    opened = next(happened)
    assert isinstance(opened, Opened), "an order without a problem opens"
    yield OrderAccepted(opened, by, party.region, held)
    yield from pledged
    yield from tell(state, happened)


def amend_order(
    state: State, seq: Seq, by: PartyId, command: AmendOrder
) -> Iterator[OrderEvent | Told | Rejected]:
    """Change a resting order, reserve what its new terms can cost from now on, and let it seek again."""
    if not _is_theirs(state, by, command.order):
        yield refused_by_market(Rejection.UNKNOWN_ID)
        return
    amended = amended_order(state.market, command)
    if isinstance(amended, Rejection):
        yield refused_by_market(amended)
        return
    live, held_before = state.market.orders[command.order], state.orders[command.order].held
    held = rest_hold(amended, live.terms.size - live.left, state.rules)
    refusal = order_refusal(state, amended) or _unfunded(state, by, held, already_held=held_before)
    if refusal is not None:
        yield refusal
        return
    happened = decide(state.market, seq, command)
    reworked = next(happened)
    assert isinstance(reworked, OrderAmended), "an amendment without a problem is made"
    yield OrderReworked(reworked, by, held_before, held)
    yield from tell(state, happened)


def cancel_order(
    state: State, seq: Seq, by: PartyId, command: CancelOrder
) -> Iterator[OrderEvent | Told | Rejected]:
    """Take an order out of the books, and free what it holds."""
    if not _is_theirs(state, by, command.order):
        yield refused_by_market(Rejection.UNKNOWN_ID)
        return
    yield from tell(state, decide(state.market, seq, command))


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
        on_preempt=command.on_preempt,
        home=command.home,
        mbps_per_card=command.mbps_per_card,
    )


def order_refusal(state: State, order: Order) -> Rejected | None:
    """Why the venue won't take an order that the market would, whoever asks."""
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
    return None


def _unfunded(state: State, by: PartyId, held: Fen, already_held: int) -> Rejected | None:
    """Why a buyer can't have so much held for an order."""
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


def _quote_refusal(state: State, order: Order, quoted: Quoted | None) -> Rejected | None:
    """Why an order is not what its buyer was quoted any more: others came first, and it would get less, or pay more.

    Where the log still stands where the quote was true the order gets just that; a promise for another order does not.
    """
    if quoted is None or not quoted.filled:
        return None
    deal = deal_for(state.market, order)
    if deal is not None and deal.cost <= quoted.cost and deal.filled >= quoted.filled:
        return None
    now = (
        "nothing fits now"
        if deal is None
        else f"it would cost {deal.cost} micro-yuan for {deal.filled} thousandths"
    )
    return rejected(
        VenueRejection.QUOTE_PASSED,
        f"The market has moved on since the quote, and {now}: quote again, or order without the quote.",
    )


def _is_theirs(state: State, by: PartyId, order: OrderId) -> bool:
    return order in state.orders and state.orders[order].party == by
