"""Token packages by hand: sold in advance, used in their turn while they are valid, and what is left expires."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from exchange import jobs
from exchange.closing import evolving, packages
from exchange.closing.commands import BeginClose
from exchange.closing.events import StatementPosted
from exchange.contracts.commands import AddPackage, AgreePrices
from exchange.contracts.events import ContractClosed, PackageAdded, PricesAgreed
from exchange.names import ContractId, Instant, PackageId
from exchange.persistence.queries.closing import ContractSpan
from exchange.refunds.commands import RefundLine
from exchange.refunds.events import LineRefunded
from exchange.state import State
from settlement.meters import Meter
from settlement.money import Fen
from settlement.rating import packages as kernel
from settlement.rating.packages import Quota
from tests.exchange import desk
from tests.exchange.desk import Desk
from tests.exchange.house import CLERK, NEW_YEAR, SELLER, House, only, pair
from tests.exchange.machine import LAWFUL
from tests.exchange.package_machine import VenueOfPackages
from tests.exchange.settled import settled_lines
from tests.exchange.test_contracts import DAY, MILLION, MONTH, open_contract, prices

IN, CACHED, OUT = Meter.INPUT_TOKENS, Meter.CACHED_INPUT_TOKENS, Meter.OUTPUT_TOKENS


def package(
    contract: ContractId, tokens: int, price: int = 5_00, days: tuple[int, int] = (0, 40), **changes: Any
) -> AddPackage:
    """A package of so many tokens, valid from one day of the new year until before another."""
    begins, ends = (Instant(NEW_YEAR + day * 86_400) for day in days)
    values = {
        "contract": contract,
        "tokens": tokens,
        "price": Fen(price),
        "begins": begins,
        "ends": ends,
        **changes,
    }
    return AddPackage(**values)


def add(house: House, *args: Any, **changes: Any) -> PackageId:
    return PackageId(only(PackageAdded, house.ask(CLERK, package(*args, **changes))).package.id)


def told(statement: StatementPosted) -> list[tuple[PackageId | None, Meter, int, int]]:
    """What each line bills: from which package, what, how much, and what the buyer pays for it."""
    return [(line.package, line.meter, line.quantity, line.line.gross_fen) for line in statement.lines]


def closed(house: House) -> list[ContractClosed]:
    return [event for _, _, made in house.log for event, _ in made if isinstance(event, ContractClosed)]


def test_a_packages_price_is_held_at_once_and_charged_once_by_the_period_in_which_it_begins() -> None:
    house = House()
    counter = Desk(house)
    contract = open_contract(house, days=65)
    sold = add(house, contract, MILLION, days=(32, 40))
    assert (house.held(), house.available()) == (105_00, 1_000_000_00 - 105_00)
    house.tick(MONTH)
    assert counter.close("2026-01") == []
    house.tick(MONTH + 28 * DAY)
    (february,) = counter.close("2026-02")
    assert told(february) == [(sold, Meter.PACKAGES, 1, 5_00)]
    line = february.lines[0]
    assert (line.service_period, line.price, line.before_loss) == ("2026-02", 5_000_000, 5_00)
    assert (february.charged, february.held_left, house.held()) == (5_00, 100_00, 100_00)
    house.tick(MONTH + 28 * DAY + MONTH)
    assert counter.close("2026-03") == []
    assert [(one.contract, one.released) for one in closed(house)] == [(contract, 100_00)]
    assert house.held() == 0


def test_use_is_taken_from_what_is_free_then_from_what_ends_first_and_then_paid() -> None:
    house = House()
    counter = Desk(house)
    contract = open_contract(house, days=40)
    later = add(house, contract, 3 * MILLION, days=(0, 30))
    sooner = add(house, contract, 2 * MILLION, days=(0, 20))
    free = add(house, contract, MILLION, price=0)
    house.tick(5)
    counter.use(contract, 2, input_tokens=4 * MILLION, output_tokens=3 * MILLION, cached_input_tokens=MILLION)
    house.tick(MONTH)
    (statement,) = counter.close("2026-01")
    assert told(statement) == [
        (later, Meter.PACKAGES, 1, 5_00),
        (sooner, Meter.PACKAGES, 1, 5_00),
        (free, OUT, MILLION, 0),
        (sooner, OUT, 2 * MILLION, 0),
        (later, IN, 3 * MILLION, 0),
        (None, IN, MILLION, 2_00),
        (None, CACHED, MILLION, 2_00),
    ]
    assert [line.before_loss for line in statement.lines[2:5]] == [8_00, 16_00, 6_00], "as it would have cost"
    assert (statement.charged, statement.held_left) == (14_00, 96_00)
    assert statement.packages_left == ((later, 0), (sooner, 0), (free, 0))


def test_what_is_left_expires_and_nothing_before_or_after_is_taken() -> None:
    house = House()
    counter = Desk(house)
    contract = open_contract(house, days=40)
    sold = add(house, contract, 10 * MILLION, days=(3, 5))
    house.tick(10 * DAY)
    for slot in (3 * DAY - 1, 3 * DAY, 5 * DAY - 1, 5 * DAY):
        counter.use(contract, slot, input_tokens=MILLION)
    house.tick(MONTH)
    (statement,) = counter.close("2026-01")
    assert told(statement)[1:] == [
        (None, IN, MILLION, 2_00),
        (sold, IN, 2 * MILLION, 0),
        (None, IN, MILLION, 2_00),
    ]
    assert statement.packages_left == ((sold, 8 * MILLION),)


def test_use_that_comes_late_is_taken_from_the_package_of_its_instant() -> None:
    house = House()
    counter = Desk(house)
    contract = open_contract(house, days=65)
    january = add(house, contract, 3 * MILLION, days=(0, 31))
    february = add(house, contract, 3 * MILLION, days=(31, 59))
    house.tick(MONTH)
    counter.use(contract, MONTH - 3, input_tokens=2 * MILLION)
    counter.close("2026-01")
    counter.use(contract, MONTH - 2, input_tokens=2 * MILLION)
    house.tick(MONTH + 1)
    counter.use(contract, MONTH, input_tokens=MILLION)
    house.tick(MONTH + 28 * DAY)
    (statement,) = counter.close("2026-02")
    assert told(statement) == [
        (february, Meter.PACKAGES, 1, 5_00),
        (january, IN, MILLION, 0),
        (None, IN, MILLION, 2_00),
        (february, IN, MILLION, 0),
    ]
    assert [line.service_period for line in statement.lines] == ["2026-02", "2026-01", "2026-01", "2026-02"]


def test_a_package_falls_under_the_agreement_in_which_it_begins_and_is_used_under_any_prices() -> None:
    house = House()
    counter = Desk(house)
    house.agree(pair(NEW_YEAR + 3 * 3600, None))
    contract = open_contract(house, days=40)
    early = add(house, contract, 3 * MILLION, begins=Instant(NEW_YEAR + 2 * 3600))
    late = add(house, contract, MILLION, begins=Instant(NEW_YEAR + 4 * 3600))
    begins = house.state.rules.instant_of(house.first + 5)
    only(PricesAgreed, house.ask(CLERK, AgreePrices(contract, begins, prices(1, 1, 4))))
    house.tick(8)
    for slot in (2, 3, 6):
        counter.use(contract, slot, output_tokens=MILLION)
    house.tick(MONTH)
    (statement,) = counter.close("2026-01")
    signed = ("east-west", 1)
    assert [(line.package, line.agreement, line.before_loss) for line in statement.lines] == [
        (early, None, 5_00),
        (late, signed, 5_00),
        (early, None, 8_00),
        (early, signed, 8_00),
        (early, signed, 4_00),
    ]
    assert dict(statement.lines[1].line.revenue_by_region_fen) != {}


def test_a_contract_that_ends_has_nothing_held_whatever_is_left_of_its_packages() -> None:
    house = House()
    counter = Desk(house)
    contract = open_contract(house, days=20)
    add(house, contract, MILLION, days=(0, 20))
    house.tick(MONTH)
    counter.close("2026-01")
    assert [(one.contract, one.released) for one in closed(house)] == [(contract, 100_00)]
    assert (house.state.contracts, house.held()) == ({}, 0)


def test_a_packages_line_is_refunded_like_any_other_and_its_tokens_stay() -> None:
    house = House()
    counter = Desk(house)
    contract = open_contract(house, days=65)
    sold = add(house, contract, MILLION)
    house.tick(MONTH)
    counter.close("2026-01")
    (line,) = settled_lines(house)
    for amount in (2_00, 3_00):
        only(LineRefunded, house.ask(CLERK, RefundLine(line, Fen(amount), "was slow", f"r-{amount}", False)))
    assert house.available() == 1_000_000_00 - 100_00
    assert house.state.contracts[contract].packages[sold].left == MILLION
    assert house.refusal(CLERK, RefundLine(line, Fen(1), "once more", "r-1", False)) == "refund_too_large"


def test_packages_that_are_not_added() -> None:
    house = House(money=105_00)
    contract = open_contract(house, days=40)

    def refusal(tokens: int = 1, of: ContractId = contract, **changes: Any) -> str:
        return house.refusal(CLERK, package(of, tokens, **changes))

    assert house.refusal(SELLER, package(contract, 1)) == "not_allowed"
    assert refusal(of=ContractId("tkc-1")) == "unknown_id"
    assert refusal(days=(3, 3)) == "contract_invalid"
    assert refusal(days=(-1, 3)) == "contract_invalid"
    assert refusal(days=(3, 41)) == "contract_invalid"
    assert refusal(begins=Instant(NEW_YEAR + 1)) == "contract_invalid"
    assert refusal(ends=Instant(NEW_YEAR + 1)) == "contract_invalid"
    assert refusal(tokens=0) == "amount_out_of_range"
    assert refusal(tokens=10**15 + 1) == "amount_out_of_range"
    assert refusal(price=-1) == "amount_out_of_range"
    assert refusal(price=10**13 + 1) == "amount_out_of_range"
    assert refusal(price=5_01) == "insufficient_funds"
    add(house, contract, 10**15, price=5_00)
    house.tick(MONTH)
    house.ask(CLERK, BeginClose("2026-01"))
    assert refusal(price=0, days=(30, 40)) == "period_closed"  # a run is closing it
    add(house, contract, 1, price=0, days=(31, 40))


@pytest.mark.parametrize("minutes", [10, 50])
def test_a_package_may_begin_and_end_with_its_contract_though_no_slot_does(minutes: int) -> None:
    house = House()
    counter = Desk(house)
    begins, ends = Instant(NEW_YEAR + 3600 + minutes * 60), Instant(NEW_YEAR + 86_400 + minutes * 60)
    contract = open_contract(house, begins=begins, ends=ends)
    sold = add(house, contract, MILLION, begins=begins, ends=ends)
    house.tick(5)
    counter.use(contract, 3, input_tokens=MILLION)
    house.tick(MONTH)
    (statement,) = counter.close("2026-01")
    assert told(statement) == [(sold, Meter.PACKAGES, 1, 5_00), (sold, IN, MILLION, 0)]


LAWFUL_PACKAGES = settings(LAWFUL, max_examples=60, stateful_step_count=25)
UNTIL_IT_BREAKS = settings(LAWFUL_PACKAGES, max_examples=800, derandomize=True, report_multiple_bugs=False)
sound_settle, sound_parts = packages.settle_contract, jobs.contract_parts


def last_to_end_first(quota: Quota) -> tuple[bool, int, str]:
    return not quota.free, -(quota.valid_to or 0), quota.id


def bought_before_free(quota: Quota) -> tuple[bool, int, str]:
    return quota.free, quota.valid_to or 0, quota.id


def expired_or_not(_quota: Quota, _instant: int) -> bool:
    return True


def never_paid(state: State, event: StatementPosted) -> None:
    """The price of a package stays due, so that the next run charges it again."""
    sound_settle(state, event)
    for live in state.contracts[ContractId(event.subject)].packages.values():
        live.due = live.terms.price > 0


def uncut(span: ContractSpan, *rest: Any) -> Any:
    """What was used before, in and after a package's time is one sum."""
    return sound_parts(replace(span, validities=()), *rest)


def taken_anew(state: State, event: StatementPosted) -> None:
    """Each statement finds packages full."""
    sound_settle(state, replace(event, packages_left=()))


BUGS: list[tuple[object, str, Callable[..., Any]]] = [
    (kernel, "_turn", last_to_end_first),
    (kernel, "_turn", bought_before_free),
    (Quota, "covers", expired_or_not),
    (evolving, "settle_contract", never_paid),
    (evolving, "settle_contract", taken_anew),
    (desk, "contract_parts", uncut),
]


def test_packages_keep_their_laws_whatever_is_used_and_whenever_a_close_is_killed() -> None:
    run_state_machine_as_test(VenueOfPackages, settings=LAWFUL_PACKAGES)


@pytest.mark.parametrize(("place", "name", "bug"), BUGS, ids=[bug.__name__ for _, _, bug in BUGS])
def test_a_planted_bug_breaks_a_law(
    place: object, name: str, bug: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, name, bug)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(VenueOfPackages, settings=UNTIL_IT_BREAKS)
