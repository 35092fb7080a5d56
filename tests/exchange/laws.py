"""What holds of the venue's state after every command, recomputed from its parts and never by its own helpers."""

from collections import Counter
from fractions import Fraction
from math import ceil

from exchange.state import LiveLease, State
from matching.terms import Block, Order
from settlement.ledger.chart import CONTRA, AccountKind

FEN = 10_000  # micro-yuan


def require_sound(state: State) -> None:
    """Nothing is made or lost, nobody owes the venue, and what is held is exactly what is needed."""
    assert not any(state.balances.totals().values()), "each book sums to zero"
    for account, amount in state.balances.items():
        assert amount > 0 or account.kind in CONTRA, f"{account} stands at {amount}"
    held = {
        account.owner: amount
        for account, amount in state.balances.items()
        if account.kind is AccountKind.HELD
    }
    assert held == needs(state), "what is held is what is needed"
    for name, order in state.orders.items():
        if order.held:
            assert order.held == most_it_costs(state, state.market.orders[name].terms), (
                f"{name} holds its most"
            )


def needs(state: State) -> dict[str, int]:
    """What open orders, unsettled leases and open contracts may still cost, by buyer."""
    needed: Counter[str] = Counter()
    for order in state.orders.values():
        needed[order.party] += order.held
    for lease in state.leases.values():
        needed[lease.terms.buyer] += left_to_pay(lease)
    for contract in state.contracts.values():
        needed[contract.terms.buyer] += contract.left
    return {buyer: amount for buyer, amount in needed.items() if amount}


def left_to_pay(lease: LiveLease) -> int:
    """Every unsettled slot of a lease, rounded up to the fen."""
    cards = lease.terms.cards
    return sum(slots * ceil(Fraction(cards * price, FEN)) for price, slots in lease.unsettled.items())


def most_it_costs(state: State, order: Order) -> int:
    """The dearest chip at the limit, in whole lots, and a fen for every slot but one where slots may cost a fraction."""
    rules, shape = state.rules, order.shape
    assert isinstance(shape, Block), "the venue takes blocks only"
    exact = max(
        (ceil(Fraction(1000 * shape.most, weight)) + rules.lot_max - 1)
        * (order.limit * weight * shape.slots // 1000)
        for weight in order.chips.values()
    )
    fractions = shape.slots - 1 if rules.slot_seconds < 3600 else 0
    return ceil(Fraction(exact, FEN)) + fractions
