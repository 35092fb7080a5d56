"""What a bank takes back comes off its buyer's balance, the venue bears the rest, and no seller any; by law, too."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from exchange import bookkeeping, core
from exchange.chargebacks import evolving, rules
from exchange.chargebacks.commands import BookChargeback, ReinstateChargeback
from exchange.chargebacks.events import ChargebackBooked, ChargebackReinstated, LossRecovered
from exchange.checks.chargebacks import Chargebacks
from exchange.earnings import LiveChargeback
from exchange.events import Event
from exchange.names import VENUE, PartyId, topup_plan
from exchange.parties.commands import Deposit
from exchange.payouts.commands import FailPayout
from exchange.rejections import Rejected
from exchange.state import PayoutState, PayoutWay, State
from matching.commands import CancelOrder
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.ledger.journal import EntryKind
from settlement.money import Fen
from settlement.payments import TAKEN_BACK
from tests.exchange.doctored import replace
from tests.exchange.drafts import DUAL
from tests.exchange.house import BUYER, CLERK, SELLER, House, only
from tests.exchange.machine import LAWFUL, Venue
from tests.exchange.test_checks import logged
from tests.exchange.test_withdrawals import (
    ACCOUNT,
    UNTIL_IT_BREAKS,
    Purse,
    hold,
    house_with,
    parts,
    topup,
    withdraw,
)
from tests.exchange.test_withdrawals import audited as payouts_audited

DISPUTE = "dp_1"


def take_back(house: House, amount: int, n: int = 0, dispute: str = DISPUTE) -> list[Event]:
    return house.ask(VENUE, BookChargeback(dispute, BUYER, topup(n), Fen(amount)))


def win(house: House, amount: int, dispute: str = DISPUTE) -> list[Event]:
    return house.ask(VENUE, ReinstateChargeback(dispute, BUYER, Fen(amount)))


def stand(house: House) -> tuple[int, int, int]:
    """What the buyer has free, what the venue has lost, and what the bank holds."""
    return (
        house.available(),
        -house.balance(VENUE, AccountKind.PLATFORM_LOSS),
        -house.balance(VENUE, AccountKind.BANK),
    )


# By hand


def test_a_balance_pays_as_far_as_it_goes_and_the_venue_bears_the_rest() -> None:
    house = house_with(100_00)
    hold(house, 70_00)
    event = only(ChargebackBooked, take_back(house, 100_00))
    assert (event.taken, event.borne) == (30_00, 70_00)
    assert stand(house) == (0, 70_00, 0)
    assert house.held() == 70_00


def test_what_is_won_makes_up_for_the_loss_first() -> None:
    house = house_with(100_00)
    hold(house, 70_00)
    take_back(house, 100_00)
    event = only(ChargebackReinstated, win(house, 80_00))
    assert (event.restored, event.returned) == (70_00, 10_00)
    assert stand(house) == (10_00, 0, 80_00)
    assert house.refusal(VENUE, ReinstateChargeback(DISPUTE, BUYER, Fen(20_01))) == "amount_out_of_range"
    win(house, 20_00)
    assert stand(house) == (30_00, 0, 100_00)
    assert house.refusal(VENUE, ReinstateChargeback(DISPUTE, BUYER, Fen(1))) == "amount_out_of_range"


def test_what_becomes_free_later_makes_up_for_the_loss() -> None:
    house = house_with(100_00)
    house.place(limit=10_000 * 7_50)  # the most that it could cost is eight times that
    take_back(house, 100_00)
    assert stand(house) == (0, 60_00, 0)
    released = house.ask(BUYER, CancelOrder(house.last_order))
    assert only(LossRecovered, released) == LossRecovered(DISPUTE, BUYER, Fen(60_00))
    assert stand(house) == (0, 0, 0)


def test_a_later_payment_makes_up_for_the_oldest_loss_first() -> None:
    house = house_with(100_00, 50_00)
    hold(house, 150_00)
    take_back(house, 100_00)
    take_back(house, 50_00, 1, "dp_2")
    paid = house.ask(VENUE, Deposit(BUYER, Fen(120_00), "slip"))
    made_up = [(event.dispute, event.amount) for event in paid if isinstance(event, LossRecovered)]
    assert made_up == [(DISPUTE, 100_00), ("dp_2", 20_00)]
    assert stand(house) == (0, 30_00, 120_00)


@pytest.mark.parametrize("why", [TAKEN_BACK, "charge_expired"])
def test_a_withdrawal_on_its_way_comes_to_the_same_before_and_after(why: str) -> None:
    ends = []
    for first in ("dispute", "failure"):
        house = house_with(100_00, by_hand=20_00)
        (part,) = withdraw(house, 70_00)
        if first == "dispute":
            take_back(house, 100_00)
        house.ask(VENUE, FailPayout(part.payout, why))
        if first == "failure":
            take_back(house, 100_00)
        ends.append((stand(house), house.state.topups, house.state.chargebacks))
    assert ends[0] == ends[1]
    assert ends[0] == (
        (20_00, 0, 20_00),
        {BUYER: {}},
        {BUYER: {DISPUTE: LiveChargeback(Fen(100_00), Fen(0))}},
    )


def test_nothing_goes_back_by_what_was_taken_back() -> None:
    house = house_with(100_00, 40_00, by_hand=25_00)
    take_back(house, 40_00, 1)
    assert parts(withdraw(house, 125_00, ACCOUNT)) == [
        (PayoutWay.REFUND, topup(0), 100_00),
        (PayoutWay.BANK, ACCOUNT, 25_00),
    ]


def test_a_dispute_is_booked_once_and_only_of_a_booked_top_up() -> None:
    house = house_with(100_00, by_hand=5_00)
    take_back(house, 60_00)
    assert house.refusal(VENUE, BookChargeback(DISPUTE, BUYER, topup(0), Fen(60_00))) == "chargeback_exists"
    for reference in (topup(1), "transfer"):
        asked = BookChargeback("dp_2", BUYER, reference, Fen(1))
        assert house.refusal(VENUE, asked) == "chargeback_out_of_turn"
    nobody = BookChargeback("dp_2", PartyId("nobody"), topup(0), Fen(1))
    assert house.refusal(VENUE, nobody) == "unknown_party"
    assert house.refusal(VENUE, BookChargeback("dp_2", BUYER, topup(0), Fen(0))) == "amount_out_of_range"
    assert house.refusal(VENUE, ReinstateChargeback("dp_2", BUYER, Fen(1))) == "chargeback_out_of_turn"
    for by in (BUYER, SELLER, CLERK):
        assert house.refusal(by, BookChargeback("dp_2", BUYER, topup(0), Fen(1))) == "not_allowed"


# Audited


def audited(house: House, forged: Callable[[Event], Event] = lambda event: event) -> list[str]:
    """What the audit says of the chargebacks of a house, with some events forged."""
    chargebacks = Chargebacks()
    for told, (_, _, happened) in zip(logged(house), house.log, strict=True):
        chargebacks.see(told, [forged(event) for event, _ in happened])
    chargebacks.end({VENUE: house.balance(VENUE, AccountKind.PLATFORM_LOSS)})
    return chargebacks.findings.differences


@pytest.mark.parametrize(
    ("kind", "lie", "said"),
    [
        (ChargebackBooked, {"topup": "a slip"}, "no deposit a slip is booked"),
        (ChargebackBooked, {"borne": Fen(-1)}, "4000 fen are taken and -1 borne"),
        (ChargebackBooked, {"borne": Fen(60_01)}, "accounts moved"),
        (ChargebackBooked, {"dispute": "dp_2"}, "dp_2 of bay: booked again"),
        (LossRecovered, {"amount": Fen(60_01)}, "6001 fen of 6000 made up for"),
        (ChargebackReinstated, {"restored": Fen(1)}, "restored: expected 0, got 1"),
        (ChargebackReinstated, {"returned": Fen(100_01)}, "10001 fen of 10000 returned"),
    ],
)
def test_the_audit_sees_a_lie(kind: type[Event], lie: dict[str, Any], said: str) -> None:
    house = house_with(100_00, 40_00)
    house.place(limit=10_000 * 7_50)  # the most that it could cost is eight times that
    take_back(house, 40_00, 1, "dp_2")
    take_back(house, 100_00)
    house.ask(BUYER, CancelOrder(house.last_order))
    win(house, 100_00)
    assert audited(house) == payouts_audited(house) == []
    told = audited(house, lambda event: replace(event, **lie) if isinstance(event, kind) else event)
    assert any(said in difference for difference in told), told


def test_the_audit_sees_a_loss_that_is_not_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "recover_losses", never_made_up_for)
    house = House(money=0, checked=False)
    house.ask(VENUE, Deposit(BUYER, Fen(100_00), topup(0)))
    hold(house, 100_00)
    take_back(house, 100_00)
    house.ask(VENUE, Deposit(BUYER, Fen(1), topup(1)))
    assert any("the venue bears 10000 fen for bay, who has 1 free" in told for told in audited(house))


def test_the_audit_sees_money_that_goes_back_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "evolve_chargebacks", kept_open)
    house = house_with(100_00, 40_00)
    take_back(house, 40_00, 1)
    withdraw(house, 50_00)
    assert any("which its bank has taken back" in told for told in audited(house))


# By law


class Disputed(Purse):
    """The same buyer, whose bank takes payments back and gives them up again, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.taken_back: dict[str, int] = {}

    @rule(amount=st.integers(1, 8))
    def rest(self, amount: int) -> None:
        """An order holds money and waits."""
        self.house.place(limit=10_000 * amount)

    @precondition(lambda self: self.house.state.orders)
    @rule()
    def cancel(self) -> None:
        self.house.ask(BUYER, CancelOrder(self.house.last_order))
        self.require_nothing_lost()

    @precondition(lambda self: self.topups)
    @rule(back=st.integers(0, 5), part=st.sampled_from([1, 2, 2]))
    def dispute(self, back: int, part: int) -> None:
        """A bank takes a top-up back, or half of it: told twice it is booked once."""
        name = list(self.topups)[-1 - back % len(self.topups)]
        dispute, amount = f"dp-{len(self.taken_back)}", -(-self.topups[name] * part // 2)
        asked = BookChargeback(dispute, BUYER, name, Fen(amount))
        before = self.house.available()
        booked = only(ChargebackBooked, self.house.ask(VENUE, asked))
        assert (booked.taken, booked.borne) == (min(before, amount), amount - min(before, amount))
        assert self.house.refusal(VENUE, asked) == "chargeback_exists"
        self.taken_back[dispute] = amount
        self.shut.add(name)
        self.require_nothing_lost()

    @precondition(lambda self: self.taken_back)
    @rule(back=st.integers(0, 5), part=st.sampled_from([1, 2, 2, 3]))
    def won(self, back: int, part: int) -> None:
        """The venue has it again, or a part of it; more than all of it is refused."""
        name = list(self.taken_back)[-1 - back % len(self.taken_back)]
        amount = -(-self.taken_back[name] * part // 2)
        made = self.house.ask(VENUE, ReinstateChargeback(name, BUYER, Fen(amount)))
        refused = any(isinstance(event, Rejected) for event in made)
        assert refused == (not 0 < amount <= self.taken_back[name])
        self.taken_back[name] -= 0 if refused else amount
        self.require_nothing_lost()

    def require_nothing_lost(self) -> None:
        house, payouts = self.house, self.house.state.payouts.values()
        mine = [house.balance(BUYER, kind) for kind in (AccountKind.AVAILABLE, AccountKind.HELD)]
        owned = sum(mine) + sum(live.left for live in payouts)
        loss = -house.balance(VENUE, AccountKind.PLATFORM_LOSS)
        gone = sum(self.taken_back.values())
        assert owned == self.paid_in - gone + loss, "no fen is lost"
        assert not (mine[0] and loss), "the venue bears nothing while its buyer can pay"
        paid = sum(live.left for live in payouts if live.state is PayoutState.PAID)
        assert house.balance(VENUE, AccountKind.BANK) == paid + gone - self.paid_in

    def teardown(self) -> None:
        """Disputes have moved nothing but the buyer's balance, the bank and the venue's loss."""
        super().teardown()
        assert audited(self.house) == []
        may_move = {
            LedgerAccount(BUYER, AccountKind.AVAILABLE),
            LedgerAccount(VENUE, AccountKind.BANK),
            LedgerAccount(VENUE, AccountKind.PLATFORM_LOSS),
        }
        made = [entry for _, _, happened in self.house.log for _, entries in happened for entry in entries]
        for entry in made:
            if entry.kind is EntryKind.CHARGEBACK:
                assert {posting.account for posting in entry.postings} <= may_move


class VenueOfDisputes(Venue):
    """Everything that can happen at a venue, while banks take back what its buyers have spent."""

    @rule(
        buyer=st.sampled_from([BUYER, BUYER, DUAL]),
        amount=st.integers(1, 4_000_00),
        won=st.sampled_from([0, 0, 1, 2]),
    )
    def dispute(self, buyer: PartyId, amount: int, won: int) -> None:
        name = f"dp-{len(self.house.log)}"
        paid = f"{topup_plan(buyer, name)}/0"
        self.house.ask(VENUE, Deposit(buyer, Fen(1), paid))
        only(ChargebackBooked, self.house.ask(VENUE, BookChargeback(name, buyer, paid, Fen(amount))))
        if back := amount * won // 2:
            self.house.ask(VENUE, ReinstateChargeback(name, buyer, Fen(back)))


@pytest.mark.parametrize("machine", [Disputed, VenueOfDisputes])
def test_no_fen_is_lost_and_no_seller_pays(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=LAWFUL)


sound_evolve = evolving.evolve_chargebacks


def never_made_up_for(*_: Any) -> Iterator[Event]:
    return iter(())


def borne_by_a_seller() -> LedgerAccount:
    return LedgerAccount(SELLER, AccountKind.PAYABLE)


def all_borne(state: State, party: PartyId) -> int:  # noqa: ARG001 - as the rule asks
    return 0


def kept_open(state: State, event: Any) -> None:
    """The top-up stays among those by which something may go back."""
    topups = dict(state.topups.get(event.party, {}))
    sound_evolve(state, event)
    state.topups[event.party] = topups


def booked_again(state: State, event: Any) -> None:
    """Nobody remembers what was booked."""
    sound_evolve(state, event)
    if isinstance(event, ChargebackBooked):
        del state.chargebacks[event.party][event.dispute]


BUGS: list[tuple[object, str, Callable[..., Any]]] = [
    (core, "recover_losses", never_made_up_for),
    (bookkeeping, "_loss", borne_by_a_seller),
    (rules, "_available", all_borne),
    (core, "evolve_chargebacks", kept_open),
    (core, "evolve_chargebacks", booked_again),
]


@pytest.mark.parametrize(("module", "name", "bug"), BUGS, ids=[bug.__name__ for _, _, bug in BUGS])
def test_a_planted_bug_breaks_a_law(
    module: object, name: str, bug: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, bug)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Disputed, settings=UNTIL_IT_BREAKS)
