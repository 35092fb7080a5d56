"""Asking the rule engine for the venue: what a voucher covers of an order, of a lease that came of it, or of a contract."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from exchange.names import PartyId, VoucherId
from exchange.promises import Facts, LiveProgramme, LiveVoucher, Pledge, Voucher
from exchange.state import ContractTerms, LeaseTerms, State
from matching.terms import ChipCode, Order
from settlement.money import NOTHING, Fen
from settlement.statement import vouchers_of
from settlement.vouchers.judging import Application, Grant, Refused, judge
from settlement.vouchers.parties import BuyerSize, Party
from settlement.vouchers.programme import BudgetSpan, ChipOrigin, ProductLine, Programme
from settlement.vouchers.uses import Standing, Subsidy, year_of

ANY = VoucherId("any")
"""Named in place of a voucher, it lets the venue pick one."""

UNDECLARED = Facts(BuyerSize.LARGE, "", frozenset())


@dataclass(frozen=True, slots=True)
class Purchase:
    """What vouchers are asked for: an order, whose seller nobody knows yet, or a contract about tokens.

    `gross` is the most that it can cost. `chips` are those that an order accepts: tokens have none.
    """

    id: str
    buyer: PartyId
    seller: PartyId | None
    product: ProductLine
    chips: tuple[ChipCode, ...]
    gross: Fen


def ordered(order: Order, by: PartyId, gross: Fen) -> Purchase:
    """An order of a party's that can cost so much."""
    return Purchase(order.id, by, None, ProductLine.COMPUTE, tuple(order.chips), gross)


def contracted(terms: ContractTerms) -> Purchase:
    """A contract: its use costs no more than its budget."""
    return Purchase(terms.id, terms.buyer, terms.seller, ProductLine.MODEL_SERVICE, (), terms.budget)


def party_of(state: State, party: PartyId) -> Party:
    """A party as the rule engine asks for it; its group is one more that controls it."""
    known, facts = state.parties[party], state.facts.get(party, UNDECLARED)
    return Party(party, known.region, facts.size, facts.industry, facts.controllers | {known.group})


def judged(state: State, purchase: Purchase, vouchers: Sequence[VoucherId]) -> tuple[Pledge, ...] | Refused:
    """What each voucher would hold for a purchase, or what stands against the first that can't.

    An order's seller is not known yet: that is judged when a lease is granted. Vouchers after the first cover of what those
    before them left. Where the venue is to pick, it takes the one of the buyer's that ends first, the smallest of
    those, the oldest of those, that covers anything; and none, where none does.
    """
    if vouchers == (ANY,):
        return _picked(state, purchase)
    pledges: tuple[Pledge, ...] = ()
    for voucher in vouchers:
        pledge = _judged(state, purchase, state.vouchers[voucher], pledges)
        if isinstance(pledge, Refused):
            return pledge
        pledges = (*pledges, pledge)
    return pledges


def still_granted(state: State, purchase: Purchase, vouchers: Sequence[VoucherId]) -> tuple[Pledge, ...]:
    """The same for an order that goes on after its leases were taken back: it goes on without what is refused now."""
    pledges: tuple[Pledge, ...] = ()
    for voucher in vouchers:
        if voucher in state.vouchers:
            pledge = _judged(state, purchase, state.vouchers[voucher], pledges)
            pledges = pledges if isinstance(pledge, Refused) else (*pledges, pledge)
    return pledges


def lease_pledges(state: State, lease: LeaseTerms, chip: ChipCode, cost: Fen) -> Iterator[Pledge]:
    """What a lease that can cost so much takes of what its order holds of vouchers."""
    return pledges_for(state, state.pledges.get(lease.order, ()), (lease.buyer, lease.seller), chip, cost)


def pledges_for(
    state: State, held: Sequence[Pledge], parties: tuple[PartyId, PartyId], chip: ChipCode, cost: Fen
) -> Iterator[Pledge]:
    """What a lease between two parties takes of what is held of vouchers: nothing where the rules refuse it now."""
    if not held:
        return
    taken: list[Subsidy] = []
    buyer, seller = (party_of(state, party) for party in parties)
    for pledge in held:
        programme = version_of(state, pledge)
        application = Application(
            buyer=buyer,
            seller=seller,
            contract="",
            product=ProductLine.COMPUTE,
            origin=state.origins.get(chip),
            gross=cost,
            at=pledge.at,
            standing=Standing(balance=pledge.amount, subsidies=tuple(taken)),
        )
        grant = judge(programme, application)
        if isinstance(grant, Grant):
            taken.append(Subsidy(programme.id, grant.amount, programme.stacks_with))
            terms = replace(pledge.terms, rate_bp=grant.voucher.rate_bp)
            yield replace(pledge, terms=terms, amount=grant.amount)


def needed(pledges: Sequence[Pledge], cost: Fen) -> tuple[Fen, ...]:
    """What a lease needs of each of its vouchers if it can still cost so much."""
    return vouchers_of(cost, tuple(replace(one.terms, balance=one.amount) for one in pledges))


def version_of(state: State, pledge: Pledge) -> Programme:
    """The version of its programme under which something is held."""
    return state.programmes[pledge.programme].versions[pledge.version - 1]


def standing(programme: Programme, known: LiveProgramme, buyer: PartyId, at: int) -> Standing:
    """What of a programme is taken at an instant, before anything is judged."""
    year, own = year_of(at), known.taken.get(buyer, {})
    by_year = [
        fen
        for taken in known.taken.values()
        for when, fen in taken.items()
        if when == year or programme.budget_span is BudgetSpan.WHOLE_PROGRAMME
    ]
    return Standing(used_this_year=own.get(year, NOTHING), spent=Fen(sum(by_year)))


def _picked(state: State, purchase: Purchase) -> tuple[Pledge, ...]:
    own = [live for live in state.vouchers.values() if live.terms.buyer == purchase.buyer and live.left]
    for live in sorted(own, key=lambda live: (live.terms.ends, live.left)):
        pledge = _judged(state, purchase, live, ())
        if isinstance(pledge, Pledge):
            return (pledge,)
    return ()


def _judged(
    state: State, purchase: Purchase, live: LiveVoucher, before: Sequence[Pledge]
) -> Pledge | Refused:
    """What one voucher would hold for a purchase, at the best rate of the chips that it accepts."""
    voucher, known = live.terms, state.programmes[live.terms.programme]
    programme = known.in_force(state.now)
    taken = standing(programme, known, purchase.buyer, state.now)
    subsidies = tuple(
        Subsidy(one.programme, one.amount, version_of(state, one).stacks_with) for one in before
    )
    application = Application(
        buyer=party_of(state, purchase.buyer),
        seller=None if purchase.seller is None else party_of(state, purchase.seller),
        contract=purchase.id,
        product=purchase.product,
        origin=_best_origin(state, programme, purchase),
        gross=purchase.gross,
        at=state.now,
        standing=replace(taken, balance=_balance(state, voucher, live), subsidies=subsidies),
    )
    answer = judge(programme, application)
    if isinstance(answer, Refused):
        return answer
    return Pledge(
        voucher=voucher.id,
        programme=voucher.programme,
        version=programme.version,
        issuer=voucher.issuer,
        terms=replace(answer.voucher, per_order_cap=None, yearly_left=None, balance=None),
        at=state.now,
        amount=answer.amount,
    )


def _balance(state: State, voucher: Voucher, live: LiveVoucher) -> Fen:
    """What may be held of a voucher: nothing after its end."""
    return live.left if state.now < voucher.ends else NOTHING


def _best_origin(state: State, programme: Programme, purchase: Purchase) -> ChipOrigin | None:
    """The origin, among the chips that an order accepts, that a programme covers best."""
    origins = [state.origins.get(chip) for chip in purchase.chips]
    return max(origins, key=lambda origin: programme.rate_of(purchase.product, origin) or 0, default=None)
