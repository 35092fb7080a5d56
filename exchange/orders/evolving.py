"""What orders and their leases change in the venue's state."""

from dataclasses import replace

from exchange.holds import slots_by_price, unsettled_after
from exchange.orders.events import (
    LeaseDisplaced,
    LeaseGranted,
    OrderAccepted,
    OrderClosed,
    OrderEvent,
    OrderNotContinued,
    OrderReworked,
    ReserveReleased,
)
from exchange.state import LiveLease, OpenOrder, Reserve, State
from matching.events import Rested
from matching.market import evolve


def evolve_orders(state: State, event: OrderEvent) -> None:
    """Let something about an order or a lease have happened."""
    match event:
        case OrderAccepted(opened, party, source, held):
            evolve(state.market, opened)
            state.orders[opened.order.id] = OpenOrder(party, source, held)
        case OrderReworked(amended, _, _, held):
            evolve(state.market, amended)
            state.orders[amended.order.id].held = held
        case Rested():
            evolve(state.market, event)
        case OrderClosed(closed, party, _, kept):
            evolve(state.market, closed)
            del state.orders[closed.order]
            if kept:
                state.reserves[closed.order] = Reserve(party, kept)
        case ReserveReleased(order, _, _):
            del state.reserves[order]
        case LeaseGranted():
            _grant(state, event)
        case LeaseDisplaced():
            _displace(state, event)
        case OrderNotContinued():
            pass


def _grant(state: State, event: LeaseGranted) -> None:
    assert event.order_held >= 0, "an order's hold covers every lease that it gets"
    lease = event.lease
    evolve(state.market, event.leased)
    state.orders[lease.order].held = event.order_held
    chip = state.market.listings[lease.listing].terms.chip
    state.leases[lease.id] = LiveLease(lease, chip, slots_by_price(lease.runs))


def _displace(state: State, event: LeaseDisplaced) -> None:
    evolve(state.market, event.displaced)
    live = state.leases[event.lease]
    live.notice = event.notice
    live.unsettled = unsettled_after(live.unsettled, live.terms.runs, event.runs)
    live.terms = replace(live.terms, runs=event.runs)
    if not event.runs:
        del state.leases[event.lease]
