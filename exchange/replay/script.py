"""A plan as a script: every command in its order, and between them the moments of metering and closing."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from exchange.agreements.commands import RecordAgreement
from exchange.catalogue.vat import CatalogueLine
from exchange.commands import Command, Envelope
from exchange.contracts.commands import OpenContract
from exchange.listings.commands import PublishListing
from exchange.orders.commands import PlaceOrder
from exchange.parties.commands import Deposit, RegisterParty
from exchange.periods import Period, periods_between
from exchange.replay.assumptions import HOUR_S, SLOT_S
from exchange.replay.planned import MarketPlan, PlannedListing, PlannedOrder, Steps
from exchange.replay.trace import DAY_S
from exchange.state import VENUE, Instant, MicroYuan, Party, PartyId, Role, VenueTerms
from exchange.venue.commands import Tick
from matching.prices import PriceCurve
from matching.terms import Block, OwnerGroup, Price, RegionCode, Slot, Window
from settlement.agreements import PairAgreement

CLERK = PartyId("clerk")
LINE = str(CatalogueLine.COMPUTE_SERVICE)
ROUND_S = 6 * HOUR_S  # how often sellers report
CLOSE_AFTER_S = DAY_S  # a period is closed a day after its end: some late windows are open still


@dataclass(frozen=True, slots=True)
class Ask:
    """The `n`-th command of the script."""

    n: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Report:
    """Sellers report what was over by `until` and not by `since`, both slots. Done before the `n`-th command."""

    n: int
    since: Slot
    until: Slot


@dataclass(frozen=True, slots=True)
class Close:
    """The clerk closes a period. Done before the `n`-th command."""

    n: int
    period: str


Line = Ask | Report | Close


def fingerprint_of(plan: MarketPlan) -> str:
    """What tells a plan from any other: trace, offers, assumptions and scale all go into it."""
    return hashlib.sha256(msgspec.json.encode(plan)).hexdigest()[:12]


def script(plan: MarketPlan, terms: VenueTerms) -> Iterator[Line]:
    """The whole play, from the admission of the parties to the closing of the last period."""
    prefix, n = fingerprint_of(plan), 0
    for part in _acts(plan, terms):
        if isinstance(part, tuple):
            n += 1
            by, command = part
            yield Ask(n, Envelope(by, f"{prefix}-{n}", command))
        elif isinstance(part, Period):
            yield Close(n + 1, part.name)
        else:
            yield Report(n + 1, Slot(part.start), Slot(part.stop))


def _acts(plan: MarketPlan, terms: VenueTerms) -> Iterator[tuple[PartyId, Command] | Period | range]:
    """Commands with who gives them, periods to close, and ranges of slots to report."""
    yield VENUE, Tick(Instant(plan.start_s))
    for command in _opening(plan):
        yield VENUE, command
    for listing in plan.listings:
        yield PartyId(listing.seller), _publish(listing)
    periods = periods_between(plan.start_s, plan.closes_s, terms.utc_offset_seconds)
    closing = {period.ends + CLOSE_AFTER_S: period for period in periods}
    orders, ahead, reported_s = iter(plan.orders), list[PlannedOrder](), plan.start_s
    for at_s in _clock(plan, closing):
        if at_s > plan.start_s:
            yield VENUE, Tick(Instant(at_s))
        if (at_s - plan.start_s) % ROUND_S == 0 and at_s > reported_s:
            yield range(reported_s // SLOT_S, at_s // SLOT_S)
            reported_s = at_s
        if at_s in closing:
            yield closing[at_s]
        for order in _due(orders, ahead, at_s + SLOT_S):
            yield PartyId(order.buyer), _place(order)


def _clock(plan: MarketPlan, closing: Iterable[int]) -> list[int]:
    """Every slot while there is a market, then every round, and every closing."""
    last_s = max(closing)
    return sorted(
        {
            *range(plan.start_s, plan.closes_s, SLOT_S),
            *range(plan.start_s, last_s, ROUND_S),
            *closing,
        }
    )


def _due(orders: Iterator[PlannedOrder], ahead: list[PlannedOrder], before_s: int) -> Iterator[PlannedOrder]:
    """Orders placed before an instant; the first of the later ones waits in `ahead`."""
    while order := (ahead.pop() if ahead else next(orders, None)):
        if order.at_s >= before_s:
            ahead.append(order)
            return
        yield order


def _opening(plan: MarketPlan) -> Iterator[Command]:
    """The clerk, the finance offices of the paired regions, sellers, buyers with their money, and what is agreed."""
    home = plan.sellers[0].region
    yield _party(CLERK, "Settlement clerk", Role.CLERK, home)
    offices = dict.fromkeys(region for pair in plan.agreements for region in (pair.source, pair.destination))
    for region in offices:
        yield _party(PartyId(f"region-{region}"), f"Finance office of {region}", Role.REGION, region)
    for seller in plan.sellers:
        yield _party(PartyId(seller.code), seller.name, Role.SELLER, seller.region)
    for buyer in plan.buyers:
        yield _party(PartyId(buyer.code), buyer.name, Role.BUYER, buyer.region)
        yield Deposit(PartyId(buyer.code), buyer.deposit_fen, "prepaid for the replay")
    for pair in plan.agreements:
        yield RecordAgreement(
            PairAgreement(
                id=f"{pair.source}-{pair.destination}",
                version=1,
                parties=(pair.source, pair.destination),
                valid_from=plan.start_s,
                valid_to=None,
                shares=pair.shares,
                value_added_bp=pair.value_added_bp,
            )
        )
    for contract in plan.contracts:
        yield OpenContract(
            buyer=PartyId(contract.buyer),
            seller=PartyId(contract.seller),
            destination=contract.destination,
            input_price=MicroYuan(contract.input_price),
            output_price=MicroYuan(contract.output_price),
            budget=contract.budget_fen,
            begins=Instant(plan.start_s),
            ends=Instant(plan.end_s),
            line=LINE,
        )


def _party(party: PartyId, name: str, role: Role, region: RegionCode) -> RegisterParty:
    return RegisterParty(Party(party, name, frozenset({role}), region, OwnerGroup(party)))


def _publish(listing: PlannedListing) -> PublishListing:
    return PublishListing(
        chip=listing.chip,
        region=listing.region,
        window=_window(listing.start_s, listing.end_s),
        cards=listing.cards,
        lot=listing.lot,
        min_slots=listing.min_slots,
        asks={tier: _curve(steps) for tier, steps in listing.asks.items()},
        line=LINE,
    )


def _place(order: PlannedOrder) -> PlaceOrder:
    return PlaceOrder(
        tier=order.tier,
        chips=dict(order.chips),
        regions=order.regions,
        window=_window(order.earliest_s, order.deadline_s),
        limit=Price(_per_slot(order.limit)),
        shape=Block(order.least, order.most, order.slots),
        prefer=order.prefer,
        tif=order.tif,
    )


def _window(start_s: int, end_s: int) -> Window:
    return Window(Slot(start_s // SLOT_S), Slot(end_s // SLOT_S))


def _curve(steps: Steps) -> PriceCurve:
    return PriceCurve(tuple((instant // SLOT_S, _per_slot(price)) for instant, price in steps))


def _per_slot(price: int) -> int:
    """A price per card-hour as one per card-slot: whole, because prices are whole fen per hour."""
    return price * SLOT_S // HOUR_S
