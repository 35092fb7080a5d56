"""What holds of the venue's state after every command, recomputed from its parts and never by its own helpers."""

from collections import Counter
from fractions import Fraction
from math import ceil

from msgspec.structs import replace

from exchange.names import VENUE
from exchange.state import LiveLease, PayoutState, PayoutWay, State
from matching.live import LiveOrder
from matching.terms import Block, OnPreempt, Order, OrderId, Split, Tier
from settlement.ledger.chart import CONTRA, AccountKind
from settlement.terms import VoucherMode

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
    require_owed(state)
    require_borne(state)
    for name, order in state.orders.items():
        live = state.market.orders[name]
        most = most_it_costs(state, on_its_chip(live), live.left)
        if live.left == live.terms.size:
            assert order.held == most, f"{name} holds its most"
        else:
            assert order.held >= most, f"{name} holds enough for what it has not got yet"
    for name in state.reserves:
        require_reserved(state, name)
    require_sound_vouchers(state)


def require_owed(state: State) -> None:
    """What runs have settled for a seller is owed to it, on its way to it, or paid to it."""
    owed: Counter[str] = Counter()
    on_its_way: Counter[str] = Counter()
    for account, amount in state.balances.items():
        if account.kind is AccountKind.PAYABLE:
            owed[account.owner] += amount
        if account.kind is AccountKind.IN_TRANSIT:
            on_its_way[account.owner] += amount
    begun: Counter[str] = Counter()
    paid = 0
    to_seller: Counter[str] = Counter()
    for payout in state.payouts.values():
        if payout.state is PayoutState.BEGUN:
            begun[payout.party] += payout.left
        else:
            paid += payout.left
        if payout.way is PayoutWay.TRANSFER:
            to_seller[payout.party] += payout.left
    assert on_its_way == begun, "what is in transit is what payouts have set aside"
    assert paid == state.paid_out, "what was paid out is what payouts have paid"
    earned: Counter[str] = Counter()
    for earnings in state.earnings.values():
        for seller, amount in earnings.by_seller.items():
            earned[seller] += amount
    assert +earned == owed + to_seller, "what was settled is owed, on its way or paid"


def require_borne(state: State) -> None:
    """What the venue has lost is what it bears of chargebacks, and whoever it bears something for has nothing free."""
    borne: Counter[str] = Counter()
    for party, known in state.chargebacks.items():
        borne[party] = sum(live.borne for live in known.values())
        assert min((min(live.taken, live.borne) for live in known.values()), default=0) >= 0
    books = {(account.owner, account.kind): amount for account, amount in state.balances.items()}
    assert borne.total() == -books.get((VENUE, AccountKind.PLATFORM_LOSS), 0), "what is lost is borne"
    for owing in +borne:
        assert (owing, AccountKind.AVAILABLE) not in books, f"the venue bears nothing while {owing} can pay"


def require_reserved(state: State, name: OrderId) -> None:
    """Only a closed order that would go on after losing its leases keeps anything, and no more than it could need."""
    assert name not in state.orders, f"{name} holds or keeps, not both"
    leases = [state.market.leases[number] for number in state.market.gangs[name]]
    order = leases[-1].order
    assert order.on_preempt is OnPreempt.REQUEUE
    assert isinstance(order.shape, Block)
    working = sum(lease.working * lease.weight for lease in leases)
    again = most_it_costs(state, order, 1000 * ceil(Fraction(working, 1000)))
    assert state.reserves[name].held <= again, f"{name} keeps no more than it takes to look anew"


def require_sound_vouchers(state: State) -> None:
    """Of every voucher as much is left, held and used as was issued; nothing holds more than its rate of what it costs."""
    pledged: Counter[str] = Counter()
    for subject, pledges in state.pledges.items():
        open_now = subject in state.orders or subject in state.leases or subject in state.contracts
        assert open_now, f"{subject} holds vouchers"
        pledged.update({pledge.voucher: pledge.amount for pledge in pledges})
    books: dict[AccountKind, Counter[str]] = {kind: Counter() for kind in AccountKind}
    for account, amount in state.balances.items():
        books[account.kind][account.owner] = amount
    for voucher, live in state.vouchers.items():
        kept = books[AccountKind.VOUCHER_LEFT][voucher], books[AccountKind.VOUCHER_HELD][voucher]
        assert kept == (live.left, live.held)
        assert live.held == pledged[voucher], f"{voucher} holds what is held of it"
        assert sum(kept) + books[AccountKind.VOUCHER_USED][voucher] == live.terms.amount, (
            f"{voucher} is conserved"
        )
    assert state.vouchers.keys() >= pledged.keys()
    assert state.vouchers.keys() >= books[AccountKind.VOUCHER_LEFT].keys()
    used = books[AccountKind.VOUCHER_USED].total()
    owed, paid = require_subsidies(state)
    assert -books[AccountKind.SUBSIDY_CLAIM].total() == owed, "regions owe what is not paid yet"
    assert owed + paid == used, "what was used is owed or paid"
    taken = sum(fen for one in state.programmes.values() for of in one.taken.values() for fen in of.values())
    assert taken == pledged.total() + used, "what is held or used is counted against the caps"
    costs = {str(name): left_to_pay(lease) for name, lease in state.leases.items()}
    costs |= {str(name): contract.terms.budget for name, contract in state.contracts.items()}
    for name, most in costs.items():
        left = most
        for pledge in state.pledges.get(name, ()):
            assert pledge.amount <= left * pledge.terms.rate_bp // 10_000, (
                f"{name} is not covered beyond the rate"
            )
            left -= pledge.amount


def require_subsidies(state: State) -> tuple[int, int]:
    """What regions owe of settled lines and have paid of them; whoever is not paid yet is owed just that, less any fee."""
    due: Counter[str] = Counter()
    owed = paid = 0
    unpaid = set()
    for name, line in state.covered.items():
        fee_left = max(0, -line.on_charge)
        for voucher, subsidy in line.subsidies.items():
            assert 0 <= subsidy.paid <= subsidy.covered, f"no region has paid more of {name} than it owes"
            owed, paid = owed + subsidy.covered - subsidy.paid, paid + subsidy.paid
            unpaid |= {(subsidy.programme, name, voucher)} if subsidy.paid < subsidy.covered else set()
            if subsidy.mode is VoucherMode.REIMBURSE_BUYER:
                due[line.buyer] += subsidy.covered - subsidy.paid
            else:
                fee_paid = min(fee_left, subsidy.paid)
                fee_left -= fee_paid
                due[line.seller] += subsidy.covered - subsidy.paid
        due[line.seller] -= fee_left
    kept = {
        account.owner: n for account, n in state.balances.items() if account.kind is AccountKind.SUBSIDY_DUE
    }
    assert {party: amount for party, amount in due.items() if amount} == kept, (
        "who is not paid yet is owed it"
    )
    listed = {(name, line, v) for name, known in state.programmes.items() for line, v in known.owed.items()}
    assert listed == unpaid, "each programme knows what it owes"
    return owed, paid


def needs(state: State) -> dict[str, int]:
    """What open orders, unsettled leases and open contracts may still cost, by buyer; and what waits for a lost lease."""
    needed: Counter[str] = Counter()
    for order in state.orders.values():
        needed[order.party] += order.held
    for kept in state.reserves.values():
        needed[kept.party] += kept.held
    for lease in state.leases.values():
        needed[lease.terms.buyer] += left_to_pay(lease)
    for contract in state.contracts.values():
        needed[contract.terms.buyer] += contract.held
    return {buyer: amount for buyer, amount in needed.items() if amount}


def left_to_pay(lease: LiveLease) -> int:
    """Every unsettled slot of a lease, rounded up to the fen."""
    cards = lease.terms.cards
    return sum(slots * ceil(Fraction(cards * price, FEN)) for price, slots in lease.unsettled.items())


def on_its_chip(live: LiveOrder) -> Order:
    """What an order still asks for: the rest of a gang goes on with the chip that the gang began with."""
    if live.pin is None:
        return live.terms
    chip = live.pin.chip
    return replace(live.terms, chips={chip: live.terms.chips[chip]})


def most_it_costs(state: State, order: Order, milli: int | None = None) -> int:
    """What so many thousandths of an order (all of it, if not said) can cost: at the limit, on the dearest chip.

    Lots round a block up once in each region, or for each card that a link lets through alone; work once at its end.
    Where slots may cost a fraction of a fen, each but one of each lease may cost a fen more: short ones, those at a
    limit that is odd on some chip, and those of a spot block, which may pay what another was worth.
    """
    rules, shape = state.rules, order.shape
    size = order.size if milli is None else min(milli, order.size)
    if not size:
        return 0
    if isinstance(shape, Block):
        sizes = {weight: ceil(Fraction(size, weight)) for weight in order.chips.values()}
        exact = max(
            cards_rented(order, shape, cards, rules.lot_max) * (order.limit * weight * shape.slots // 1000)
            for weight, cards in sizes.items()
        )
        leases = max(sizes.values()) if shape.split is not Split.ONE else 1
        fractions = shape.slots * leases - 1
    else:
        heaviest, lightest = max(order.chips.values()), min(order.chips.values())
        exact = order.limit * (size + rules.lot_max * heaviest) // 1000
        fractions = ceil(Fraction(size, lightest))
    odd = any(order.limit * weight // 1000 % FEN for weight in order.chips.values())
    may_outbid = isinstance(shape, Block) and order.tier is Tier.SPOT and order.slots > 1
    return ceil(Fraction(exact, FEN)) + (fractions if rules.slot_seconds < 3600 or odd or may_outbid else 0)


def cards_rented(order: Order, shape: Block, cards: int, lot_max: int) -> int:
    """The cards of one chip that a block may have to rent for so many that work."""
    if shape.split is Split.ONE or not order.mbps_per_card:
        regions = len(order.regions) if shape.split is Split.REGIONS else 1
        return cards + regions * (lot_max - 1)
    return cards * lot_max
