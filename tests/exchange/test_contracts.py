"""Token contracts by hand: a budget is held, use is charged up to it, and what is left comes back."""

from dataclasses import replace
from typing import Any

import pytest

from exchange.closing.commands import BeginClose, ContractSum, CutUsage, PostStatements
from exchange.closing.events import StatementPosted
from exchange.contracts.commands import AgreePrices, OpenContract
from exchange.contracts.events import ContractClosed, ContractOpened, PricesAgreed
from exchange.names import ContractId, Instant, LeaseId, PartyId, RunId
from exchange.state import Role
from matching.terms import RegionCode
from settlement.meters import Meter
from settlement.money import Fen
from settlement.rating.tokens import TokenPrices, Tokens
from tests.exchange.desk import Desk
from tests.exchange.house import (
    BUYER,
    CLERK,
    NEW_YEAR,
    SELLER,
    SERVICE,
    WEST,
    YUAN,
    House,
    only,
    pair,
    party,
)

DAY, MONTH = 24, 31 * 24  # slots
MILLION = 1_000_000


def prices(fresh: float, cached: float, output: float) -> TokenPrices:
    """In yuan per million tokens."""
    return TokenPrices(*(round(price * YUAN) for price in (fresh, cached, output)))


def terms(house: House, days: int = 10, **changes: Any) -> OpenContract:
    """Two yuan a million tokens in, eight out, for ten days, a hundred yuan in advance."""
    values: dict[str, Any] = {
        "buyer": BUYER,
        "seller": SELLER,
        "destination": WEST,
        "prices": prices(2, 2, 8),
        "budget": Fen(100_00),
        "begins": NEW_YEAR,
        "ends": house.state.rules.instant_of(house.first + days * DAY),
        "line": SERVICE,
    }
    return OpenContract(**{**values, **changes})


def open_contract(house: House, days: int = 10, **changes: Any) -> ContractId:
    return only(ContractOpened, house.ask(CLERK, terms(house, days, **changes))).contract.id


def test_a_contract_holds_its_budget() -> None:
    house = House()
    assert open_contract(house) == "tkc-7"
    assert (house.held(), house.available()) == (100_00, 1_000_000_00 - 100_00)


def test_exactly_enough_money_is_enough_and_a_fen_less_is_not() -> None:
    open_contract(House(money=100_00))
    poor = House(money=99_99)
    assert poor.refusal(CLERK, terms(poor)) == "insufficient_funds"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"buyer": PartyId("ann")}, "unknown_party"),
        ({"seller": PartyId("ann")}, "unknown_party"),
        ({"buyer": SELLER}, "wrong_role"),
        ({"seller": BUYER}, "wrong_role"),
        ({"destination": RegionCode("000000")}, "unknown_region"),
        ({"line": "none"}, "unknown_line"),
        ({"ends": NEW_YEAR}, "contract_invalid"),
        ({"begins": Instant(NEW_YEAR + 10**8)}, "contract_invalid"),
        ({"prices": prices(-0.000001, 0, 0)}, "contract_invalid"),
        ({"prices": prices(0, -0.000001, 0)}, "contract_invalid"),
        ({"prices": prices(0, 0, -0.000001)}, "contract_invalid"),
        ({"budget": Fen(0)}, "amount_out_of_range"),
        ({"budget": Fen(10**15 + 1)}, "amount_out_of_range"),
    ],
)
def test_what_is_no_contract(changes: dict[str, Any], code: str) -> None:
    house = House()
    assert house.refusal(CLERK, terms(house, **changes)) == code


def test_nobody_contracts_with_its_own_group_and_only_a_clerk_records() -> None:
    house = House()
    house.admit(party("bay-labs", Role.SELLER, group=BUYER))
    assert house.refusal(CLERK, terms(house, seller=PartyId("bay-labs"))) == "contract_invalid"
    assert house.refusal(BUYER, terms(house)) == "not_allowed"


def test_times_without_an_agreement_are_one_sum_though_one_was_in_force_between() -> None:
    house = House()
    desk = Desk(house)
    instant = house.state.rules.instant_of
    signed = pair(instant(house.first + 2 * DAY), instant(house.first + 4 * DAY))
    house.agree(signed)
    contract = open_contract(house, days=40)
    house.tick(6 * DAY)
    for day in (1, 3, 5):
        desk.use(contract, day * DAY, input_tokens=1_000, output_tokens=0)
    house.tick(MONTH)
    (statement,) = desk.close("2026-01")
    assert [(part.meter, part.agreement, part.quantity) for part in statement.lines] == [
        (Meter.INPUT_TOKENS, None, 2_000),
        (Meter.INPUT_TOKENS, ("east-west", 1), 1_000),
    ]


def test_tokens_are_summed_and_rounded_once_a_line() -> None:
    house = House()
    desk = Desk(house)
    contract = open_contract(house, days=40)
    house.tick(5)
    for _ in range(3):
        desk.use(contract, 2, input_tokens=1_999, output_tokens=777)
    house.tick(MONTH)
    (statement,) = desk.close("2026-01")
    assert [(part.meter, part.quantity, part.line.gross_fen) for part in statement.lines] == [
        (Meter.INPUT_TOKENS, 5_997, 1),  # 1.1994 fen
        (Meter.OUTPUT_TOKENS, 2_331, 2),  # 1.8648 fen
    ]
    assert (statement.charged, statement.held_left, house.held()) == (3, 99_97, 99_97)


def test_cached_input_has_a_price_of_its_own_down_to_a_millionth_of_a_yuan() -> None:
    house = House()
    desk = Desk(house)
    contract = open_contract(house, days=40, prices=prices(2, 0.000001, 8))
    house.tick(5)
    desk.use(contract, 2, input_tokens=MILLION, cached_input_tokens=5_000 * MILLION)
    desk.use(contract, 2, cached_input_tokens=4_999 * MILLION)
    house.tick(MONTH)
    (statement,) = desk.close("2026-01")
    assert [(part.meter, part.price, part.quantity, part.before_loss) for part in statement.lines] == [
        (Meter.INPUT_TOKENS, 2 * YUAN, MILLION, 2_00),
        (Meter.CACHED_INPUT_TOKENS, 1, 9_999 * MILLION, 1),  # 0.9999 fen: rounded once
    ]


def test_other_prices_begin_at_an_instant_and_use_keeps_those_of_its_own() -> None:
    house = House()
    desk = Desk(house)
    contract = open_contract(house, days=40)
    begins = house.state.rules.instant_of(house.first + 3)
    only(PricesAgreed, house.ask(CLERK, AgreePrices(contract, begins, prices(1, 0.5, 4))))
    house.tick(5)
    for slot in (2, 3):
        desk.use(contract, slot, input_tokens=MILLION, cached_input_tokens=MILLION, output_tokens=MILLION)
    house.tick(MONTH)
    (statement,) = desk.close("2026-01")
    assert [(part.price_version, part.meter, part.before_loss) for part in statement.lines] == [
        (1, Meter.INPUT_TOKENS, 2_00),
        (1, Meter.CACHED_INPUT_TOKENS, 2_00),
        (1, Meter.OUTPUT_TOKENS, 8_00),
        (2, Meter.INPUT_TOKENS, 1_00),
        (2, Meter.CACHED_INPUT_TOKENS, 50),
        (2, Meter.OUTPUT_TOKENS, 4_00),
    ]


def test_use_that_comes_late_keeps_the_prices_of_its_instant() -> None:
    house = House()
    desk = Desk(house)
    contract = open_contract(house, days=50)
    house.tick(MONTH)
    desk.close("2026-01")
    begins = house.state.rules.instant_of(house.first + MONTH)
    only(PricesAgreed, house.ask(CLERK, AgreePrices(contract, begins, prices(1, 1, 4))))
    desk.use(contract, MONTH - 1, input_tokens=MILLION)
    house.tick(MONTH + 28 * DAY)
    (statement,) = desk.close("2026-02")
    assert [(part.service_period, part.price_version, part.before_loss) for part in statement.lines] == [
        ("2026-01", 1, 2_00)
    ]


def test_prices_that_are_not_agreed() -> None:
    house = House()
    contract = open_contract(house, days=40)

    def refusal(hours: int, agreed: TokenPrices, by: PartyId = CLERK) -> str:
        begins = Instant(NEW_YEAR + hours * 3600)
        return house.refusal(by, AgreePrices(contract, begins, agreed))

    same = prices(1, 1, 1)
    assert refusal(0, same) == "contract_invalid"  # when those before them begin
    assert refusal(40 * DAY, same) == "contract_invalid"  # when the contract ends
    assert refusal(5, prices(1, -1, 1)) == "contract_invalid"
    assert refusal(5, same, by=SELLER) == "not_allowed"
    off_the_slots = AgreePrices(contract, Instant(NEW_YEAR + 5), same)
    assert house.refusal(CLERK, off_the_slots) == "contract_invalid"
    nobodys = AgreePrices(ContractId("tkc-1"), Instant(NEW_YEAR + 3600), same)
    assert house.refusal(CLERK, nobodys) == "unknown_id"
    house.tick(MONTH)
    house.ask(CLERK, BeginClose("2026-01"))
    assert refusal(MONTH - 1, same) == "period_closed"  # a run is closing it
    only(PricesAgreed, house.ask(CLERK, AgreePrices(contract, Instant(NEW_YEAR + MONTH * 3600), same)))


def test_use_beyond_the_budget_is_recorded_and_not_charged() -> None:
    house = House()
    desk = Desk(house)
    contract = open_contract(house)
    house.tick(5)
    desk.use(contract, 1, input_tokens=30 * MILLION, output_tokens=10 * MILLION)
    house.tick(MONTH)
    (statement,) = desk.close("2026-01")
    assert [(part.before_loss, part.line.gross_fen, part.over_budget) for part in statement.lines] == [
        (60_00, 60_00, 0),
        (80_00, 40_00, 40_00),
    ]
    assert (statement.charged, statement.held_left, house.held()) == (100_00, 0, 0)


def test_a_contract_closes_when_its_last_use_can_no_longer_be_reported() -> None:
    house = House()
    desk = Desk(house)
    early, late = open_contract(house, days=28), open_contract(house, days=30)
    house.tick(MONTH)
    desk.use(early, 1, input_tokens=MILLION, output_tokens=0)
    desk.close("2026-01")
    closed = [event for _, _, made in house.log for event, _ in made if isinstance(event, ContractClosed)]
    assert [(one.contract, one.released) for one in closed] == [(early, 98_00)], (
        "28 days and 72 hours are 31 days"
    )
    assert house.held() == 100_00
    desk.use(late, 29 * DAY, input_tokens=MILLION, output_tokens=0)
    house.tick(MONTH + 28 * DAY)
    (february,) = desk.close("2026-02")
    assert (february.lines[0].service_period, february.charged) == ("2026-01", 2_00)
    assert (house.state.contracts, house.held()) == ({}, 0)


def test_agreements_part_the_tokens_too() -> None:
    house = House()
    desk = Desk(house)
    house.agree(pair(NEW_YEAR + 3 * 3600, None))
    contract = open_contract(house)
    house.tick(5)
    desk.use(contract, 2, input_tokens=MILLION, output_tokens=0)
    desk.use(contract, 3, input_tokens=MILLION, output_tokens=0)
    house.tick(MONTH)
    (statement,) = desk.close("2026-01")
    used = [(part.agreement, part.quantity) for part in statement.lines if part.quantity]
    assert used == [(None, MILLION), (("east-west", 1), MILLION)]


def test_sums_that_are_not_booked() -> None:
    house = House()
    contract = open_contract(house)
    house.tick(MONTH)
    run = RunId("run-1")
    house.ask(CLERK, BeginClose("2026-01"))
    house.ask(CLERK, CutUsage(run, 0))

    def refusal(*sums: ContractSum) -> str:
        return house.refusal(CLERK, PostStatements(run, contracts=sums))

    one = ContractSum(contract, "2026-01", None, Instant(NEW_YEAR), Tokens(1, 1, 1))
    assert refusal(replace(one, contract=ContractId("tkc-1"))) == "settled_twice"
    for tokens in (Tokens(-1, 1, 1), Tokens(1, -1, 1), Tokens(1, 1, -1)):
        assert refusal(replace(one, tokens=tokens)) == "amount_out_of_range"
    for begins in (NEW_YEAR - 1, house.state.contracts[contract].terms.ends):
        assert refusal(replace(one, begins=Instant(begins))) == "amount_out_of_range"
    assert refusal(replace(one, agreement=("east-west", 1))) == "agreement_invalid"
    assert refusal(replace(one, contract=ContractId(LeaseId("lse-1")))) == "settled_twice"
    only(StatementPosted, house.ask(CLERK, PostStatements(run, contracts=(one, one))))
    assert refusal(one) == "settled_twice"
