"""What a buyer has available goes back by its top-ups, the newest first, and the rest to its bank; by hand and by law."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from exchange import bookkeeping, core
from exchange.checks.decisions import picture
from exchange.checks.paying import Paying
from exchange.commands import Command
from exchange.contracts.commands import OpenContract
from exchange.events import Event
from exchange.names import VENUE, Instant, topup_plan
from exchange.parties.commands import Deposit
from exchange.payouts import evolving, rules
from exchange.payouts.commands import BeginWithdrawal, ConfirmPayout, FailPayout, ReturnPayout
from exchange.payouts.events import PayoutBegun, PayoutFailed, PayoutPaid, PayoutReturned
from exchange.persistence.codec import decode_command, decode_event, encode
from exchange.rejections import Rejected
from exchange.state import PayoutState, PayoutWay, State
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.payments import NEVER_ARRIVED, TAKEN_BACK
from settlement.rating.tokens import TokenPrices
from tests.exchange.doctored import replace
from tests.exchange.house import BUYER, CLERK, SELLER, SERVICE, WEST, House, empty_state, only
from tests.exchange.machine import LAWFUL
from tests.exchange.test_checks import logged

ACCOUNT = "6222021234567891"
UNTIL_IT_BREAKS = settings(LAWFUL, max_examples=1200, derandomize=True, report_multiple_bugs=False)


def topup(n: int) -> str:
    return f"{topup_plan(BUYER, f'k-{n}')}/0"


def house_with(*topups: int, by_hand: int = 0) -> House:
    house = House(money=by_hand)
    for n, amount in enumerate(topups):
        house.ask(VENUE, Deposit(BUYER, Fen(amount), topup(n)))
    return house


def withdraw(house: House, amount: int, account: str | None = None) -> list[PayoutBegun]:
    events = house.ask(BUYER, BeginWithdrawal(Fen(amount), account))
    begun = [event for event in events if isinstance(event, PayoutBegun)]
    assert len(begun) == len(events), events
    return begun


def parts(begun: list[PayoutBegun]) -> list[tuple[PayoutWay, str, int]]:
    return [(part.way, part.account, part.amount) for part in begun]


def hold(house: House, amount: int) -> None:
    """Have something held for a token contract."""
    now = house.state.now
    prices = TokenPrices(100, 50, 200)
    times = (now, Instant(now + 30 * 86_400))
    house.ask(CLERK, OpenContract(BUYER, SELLER, WEST, prices, Fen(amount), *times, SERVICE))


# By hand


def test_money_goes_back_by_the_newest_top_up_first_and_the_rest_to_the_bank() -> None:
    house = house_with(100_00, 40_00, by_hand=7_00)
    assert parts(withdraw(house, 60_00)) == [
        (PayoutWay.REFUND, topup(1), 40_00),
        (PayoutWay.REFUND, topup(0), 20_00),
    ]
    assert house.balance(BUYER, AccountKind.AVAILABLE) == 87_00
    assert house.balance(BUYER, AccountKind.IN_TRANSIT) == 60_00
    assert house.refusal(BUYER, BeginWithdrawal(Fen(87_00), None)) == "no_payout_account"
    assert parts(withdraw(house, 87_00, ACCOUNT)) == [
        (PayoutWay.REFUND, topup(0), 80_00),
        (PayoutWay.BANK, ACCOUNT, 7_00),
    ]
    assert house.refusal(BUYER, BeginWithdrawal(Fen(1), ACCOUNT)) == "insufficient_funds"


def test_what_is_held_cannot_be_withdrawn() -> None:
    house = house_with(100_00)
    hold(house, 70_00)
    assert house.refusal(BUYER, BeginWithdrawal(Fen(30_01), ACCOUNT)) == "insufficient_funds"
    assert parts(withdraw(house, 30_00)) == [(PayoutWay.REFUND, topup(0), 30_00)]


@pytest.mark.parametrize(
    ("amount", "account", "code"),
    [
        (0, None, "amount_out_of_range"),
        (-1, None, "amount_out_of_range"),
        (10**14 + 1, None, "amount_out_of_range"),
        (1, "my account", "payout_account_invalid"),
    ],
)
def test_what_makes_no_sense_is_refused(amount: int, account: str | None, code: str) -> None:
    assert house_with(100_00).refusal(BUYER, BeginWithdrawal(Fen(amount), account)) == code


def test_only_so_many_parts_are_begun_at_once() -> None:
    house = house_with(*[1_00] * (rules.PARTS_MAX + 1))
    all_of_it = (rules.PARTS_MAX + 1) * 1_00
    assert house.refusal(BUYER, BeginWithdrawal(Fen(all_of_it), None)) == "amount_out_of_range"
    assert len(withdraw(house, all_of_it - 1_00)) == rules.PARTS_MAX
    assert len(withdraw(house, 1_00)) == 1


def test_only_a_buyer_withdraws() -> None:
    house = house_with(100_00)
    for by in (SELLER, CLERK, VENUE):
        assert house.refusal(by, BeginWithdrawal(Fen(1), ACCOUNT)) == "not_allowed"


def test_a_part_that_was_paid_leaves_the_bank() -> None:
    house = house_with(100_00)
    (part,) = withdraw(house, 60_00)
    only(PayoutPaid, house.ask(VENUE, ConfirmPayout(part.payout, "re_1")))
    assert house.balance(VENUE, AccountKind.BANK) == -40_00
    assert house.balance(BUYER, AccountKind.IN_TRANSIT) == 0
    assert house.state.paid_out == 60_00


def test_what_cannot_go_back_by_a_top_up_goes_to_the_bank_the_next_time() -> None:
    house = house_with(50_00, 100_00)
    (part,) = withdraw(house, 60_00)
    only(PayoutFailed, house.ask(VENUE, FailPayout(part.payout, "charge_expired")))
    assert house.balance(BUYER, AccountKind.AVAILABLE) == 150_00
    assert parts(withdraw(house, 150_00, ACCOUNT)) == [
        (PayoutWay.REFUND, topup(0), 50_00),
        (PayoutWay.BANK, ACCOUNT, 100_00),
    ]


def test_what_has_come_back_goes_to_the_bank_the_next_time() -> None:
    house = house_with(100_00)
    (part,) = withdraw(house, 60_00)
    house.ask(VENUE, ConfirmPayout(part.payout, "re_1"))
    only(PayoutReturned, house.ask(VENUE, ReturnPayout(part.payout, Fen(60_00), "m")))
    assert house.balance(BUYER, AccountKind.AVAILABLE) == 100_00
    assert house.state.paid_out == 0
    assert parts(withdraw(house, 100_00, ACCOUNT)) == [(PayoutWay.BANK, ACCOUNT, 100_00)]


@pytest.mark.parametrize("why", [TAKEN_BACK, NEVER_ARRIVED])
def test_what_the_buyer_may_have_already_goes_to_no_bank(why: str) -> None:
    """It is disputed, say; or nobody has said that it is not."""
    house = house_with(100_00)
    for _ in range(3):
        (part,) = withdraw(house, 100_00, ACCOUNT)
        assert parts([part]) == [(PayoutWay.REFUND, topup(0), 100_00)]
        only(PayoutFailed, house.ask(VENUE, FailPayout(part.payout, why)))
    assert house.balance(BUYER, AccountKind.AVAILABLE) == 100_00


# Audited


def audited(house: House, forged: Callable[[Event], Event] = lambda event: event) -> list[str]:
    """What the audit says of the payouts of a house, with some events forged."""
    paying = Paying()
    for told, (_, _, happened) in zip(logged(house), house.log, strict=True):
        paying.see(told, [forged(event) for event, _ in happened])
    transit = house.balance(BUYER, AccountKind.IN_TRANSIT)
    paying.end({BUYER: transit} if transit else {})
    return paying.findings.differences


@pytest.mark.parametrize(
    ("kind", "lie", "said"),
    [
        (PayoutBegun, {"amount": Fen(100_01)}, "10001 fen go back by a top-up of which 10000 are left"),
        (PayoutBegun, {"account": "a slip"}, "6000 fen go back by a top-up of which 0 are left"),
        (PayoutBegun, {"way": PayoutWay.TRANSFER}, "6000 fen, and 0 are due"),
        (PayoutPaid, {"amount": Fen(60_01)}, "begun: expected ('bay', <PayoutWay.REFUND: 'refund'>, 6001)"),
        (PayoutReturned, {"way": PayoutWay.BANK}, "paid: expected ('bay', <PayoutWay.BANK: 'bank'>, 6000)"),
    ],
)
def test_the_audit_sees_a_lie(kind: type[Event], lie: dict[str, Any], said: str) -> None:
    house = house_with(100_00)
    (part,) = withdraw(house, 60_00)
    house.ask(VENUE, ConfirmPayout(part.payout, "re_1"))
    house.ask(VENUE, ReturnPayout(part.payout, Fen(60_00), "m"))
    assert audited(house) == []
    told = audited(house, lambda event: replace(event, **lie) if isinstance(event, kind) else event)
    assert any(said in difference for difference in told), told


# By law


class Purse(RuleBasedStateMachine):
    """A buyer pays in, has money held, and withdraws; gateways pay, refuse and send back, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House(money=50)
        self.paid_in = 50
        self.topups: dict[str, int] = {}
        self.shut: set[str] = set()

    @rule(amount=st.integers(1, 90), by_hand=st.sampled_from([False, False, True]))
    def pay_in(self, amount: int, by_hand: bool) -> None:
        reference = f"slip {self.paid_in}" if by_hand else topup(len(self.topups))
        self.house.ask(VENUE, Deposit(BUYER, Fen(amount), reference))
        self.paid_in += amount
        self.topups |= {} if by_hand else {reference: amount}

    @rule(amount=st.integers(1, 60))
    def hold(self, amount: int) -> None:
        hold(self.house, amount)

    @rule(part=st.integers(0, 5), named=st.booleans())
    def withdraw(self, part: int, named: bool) -> None:
        """A part of what is available is asked for, or a fen more than all of it."""
        available = self.house.balance(BUYER, AccountKind.AVAILABLE)
        amount, open_before = available * part // 4 if part < 5 else available + 1, self.open_topups()
        made = self.house.ask(BUYER, BeginWithdrawal(Fen(amount), ACCOUNT if named else None))
        all_open = sum(open_before.values())
        possible = 0 < amount <= available and (named or amount <= all_open)
        begun = [event for event in made if isinstance(event, PayoutBegun)]
        assert possible == (not any(isinstance(event, Rejected) for event in made))
        assert sum(event.amount for event in begun) == (amount if possible else 0)
        self.require_newest_first(begun, open_before)
        self.require_nothing_lost()

    @precondition(lambda self: self.house.state.payouts)
    @rule(
        back=st.integers(0, 9),
        end=st.sampled_from(["paid", "paid", "failed", "taken back", "lost", "returned"]),
        part=st.sampled_from([1, 2]),
    )
    def end(self, back: int, end: str, part: int) -> None:
        names = list(self.house.state.payouts)
        name = names[-1 - back % len(names)]
        live = self.house.state.payouts[name]
        account, way = live.account, live.way
        commands: dict[str, Command] = {
            "paid": ConfirmPayout(name, f"re-{name}"),
            "failed": FailPayout(name, "expired"),
            "taken back": FailPayout(name, TAKEN_BACK),
            "lost": FailPayout(name, NEVER_ARRIVED),
            "returned": ReturnPayout(name, Fen(live.left * part // 2), f"m-{len(self.house.log)}"),
        }
        made = self.house.ask(VENUE, commands[end])
        refused = any(isinstance(event, Rejected) for event in made)
        if way is PayoutWay.REFUND and end in {"failed", "returned"} and not refused:
            self.shut.add(account)
        self.require_nothing_lost()

    def teardown(self) -> None:
        """Whoever has read the log alone knows the same, and the audit has nothing to say."""
        assert audited(self.house) == []
        follower = empty_state()
        for _, envelope, happened in self.house.log:
            assert decode_command(*encode(envelope.command)) == envelope.command
            for event, _ in happened:
                core.evolve(follower, decode_event(*encode(event)))
        assert picture(follower) == picture(self.house.state)

    def gone(self) -> Counter[str]:
        """What is on its way back by each top-up, or has gone that way and not come back."""
        gone: Counter[str] = Counter()
        for live in self.house.state.payouts.values():
            if live.way is PayoutWay.REFUND:
                gone[live.account] += live.left
        return gone

    def open_topups(self) -> dict[str, int]:
        """What is left of each top-up by which nothing has failed to go back, the newest first."""
        gone, newest_first = self.gone(), reversed(list(self.topups.items()))
        return {name: amount - gone[name] for name, amount in newest_first if name not in self.shut}

    def require_newest_first(self, begun: list[PayoutBegun], open_before: dict[str, int]) -> None:
        """A part goes by an older top-up only where nothing is left of the newer ones, and to the bank last of all."""
        left = dict(open_before)
        for event in begun:
            if event.way is PayoutWay.BANK:
                assert not any(left.values()), "the bank has what no top-up takes back"
                assert event is begun[-1]
                continue
            assert event.account in left, f"nothing goes back by {event.account} any more"
            newer = list(left)[: list(left).index(event.account)]
            assert not any(left[name] for name in newer), f"{event.account} before {newer}"
            left[event.account] -= event.amount

    def require_nothing_lost(self) -> None:
        house, payouts = self.house, self.house.state.payouts.values()
        mine = [house.balance(BUYER, kind) for kind in (AccountKind.AVAILABLE, AccountKind.HELD)]
        assert all(live.left > 0 for live in payouts)
        assert sum(mine) + sum(live.left for live in payouts) == self.paid_in, "no fen is lost"
        paid = sum(live.left for live in payouts if live.state is PayoutState.PAID)
        assert house.balance(VENUE, AccountKind.BANK) == paid - self.paid_in
        for name, gone in self.gone().items():
            assert 0 <= gone <= self.topups[name], f"{gone} fen go back by {name}"


def test_withdrawals_keep_their_laws() -> None:
    run_state_machine_as_test(Purse, settings=LAWFUL)


sound_parts = rules._parts
sound_evolve = evolving.evolve_payouts
sound_entries = bookkeeping.entries


def oldest_first(topups: dict[str, Fen], command: BeginWithdrawal) -> Any:
    return sound_parts(dict(reversed(topups.items())), command)


def to_the_bank_at_once(_: dict[str, Fen], command: BeginWithdrawal) -> Any:
    return sound_parts({}, command)


def forgotten_topup(state: State, event: Any) -> None:
    """What goes back by a top-up is not taken off what is left of it."""
    before = {party: dict(topups) for party, topups in state.topups.items()}
    sound_evolve(state, event)
    state.topups = before


def never_given_up(*_: Any) -> None:
    return None


def kept_by_the_venue(event: Event) -> Any:
    """What could not be paid is not given back."""
    return [] if isinstance(event, PayoutFailed) else sound_entries(event)


BUGS: list[tuple[object, str, Callable[..., Any]]] = [
    (rules, "_parts", oldest_first),
    (rules, "_parts", to_the_bank_at_once),
    (core, "evolve_payouts", forgotten_topup),
    (evolving, "_give_up", never_given_up),
    (core, "entries", kept_by_the_venue),
]


@pytest.mark.parametrize(("module", "name", "bug"), BUGS, ids=[bug.__name__ for _, _, bug in BUGS])
def test_a_planted_bug_breaks_a_law(
    module: object, name: str, bug: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, bug)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Purse, settings=UNTIL_IT_BREAKS)
