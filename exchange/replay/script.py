"""A plan as a script: every command in its order, and between them the moments of metering and settling."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import msgspec

from exchange.agreements.commands import ProposeAgreement, SignAgreement
from exchange.catalogue.vat import CatalogueLine
from exchange.commands import Command, Envelope
from exchange.contracts.commands import OpenContract
from exchange.listings.commands import PublishListing
from exchange.names import VENUE, Instant, PartyId
from exchange.orders.commands import PlaceOrder
from exchange.parties.commands import Deposit, IssueKey, RegisterParty
from exchange.payouts.commands import NamePayoutAccount
from exchange.periods import Period, period_of, periods_between, quarter_named, quarter_of
from exchange.replay.assumptions import HOUR_S, SLOT_S
from exchange.replay.grid import curve_of, window_of
from exchange.replay.orders import asked_of
from exchange.replay.planned import (
    MarketPlan,
    PlannedAgreement,
    PlannedListing,
    PlannedOrder,
    PlannedTokenContract,
)
from exchange.replay.trace import DAY_S
from exchange.state import Party, PayoutTerms, Role, VenueTerms
from exchange.venue.commands import Tick
from matching.terms import OwnerGroup, RegionCode, Slot
from settlement.agreements import PairAgreement
from settlement.rating.tokens import TokenPrices
from settlement.sign_off import digest_of

CLERK = PartyId("clerk")
SIGNING_KEY = "sign-off"
NOBODYS = "0" * 64  # the digest of a secret that nobody has: the script alone signs with such a key
LINE = str(CatalogueLine.COMPUTE_SERVICE)
ROUND_S = 6 * HOUR_S  # how often sellers report
CLOSE_AFTER_S = DAY_S  # a period is closed a day after its end: some late windows are open still
HELD_BACK_S = PayoutTerms().hold_back_days * DAY_S


@dataclass(frozen=True, slots=True)
class Ask:
    """The `n`-th command of the script."""

    n: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Report:
    """Sellers report what was over by `until` and not by `since`, both slots."""

    since: Slot
    until: Slot


@dataclass(frozen=True, slots=True)
class Close:
    """The clerk closes a period."""

    period: str


@dataclass(frozen=True, slots=True)
class Agree:
    """The offices of each pair confirm what a quarter came to."""

    quarter: str


@dataclass(frozen=True, slots=True)
class PayDay:
    """Sellers are paid what a period came to, since it is held back no more."""

    period: str


Moment = Report | Close | Agree | PayDay


@dataclass(frozen=True, slots=True)
class Between:
    """What is done before the `n`-th command, when all before it are durable."""

    n: int
    moment: Moment


Line = Ask | Between


def fingerprint_of(plan: MarketPlan) -> str:
    """What tells a plan from any other: trace, offers, assumptions and scale all go into it."""
    return hashlib.sha256(msgspec.json.encode(plan)).hexdigest()[:12]


def script(plan: MarketPlan, terms: VenueTerms) -> Iterator[Line]:
    """The whole play, from the admission of the parties until the last quarter is agreed and the last seller paid."""
    offset = terms.utc_offset_seconds
    last = quarter_named(quarter_of(period_of(plan.closes_s - 1, offset).name), offset)
    assert last is not None, "every month lies in a quarter"
    moments = _settling(periods_between(plan.start_s, last.ends, offset))
    clock = {
        *range(plan.start_s, plan.closes_s, SLOT_S),
        *range(plan.start_s, max(moments), ROUND_S),
        *moments,
    }
    trading = _trading(plan, sorted(clock), moments, reported_s=plan.start_s)
    return _numbered(fingerprint_of(plan), chain(_opening(plan), _accounts(plan), trading))


def _settling(periods: Iterable[Period]) -> dict[int, list[Moment]]:
    """When each period is closed and its sellers paid; with the last of a quarter its regions agree."""
    moments: dict[int, list[Moment]] = {}
    for period in periods:
        closed_s = period.ends + CLOSE_AFTER_S
        moments[closed_s] = [Close(period.name)]
        if int(period.name[-2:]) % 3 == 0:
            moments[closed_s].append(Agree(quarter_of(period.name)))
        moments[closed_s + HELD_BACK_S] = [PayDay(period.name)]
    return moments


def episode(plan: MarketPlan, terms: VenueTerms, *, first: bool) -> Iterator[Line]:
    """A play that another one follows at the end of its span. Only the first admits the parties."""
    clock = range(plan.start_s, plan.end_s, SLOT_S)
    periods = periods_between(plan.start_s - CLOSE_AFTER_S, plan.end_s, terms.utc_offset_seconds)
    closing = {period.ends + CLOSE_AFTER_S: [Close(period.name)] for period in periods}
    opening = _opening(plan) if first else _next_week(plan)
    reported_s = plan.start_s if first else plan.start_s - ROUND_S
    return _numbered(fingerprint_of(plan), chain(opening, _trading(plan, clock, closing, reported_s)))


Act = tuple[PartyId, Command] | Moment
"""A command with who gives it, or what is done beside them."""


def _numbered(prefix: str, acts: Iterable[Act]) -> Iterator[Line]:
    n = 0
    for part in acts:
        if isinstance(part, tuple):
            n += 1
            by, command = part
            yield Ask(n, Envelope(by, f"{prefix}/{n}", command))
        else:
            yield Between(n + 1, part)


def _trading(
    plan: MarketPlan, clock: Iterable[int], moments: Mapping[int, Iterable[Moment]], reported_s: int
) -> Iterator[Act]:
    """Time passes; what falls due is reported, settled and ordered, in this order."""
    orders, ahead = iter(plan.orders), list[PlannedOrder]()
    for at_s in clock:
        yield VENUE, Tick(Instant(at_s))
        if (at_s - plan.start_s) % ROUND_S == 0 and at_s > reported_s:
            yield Report(Slot(reported_s // SLOT_S), Slot(at_s // SLOT_S))
            reported_s = at_s
        yield from moments.get(at_s, ())
        for order in _due(orders, ahead, at_s + SLOT_S):
            yield PartyId(order.buyer), _place(order)


def _due(orders: Iterator[PlannedOrder], ahead: list[PlannedOrder], before_s: int) -> Iterator[PlannedOrder]:
    """Orders placed before an instant; the first of the later ones waits in `ahead`."""
    while order := (ahead.pop() if ahead else next(orders, None)):
        if order.at_s >= before_s:
            ahead.append(order)
            return
        yield order


def _opening(plan: MarketPlan) -> Iterator[Act]:
    """The clerk, the finance offices of the paired regions, sellers and buyers come in; then what is agreed."""
    yield VENUE, Tick(Instant(plan.start_s))
    yield VENUE, _party(CLERK, "Settlement clerk", Role.CLERK, plan.sellers[0].region)
    offices = dict.fromkeys(region for pair in plan.agreements for region in (pair.source, pair.destination))
    for region in offices:
        yield VENUE, _party(office_of(region), f"Finance office of {region}", Role.REGION, region)
        yield VENUE, IssueKey(office_of(region), SIGNING_KEY, NOBODYS)
    for seller in plan.sellers:
        yield VENUE, _party(PartyId(seller.code), seller.name, Role.SELLER, seller.region)
    for buyer in plan.buyers:
        yield VENUE, _party(PartyId(buyer.code), buyer.name, Role.BUYER, buyer.region)
    for pair in plan.agreements:
        yield from _signed(_agreement(pair, plan.start_s))
    yield from _next_week(plan)


def _accounts(plan: MarketPlan) -> Iterator[Act]:
    """Each seller names an account at a bank."""
    for n, seller in enumerate(plan.sellers, start=1):
        party = PartyId(seller.code)
        yield party, NamePayoutAccount(party, f"62{n:014}")


def _next_week(plan: MarketPlan) -> Iterator[Act]:
    """Money comes in, contracts are opened and capacity is listed."""
    yield VENUE, Tick(Instant(plan.start_s))
    for buyer in plan.buyers:
        yield VENUE, Deposit(PartyId(buyer.code), buyer.deposit_fen, f"prepaid-{plan.start_s}")
    for contract in plan.contracts:
        yield VENUE, _contract(contract, plan)
    for listing in plan.listings:
        yield PartyId(listing.seller), _publish(listing)


def _signed(agreement: PairAgreement) -> Iterator[Act]:
    """The clerk proposes an agreement, and the offices of its regions sign it: with the last one it is in force."""
    yield VENUE, ProposeAgreement(agreement)
    for region in agreement.parties:
        sign = SignAgreement(agreement.id, agreement.version, SIGNING_KEY, digest_of(agreement))
        yield office_of(RegionCode(region)), sign


def office_of(region: RegionCode) -> PartyId:
    """The finance office of a paired region."""
    return PartyId(f"region-{region}")


def _agreement(pair: PlannedAgreement, valid_from: int) -> PairAgreement:
    return PairAgreement(
        id=f"{pair.source}-{pair.destination}",
        version=1,
        parties=(pair.source, pair.destination),
        valid_from=valid_from,
        valid_to=None,
        shares=pair.shares,
        value_added_bp=pair.value_added_bp,
    )


def _contract(contract: PlannedTokenContract, plan: MarketPlan) -> OpenContract:
    return OpenContract(
        buyer=PartyId(contract.buyer),
        seller=PartyId(contract.seller),
        destination=contract.destination,
        prices=TokenPrices(contract.input_price, contract.input_price, contract.output_price),
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
        window=window_of(listing),
        cards=listing.cards,
        lot=listing.lot,
        min_slots=listing.min_slots,
        asks={tier: curve_of(steps) for tier, steps in listing.asks.items()},
        line=LINE,
    )


def _place(order: PlannedOrder) -> PlaceOrder:
    asked = asked_of(order)
    return PlaceOrder(
        tier=asked.tier,
        chips=asked.chips,
        regions=asked.regions,
        window=asked.window,
        limit=asked.limit,
        shape=asked.shape,
        prefer=asked.prefer,
        tif=asked.tif,
        on_preempt=asked.on_preempt,
    )
