"""Service credits at the venue: what a lease was promised, what was not kept, and what comes off its statements."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from exchange.closing import rules
from exchange.closing.commands import LeaseSum
from exchange.closing.events import StatementLine, StatementPosted
from exchange.orders.events import LeaseDisplaced, LeaseGranted
from exchange.promises import Pledge
from exchange.rejections import Rejected
from exchange.state import LeaseTerms, LiveLease, State
from exchange.venue.commands import AdoptTerms
from matching.commands import Reclaim
from matching.events import Ticked
from matching.terms import Slot, Tier
from settlement.meters import billable_of
from settlement.money import WHOLE, BasisPoints, Fen, Tie, two_way
from settlement.rating import service_credits
from settlement.rating.service_credits import Breach, Interruption, ServicePromise, after_credits
from settlement.statement import statement_line
from settlement.terms import TaxTerms, Terms
from tests.exchange.desk import Desk
from tests.exchange.house import (
    CLERK,
    FIRM_PROMISE,
    HOURS,
    LADDER,
    PROMISING,
    SELLER,
    SPOT_PROMISE,
    YUAN,
    House,
    only,
)
from tests.settlement import oracle

JANUARY, FEBRUARY = 31 * 24, (31 + 28) * 24


def leased(house: House, start: int, slots: int, tier: Tier = Tier.ON_DEMAND, cards: int = 1) -> LeaseTerms:
    """A listing of its own, and a lease of all its time, at ten yuan."""
    window = (start, start + slots)
    house.offer(window=window, cards=cards, asks={tier: house.listing().asks[Tier.ON_DEMAND]})
    placed = house.place(window=window, slots=slots, tier=tier, cards=(cards, cards))
    return only(LeaseGranted, placed).lease


def told(line: StatementLine) -> list[tuple[str, int]]:
    return [(str(one.reason), one.fen) for one in line.credits]


def test_a_lease_that_was_down_too_long_is_credited_of_what_was_delivered() -> None:
    house = House(PROMISING)
    desk, lease = Desk(house), leased(house, 0, 10)
    house.tick(10)
    desk.deliver(lease, range(9))
    desk.deliver(lease, range(9, 10), lost=360)  # 1 % of ten hours
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    (line,) = statement.lines
    assert (line.before_loss, told(line), line.line.gross_fen) == (100_00, [("not_available", 9_90)], 89_10)
    assert (statement.charged, statement.released, house.held()) == (89_10, 10_90, 0)


def test_availability_is_of_all_prices_together() -> None:
    """The lost hour is a quarter of its own line, and a tenth of the month."""
    house = House(PROMISING)
    desk = Desk(house)
    house.offer(window=(0, 10), steps={0: 10 * YUAN, 6: 6 * YUAN})
    lease = only(LeaseGranted, house.place(slots=10, window=(0, 10))).lease
    house.tick(10)
    desk.deliver(lease, range(9))
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    assert [(line.line.gross_fen, told(line)) for line in statement.lines] == [
        (54_00, [("not_available", 6_00)]),
        (16_20, [("not_available", 1_80)]),
    ]


@pytest.mark.parametrize(
    ("since", "given", "charged"),
    [
        (2, [("run_too_short", 4_00), ("notice_too_short", 1_60)], 14_40),
        (3, [("run_too_short", 6_00), ("notice_too_short", 2_40)], 21_60),
        (4, [], 40_00),
    ],
)
def test_a_lease_that_was_taken_back_is_credited_for_its_run_and_its_notice(
    since: int, given: list[tuple[str, int]], charged: int
) -> None:
    house = House(PROMISING)
    desk, lease = Desk(house), leased(house, 0, 10, Tier.SPOT)
    house.tick(1)
    cut = only(LeaseDisplaced, house.ask(SELLER, Reclaim(house.last_listing, Slot(house.first + since))))
    assert cut.notice == since - 1
    house.tick(10)
    desk.deliver(lease, range(since))
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    (line,) = statement.lines
    assert (told(line), statement.charged, statement.released) == (given, charged, since * 10_00 - charged)
    assert house.held() == 0


def test_the_credits_that_the_handbook_works_out() -> None:
    """As `docs/settlement.md` does by hand."""
    house = House(PROMISING)
    desk, lease = Desk(house), leased(house, 0, 10, Tier.SPOT)
    house.tick(1)
    house.ask(SELLER, Reclaim(house.last_listing, Slot(house.first + 3)))
    house.tick(10)
    desk.deliver(lease, range(3), lost=30)
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    assert told(statement.lines[0]) == [
        ("run_too_short", 5_95),
        ("notice_too_short", 2_38),
        ("not_available", 2_14),
    ]
    assert (statement.lines[0].before_loss, statement.charged) == (30_00, 19_28)


def test_within_the_grace_nothing_is_charged_and_so_nothing_credited() -> None:
    house = House(PROMISING)
    desk = Desk(house)
    leased(house, 0, 10, Tier.SPOT)
    house.ask(SELLER, Reclaim(house.last_listing, Slot(house.first + 1)))
    house.tick(JANUARY)
    assert (desk.close("2026-01"), house.held()) == ([], 0)


def test_what_is_settled_later_is_judged_by_itself() -> None:
    """A lease over the end of a month, taken back in the next: what January had is settled, and stays so."""
    house = House(PROMISING)
    desk, lease = Desk(house), leased(house, JANUARY - 2, 10, Tier.SPOT)
    house.tick(JANUARY)
    desk.deliver(lease, range(JANUARY - 2, JANUARY - 1))
    (january,) = desk.close("2026-01")
    assert [(line.service_period, line.line.gross_fen, told(line)) for line in january.lines] == [
        ("2026-01", 10_00, [])
    ]
    house.ask(SELLER, Reclaim(house.last_listing, Slot(house.first + JANUARY + 1)))
    house.tick(JANUARY + 1)
    desk.deliver(lease, range(JANUARY - 1, JANUARY), lost=40)
    desk.deliver(lease, range(JANUARY, JANUARY + 1))
    house.tick(FEBRUARY)
    (february,) = desk.close("2026-02")
    assert [(line.service_period, line.line.gross_fen, told(line)) for line in february.lines] == [
        ("2026-01", 8_90, [("not_available", 99)]),
        ("2026-02", 7_20, [("run_too_short", 2_00), ("notice_too_short", 80)]),
    ]


def test_a_lease_keeps_the_promise_of_the_day_on_which_it_was_granted() -> None:
    house = House(PROMISING)
    desk, before = Desk(house), leased(house, 0, 2)
    house.ask(CLERK, AdoptTerms(HOURS))
    after = leased(house, 0, 2)
    house.tick(2)
    for lease in (before, after):
        desk.deliver(lease, range(2), lost=720)
    house.tick(JANUARY)
    assert [one.charged for one in desk.close("2026-01")] == [8_00, 16_00]


@pytest.mark.parametrize(
    "promise",
    [
        replace(SPOT_PROMISE, ladder=LADDER[::-1]),
        replace(SPOT_PROMISE, ladder=(LADDER[0], LADDER[0])),
        replace(SPOT_PROMISE, ladder=(LADDER[0], (LADDER[1][0], BasisPoints(5001)))),
        replace(SPOT_PROMISE, ladder=((BasisPoints(10_001), BasisPoints(0)),)),
        replace(SPOT_PROMISE, minimum_run=-1),
        replace(SPOT_PROMISE, notice=-1),
        replace(SPOT_PROMISE, notice_credit_bp=BasisPoints(10_001)),
        replace(SPOT_PROMISE, minimum_run_credit_bp=BasisPoints(-1)),
    ],
)
def test_promises_that_make_no_sense_are_not_adopted(promise: ServicePromise) -> None:
    house = House(PROMISING)
    refused = house.ask(CLERK, AdoptTerms(replace(HOURS, promises={Tier.SPOT: promise})))
    assert only(Rejected, refused).code == "terms_invalid"


def test_who_can_not_be_interrupted_is_promised_no_notice() -> None:
    house = House(PROMISING)
    for promise in (replace(FIRM_PROMISE, minimum_run=3600), replace(FIRM_PROMISE, notice=3600)):
        firm = replace(HOURS, promises={Tier.ON_DEMAND: promise})
        assert house.refusal(CLERK, AdoptTerms(firm)) == "terms_invalid"


# Against the oracle


def lived(seed: int) -> House:
    """Leases of two months, on demand and spot, some of them taken back; meters report them whole, in part or never."""
    chance = Random(seed)
    promise = replace(
        SPOT_PROMISE, minimum_run=chance.choice([0, 3, 9, 12]) * 3600, notice=chance.choice([0, 2, 4]) * 3600
    )
    house = House(
        replace(PROMISING, promises={Tier.ON_DEMAND: FIRM_PROMISE, Tier.SPOT: promise}), checked=False
    )
    desk, leases, listings = Desk(house), list[LeaseTerms](), list[Any]()
    house.tick(JANUARY - 12)
    for _ in range(6):
        start, tier = JANUARY - chance.randint(1, 9), chance.choice([Tier.ON_DEMAND, Tier.SPOT, Tier.SPOT])
        steps = {at: chance.randint(1, 999) * 10_000 for at in (start, start + 4)}
        asks = {tier: house.listing(steps=steps).asks[Tier.ON_DEMAND]}
        house.offer(window=(start, start + 12), asks=asks)
        slots, limit = chance.randint(1, 12), 10 * YUAN
        placed = house.place(limit=limit, window=(start, start + 12), slots=slots, tier=tier, cards=(3, 3))
        leases.append(only(LeaseGranted, placed).lease)
        listings.append(house.last_listing)
    for now in range(JANUARY - 11, JANUARY + 12):
        house.tick(now)
        if chance.random() < 0.2:
            house.ask(
                SELLER, Reclaim(chance.choice(listings), Slot(house.first + now + chance.randint(1, 5)))
            )
        for lease in leases:
            live = house.state.leases.get(lease.id)
            runs = live.terms.runs if live else ()
            reports = runs and runs[0].window.start < house.first + now <= runs[-1].window.end
            if reports and chance.random() < 0.9:
                desk.deliver(lease, range(now - 1, now), chance.choice([0, 0, 0, 7, 1801, 10_800]))
        if now == JANUARY + 3:
            desk.close("2026-01")
    house.tick(FEBRUARY)
    desk.close("2026-02")
    return house


def require_credits(house: House) -> None:
    """Every line of the log bears the credits that its lease's promise says, and is charged what they leave."""
    for seen, statement in _statements(house):
        lease, cut = seen
        due, down = Counter[str](), Counter[str]()
        for line in statement.lines:
            due[line.service_period] += line.quantity
            down[line.service_period] += line.lost
        for line in statement.lines:
            period, promise = line.service_period, lease.promise
            assert promise is not None
            ended_here = cut is not None and cut[0] == period
            owed = oracle.breaches(promise, due[period], down[period], cut[1] if cut and ended_here else None)
            delivered = billable_of(line.before_loss, line.quantity, line.lost)
            found = [(one.reason, one.rate_bp, one.fen) for one in line.credits]
            assert (line.line.gross_fen, found) == oracle.credited(delivered, owed)


def _statements(
    house: House,
) -> Iterator[tuple[tuple[LeaseTerms, tuple[str, Interruption] | None], StatementPosted]]:
    """Each statement of the log, with its lease, the month in which that was cut short, and how."""
    leases, cuts, now = dict[str, LeaseTerms](), dict[str, tuple[str, Interruption]](), 0
    for _, _, happened in house.log:
        for event, _ in happened:
            match event:
                case Ticked():
                    now = event.now
                case LeaseGranted():
                    leases[event.lease.id] = event.lease
                case LeaseDisplaced():
                    at, begun = event.displaced.at, leases[event.lease].runs[0].window.start
                    month = f"{datetime.fromtimestamp((at - 1 + 8) * 3600, UTC):%Y-%m}"
                    cuts[event.lease] = month, Interruption((at - begun) * 3600, (at - now) * 3600)
                case StatementPosted():
                    yield (leases[event.subject], cuts.get(event.subject)), event
                case _:
                    pass


SEEDS = range(30)


def test_credits_are_what_the_oracle_says() -> None:
    given: Counter[str] = Counter()
    for seed in SEEDS:
        house = lived(seed)
        require_credits(house)
        given.update(
            one.reason for _, posted in _statements(house) for line in posted.lines for one in line.credits
        )
        assert (house.held(), house.state.leases) == (0, {})
    assert set(given) == {"run_too_short", "notice_too_short", "not_available"}


sound_broken, sound_line, sound_taken_back = rules._broken, rules._lease_line, rules._taken_back


def credit_the_contracted(
    state: State, live: LiveLease, part: LeaseSum, pledges: tuple[Pledge, ...], broken: tuple[Breach, ...]
) -> StatementLine:
    plain = sound_line(state, live, part, pledges, ())
    given = after_credits(plain.before_loss, broken).credits
    gross = max(0, plain.line.gross_fen - sum(one.fen for one in given))
    line = statement_line(Fen(gross), Terms(live.terms.vat_rate_bp, live.terms.fee, TaxTerms(), None))
    return replace(plain, line=line, credits=given)


def credit_twice(state: State, live: LiveLease, parts: tuple[LeaseSum, ...]) -> dict[str, tuple[Breach, ...]]:
    return {period: broken * 2 for period, broken in sound_broken(state, live, parts).items()}


def credit_in_every_month(state: State, live: LiveLease) -> dict[str, Interruption]:
    return {
        period: cut for cut in sound_taken_back(state, live).values() for period in ("2026-01", "2026-02")
    }


def judge_each_line(
    state: State, live: LiveLease, parts: tuple[LeaseSum, ...]
) -> dict[str, tuple[Breach, ...]]:
    return {part.service_period: sound_broken(state, live, (part,))[part.service_period] for part in parts}


def read_the_ladder_from_its_top(promise: ServicePromise, due: int, down: int) -> BasisPoints:
    missed = [credit for step, credit in promise.ladder if (due - down) * WHOLE < step * due]
    return missed[-1] if missed else BasisPoints(0)


def give_half_a_fen_to_the_buyer(charge: Fen, rate_bp: BasisPoints) -> tuple[Fen, Fen]:
    charged, credit = two_way(charge, WHOLE - rate_bp, WHOLE, Tie.SECOND)
    return Fen(charged), Fen(credit)


@pytest.mark.parametrize(
    ("module", "function", "bug"),
    [
        (rules, "_lease_line", credit_the_contracted),
        (rules, "_broken", credit_twice),
        (rules, "_broken", judge_each_line),
        (rules, "_taken_back", credit_in_every_month),
        (service_credits, "availability_credit_bp", read_the_ladder_from_its_top),
        (service_credits, "take_off", give_half_a_fen_to_the_buyer),
    ],
    ids=lambda part: getattr(part, "__name__", None),
)
def test_a_planted_bug_is_found(
    module: Any, function: str, bug: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, function, bug)
    with pytest.raises(AssertionError):
        for seed in SEEDS:
            require_credits(lived(seed))
