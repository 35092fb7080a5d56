"""The report of a replay: what the market did, what it came to in money, and everything that was assumed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.memory import peak_memory_mb
from exchange.persistence.database import Connection
from exchange.persistence.queries import replay as queries
from exchange.replay.assumptions import HOUR_S, SLOT_S, describe
from exchange.replay.fitting import Obstacle, obstacles
from exchange.replay.planned import ChipRow
from exchange.replay.run import Play
from exchange.replay.script import Ask, fingerprint_of, script
from exchange.replay.stats import Shape, shape_of_orders

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


OUTCOME_OF = {"filled": "filled", "partial": "partly filled"}
"""What an order's status is called; any other is unfilled, and the reason is looked for."""

REASON_OF = {
    Obstacle.TOO_LARGE: "unfilled: no listing is large enough",
    Obstacle.OUT_OF_REACH: "unfilled: none large enough in its regions",
    Obstacle.TOO_DEAR: "unfilled: every ask is above its limit",
    None: "unfilled: sold out within its hours",
}


async def report(play: Play, shape: Shape, left_out: Mapping[str, int]) -> ReplayReport:
    """What the database says of a replay, and what its plan assumed. `shape` is that of the trace's own jobs."""
    since, until = play.plan.start_s // SLOT_S, play.plan.closes_s // SLOT_S
    async with play.exchange.readers.acquire() as connection:
        log = await queries.log_figures(connection)
        sections = (
            Section(
                "left_out", "Jobs of the trace that made no order, and why", _counted("reason", left_out)
            ),
            Section("shape", "Shape of the demand", _shapes(play, shape)),
            Section("chips", "Chips of the trace, and what they are taken to be", _chips(play.plan.chips)),
            Section("outcomes", "Orders by outcome", await _outcomes(play, connection)),
            Section("refused", "Commands refused", await queries.rejections(connection)),
            Section(
                "use", "Use of the capacity", await queries.utilisation(connection, since, until, SLOT_S)
            ),
            Section("delivery", "Delivery records", await queries.delivery(connection)),
            Section("periods", "Periods closed", await queries.periods(connection)),
            Section("sellers", "Money by seller", await queries.by_seller(connection)),
            Section("pairs", "Money by pair of regions", await queries.by_pair(connection)),
            Section("taxes", "Tax lines", await queries.tax_lines(connection)),
            Section("tokens", "Token contracts", await queries.token_contracts(connection)),
            Section("ledger", "Trial balance", await queries.ledger(connection)),
            Section("assumptions", "Everything assumed", _assumptions(play)),
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


async def _outcomes(play: Play, connection: Connection) -> list[dict[str, Any]]:
    """Orders and card-slots by how they ended; of those unfilled, what stood in their way."""
    status = dict(await queries.outcomes(connection))
    placed = (
        line.envelope.id
        for line in script(play.plan, play.exchange.terms)
        if isinstance(line, Ask) and line.envelope.by in _buyers(play)
    )
    orders, card_slots = Counter[str](), Counter[str]()
    for command, order, obstacle in zip(
        placed, play.plan.orders, obstacles(play.plan.orders, play.plan.listings), strict=True
    ):
        outcome = OUTCOME_OF.get(status.get(command, "refused"), REASON_OF[obstacle])
        orders[outcome] += 1
        card_slots[outcome] += order.most * order.slots
    return [
        {
            "outcome": outcome,
            "orders": orders[outcome],
            "card_hours_asked": card_slots[outcome] * SLOT_S // HOUR_S,
        }
        for outcome in sorted(orders)
    ]


def _buyers(play: Play) -> frozenset[str]:
    return frozenset(buyer.code for buyer in play.plan.buyers)


def _shapes(play: Play, jobs: Shape) -> list[dict[str, Any]]:
    """The trace's jobs beside the orders made of them: most are short, and a few hold most card-slots."""
    orders = shape_of_orders(play.plan.orders, len(play.plan.chips))
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


def _assumptions(play: Play) -> list[dict[str, Any]]:
    rows = [
        ("plan", fingerprint_of(play.plan), "trace, offers, assumptions and scale together"),
        *describe(play.assumptions),
    ]
    return [{"option": option, "value": value, "meaning": meaning} for option, value, meaning in rows]
