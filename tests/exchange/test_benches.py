"""The bench's loads follow from their seed and are what they say, and a plain scan finds what the books find."""

import gc
import json
import struct
import sys
from array import array
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pytest

from exchange.benches import adversarial, elastic, endurance, plain_books, quotes, scan
from exchange.benches.adversarial import CARDS, CHIP, DAYTIMES, TEETH, Scene, Trap
from exchange.benches.elastic import Load
from exchange.benches.loads import PRICE, REGIONS
from exchange.benches.measure import Measured, Play, Timed, measure, pauses
from exchange.benches.plain_books import PeerError, Peers
from matching.commands import Place, Publish, Tick
from matching.events import Displaced, Leased, Rejected
from matching.market import Market
from matching.terms import Block, Listing, Order, Slot, Split, Tier, TimeInForce

SCALE, COUNT = 40, 30
FRUITFUL = {
    Trap.ONE_PRICE,
    Trap.SOLD_OUT,
    Trap.TAKEN_BACK,
    Trap.NO_WORSE,
    Trap.SMALL_LEASES,
    Trap.HALVES,
    Trap.RELAY,
}
FRUITLESS = [trap for trap in Trap if trap not in FRUITFUL]


def scene(trap: Trap) -> Scene:
    return adversarial.lay_out(trap, SCALE, COUNT, seed=1)


def granted(made: Scene) -> list[Leased]:
    return [e for c in made.commands for e in made.play.carry_out(c) if isinstance(e, Leased)]


def asked(made: Scene) -> list[Order]:
    return [command.order for command in made.commands if isinstance(command, Place)]


def offered(made: Scene) -> list[Listing]:
    return [command.listing for command in made.commands if isinstance(command, Publish)]


def block(order: Order) -> Block:
    assert isinstance(order.shape, Block)
    return order.shape


def outcome(measured: Measured) -> list[tuple[int, int]]:
    return [(each.leases, each.cost) for each in measured.timed]


# Elastic loads


@pytest.mark.parametrize("load", Load)
def test_an_elastic_load_follows_from_its_seed(load: Load) -> None:
    first, again, other = (list(islice(elastic.arriving(load, seed), 50)) for seed in (1, 1, 2))
    assert first == again != other
    markets = [elastic.stocked(load, SCALE, 1).market for _ in range(2)]
    asked, offered = (
        [[live.terms for live in market.orders.values()] for market in markets],
        [[live.terms for live in market.listings.values()] for market in markets],
    )
    assert asked[0] == asked[1]
    assert offered[0] == offered[1]
    assert len(asked[0]) + len(offered[0]) == SCALE


@pytest.mark.parametrize("load", Load)
def test_a_plain_scan_finds_the_same(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(elastic.COMMANDS, load, 200)
    run, tried = elastic.run(load, SCALE, 1).measured, elastic.scan(load, SCALE, 1)
    assert outcome(run)[: len(tried.timed)] == outcome(tried)
    assert sum(each.leases for each in tried.timed) > 0


@pytest.mark.parametrize("load", Load)
def test_a_plain_scan_tries_all_that_could_serve(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object) -> bool:
        return False

    monkeypatch.setitem(elastic.COMMANDS, load, 200)
    monkeypatch.setattr(scan, "fits", nobody)
    with pytest.raises(AssertionError, match="found by a scan"):
        elastic.scan(load, SCALE, 1)


# Adversarial loads


@pytest.mark.parametrize("trap", Trap)
def test_a_trap_follows_from_its_seed(trap: Trap) -> None:
    first, again = granted(scene(trap)), granted(scene(trap))
    assert first == again
    assert scene(trap).commands == scene(trap).commands


@pytest.mark.parametrize("trap", Trap)
def test_a_trap_is_one_book_of_its_scale_and_nothing_in_it_is_refused(trap: Trap) -> None:
    made = scene(trap)
    market = made.play.market
    assert max(len(market.listings), len(market.orders)) == SCALE
    assert {(chip, region) for chip, region, _ in market.books} == {(CHIP, REGIONS[0])}
    assert len(made.commands) == COUNT
    assert not [
        e for command in made.commands for e in made.play.carry_out(command) if isinstance(e, Rejected)
    ]


@pytest.mark.parametrize("trap", FRUITLESS)
def test_what_meets_a_hopeless_trap_gets_nothing(trap: Trap) -> None:
    assert granted(scene(trap)) == []


def test_a1_has_one_price_and_serves_everybody() -> None:
    made = scene(Trap.ONE_PRICE)
    assert {live.prices[Tier.SPOT].lowest for live in made.play.market.listings.values()} == {PRICE}
    assert len(granted(made)) == COUNT


def test_a2_is_sold_out_by_day_but_for_the_dear_ones() -> None:
    made = adversarial.lay_out(Trap.SOLD_OUT, 200, COUNT, seed=1)
    free = [
        name
        for name, live in made.play.market.listings.items()
        if any(live.free.least(day.start, day.end) for day in DAYTIMES)
    ]
    assert len(free) == 2
    found = granted(made)
    assert found
    assert {lease.listing for lease in found} <= set(free)


def test_a2_with_displacement_takes_spot_leases_back_for_orders_on_demand() -> None:
    made = scene(Trap.TAKEN_BACK)
    assert {order.tier for order in asked(made)} == {Tier.ON_DEMAND}
    first = made.play.carry_out(made.commands[0])
    assert [event for event in first if isinstance(event, Displaced)]
    assert [event for event in first if isinstance(event, Leased)]


def test_a9_and_a10_have_leases_that_are_all_worth_the_same() -> None:
    for trap, tier, enough in ((Trap.TOO_RICH, Tier.SPOT, False), (Trap.NO_WORSE, Tier.ON_DEMAND, True)):
        made = scene(trap)
        assert {order.tier for order in asked(made)} == {tier}
        [worth] = {lease.hold for lease in made.play.market.leases.values()}
        assert all(order.limit > worth for order in asked(made))
        taken = [event for event in made.play.carry_out(made.commands[0]) if isinstance(event, Displaced)]
        assert bool(taken) is enough


def test_a11_has_more_than_the_spot_leases_in_its_listings() -> None:
    made = scene(Trap.FIRM_CARD)
    market = made.play.market
    assert len(market.leases) == 2 * SCALE
    assert {lease.cards + 1 for lease in market.leases.values()} == {
        block(order).least for order in asked(made)
    }
    assert all(live.free.at(day.start) == 0 for live in market.listings.values() for day in DAYTIMES)


@pytest.mark.parametrize(("trap", "parts"), [(Trap.SMALL_LEASES, CARDS), (Trap.HALVES, 2)])
def test_a12_and_a13_take_all_the_small_leases_of_a_listing_back(trap: Trap, parts: int) -> None:
    made = scene(trap)
    leases = made.play.market.leases.values()
    assert {lease.cards * parts for lease in leases} == {block(order).least for order in asked(made)}
    assert len(leases) == 2 * parts * SCALE
    assert len({lease.hold for lease in leases}) > SCALE
    taken = [event for event in made.play.carry_out(made.commands[0]) if isinstance(event, Displaced)]
    assert len(taken) == parts


def test_a14_lets_every_card_twice_a_day_for_as_much() -> None:
    made = scene(Trap.RELAY)
    leases = made.play.market.leases.values()
    assert {lease.hold for lease in leases} == {PRICE}
    assert {lease.cards for lease in leases} == {CARDS}
    assert len(leases) == 2 * len(DAYTIMES) * SCALE
    assert all(
        live.free.least(day.start, day.end) == 0
        for live in made.play.market.listings.values()
        for day in DAYTIMES
    )
    assert [event for event in made.play.carry_out(made.commands[0]) if isinstance(event, Displaced)]


def test_a3_is_a_comb_and_its_bids_are_longer_than_its_holes() -> None:
    made = scene(Trap.COMB)
    for live in made.play.market.listings.values():
        assert all(live.free.at(tooth.start) == 0 for tooth in TEETH)
        assert live.free.most() == live.terms.cards
    assert min(order.slots for order in asked(made)) >= 2


def test_a4_has_only_listings_smaller_than_any_order() -> None:
    made = scene(Trap.TOO_SMALL)
    largest = max(live.terms.cards for live in made.play.market.listings.values())
    assert largest < min(block(order).least for order in asked(made))


def test_a5_to_a7_fail_by_window_or_size_and_never_by_price() -> None:
    for trap, late, large in (
        (Trap.WRONG_WINDOW, SCALE, 0),
        (Trap.TOO_LARGE, 0, SCALE),
        (Trap.MIXED, SCALE // 2, SCALE // 2),
    ):
        made = scene(trap)
        waiting = [live.terms for live in made.play.market.orders.values()]
        new = offered(made)[0]
        apart = [o.window.end <= new.window.start or o.window.start >= new.window.end for o in waiting]
        too_large = [block(order).least > new.cards for order in waiting]
        assert (sum(apart), sum(too_large)) == (late, large)
        assert min(order.limit for order in waiting) > new.asks[Tier.SPOT].lowest
    assert too_large == [n % 2 == 1 for n in range(SCALE)]


def test_a8_needs_more_than_the_whole_book() -> None:
    made = scene(Trap.HUGE_GANG)
    whole = sum(live.terms.cards for live in made.play.market.listings.values())
    orders = asked(made)
    assert {block(order).least for order in orders} == {whole + 1}
    assert {block(order).split for order in orders} == {Split.SELLERS, Split.REGIONS}


# Quotes


def test_quotes_are_of_both_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotes, "ASKED", 40)
    monkeypatch.setattr(quotes, "TRADED", 40)
    answered = quotes.run(Load.SINGLES, SCALE, 1)
    assert len(answered.fitting) + len(answered.explained) == 40
    assert answered.fitting
    assert answered.explained
    assert answered.quantile(0.5) <= answered.quantile(0.95)
    assert answered.explained_rate > 0


@pytest.mark.parametrize("trap", quotes.TRAPS)
def test_a_trap_is_asked_about_as_it_is_laid_out(trap: Trap) -> None:
    answered = quotes.run_trap(trap, SCALE, 1)
    assert len(answered.fitting) + len(answered.explained) == quotes.ASKED_IN_TRAP
    assert bool(answered.explained) == (trap in FRUITLESS)


# Measuring


def test_what_is_measured_ends_with_its_budget() -> None:
    play = Play(Market())
    ticks = [Tick(Slot(n)) for n in range(20)]
    assert len(measure(play, ticks, budget_s=60).timed) == 20
    assert len(measure(play, ticks, budget_s=0).timed) == 1


def test_quantiles_leave_out_commands_that_grant_many_leases() -> None:
    timed = (Timed(1.0, 0, 0), Timed(2.0, 50, 0), Timed(9.0, 51, 0))
    measured = Measured(timed, seconds=12.0, longest_pause=0.0)
    assert measured.quantile(0.99) == 2.0
    assert (measured.rate, measured.lease_rate) == (0.25, 101 / 12)


def test_a_pause_of_the_collector_is_seen() -> None:
    with pauses() as seen:
        gc.collect()
    assert len(seen) == 1
    assert seen[0] > 0


def test_a_busy_market_is_measured_at_half_and_at_its_end() -> None:
    grown = endurance.growth(400, seed=1)
    assert grown.commands == 400
    assert 0 < grown.at_half < 2 * grown.at_end


# Plain order books

GENERATOR = "raise SystemExit('no sortedcontainers here')"


def workload(folder: Path) -> Path:
    """Three sells and a buy that takes two of them; then a cancel, and a sell now or never that finds nothing."""
    rows = [(0, 0, 1, 1, 7, 5), (0, 0, 2, 1, 5, 5), (0, 1, 3, 1, 1, 5), (0, 0, 4, 0, 9, 8)]
    rows += [(1, 0, 1, 1, 7, 0), (2, 0, 5, 1, 1, 3), (0, 0, 6, 0, 9, 1)]
    trades = [(4, 2, 5, 5), (4, 1, 7, 3)]
    digest = sha256(b"".join(struct.pack("<4q", *trade) for trade in trades)).hexdigest()
    (folder / "T.bin").write_bytes(array("q", [cell for row in rows for cell in row]).tobytes())
    (folder / "T.json").write_text(json.dumps({"prefill": 1, "nbooks": 2, "trades_sha256": digest}))
    return folder / "T"


def test_a_plain_workload_makes_the_expected_trades(tmp_path: Path) -> None:
    run = plain_books.run(workload(tmp_path))
    assert (run.trades, run.as_expected) == (2, True)
    assert run.rate > 0


def test_peers_are_asked_for_what_is_installed_and_for_right_trades(tmp_path: Path) -> None:
    (tmp_path / "liquibook.py").write_text("")
    runner = (
        "import json, sys\nprint(json.dumps({'ops_cpu': 5.0, 'ok': {'trades': sys.argv[1] == 'liquibook'}}))"
    )
    (tmp_path / "run_peer.py").write_text(runner)
    (tmp_path / "gen_workload.py").write_text(GENERATOR)
    peers = Peers(tmp_path, sys.executable)
    assert "liquibook" in peers.installed()
    assert peers.rate("liquibook", tmp_path / "A") == 5.0
    with pytest.raises(PeerError, match="other trades"):
        peers.rate("cython_orderbook", tmp_path / "A")
    with pytest.raises(PeerError, match="no sortedcontainers"):
        peers.generate(tmp_path)
    with pytest.raises(PeerError, match="can't be run"):
        Peers(tmp_path, "nowhere/python").generate(tmp_path)


def test_orders_of_elastic_loads_never_rest() -> None:
    placed = [command.order for command in elastic.arriving(Load.GANGS, 1) if isinstance(command, Place)]
    assert {order.tif for order in placed} == {TimeInForce.IOC}
