"""A replay on a database: its figures are those of its log, and one that was stopped comes to the same."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from exchange.app import Exchange, open_exchange
from exchange.catalogue.catalogue import load_catalogue
from exchange.commands import Command
from exchange.events import Event
from exchange.names import LeaseId
from exchange.orders.events import LeaseDisplaced, LeaseGranted, OrderAccepted
from exchange.payments import Payments
from exchange.payouts.events import PayoutPaid
from exchange.persistence import database
from exchange.persistence.log import events_of, steps_after
from exchange.persistence.payments import BankStore, MovementStore
from exchange.persistence.queries import replay as queries
from exchange.replay import report
from exchange.replay.assumptions import DEFAULTS, SLOT_S, Assumptions, assume
from exchange.replay.plan import plan_market
from exchange.replay.planned import MarketPlan
from exchange.replay.reference import reference_offers, reference_tokens, reference_trace
from exchange.replay.run import Play, run
from exchange.replay.stats import shape_of_jobs
from exchange.replay.terms import replay_terms
from exchange.replay.uses import Use
from exchange.state import PayoutTerms
from matching.terms import OrderId, Split, Work
from tests.exchange.replay.small import played, uses_in

pytestmark = [pytest.mark.anyio, pytest.mark.integration]

JOBS, FEW = 200, 60
STOPS = 3
Log = list[tuple[int, Command, list[Event]]]


class StoppedError(Exception):
    """Somebody stopped the replay."""


def planned(assumptions: Assumptions = DEFAULTS, jobs: int = JOBS) -> MarketPlan:
    return plan_market(reference_trace(), reference_offers(), assumptions, jobs)


async def traded(url: str, plan: MarketPlan, stopped_after: int | None = None) -> tuple[Log, dict[str, Any]]:
    """Play a plan, and give its log and what the report says: rows by the name of their section, and the digest."""

    def progress(done: int, _: int) -> None:
        if stopped_after is not None and done >= stopped_after:
            raise StoppedError

    assumed = plan.assumptions
    async with open_exchange(url, replay_terms(load_catalogue(), assumed)) as exchange:
        play = Play(exchange, plan, reference_tokens(assumed))
        await run(play, progress)
        told = await report.report(play, shape_of_jobs(reference_trace().jobs), {})
        rows = {section.name: section.rows for section in told.sections}
        return await log_of(exchange), {**rows, "digest": told.digest}


async def log_of(exchange: Exchange) -> Log:
    async with exchange.readers.acquire() as connection:
        steps = [step async for step in steps_after(connection, 0)]
        events = await events_of(connection, [seq for seq, _ in steps])
    return [(seq, envelope.command, events.get(seq, [])) for seq, envelope in steps]


def taken_back(log: Log) -> dict[str, Counter[str]]:
    """What the report says of leases taken back, from the events alone: money in micro-yuan, the rest in card-slots."""
    kinds, leases = dict[OrderId, str](), dict[LeaseId, LeaseGranted]()
    found = dict[str, Counter[str]]()
    last = dict[LeaseId, LeaseDisplaced]()
    for _, _, events in log:
        for event in events:
            match event:
                case OrderAccepted(opened):
                    shape = opened.order.shape
                    kind = "block on spot"
                    if isinstance(shape, Work):
                        kind = "malleable work"
                    elif shape.split is not Split.ONE:
                        kind = "gang"
                    kinds[opened.order.id] = kind
                    if ".r" in opened.order.id:
                        found.setdefault(kind, Counter())["sought_again"] += 1
                case LeaseGranted(_, lease):
                    leases[lease.id] = event
                case LeaseDisplaced(_, name):
                    last[name] = event
    served = {granted.lease.order for granted in leases.values()}
    for order, kind in kinds.items():
        if ".r" in order and order in served:
            found[kind]["found_again"] += 1
    for lease_id, gone in last.items():
        granted = leases[lease_id]
        counts = found.setdefault(kinds[granted.lease.order], Counter())
        counts["leases"] += 1
        counts["lost"] += granted.lease.cards * (granted.leased.window.end - gone.displaced.at)
        counts["refunded"] += granted.leased.cost - gone.displaced.charged
    return found


async def test_the_figures_are_those_of_the_log(database_url: str) -> None:
    plan = planned()
    log, rows = await traded(database_url, plan)
    connection = await database.connect(database_url)
    stored = await queries.granted_leases(connection, SLOT_S)
    await connection.close()
    uses = uses_in(log)
    assert uses == played(plan)
    assert uses == [
        Use(each.order, each.listing, each.cards, each.working, each.start, tuple(each.ends))
        for each in stored
    ]
    assert rows["refused"] == [], "no order fails for want of money"
    expected = taken_back(log)
    assert sum(counts["leases"] for counts in expected.values()) > 10
    assert {row["taken_back"] for row in rows["displacement"]} == set(expected)
    for row in rows["displacement"]:
        counts = expected[row["taken_back"]]
        assert row["leases"] == counts["leases"]
        assert row["card_hours_lost"] == counts["lost"] * SLOT_S // 3_600
        assert row["refunded_micro_yuan"] == counts["refunded"]
        assert (row["sought_again"], row["found_again"]) == (counts["sought_again"], counts["found_again"])


async def test_a_replay_without_displacement_takes_nothing_back(database_url: str) -> None:
    _, rows = await traded(database_url, planned(assume({"displacement": "no"})))
    assert rows["displacement"] == []


async def test_sellers_are_paid_what_closed_months_came_to_and_the_books_agree(database_url: str) -> None:
    log, rows = await traded(database_url, planned())
    assert {row["seller"]: row["settled_fen"] for row in rows["payouts"]} == {
        row["seller"]: row["payout_fen"] for row in rows["sellers"]
    }
    for row in rows["payouts"]:
        assert row["paid_fen"] + row["payable_fen"] == row["settled_fen"] > 0
        assert row["in_transit_fen"] == row["held_back_fen"] == 0
        assert row["payable_fen"] < PayoutTerms().minimum, "less than the least payout waits"
    (compared,) = rows["reconciliation"]
    paid = [event.amount for _, _, events in log for event in events if isinstance(event, PayoutPaid)]
    for book in ("asked", "by_the_bank", "in_the_ledger"):
        assert (compared[book], compared[f"{book}_fen"]) == (len(paid), sum(paid))
    assert compared["matched"] == len(paid)
    assert (compared["missing"], compared["differing"], rows["differences"]) == (0, 0, [])


async def test_regions_agree_to_what_the_memo_ledger_has_month_by_month(database_url: str) -> None:
    _, rows = await traded(database_url, planned(assume({"starts": "2026-03-28T00:00:00+00:00"})))
    shared = rows["pair_months"]
    assert {(row["month"], row["agreed_in"]) for row in shared} == {
        ("2026-03", "2026-Q1"),
        ("2026-04", "2026-Q2"),
    }
    for pair in rows["pairs"]:
        months = [row for row in shared if row["agreement"] == pair["agreement"]]
        for kind in ("revenue", "tax", "gdp"):
            source, destination = (
                sum(row[f"{kind}_fen"] for row in months if row["region"] == pair[side])
                for side in ("source", "destination")
            )
            told = (pair[f"source_{kind}_fen"], pair[f"destination_{kind}_fen"])
            assert told == (source, destination)


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (MovementStore, "plan"),
        (BankStore, "seal"),
        (BankStore, "add"),
        (Payments, "_book"),
        (MovementStore, "write"),
    ],
)
async def test_a_payday_that_was_stopped_anywhere_comes_to_the_same(
    another_database: Callable[[str | None], str], monkeypatch: pytest.MonkeyPatch, owner: type, step: str
) -> None:
    """Each stop is right after a step that is done: what follows it is left to the next attempt."""
    plan = planned(jobs=FEW)
    _, whole = await traded(another_database(None), plan)
    broken, done = another_database(None), getattr(owner, step)
    stops = 0

    async def stopping(*given: Any) -> Any:
        nonlocal stops
        result = await done(*given)
        stops += 1
        if stops <= STOPS:
            raise StoppedError
        return result

    monkeypatch.setattr(owner, step, stopping)
    for _ in range(STOPS):
        with pytest.raises(StoppedError):
            await traded(broken, plan)
    _, continued = await traded(broken, plan)
    assert stops > STOPS
    assert continued == whole


async def test_a_replay_that_was_stopped_comes_to_the_same(
    another_database: Callable[[str | None], str],
) -> None:
    plan = planned()
    once, broken = another_database(None), another_database(None)
    _, whole = await traded(once, plan)
    with pytest.raises(StoppedError):
        await traded(broken, plan, stopped_after=1)
    _, continued = await traded(broken, plan)
    _, again = await traded(broken, plan)
    assert whole["digest"] == continued["digest"] == again["digest"]
    assert whole == continued == again
