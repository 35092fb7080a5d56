"""Turns jobs into orders: what each asks of the market, from whom, within which hours and at which limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from exchange.catalogue.catalogue import Catalogue
from exchange.catalogue.chips import relative_weight
from exchange.holds import order_hold
from exchange.replay.assumptions import HOUR_S, SLOT_S, WHOLE, Assumptions, UrgencyTerms
from exchange.replay.chance import chance
from exchange.replay.demand import slots_of
from exchange.replay.grid import per_slot, window_of
from exchange.replay.offers import mapping_of
from exchange.replay.planned import PlannedBuyer, PlannedOrder
from exchange.replay.pricing import ChipPrices, best_chip, whole_fen
from exchange.replay.trace import Job
from exchange.state import VenueTerms
from matching.terms import (
    Block,
    ChipCode,
    Milli,
    Order,
    OrderId,
    OwnerGroup,
    Price,
    RegionCode,
    Shape,
    Split,
    Tier,
    Work,
)
from settlement.money import Fen, ceil_div

Weights = tuple[tuple[ChipCode, Milli], ...]
DEPOSIT_STEP = 100_000  # fen: deposits are whole thousands of yuan


@dataclass(frozen=True, slots=True)
class Asking:
    """All that turns a job into an order, worked out once."""

    weights: Mapping[tuple[str, ...], Weights]
    references: Mapping[tuple[ChipCode, Tier], int]
    nearest: Mapping[RegionCode, tuple[RegionCode, ...]]
    closes_s: int
    assumptions: Assumptions


def asking(
    jobs: Sequence[Job],
    prices: Mapping[str, ChipPrices],
    anything: Sequence[str],
    closes_s: int,
    catalogue: Catalogue,
    assumptions: Assumptions,
) -> Asking:
    """What the orders of these jobs are worked out from. `anything` are the chips that a job without a wish accepts."""
    wanted = dict.fromkeys(job.chips for job in jobs)
    return Asking(
        weights={chips: weights_of(chips or anything, catalogue, assumptions) for chips in wanted},
        references={
            (mapping_of(name).chip, tier): price.reference(tier)
            for name, price in prices.items()
            for tier in Tier
        },
        nearest={
            RegionCode(home): nearest(home, catalogue, assumptions) for home in assumptions.buyer_regions
        },
        closes_s=closes_s,
        assumptions=assumptions,
    )


def weights_of(names: Sequence[str], catalogue: Catalogue, assumptions: Assumptions) -> Weights:
    """The acceptable chips, best first, each in thousandths of the best."""
    codes = [mapping_of(name).chip for name in names]
    best = catalogue.chips[best_chip(codes, catalogue)]
    floor = assumptions.weight_floor_milli
    weighed = [(code, Milli(max(floor, relative_weight(catalogue.chips[code], best)))) for code in codes]
    return tuple(sorted(weighed, key=lambda pair: (-catalogue.chips[pair[0]].weight_milli, pair[0])))


def nearest(home: str, catalogue: Catalogue, assumptions: Assumptions) -> tuple[RegionCode, ...]:
    """The sellers' regions, the nearest to `home` first."""
    served = assumptions.seller_regions[: assumptions.sellers]
    regions = [RegionCode(code) for code in dict.fromkeys(served)]
    return tuple(sorted(regions, key=lambda region: (catalogue.latency_ms(RegionCode(home), region), region)))


def buyers_of(assumptions: Assumptions, catalogue: Catalogue) -> tuple[PlannedBuyer, ...]:
    """The buyers, dealt to their regions in turn, without a deposit yet."""
    digits = max(2, len(str(assumptions.buyers)))
    homes = [RegionCode(code) for code in assumptions.buyer_regions]
    return tuple(
        PlannedBuyer(
            code=f"buyer-{number:0{digits}}",
            name=f"Buyer {number}, {catalogue.regions[home].name_en}",
            region=home,
            deposit_fen=Fen(0),
        )
        for number in range(1, assumptions.buyers + 1)
        for home in (homes[(number - 1) % len(homes)],)
    )


def orders_of(jobs: Sequence[Job], buyers: Sequence[PlannedBuyer], how: Asking) -> tuple[PlannedOrder, ...]:
    """One order for each job, by time. Whose it is, its limit and whether it can pause are drawn; the rest follows."""
    whose, limits, pauses = (chance(how.assumptions.seed, what) for what in ("buyers", "limits", "pauses"))
    return tuple(_order(job, whose.choice(buyers), limits, pauses, how) for job in jobs)


def deposit_of(orders: Sequence[PlannedOrder], budgets_fen: int, terms: VenueTerms) -> Fen:
    """What a buyer pays in: the most that all its orders and contracts can hold at once, in whole thousands of yuan.

    So no order ever fails for want of money, and no deposit is without end.
    """
    held = sum(order_hold(asked_of(order), terms) for order in orders)
    return Fen(ceil_div(budgets_fen + held, DEPOSIT_STEP) * DEPOSIT_STEP)


def asked_of(order: PlannedOrder) -> Order:
    """The order in the market's words, under the name of its job."""
    return Order(
        id=OrderId(order.job),
        buyer=OwnerGroup(order.buyer),
        tier=order.tier,
        chips=dict(order.chips),
        regions=order.regions,
        window=window_of(order),
        limit=Price(per_slot(order.limit)),
        shape=order.shape,
        prefer=order.prefer,
        tif=order.tif,
        on_preempt=order.on_preempt,
    )


def _order(job: Job, buyer: PlannedBuyer, limits: Random, pauses: Random, how: Asking) -> PlannedOrder:
    terms = how.assumptions.terms_of(job.urgency)
    chips = how.weights[job.chips]
    slots = slots_of(job.seconds)
    at = how.assumptions.start_s + job.created_s
    earliest = ceil_div(at, SLOT_S) * SLOT_S
    reach = max(1, len(how.nearest[buyer.region]) * terms.reach_milli // WHOLE)
    return PlannedOrder(
        job=job.name,
        at_s=at,
        buyer=buyer.code,
        tier=terms.tier,
        chips=chips,
        regions=how.nearest[buyer.region][:reach],
        earliest_s=earliest,
        deadline_s=_deadline(earliest, slots, terms.slack_hours, how.closes_s),
        shape=_shape(job.cards, slots, terms, can_pause=pauses.randrange(WHOLE) < terms.malleable_milli),
        limit=_limit(how.references[chips[0][0], terms.tier], terms, limits, how.assumptions),
        prefer=terms.prefer,
        tif=terms.tif,
        on_preempt=terms.on_preempt,
    )


def _shape(cards: int, slots: int, terms: UrgencyTerms, *, can_pause: bool) -> Shape:
    """Work where a job can pause, a gang where it needs several cards. There is no pause within a slot."""
    if can_pause and slots > 1:
        return Work(amount=cards * slots, rate=cards)
    least = max(1, ceil_div(cards * terms.least_milli, WHOLE))
    return Block(least, cards, slots, terms.split if cards > 1 else Split.ONE)


def _deadline(earliest: int, slots: int, slack_hours: int, closes_s: int) -> int:
    """Slack ends with the market, but a job's own length is never cut."""
    bare = earliest + slots * SLOT_S
    return max(bare, min(bare + slack_hours * HOUR_S, closes_s))


def _limit(reference: int, terms: UrgencyTerms, limits: Random, assumptions: Assumptions) -> int:
    spread = assumptions.limit_spread_milli
    return whole_fen(reference * (terms.limit_milli + limits.randrange(-spread, spread + 1)) // WHOLE)
