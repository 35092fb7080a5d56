"""What happened in the market, as the log tells it: with the parties, the rates and the money that ride on it."""

from collections import Counter
from collections.abc import Iterable, Iterator

from exchange.holds import lease_hold, order_hold, reserve, slots_by_price, unsettled_after
from exchange.names import LeaseId, VoucherId
from exchange.orders.events import (
    LeaseDisplaced,
    LeaseGranted,
    OrderAccepted,
    OrderClosed,
    OrderNotContinued,
    ReserveReleased,
    Told,
)
from exchange.rejections import Rejected, refused_by_market
from exchange.state import LeaseTerms, PricedRun, State, priced
from exchange.vouchers.events import VoucherPassed
from exchange.vouchers.judging import lease_pledges, ordered
from exchange.vouchers.rules import hold_again, returned
from matching.displacement import next_id
from matching.events import (
    Closed,
    Displaced,
    Event,
    Leased,
    LinkSet,
    ListingAmended,
    ListingClosed,
    Opened,
    Rested,
    Ticked,
)
from matching.events import Rejected as RefusedByMarket
from matching.terms import Block, ChipCode, LeaseNumber, OnPreempt, OrderId, Slot, Window
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import NOTHING, Fen


def tell(state: State, happened: Iterable[Event]) -> Iterator[Told | Rejected]:
    """Tell one event after the other. Each has to `evolve` before the next is asked for, as the market relies on, too.

    The first event of what a party asks for is told by the rule that asked: it knows whose it is.
    """
    lost: dict[OrderId, LeaseTerms] = {}
    freed: dict[OrderId, Counter[VoucherId]] = {}
    for event in happened:
        match event:
            case Leased():
                granted = _granted(state, event)
                pledges = lease_pledges(state, granted.lease, _chip(state, event), granted.held)
                taken = [VoucherPassed(event.order, granted.lease.id, pledge) for pledge in pledges]
                yield granted
                yield from taken
            case Closed():
                yield _closed(state, event)
                yield from returned(state, event.order)
            case Displaced():
                lease = state.leases[lease_id(event.lease)].terms
                lost[next_id(lease.order)] = lease
                displaced = _displaced(state, event)
                yield displaced
                for back in returned(state, lease.id, displaced.held_left):
                    freed.setdefault(next_id(lease.order), Counter())[back.voucher] += back.amount
                    yield back
                yield from released(state, lease.order)
            case Opened(order, _):
                again = _reopened(state, event, lost[order.id])
                yield again
                if isinstance(again, OrderAccepted) and order.id in freed:
                    yield from hold_again(state, ordered(order, again.party, again.held), freed[order.id])
            case Rested() | Ticked() | LinkSet() | ListingAmended() | ListingClosed():
                yield event
            case RefusedByMarket(code):
                yield refused_by_market(code)
            case _:
                raise AssertionError(f"{event} is told by the rule that asked for it")


def released(state: State, order: OrderId) -> Iterator[ReserveReleased]:
    """The release of what a closed order keeps, once none of its leases can be taken back."""
    if order in state.reserves and order not in state.market.gangs:
        kept = state.reserves[order]
        yield ReserveReleased(order, kept.party, kept.held)


def lease_id(number: LeaseNumber) -> LeaseId:
    """What the venue calls the `number`-th lease."""
    return LeaseId(f"lse-{number}")


def _chip(state: State, event: Leased) -> ChipCode:
    return state.market.listings[event.listing].terms.chip


def _granted(state: State, event: Leased) -> LeaseGranted:
    """A lease keeps the rates and the promise in force now; later terms don't touch it."""
    order, listing = state.orders[event.order], state.listings[event.listing]
    offered = state.market.listings[event.listing].terms
    runs = priced(event.runs)
    lease = LeaseTerms(
        id=lease_id(event.lease),
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
        promise=state.rules.promises.get(state.market.orders[event.order].tier),
    )
    held = lease_hold(event.cards, slots_by_price(runs))
    return LeaseGranted(event, lease, held, Fen(order.held - held))


def _closed(state: State, event: Closed) -> OrderClosed:
    order = state.orders[event.order]
    kept = min(order.held, _reserve(state, event.order))
    return OrderClosed(event, order.party, Fen(order.held - kept), kept)


def _reserve(state: State, order_id: OrderId) -> Fen:
    """What an order has to keep so that it can go on if its leases are taken back, where it would."""
    market = state.market
    order, numbers = market.orders[order_id].terms, market.gangs.get(order_id)
    if not numbers or order.on_preempt is OnPreempt.CANCEL or not isinstance(order.shape, Block):
        return NOTHING
    return reserve(order, [market.leases[number] for number in numbers], state.rules)


def _displaced(state: State, event: Displaced) -> LeaseDisplaced:
    """What was delivered is still paid for; within the grace nothing is.

    The notice is no shorter than the grace, so what costs nothing has not begun yet and no statement has charged it.
    """
    live = state.leases[lease_id(event.lease)]
    lease = live.terms
    runs = _until(lease.runs, event.at)
    if sum(len(run.window) for run in runs) <= state.rules.market.grace:
        runs = ()
    left = unsettled_after(live.unsettled, lease.runs, runs)
    held, held_left = lease_hold(lease.cards, live.unsettled), lease_hold(lease.cards, left)
    return LeaseDisplaced(
        displaced=event,
        lease=lease.id,
        buyer=lease.buyer,
        runs=runs,
        released=Fen(held - held_left),
        slots_left=sum(left.values()),
        held_left=held_left,
        notice=event.at - state.market.now,
    )


def _until(runs: Iterable[PricedRun], end: Slot) -> tuple[PricedRun, ...]:
    """The part of a lease's runs before a slot."""
    return tuple(
        PricedRun(Window(run.window.start, min(run.window.end, end)), run.price)
        for run in runs
        if run.window.start < end
    )


def _reopened(state: State, event: Opened, lost: LeaseTerms) -> OrderAccepted | OrderNotContinued:
    """The order for what was taken back, unless its buyer's money does not cover it any more."""
    needed = order_hold(event.order, state.rules)
    available = Fen(state.balances.of(LedgerAccount(lost.buyer, AccountKind.AVAILABLE)))
    if needed > available:
        return OrderNotContinued(lost.order, lost.buyer, event.order, needed, available)
    return OrderAccepted(event, lost.buyer, lost.source, needed)
