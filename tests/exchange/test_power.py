"""Power and carbon by hand: tables are versions, declarations come in time and count once, and every gram is somebody's."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from exchange.checks.emissions import Emitted
from exchange.closing.events import EmissionsReckoned, LineEmissions, StatementPosted
from exchange.events import Event
from exchange.names import RunId
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue
from exchange.power.events import CertificatesDeclared, PowerTablesAdopted, PueDeclared
from settlement.carbon import Emissions
from settlement.ledger.chart import AccountKind, Book
from settlement.money import BasisPoints
from settlement.power import GridFactor
from tests.exchange.desk import Desk
from tests.exchange.house import (
    BUYER,
    CLERK,
    EAST,
    FAST,
    NEW_YEAR,
    SELLER,
    WEST,
    House,
    only,
    pair,
    power_tables,
)

HALVES = (BasisPoints(5000), BasisPoints(5000))


@pytest.fixture
def house() -> House:
    """Ten hours of three fast cards from the east in the west, under an agreement that halves carbon."""
    house = House()
    house.agree(pair(NEW_YEAR, None, carbon=HALVES))
    return house


def served(house: House, hours: int = 10, lost: int = 0) -> Desk:
    """The lease, delivered but for `lost` card-seconds of each hour, a month later."""
    desk = Desk(house)
    house.offer(window=(0, hours))
    house.place(window=(0, hours), cards=(3, 3), slots=hours)
    (live,) = house.state.leases.values()
    house.tick(hours)
    desk.deliver(live.terms, range(hours), lost)
    house.tick(31 * 24)
    return desk


def emitted(house: House) -> list[EmissionsReckoned]:
    return [event for _, _, step in house.log for event, _ in step if isinstance(event, EmissionsReckoned)]


def audited(house: House, change: Callable[[list[Event]], list[Event]] = list) -> tuple[str, ...]:
    """What the audit's own reckoning finds in the log, or in the log after a change."""
    check = Emitted()
    for _, _, step in house.log:
        check.see(change([event for event, _ in step]))
    return tuple(check.findings.differences)


def test_a_line_has_its_energy_and_its_grams(house: House) -> None:
    """3 cards, 10 hours, 700 W: 21 kWh; at a PUE of 1.2 25.2 kWh; at 477.2 g 12,025.44 g."""
    house.ask(CLERK, AdoptPowerTables(power_tables()))
    served(house).close("2026-01")
    (event,) = emitted(house)
    assert event == EmissionsReckoned(
        run=RunId("run-1"),
        subject="lse-1",
        seller=SELLER,
        region=WEST,
        tables="2026-1",
        lines=(
            LineEmissions(
                n=0,
                it_wh=21_000,
                pue_milli=1200,
                factor_year=2022,
                grid_mg_per_kwh=477_200,
                emissions=Emissions(25_200, 0, 12_025, 12_025),
                certificates=(),
                agreement=("east-west", 1),
                by_region=((EAST, 6_012), (WEST, 6_013)),
            ),
        ),
    )
    assert [house.balance(region, AccountKind.CARBON) for region in (EAST, WEST)] == [6_012, 6_013]
    assert house.balance("east-west/1", AccountKind.EMISSIONS) == -12_025
    assert house.state.balances.totals() == dict.fromkeys(Book, 0)
    assert audited(house) == ()


def test_what_was_lost_draws_nothing(house: House) -> None:
    house.ask(CLERK, AdoptPowerTables(power_tables()))
    served(house, lost=3 * 1800).close("2026-01")
    assert emitted(house)[0].lines[0].it_wh == 10_500


def test_without_tables_nothing_is_reckoned(house: House) -> None:
    served(house).close("2026-01")
    assert emitted(house) == []
    assert audited(house) == ()


def test_a_card_that_came_after_the_tables_is_not_reckoned_and_its_month_closes(house: House) -> None:
    catalogue, house.state.market.chips = house.state.market.chips, frozenset()
    house.ask(CLERK, AdoptPowerTables(replace(power_tables(), cards={})))
    house.state.market.chips = catalogue
    (statement,) = served(house).close("2026-01")
    assert statement.charged
    assert emitted(house) == []
    assert audited(house) == ()


def test_without_shares_of_carbon_nobody_is_given_any() -> None:
    house = House()
    house.agree(pair(NEW_YEAR, None))
    house.ask(CLERK, AdoptPowerTables(power_tables()))
    served(house).close("2026-01")
    (line,) = emitted(house)[0].lines
    assert (line.emissions.market_based_g, line.by_region) == (12_025, ())
    assert house.state.balances.totals()[Book.CARBON] == 0
    assert house.balance("east-west/1", AccountKind.EMISSIONS) == 0


def test_a_pue_of_ones_own_holds_from_its_month_on(house: House) -> None:
    house.ask(CLERK, AdoptPowerTables(power_tables()))
    declared = DeclarePue(WEST, "2026-01", 1150, "test report 7")
    assert house.ask(SELLER, declared) == [
        PueDeclared(SELLER, WEST, "2026-01", 1150, "test report 7", house.state.now)
    ]
    house.ask(SELLER, DeclarePue(WEST, "2026-02", 1100, "test report 8"))
    house.ask(SELLER, DeclarePue(EAST, "2026-01", 1900, "of another place"))
    served(house).close("2026-01")
    assert emitted(house)[0].lines[0].pue_milli == 1150
    assert audited(house) == ()


def test_certificates_cover_what_they_are_for_and_are_used_up(house: House) -> None:
    house.ask(CLERK, AdoptPowerTables(power_tables()))
    first = DeclareCertificates(WEST, "2026-01", 10, "GEC-1")
    assert house.ask(SELLER, first) == [
        CertificatesDeclared(SELLER, WEST, "2026-01", 10, "GEC-1", house.state.now)
    ]
    house.ask(SELLER, DeclareCertificates(WEST, "2026-01", 20, "GEC-2"))
    house.ask(SELLER, DeclareCertificates(WEST, "2026-02", 99, "GEC-3"))
    house.ask(SELLER, DeclareCertificates(EAST, "2026-01", 99, "GEC-4"))
    served(house).close("2026-01")
    (line,) = emitted(house)[0].lines
    assert line.certificates == (("GEC-1", 10_000), ("GEC-2", 15_200))
    assert line.emissions == Emissions(25_200, 25_200, 12_025, 0)
    assert house.state.power.left == {"GEC-1": 0, "GEC-2": 4_800, "GEC-3": 99_000, "GEC-4": 99_000}
    assert audited(house) == ()


def test_several_leases_share_a_certificate_in_the_order_of_their_statements(house: House) -> None:
    house.ask(CLERK, AdoptPowerTables(power_tables()))
    house.ask(SELLER, DeclareCertificates(WEST, "2026-01", 30, "GEC-1"))
    house.offer(window=(0, 24), cards=8)
    house.place(window=(0, 10), cards=(3, 3), slots=10)
    house.place(window=(0, 10), cards=(3, 3), slots=10)
    desk = Desk(house)
    house.tick(10)
    for live in tuple(house.state.leases.values()):
        desk.deliver(live.terms, range(10))
    house.tick(31 * 24)
    desk.close("2026-01")
    assert [event.lines[0].certificates for event in emitted(house)] == [
        (("GEC-1", 25_200),),
        (("GEC-1", 4_800),),
    ]
    assert audited(house) == ()


def test_a_certificate_is_declared_once_by_whomever(house: House) -> None:
    declare = DeclareCertificates(WEST, "2026-01", 10, "GEC-1")
    house.ask(SELLER, declare)
    assert house.refusal(SELLER, declare) == "declared_already"
    assert house.refusal(SELLER, replace(declare, period="2026-02")) == "declared_already"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (DeclareCertificates(WEST, "2026-01", 0, "GEC"), "amount_out_of_range"),
        (DeclareCertificates(WEST, "2026-1", 1, "GEC"), "period_unknown"),
        (DeclareCertificates("110000", "2026-01", 1, "GEC"), "unknown_region"),  # type: ignore[arg-type]
        (DeclarePue(WEST, "2026-01", 999, "report"), "amount_out_of_range"),
        (DeclarePue(WEST, "2026-01", 3001, "report"), "amount_out_of_range"),
    ],
)
def test_what_can_not_be_declared(house: House, command: DeclarePue | DeclareCertificates, code: str) -> None:
    assert house.refusal(SELLER, command) == code
    assert house.refusal(BUYER, command) == "not_allowed"


def test_nothing_is_declared_for_a_month_that_is_closed(house: House) -> None:
    served(house).close("2026-01")
    assert house.refusal(SELLER, DeclarePue(WEST, "2026-01", 1200, "late")) == "declared_too_late"
    late = DeclareCertificates(WEST, "2026-01", 1, "late")
    assert house.refusal(SELLER, late) == "declared_too_late"
    assert house.ask(SELLER, replace(late, period="2026-02")) != []


def test_a_version_of_the_tables_is_adopted_once_and_whole(house: House) -> None:
    tables = power_tables()
    assert house.ask(CLERK, AdoptPowerTables(tables)) == [PowerTablesAdopted(tables, house.state.now)]
    assert house.refusal(CLERK, AdoptPowerTables(power_tables(watts=1))) == "tables_exist"
    missing = replace(power_tables("2"), cards={FAST: tables.cards[FAST]})
    assert house.refusal(CLERK, AdoptPowerTables(missing)) == "tables_invalid"
    twice = {**tables.factors, WEST: (GridFactor(2022, 1, "x"), GridFactor(2022, 2, "x"))}
    assert (
        house.refusal(CLERK, AdoptPowerTables(replace(tables, version="2", factors=twice)))
        == "tables_invalid"
    )
    assert house.refusal(SELLER, AdoptPowerTables(power_tables("2"))) == "not_allowed"


def test_later_tables_leave_what_was_reckoned(house: House) -> None:
    house.ask(CLERK, AdoptPowerTables(power_tables()))
    served(house).close("2026-01")
    house.ask(CLERK, AdoptPowerTables(power_tables("2026-2", watts=1000)))
    assert [event.tables for event in emitted(house)] == ["2026-1"]
    assert house.balance(WEST, AccountKind.CARBON) == 6_013
    assert audited(house) == ()


def test_the_audit_finds_every_figure_that_is_otherwise(house: House) -> None:
    house.ask(CLERK, AdoptPowerTables(power_tables()))
    house.ask(SELLER, DeclareCertificates(WEST, "2026-01", 10, "GEC-1"))
    served(house).close("2026-01")
    (line,) = emitted(house)[0].lines
    others = [
        replace(line, it_wh=line.it_wh + 1),
        replace(line, pue_milli=1201),
        replace(line, factor_year=2021),
        replace(line, emissions=replace(line.emissions, market_based_g=0)),
        replace(line, emissions=replace(line.emissions, certified_wh=0)),
        replace(line, certificates=()),
        replace(line, agreement=None),
        replace(line, by_region=line.by_region[::-1][:1]),
    ]
    for other in others:
        assert len(audited(house, changed(other))) == 1, other
    assert audited(house, without_emissions)[0].endswith("nothing says what it emitted")
    assert audited(house, without_statements)[0].endswith("and yet it emitted something")
    assert audited(house) == ()


def changed(line: LineEmissions) -> Callable[[list[Event]], list[Event]]:
    def change(events: list[Event]) -> list[Event]:
        return [
            replace(event, lines=(line,)) if isinstance(event, EmissionsReckoned) else event
            for event in events
        ]

    return change


def without_emissions(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, EmissionsReckoned)]


def without_statements(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, StatementPosted)]


def test_a_factor_is_the_newest_that_is_not_of_a_later_year() -> None:
    tables = power_tables()
    assert [tables.factor_of(EAST, year).year for year in (2020, 2021, 2022, 2026)] == [
        2021,
        2021,
        2022,
        2022,
    ]


def test_only_one_statement_of_a_run_is_reckoned_at_a_time(house: House) -> None:
    """What is emitted follows its statement at once, in the same command."""
    house.ask(CLERK, AdoptPowerTables(power_tables()))
    served(house).close("2026-01")
    (events,) = [
        [event for event, _ in step]
        for _, _, step in house.log
        if any(isinstance(event, EmissionsReckoned) for event, _ in step)
    ]
    assert [type(event) for event in events] == [StatementPosted, EmissionsReckoned]
    assert only(StatementPosted, events).subject == "lse-1"
