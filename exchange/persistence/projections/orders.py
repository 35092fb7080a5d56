"""What orders and leases mean for the tables that pages read."""

from collections.abc import Iterable

import msgspec

from exchange.holds import slots_by_price
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
from exchange.persistence.projections.tape import trade_row
from exchange.persistence.rows import Heard, Row, Rows
from exchange.persistence.tables import market
from exchange.state import PricedRun
from matching.events import Rested
from matching.live import MILLI
from matching.terms import Block, Order, Shape


def project_orders(rows: Rows, seq: int, digest: bytes, event: OrderEvent) -> None:
    """Add what an event about orders and leases means for the tables; the log has that digest after its command."""
    match event:
        case OrderAccepted(opened, party, source, held):
            _note_order(rows.heard, opened.order, opened.seq)
            row = {
                "party": party,
                "source": source,
                "held": held,
                "age": opened.seq,
                "seq": seq,
                "status": "open",
            }
            rows.add(market.orders, {**row, **_order_terms(opened.order)})
        case OrderReworked(amended, _, _, held):
            _note_order(rows.heard, amended.order, amended.seq)
            rows.change(market.orders, {**_order_terms(amended.order), "held": held, "age": amended.seq})
        case Rested(order_id):
            rows.change(market.orders, {"id": order_id, "status": "resting"})
        case OrderClosed(closed, _, _, kept):
            rows.change(market.orders, {"id": closed.order, "status": closed.end, "held": kept})
        case OrderNotContinued(order_id, _, rest, needed, available):
            lost = {"needed": needed, "available": available, "window": rest.window, "shape": rest.shape}
            rows.change(market.orders, {"id": order_id, "not_continued": msgspec.to_builtins(lost)})
        case ReserveReleased(order_id, _, _):
            rows.change(market.orders, {"id": order_id, "held": 0})
        case LeaseGranted():
            rows.add(market.leases, _lease_row(seq, event))
            rows.add(market.trades, trade_row(rows.heard, digest, event.leased))
            rows.change(market.orders, {"id": event.lease.order, "held": event.order_held})
        case LeaseDisplaced():
            rows.heard.took_back = True
            rows.change(market.leases, _cut_row(event))
            cause = {"reclaimed": rows.heard.arrived is None, "slot": rows.heard.now, "seq": seq}
            rows.add(market.displacements, {"lease": event.lease, **cause})


def _note_order(heard: Heard, order: Order, age: int) -> None:
    """An order that arrives, or arrives anew, may take leases back. One that goes on has the age of the one before it."""
    if age == heard.seq:
        heard.arrived = order.id


def _order_terms(order: Order) -> Row:
    least, most = _at_once(order.shape)
    return {
        "id": order.id,
        "tier": order.tier,
        "chips": dict(order.chips),
        "regions": order.regions,
        "start_slot": order.window.start,
        "end_slot": order.window.end,
        "limit_price": order.limit,
        "shape": msgspec.to_builtins(order.shape),
        "least": least,
        "most": most,
        "slots": order.slots,
        "size": order.size // MILLI,
        "prefer": order.prefer,
        "tif": order.tif,
        "on_preempt": order.on_preempt,
        "home": order.home,
        "mbps_per_card": order.mbps_per_card,
    }


def _at_once(shape: Shape) -> tuple[int, int]:
    """The fewest and the most reference cards that an order takes at the same time."""
    return (shape.least, shape.most) if isinstance(shape, Block) else (1, shape.rate)


def _lease_row(seq: int, event: LeaseGranted) -> Row:
    lease, leased = event.lease, event.leased
    return {
        "id": lease.id,
        "order_id": lease.order,
        "listing_id": lease.listing,
        "buyer": lease.buyer,
        "seller": lease.seller,
        "source": lease.source,
        "destination": lease.destination,
        "cards": lease.cards,
        "working": leased.working,
        "start_slot": leased.window.start,
        "end_slot": leased.window.end,
        "runs": _runs(lease.runs),
        "cost": leased.cost,
        "granted_end_slot": leased.window.end,
        "granted_cost": leased.cost,
        "held": event.held,
        "unsettled": sum(slots_by_price(lease.runs).values()),
        "vat_rate_bp": lease.vat_rate_bp,
        "promise": msgspec.to_builtins(lease.promise),
        "seq": seq,
    }


def _cut_row(event: LeaseDisplaced) -> Row:
    """What is left of a lease that was taken back. No statement has settled any slot that it lost, or all of it is free."""
    displaced = event.displaced
    return {
        "id": event.lease,
        "end_slot": displaced.at,
        "runs": _runs(event.runs),
        "cost": displaced.charged,
        "held": event.held_left,
        "unsettled": event.slots_left,
    }


def _runs(runs: Iterable[PricedRun]) -> list[tuple[int, int, int]]:
    return [(run.window.start, run.window.end, run.price) for run in runs]
