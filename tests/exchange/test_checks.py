"""The audit's checks without a database: each event that is doctored is told by the check that is there for it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from exchange.checks.books import Journal
from exchange.checks.decisions import Decisions
from exchange.checks.findings import DIFFERENCES_MAX, Findings
from exchange.checks.leasing import Leasing
from exchange.checks.log import Chain
from exchange.events import Event
from exchange.orders.events import LeaseGranted, OrderAccepted
from exchange.persistence.codec import decode_event, encode
from exchange.persistence.queries.audit import (
    LoggedCommand,
    LoggedEntry,
    LoggedEvent,
    LoggedPosting,
    LoggedStep,
)
from exchange.state import PricedRun
from matching.commands import AmendListing
from matching.events import ListingAmended
from matching.terms import Tier, Window
from settlement.ledger.journal import JournalEntry
from settlement.money import BasisPoints, Fen
from tests.exchange.house import (
    BUYER,
    EAST,
    HOURS,
    NORTH,
    SELLER,
    SLOW,
    YUAN,
    House,
    empty_state,
    only,
)
from tests.exchange.story import told


def house_with_a_lease() -> House:
    """Two cards for four hours in lots of two, at two prices, within an order for one or two."""
    house = House()
    house.offer(steps={0: 10 * YUAN, 4: 7 * YUAN}, lot=2, cards=4, min_slots=2)
    house.place(slots=4, window=(2, 8), cards=(1, 2), limit=9 * YUAN)
    return house


def told_of(events: Sequence[Event]) -> list[str]:
    """What is told of leases and capacity after some events."""
    leasing = Leasing()
    for event in events:
        leasing.see(event)
    leasing.end()
    return leasing.leases.differences + leasing.capacity.differences


def events_of(house: House) -> list[Event]:
    return [event for _, _, happened in house.log for event, _ in happened]


def test_a_story_is_sound() -> None:
    events = events_of(told(4, 1500))
    assert told_of(events) == []


def leased(**changes: Any) -> Callable[[LeaseGranted], LeaseGranted]:
    return lambda event: replace(event, leased=replace(event.leased, **changes))


def lease(**changes: Any) -> Callable[[LeaseGranted], LeaseGranted]:
    return lambda event: replace(event, lease=replace(event.lease, **changes))


def shifted(slots: int, longer: int = 0) -> Callable[[LeaseGranted], LeaseGranted]:
    """The same lease in other slots."""

    def shift(event: LeaseGranted) -> LeaseGranted:
        window = event.leased.window
        moved = Window(
            type(window.start)(window.start + slots), type(window.end)(window.end + slots + longer)
        )
        return replace(event, leased=replace(event.leased, window=moved))

    return shift


DOCTORED: list[tuple[Callable[[LeaseGranted], LeaseGranted], str]] = [
    (lease(buyer=SELLER), "buyer: expected bay, got sun"),
    (lease(seller=BUYER), "seller: expected sun, got bay"),
    (lease(source=NORTH), "source: expected 310000, got 150900"),
    (lease(destination=EAST), "destination: expected 621000, got 310000"),
    (lease(vat_rate_bp=BasisPoints(900)), "VAT rate: expected 600, got 900"),
    (lease(fee=replace(HOURS.fee, rate_bp=BasisPoints(1))), "fee: expected "),
    (lease(cards=4), "cards: expected 2, got 4"),
    (leased(cards=1), "1 cards are no whole lots of 2"),
    (leased(cards=4), "4 cards of 1000 thousandths are not 1 to 2"),
    (leased(cost=1), "cost: expected 56000000, got 1"),
    (leased(order="ord-1"), "order: expected ord-1, got ord-8"),
    (leased(listing="lst-1"), "listing: expected lst-1, got lst-7"),
    (lambda event: replace(event, held=Fen(event.held - 1)), "held: expected 5600, got 5599"),
    (shifted(-4), "slots 490888 to 490892 are not within 490890 to 490896"),
    (shifted(1), "are not within 490890 to 490896"),
    (shifted(0, longer=1), "slots: expected 4, got 5"),
    (
        lambda event: replace(event, lease=replace(event.lease, runs=(_at(event.lease.runs[0], 1),))),
        "prices: expected ",
    ),
]


def _at(run: PricedRun, price: int) -> PricedRun:
    return replace(run, price=price)


@pytest.mark.parametrize(("doctor", "difference"), DOCTORED, ids=[difference for _, difference in DOCTORED])
def test_a_doctored_lease_is_told(doctor: Callable[[LeaseGranted], LeaseGranted], difference: str) -> None:
    house = house_with_a_lease()
    events = [doctor(event) if isinstance(event, LeaseGranted) else event for event in events_of(house)]
    told = told_of(events)
    assert any(line.startswith("lease lse-1: ") and difference in line for line in told), told


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"chips": {SLOW: 1000}}, "chip nvidia-h100-80g was not asked for"),
        ({"regions": (EAST,)}, "region 621000 was not asked for"),
        ({"tier": Tier.SPOT}, "tier spot is not on offer"),
        ({"limit": 6 * YUAN}, "it costs 56000000, more than the limit of 6000000"),
        ({"buyer": SELLER}, "buyer and seller are both of the group sun"),
    ],
)
def test_a_lease_against_its_orders_terms_is_told(changes: dict[str, Any], difference: str) -> None:
    events = [
        replace(event, opened=replace(event.opened, order=replace(event.opened.order, **changes)))
        if isinstance(event, OrderAccepted)
        else event
        for event in events_of(house_with_a_lease())
    ]
    told = told_of(events)
    assert any(difference in line for line in told), told


def test_a_lease_of_what_is_not_open_is_told() -> None:
    events = events_of(house_with_a_lease())
    without = [event for event in events if not isinstance(event, OrderAccepted)]
    assert told_of(without) == ["lease lse-1: lst-7 or ord-8 is not open"]


def test_a_listing_that_is_leased_twice_over_is_told_with_its_first_slot() -> None:
    house = House()
    house.offer(cards=3)
    for _ in range(3):
        house.place(slots=2, window=(0, 4))
    events = events_of(house)
    grant = [event for event in events if isinstance(event, LeaseGranted)][-1]
    assert told_of(events) == []
    again = replace(grant, leased=replace(grant.leased, cards=2), lease=replace(grant.lease, cards=2))
    oversold = [again if event is grant else event for event in events]
    assert f"listing lst-7: 4 cards leased in slot {house.first} of 3" in told_of(oversold)


def test_fewer_cards_bind_from_now_on_and_not_the_past() -> None:
    house = House()
    house.offer(cards=8)
    house.place(cards=(5, 5), slots=2, window=(0, 2))
    house.place(cards=(2, 2), slots=2, window=(3, 5))
    house.tick(2)
    amended = only(ListingAmended, house.ask(SELLER, AmendListing(house.last_listing, cards=2)))
    events = events_of(house)
    assert told_of(events) == [], "five cards were leased while there were eight"
    too_few = replace(amended, listing=replace(amended.listing, cards=1))
    doctored = [too_few if event is amended else event for event in events]
    assert told_of(doctored) == [f"listing lst-7: 2 cards leased in slot {house.first + 3} of 1"]


# The log, the journal and the decisions, from a venue in memory


def logged(house: House) -> list[LoggedStep]:
    """The log as a database would give it."""
    steps, digest = [], bytes(32)
    for seq, envelope, happened in house.log:
        kind, body = encode(envelope.command)
        events = [
            LoggedEvent(n, *(part if isinstance(part, str) else part.decode() for part in encode(event)))
            for n, (event, _) in enumerate(happened)
        ]
        made = [entry for _, entries in happened for entry in entries]
        command = LoggedCommand(envelope.by, envelope.id, kind, body.decode(), digest, 1)
        steps.append(LoggedStep(seq, command, events, [_logged(n, entry) for n, entry in enumerate(made)]))
    return steps


def _logged(n: int, entry: JournalEntry) -> LoggedEntry:
    legs = [LoggedPosting(leg.account.owner, leg.account.kind, leg.amount) for leg in entry.postings]
    return LoggedEntry(n, entry.kind, legs)


def decided(steps: list[LoggedStep]) -> list[str]:
    decisions = Decisions(empty_state(), empty_state())
    for step in steps:
        decisions.see(step, [decode_event(event.kind, event.body) for event in step.events])
    decisions.end()
    return decisions.findings.differences


def test_a_story_decided_anew_is_the_same() -> None:
    assert decided(logged(told(4, 600))) == []


def test_an_event_too_few_and_an_event_too_many_are_told_once() -> None:
    steps = logged(house_with_a_lease())
    last = steps[-1]
    fewer = decided([*steps[:-1], replace(last, events=last.events[:-1])])
    assert [line.split(" {")[0] for line in fewer[:1]] == ["event 8.2: expected OrderClosed"]
    assert fewer[0].endswith("got nothing")
    more = decided(
        [
            *steps,
            replace(steps[0], seq=9, events=[*steps[0].events, LoggedEvent(1, "Ticked", '{"now":500000}')]),
        ]
    )
    assert any("expected nothing, got Ticked" in line for line in more)


def test_what_cannot_have_happened_ends_deciding() -> None:
    steps = logged(house_with_a_lease())
    closed_twice = replace(steps[-1], seq=9, events=steps[-1].events[-1:])
    (impossible,) = decided([*steps, closed_twice, replace(steps[3], seq=10)])
    assert impossible.startswith("9: it can't have happened, and nothing after it was decided")


def test_an_entry_that_differs_is_told_with_its_postings() -> None:
    journal, house = Journal(), House()
    deposit = house.log[3]
    step = logged(house)[3]
    events = [event for event, _ in deposit[2]]
    journal.see(step, events)
    assert journal.findings.differences == []
    journal.see(replace(step, entries=[replace(step.entries[0], kind="hold")]), events)
    journal.see(replace(step, entries=[]), events)
    legs = "venue/bank -100000000, bay/available +100000000"
    assert journal.findings.differences == [
        f"entry 4.0: expected deposit of {legs}, got hold of {legs}",
        "numbers of the entries of 4: expected [0], got []",
    ]


def test_numbers_that_repeat_or_jump_are_told() -> None:
    chain = Chain()
    for seq in (1, 3):
        chain.see(LoggedStep(seq, None, [LoggedEvent(1, "Ticked", "{}")]))
    assert chain.findings.differences == [
        "numbers of the events of 1: expected [0], got [1]",
        "1: it has events or entries, but there is no such command",
        "the command after 1: expected 2, got 3",
        "numbers of the events of 3: expected [0], got [1]",
        "3: it has events or entries, but there is no such command",
    ]


def test_findings_are_cut_short() -> None:
    findings = Findings("a", "b")
    for n in range(DIFFERENCES_MAX + 5):
        findings.tell(str(n))
    assert (len(findings.differences), findings.left_out) == (DIFFERENCES_MAX, 5)
