"""A quote: what an order would get now, what that comes to in money, and why where it would get nothing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from exchange.catalogue.catalogue import Catalogue
from exchange.holds import lease_hold, order_hold, slots_by_price
from exchange.names import PartyId, VoucherId
from exchange.orders.commands import PlaceOrder
from exchange.orders.rules import order_of, order_refusal
from exchange.promises import Pledge
from exchange.rejections import Rejected, refused_by_market
from exchange.state import PricedRun, State, priced
from exchange.vouchers.judging import needed, ordered, pledges_for
from exchange.vouchers.rules import hold_vouchers
from matching.acceptance import order_problem
from matching.deals import Deal, DealLeg
from matching.explaining import Barrier, Count, why_not
from matching.quoting import Step, quote
from matching.relaxing import Dimension
from matching.risk import Risk
from matching.terms import (
    ChipCode,
    ListingId,
    Milli,
    Order,
    OrderEnd,
    OrderId,
    RegionCode,
    Rejection,
    Seq,
    Slot,
    Window,
)
from settlement.meters import MICRO_YUAN_PER_FEN
from settlement.money import NOTHING, Fen, round_half_away
from settlement.statement import fee_of, split_vat
from settlement.terms import VoucherMode

UNPLACED = OrderId("quote")


@dataclass(frozen=True, slots=True)
class FoundLeg:
    """What the order would get of one listing, at which price, and what that comes to: money in fen, VAT included."""

    listing: ListingId
    chip: ChipCode
    region: RegionCode
    cards: int
    working: int
    """How many of the cards do the order's work: the rest fill up the lot."""
    window: Window
    runs: tuple[PricedRun, ...]
    total: Fen
    vat: Fen
    fee: Fen
    """The venue's fee, which the seller bears."""
    held: Fen
    """What the lease would hold: the total, each slot rounded up."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that the order would get, and what that comes to.

    `cost` is the exact price in micro-yuan, `filled` how much of what was asked it is, in thousandths of a reference
    card (of work, card-slots), and `card_slots` the same over all slots.
    """

    legs: tuple[FoundLeg, ...]
    cost: int
    filled: Milli
    card_slots: Milli

    @property
    def total(self) -> Fen:
        """What the buyer would pay, VAT included."""
        return Fen(sum(leg.total for leg in self.legs))

    @property
    def vat(self) -> Fen:
        """The VAT in it."""
        return Fen(sum(leg.vat for leg in self.legs))

    @property
    def fee(self) -> Fen:
        """The venue's fee, which the sellers bear."""
        return Fen(sum(leg.fee for leg in self.legs))

    @property
    def held(self) -> Fen:
        """What the leases would hold together."""
        return Fen(sum(leg.held for leg in self.legs))

    @property
    def start(self) -> Slot:
        """The first slot of any leg."""
        return min(leg.window.start for leg in self.legs)

    @property
    def average(self) -> int:
        """What a reference card costs in a slot on average, in micro-yuan, to the nearest."""
        return round_half_away(self.cost * 1000, self.card_slots)


@dataclass(frozen=True, slots=True)
class Cure:
    """The order with one thing changed, in the dimension that it is about, and what it would get then."""

    dimension: Dimension
    order: Order
    found: Found
    order_held: Fen


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why nothing fits: of `listings` with anything free, how many each barrier leaves; and what would cure it."""

    listings: Count
    barriers: tuple[Barrier, ...]
    cures: tuple[Cure, ...]


@dataclass(frozen=True, slots=True)
class QuotedVoucher:
    """What a voucher would hold for the order, and cover of what the order would get now, if all of it is delivered."""

    voucher: VoucherId
    mode: VoucherMode
    held: Fen
    covered: Fen


@dataclass(frozen=True, slots=True)
class Quote:
    """An answer that books nothing, true when the log stood at `version`.

    `order_held` is what placing the order would hold at first. `end` is how the order would be closed at once, or None
    where it, or what is left of it, rests. `earliest` is what the same order would get if it minded time most, `sizes`
    and `limits` what it would get for less or for another limit. `interrupts` counts the leases that would be taken
    back for it, and `risk` says who could take back what it gets. `explanation` is there where nothing was found,
    `vouchers` where the order names some, and `refusal` where the venue would not take the order at all, whatever its buyer has to spend.
    """

    version: Seq
    order_held: Fen = NOTHING
    found: Found | None = None
    end: OrderEnd | None = None
    earliest: Found | None = None
    interrupts: int = 0
    risk: Risk | None = None
    sizes: tuple[Step, ...] = ()
    limits: tuple[Step, ...] = ()
    explanation: Explanation | None = None
    vouchers: tuple[QuotedVoucher, ...] = ()
    refusal: Rejected | None = None


def quoted(state: State, version: Seq, catalogue: Catalogue, by: PartyId, command: PlaceOrder) -> Quote:
    """What `by` would get for an order, as a state that has seen `version` commands has it."""
    order = order_of(UNPLACED, state, by, command)
    tick = state.rules.price_tick
    problem = order_problem(state.market, order)
    if problem is not None:
        return Quote(version, refusal=refused_by_market(problem))
    held = order_hold(order, state.rules)
    pledged = hold_vouchers(state, ordered(order, by, held), command.vouchers)
    refusal = order_refusal(state, order) or (pledged if isinstance(pledged, Rejected) else None)
    if refusal is not None or isinstance(pledged, Rejected):
        return Quote(version, held, refusal=refusal)
    answer = quote(state.market, order, version, tick)
    assert not isinstance(answer, Rejection), "an order without a problem is quoted"
    found = _found(state, answer.deal)
    legs = () if found is None else found.legs
    return Quote(
        version=version,
        order_held=held,
        found=found,
        end=answer.end,
        earliest=_found(state, answer.earliest),
        interrupts=0 if answer.displacing is None else len(answer.displacing.leases),
        risk=answer.risk,
        sizes=answer.sizes,
        limits=answer.limits,
        explanation=_explained(state, catalogue, order) if answer.deal is None else None,
        vouchers=tuple(_covered(state, by, [event.pledge for event in pledged], legs)),
    )


def _covered(
    state: State, by: PartyId, held: list[Pledge], legs: tuple[FoundLeg, ...]
) -> Iterator[QuotedVoucher]:
    """What each voucher would hold for the order, and cover of what that would get."""
    left, covered = held, Counter[VoucherId]()
    for leg in legs:
        parties = by, state.listings[leg.listing].party
        taken = list(pledges_for(state, left, parties, leg.chip, leg.held))
        amounts = {pledge.voucher: pledge.amount for pledge in taken}
        left = [
            replace(pledge, amount=Fen(pledge.amount - amounts.get(pledge.voucher, NOTHING)))
            for pledge in left
        ]
        covered.update({one.voucher: fen for one, fen in zip(taken, needed(taken, leg.total), strict=True)})
    for pledge in held:
        amount = Fen(covered[pledge.voucher])
        yield QuotedVoucher(pledge.voucher, pledge.terms.mode, pledge.amount, amount)


def _found(state: State, deal: Deal | None) -> Found | None:
    if deal is None:
        return None
    legs = tuple(_leg(state, leg) for leg in deal.legs)
    return Found(legs, deal.cost, deal.filled, deal.card_slots)


def _leg(state: State, leg: DealLeg) -> FoundLeg:
    rules, runs = state.rules, priced(leg.runs)
    total = Fen(round_half_away(leg.cost, MICRO_YUAN_PER_FEN))
    net, vat = split_vat(total, rules.vat_rates_bp[state.listings[leg.listing].line])
    return FoundLeg(
        listing=leg.listing,
        chip=leg.chip,
        region=leg.region,
        cards=leg.cards,
        working=leg.working,
        window=leg.window,
        runs=runs,
        total=total,
        vat=vat,
        fee=fee_of(total, net, rules.fee),
        held=lease_hold(leg.cards, slots_by_price(runs)),
    )


def _explained(state: State, catalogue: Catalogue, order: Order) -> Explanation | None:
    """Why nothing fits an order. No cure is told that the venue would refuse."""
    rules = state.rules
    why = why_not(state.market, order, weights_for(order, catalogue), rules.price_tick)
    if why is None or isinstance(why, Rejection):
        return None
    cures: list[Cure] = []
    for each in why.relaxations:
        found = _found(state, each.deal)
        if found is not None and order_refusal(state, each.order) is None:
            cures.append(Cure(each.dimension, each.order, found, order_hold(each.order, rules)))
    return Explanation(why.listings, why.barriers, tuple(cures))


def weights_for(order: Order, catalogue: Catalogue) -> dict[ChipCode, int]:
    """What a card of every chip of the catalogue does, in thousandths of an order's reference card.

    The order's heaviest chip says how large its reference card is beside the catalogue's.
    """
    known = [chip for chip in order.chips if chip in catalogue.chips]
    if not known:
        return {}
    scale = max(known, key=lambda chip: order.chips[chip])
    weight, milli = order.chips[scale], catalogue.chips[scale].weight_milli
    return {
        code: max(1, round_half_away(chip.weight_milli * weight, milli))
        for code, chip in catalogue.chips.items()
    }
