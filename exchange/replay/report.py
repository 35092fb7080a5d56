"""The report of a replay: what the market did, what it came to in money, and everything that was assumed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from exchange.catalogue.catalogue import load_catalogue
from exchange.memory import peak_memory_mb
from exchange.persistence.database import Connection
from exchange.persistence.queries import replay as queries
from exchange.persistence.queries.payouts import dues
from exchange.replay import comparison
from exchange.replay.assumptions import HOUR_S, SLOT_S, describe
from exchange.replay.baseline import first_fit
from exchange.replay.fitting import Obstacle, obstacles
from exchange.replay.planned import ChipRow, MarketPlan
from exchange.replay.pricing import valleys_in
from exchange.replay.run import Play
from exchange.replay.scoring import Outcome, outcome_of
from exchange.replay.script import fingerprint_of
from exchange.replay.settling import bank_payments
from exchange.replay.stats import Shape, shape_of_orders
from exchange.replay.uses import Use, served

Cell = str | int


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the report: a name for programs, a title for people, and rows by column."""

    name: str
    title: str
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """Everything that a replay has to say. `digest` covers commands and events, so equal seeds give equal ones."""

    digest: str
    commands: int
    events: int
    orders: int
    order_seconds: float
    orders_per_second: int
    peak_memory_mb: int
    database_mb: int
    sections: tuple[Section, ...]


REASON_OF = {
    Obstacle.TOO_LARGE: "unfilled: no listings are large enough",
    Obstacle.OUT_OF_REACH: "unfilled: none large enough in its regions",
    Obstacle.TOO_DEAR: "unfilled: every ask is above its limit",
    None: "unfilled: sold out within its hours",
}


async def report(play: Play, shape: Shape, left_out: Mapping[str, int]) -> ReplayReport:
    """What the database says of a replay, and what its plan assumed. `shape` is that of the trace's own jobs."""
    async with play.exchange.readers.acquire() as connection:
        log = await queries.log_figures(connection)
        sections = (
            *_before(play.plan, shape, left_out),
            *await _traded(play.plan, connection),
            *await _settled(connection),
            *await _paid(play, connection),
            Section("assumptions", "Everything assumed", _assumptions(play.plan)),
        )
    return ReplayReport(
        digest=log.digest,
        commands=log.commands,
        events=log.events,
        orders=log.orders,
        order_seconds=round(log.order_seconds or 0, 1),
        orders_per_second=round(log.orders / log.order_seconds) if log.order_seconds else 0,
        peak_memory_mb=peak_memory_mb(),
        database_mb=log.bytes // 2**20,
        sections=sections,
    )


def _before(plan: MarketPlan, shape: Shape, left_out: Mapping[str, int]) -> Iterator[Section]:
    """What the trace and the plan were, before anybody traded."""
    yield Section("left_out", "Jobs of the trace that made no order, and why", _counted("reason", left_out))
    yield Section("shape", "Shape of the demand", _shapes(plan, shape))
    yield Section("chips", "Chips of the trace, and what they are taken to be", _chips(plan.chips))


async def _traded(plan: MarketPlan, connection: Connection) -> list[Section]:
    """What the market did, beside what the plain policy would have done."""
    since, until = plan.start_s // SLOT_S, plan.closes_s // SLOT_S
    leases = await queries.granted_leases(connection, SLOT_S)
    uses = [
        Use(each.order, each.listing, each.cards, each.working, each.start, tuple(each.ends))
        for each in leases
    ]
    valleys = valleys_in(
        (seller.region for seller in plan.sellers),
        (plan.start_s, plan.closes_s),
        load_catalogue(),
        plan.assumptions,
    )
    dealt = {comparison.MARKET: uses, comparison.PLAIN: first_fit(plan)}
    return [
        Section("outcomes", "Orders by outcome", outcomes(plan, uses)),
        Section("refused", "Commands refused", await queries.rejections(connection)),
        Section("policies", "The market beside a plain policy", comparison.policies(plan, dealt)),
        Section("kinds", "The same by kind of order", comparison.kinds(plan, dealt)),
        Section("displacement", "Leases taken back", await queries.displacement(connection, SLOT_S)),
        Section("off_peak", "Load that can wait", comparison.off_peak(plan, dealt, valleys)),
        Section("fragmentation", "How broken up free capacity is", comparison.fragments(plan, dealt)),
        Section("use", "Use of the capacity", await queries.utilisation(connection, since, until, SLOT_S)),
    ]


async def _settled(connection: Connection) -> list[Section]:
    """What was delivered, and what it came to in money."""
    return [
        Section("delivery", "Delivery records", await queries.delivery(connection)),
        Section("periods", "Periods closed", await queries.periods(connection)),
        Section("sellers", "Money by seller", await queries.by_seller(connection)),
        Section("pairs", "Money by pair of regions", await queries.by_pair(connection)),
        Section("pair_months", "Statements of pairs by month", await queries.pair_months(connection)),
        Section("taxes", "Tax lines", await queries.tax_lines(connection)),
        Section("tokens", "Token contracts", await queries.token_contracts(connection)),
        Section("ledger", "Trial balance", await queries.ledger(connection)),
    ]


async def _paid(play: Play, connection: Connection) -> list[Section]:
    """What sellers were paid, and whether the books agree about it. All of them are compared, from the first day on."""
    held_back = {one.party: one.held_back for one in await dues(play.exchange.readers)}
    sellers = [
        {**row, "held_back_fen": held_back.get(row["seller"], 0)}
        for row in await queries.payouts_by_seller(connection)
    ]
    found = await bank_payments(play.exchange).reconcile_since(play.plan.start_s)
    compared = {
        **await queries.books(connection),
        "matched": len(found.agreed),
        "missing": len(found.missing),
        "differing": len(found.differing),
        "fees_fen": found.fees,
    }
    return [
        Section("payouts", "Payouts by seller", sellers),
        Section("reconciliation", "Reconciliation", [compared]),
        Section("differences", "What the books differ in", [asdict(one) for one in found.differences]),
    ]


def outcomes(plan: MarketPlan, uses: Iterable[Use]) -> list[dict[str, Any]]:
    """Orders and card-hours by how much they got in the end; of those unfilled, what stood in their way."""
    orders, card_slots = Counter[str](), Counter[str]()
    everything = zip(plan.orders, served(plan, uses), obstacles(plan.orders, plan.listings), strict=True)
    for order, got, obstacle in everything:
        outcome: str = outcome_of(order, got)
        if outcome == Outcome.UNFILLED:
            outcome = REASON_OF[obstacle]
        orders[outcome] += 1
        card_slots[outcome] += order.cards * order.slots
    return [
        {
            "outcome": outcome,
            "orders": orders[outcome],
            "card_hours_asked": card_slots[outcome] * SLOT_S // HOUR_S,
        }
        for outcome in sorted(orders)
    ]


def _shapes(plan: MarketPlan, jobs: Shape) -> list[dict[str, Any]]:
    """The trace's jobs beside the orders made of them: most are short, and a few hold most card-slots."""
    orders = shape_of_orders(plan.orders, len(plan.chips))
    return [
        {
            "of": name,
            "number": shape.jobs,
            "under_an_hour_milli": shape.under_an_hour_milli,
            "of_several_cards": shape.of_several_cards,
            "card_hours": shape.card_slots * SLOT_S // HOUR_S,
            f"longest_{shape.longest}_hold_milli": shape.longest_share_milli,
        }
        for name, shape in (("jobs of the trace", jobs), ("orders", orders))
    ]


def _chips(rows: Sequence[ChipRow]) -> list[dict[str, Any]]:
    return [
        {
            "trace": row.mapping.trace,
            "taken_as": row.mapping.chip,
            "priced_as": ", ".join(row.mapping.offered),
            "on_demand_micro_yuan": row.on_demand,
            "spot_micro_yuan": row.spot,
            "offers": f"{row.on_demand_offers} + {row.spot_offers}",
            "cards": row.cards,
            "why": row.mapping.reason,
        }
        for row in rows
    ]


def _counted(name: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{name: str(key), "jobs": count} for key, count in counts.items()]


def _assumptions(plan: MarketPlan) -> list[dict[str, Any]]:
    rows = [
        ("plan", fingerprint_of(plan), "trace, offers, assumptions and scale together"),
        *describe(plan.assumptions),
    ]
    return [{"option": option, "value": value, "meaning": meaning} for option, value, meaning in rows]
