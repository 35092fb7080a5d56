"""The audit's check of vouchers: a sound log gives nothing to tell, and whatever is doctored in one is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from exchange.checks.vouchers import Vouchers
from exchange.closing.events import StatementPosted
from exchange.events import Event
from exchange.refunds.commands import RefundLine
from exchange.refunds.events import LineRefunded
from exchange.vouchers.commands import DeclareFacts
from exchange.vouchers.events import (
    FactsDeclared,
    ProgrammeAdopted,
    VoucherExpired,
    VoucherHeld,
    VoucherPassed,
    VoucherReturned,
)
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from tests.exchange.house import CLERK, NEW_YEAR, SELLER, House
from tests.exchange.settled import settled_lines
from tests.exchange.test_contract_vouchers import used as spent
from tests.exchange.test_contract_vouchers import venue
from tests.exchange.test_contracts import open_contract
from tests.exchange.test_vouchers import SMALL, city, give, lease_and_close, stands

Doctor = Callable[[Any], Event | None]


def lived() -> House:
    """A voucher that was used for a lease, one that expired, and what is on record of the seller."""
    house = city(budget=Fen(5_000_00))
    house.ask(CLERK, DeclareFacts(SELLER, replace(SMALL, controllers=frozenset({"li"}))))
    give(house, hours=1)
    lease_and_close(house, give(house), lost=3600)
    (line,) = settled_lines(house)
    for n in range(2):
        house.ask(CLERK, RefundLine(line, Fen(100_00), "hours were slow", f"r-{n}", False))
        house.tick(3000)
    return house


def told(house: House, kind: type[Event] | None = None, doctor: Doctor = lambda event: event) -> list[str]:
    """What the check finds, if the first event of a kind is doctored, or left out."""
    check, left = Vouchers(), 1
    for _, _, happened in house.log:
        events: list[Event] = []
        for event, _ in happened:
            doctored: Event | None = event
            if kind is not None and isinstance(event, kind) and left:
                doctored, left = doctor(event), 0
            events += [] if doctored is None else [doctored]
        check.see(events)
    kinds = (AccountKind.VOUCHER_LEFT, AccountKind.VOUCHER_HELD, AccountKind.VOUCHER_USED)
    owners = {account.owner for account, _ in house.state.balances.items() if account.kind in kinds}
    ledger = {owner: stands(house, owner) for owner in owners}
    check.end(ledger)
    assert left == 0 or kind is None
    return check.findings.differences


def pledging(amount: int) -> Doctor:
    return lambda event: replace(
        event, pledge=replace(event.pledge, amount=Fen(event.pledge.amount + amount))
    )


def owned_by_the_sellers_owner(event: Any) -> Event:
    return FactsDeclared(event.party, replace(event.facts, controllers=frozenset({"li"})), event.at)


def used(**changes: Any) -> Doctor:
    """Another part of the first line."""

    def doctor(event: StatementPosted) -> Event:
        line = event.lines[0]
        part = replace(line.vouchers[0], **changes)
        return replace(event, lines=(replace(line, vouchers=(part,)), *event.lines[1:]))

    return doctor


def returning(**changes: Any) -> Doctor:
    """Something else comes back to the voucher."""
    return lambda event: replace(event, returned=(replace(event.returned[0], **changes),))


DOCTORED: dict[str, tuple[type[Event], Doctor, str]] = {
    "more is held than there is": (VoucherHeld, pledging(10**6), "which has not so much"),
    "it is held after its end": (
        VoucherHeld,
        lambda event: replace(event, pledge=replace(event.pledge, at=NEW_YEAR + 10**9)),
        "which has not so much",
    ),
    "a lease takes more than its order held": (VoucherPassed, pledging(10**6), "which it does not hold"),
    "buyer and seller have one owner": (FactsDeclared, owned_by_the_sellers_owner, "li has a hand in both"),
    "something is not given back": (VoucherReturned, lambda _: None, "after its end"),
    "more is given back than was held": (
        VoucherReturned,
        lambda event: replace(event, amount=Fen(event.amount + 1)),
        "which it does not hold",
    ),
    "more is used than is booked": (StatementPosted, used(covered=Fen(237_05)), "used: expected"),
    "less expires than is left": (
        VoucherExpired,
        lambda event: replace(event, amount=Fen(event.amount - 1)),
        "expired: expected",
    ),
    "more is issued than the budget": (
        ProgrammeAdopted,
        lambda event: replace(event, programme=replace(event.programme, budget=Fen(1))),
        "more than any budget",
    ),
    "another region owes it": (StatementPosted, used(issuer="621000"), "issuer of"),
    "less is given back than is booked": (LineRefunded, returning(amount=Fen(29_99)), "used: expected"),
    "more is given back than was used": (LineRefunded, returning(amount=Fen(237_01)), "of 23700 used"),
    "what is given back is lost": (LineRefunded, returning(over=True), "is over: expected False"),
}


def test_a_sound_log_gives_nothing_to_tell() -> None:
    assert told(lived()) == []


@pytest.mark.parametrize(("kind", "doctor", "said"), DOCTORED.values(), ids=DOCTORED)
def test_what_is_doctored_is_told(kind: type[Event], doctor: Doctor, said: str) -> None:
    differences = told(lived(), kind, doctor)
    assert any(said in line for line in differences), differences


def contracted() -> House:
    """A voucher that was used for a token contract, which has closed and given the rest back."""
    house = venue(budget=Fen(5_000_00))
    house.ask(CLERK, DeclareFacts(SELLER, replace(SMALL, controllers=frozenset({"li"}))))
    contract = open_contract(house, vouchers=(give(house),))
    assert spent(house, contract, (1, 1)).charged == 7_00
    return house


@pytest.mark.parametrize(
    ("kind", "doctor", "said"),
    [
        (None, lambda event: event, ""),
        (VoucherReturned, lambda _: None, "held of vch-11 after its end"),
        (VoucherHeld, pledging(1), "held: expected"),
        (FactsDeclared, owned_by_the_sellers_owner, "tkc-12: vch-11 covers it, though li has a hand in both"),
    ],
)
def test_what_a_contract_holds_is_followed_too(kind: type[Event] | None, doctor: Doctor, said: str) -> None:
    differences = told(contracted(), kind, doctor)
    assert any(said in line for line in differences) if kind else not differences, differences
