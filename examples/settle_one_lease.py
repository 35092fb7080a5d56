"""Settles one lease with the venue's own rules, in memory, and prints every figure from the first report to the bank.

It needs neither a server nor a database, and its output stands in docs/settlement.md:

    .venv/bin/python examples/settle_one_lease.py

Eight cards in Qingyang are leased from Shanghai for ten hours of the night to 31 January 2026. One hour is delivered
5,000 card-seconds short, and the last hour is never reported. The period is closed on 4 February, and its seller is paid
a week later.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from exchange.agreements.commands import ProposeAgreement, SignAgreement
from exchange.bookkeeping import entries
from exchange.catalogue.catalogue import load_catalogue
from exchange.closing.commands import BeginClose, CutUsage, FinishClose, LeaseSum, PostStatements
from exchange.closing.events import CloseBegun, StatementPosted
from exchange.commands import Command, Envelope
from exchange.core import step
from exchange.defaults import venue_terms
from exchange.listings.commands import PublishListing
from exchange.names import VENUE, Instant, PartyId
from exchange.orders.commands import PlaceOrder
from exchange.orders.events import LeaseGranted, OrderAccepted, OrderClosed
from exchange.parties.commands import Deposit, IssueKey, RegisterParty
from exchange.paying import PAYOUT
from exchange.payouts.commands import BeginPayouts, ConfirmPayout, NamePayoutAccount, PayoutAsked
from exchange.payouts.events import PayoutBegun
from exchange.payouts.rules import due
from exchange.rejections import Rejected
from exchange.state import LeaseTerms, Party, Role, before_all
from exchange.venue.commands import AdoptTerms, Tick
from matching.prices import PriceCurve
from matching.terms import Block, ChipCode, OwnerGroup, Price, RegionCode, Seq, Slot, Tier, Window
from settlement.agreements import PairAgreement, Shares
from settlement.gateways.bank_file import PaymentOrder, code_of, payment_file
from settlement.jobs.close_period import Reported, Run, settled
from settlement.ledger.journal import Balances, EntryKind, JournalEntry
from settlement.money import NOTHING, BasisPoints, Fen
from settlement.payments import Movement, Transfer, Turn, planned
from settlement.reconciliation import BookLine, LineKind, reconcile
from settlement.segments import LeaseShape, ServicePeriod, segments
from settlement.sign_off import digest_of

Happened = TypeVar("Happened")

SHANGHAI, QINGYANG = RegionCode("310000"), RegionCode("621000")
H100 = ChipCode("nvidia-h100-80g")
YUAN = 1_000_000  # micro-yuan, in which prices are quoted
FULL = 8 * 3_600  # card-seconds in an hour of eight cards
REPORTED = (
    FULL,
    FULL - 5_000,
    *[FULL] * 7,
    None,
)  # what the seller reports of each hour; nothing of the last


def at(text: str) -> Instant:
    """An instant on the clock of UTC+8."""
    return Instant(int(datetime.fromisoformat(f"{text}+08:00").timestamp()))


class Venue:
    """A venue in memory: commands in, events out."""

    def __init__(self) -> None:
        catalogue = load_catalogue()
        self.state = before_all(catalogue)
        self.given = 0
        self.journal: list[JournalEntry] = []
        opens = at("2026-01-30T12:00")
        self.ask(VENUE, AdoptTerms(venue_terms(catalogue, datetime.fromtimestamp(opens, UTC))))
        self.ask(VENUE, Tick(opens))

    def ask(self, by: str, command: Command) -> list[object]:
        """Carry out a command, and give what it made happen."""
        self.given += 1
        envelope = Envelope(PartyId(by), str(self.given), command)
        events = [event for event, _ in step(self.state, Seq(self.given), envelope)]
        for event in events:
            assert not isinstance(event, Rejected), event
            self.journal += entries(event)
        return list(events)

    def slot(self, text: str) -> Slot:
        """The slot that begins then."""
        return self.state.rules.slot_of(at(text))


def only(kind: type[Happened], events: list[object]) -> Happened:
    """The one event of a kind."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


class Story(NamedTuple):
    """The venue in the end, and what happened to the order, its lease and its money."""

    venue: Venue
    accepted: OrderAccepted
    granted: LeaseGranted
    closed: OrderClosed
    statement: StatementPosted
    begun: PayoutBegun


def main() -> None:
    """Trade, deliver, close, pay, and print."""
    told = lived()
    order, lease, free = (yuan(fen) for fen in (told.accepted.held, told.granted.held, told.closed.released))
    print(f"the order holds {order} yuan: its limit for 8 cards, and for 7 that a lot may add")
    print(f"the lease holds {lease} yuan, and {free} are free again")
    tell_delivery()
    tell_statement(told.statement)
    tell_entries(told.venue)
    tell_payment(told.venue, told.begun)


def lived() -> Story:
    """The whole life of the lease."""
    venue = Venue()
    open_doors(venue)
    accepted, granted, closed = trade(venue)
    statement = close(venue, granted.lease)
    return Story(venue, accepted, granted, closed, statement, pay(venue))


def open_doors(venue: Venue) -> None:
    """Admit a buyer with money and a seller, and let their regions sign what they share."""
    buyer = Party(PartyId("bay"), "Bay Lab", frozenset({Role.BUYER}), SHANGHAI, OwnerGroup("bay"))
    seller = Party(PartyId("sun"), "Sun Yard", frozenset({Role.SELLER}), QINGYANG, OwnerGroup("sun"))
    for party in (buyer, seller):
        venue.ask(VENUE, RegisterParty(party))
    venue.ask(VENUE, Deposit(buyer.id, Fen(10_000_00), "bank transfer"))
    venue.ask(seller.id, NamePayoutAccount(seller.id, "6200000000000001"))
    shares = Shares(revenue=bp(4000, 6000), tax=bp(5000, 5000), gdp=bp(3500, 6500))
    begins = at("2026-01-30T12:00")
    pair = PairAgreement("pair", 1, (SHANGHAI, QINGYANG), begins, None, shares, BasisPoints(6000))
    venue.ask(VENUE, ProposeAgreement(pair))
    for region in pair.parties:
        office = PartyId(f"office-{region}")
        role = frozenset({Role.REGION})
        venue.ask(VENUE, RegisterParty(Party(office, office, role, RegionCode(region), OwnerGroup(office))))
        venue.ask(VENUE, IssueKey(office, "desk", "0" * 64))
        venue.ask(office, SignAgreement(pair.id, pair.version, "desk", digest_of(pair)))


def trade(venue: Venue) -> tuple[OrderAccepted, LeaseGranted, OrderClosed]:
    """Offer 16 cards, cheaper from ten at night, and lease eight of them."""
    evening, night = venue.slot("2026-01-30T18:00"), venue.slot("2026-01-30T22:00")
    curve = PriceCurve(((evening, 1234 * YUAN // 100), (night, 876 * YUAN // 100)))
    window = Window(evening, Slot(evening + 10))
    line = "compute_service"
    venue.ask("sun", PublishListing(H100, QINGYANG, window, 16, 8, 1, {Tier.ON_DEMAND: curve}, line))
    order = PlaceOrder(
        Tier.ON_DEMAND, {H100: 1000}, (QINGYANG,), window, Price(12 * YUAN), Block(8, 8, len(window))
    )
    happened = venue.ask("bay", order)
    return only(OrderAccepted, happened), only(LeaseGranted, happened), only(OrderClosed, happened)


def close(venue: Venue, lease: LeaseTerms) -> StatementPosted:
    """Close January once every late window is over, with the sums that the closing job would bring."""
    venue.ask(VENUE, Tick(at("2026-02-04T00:00")))
    run = only(CloseBegun, venue.ask(VENUE, BeginClose("2026-01"))).run
    venue.ask(VENUE, CutUsage(run.id, 1))
    slot_of, hour = venue.state.rules.slot_of, venue.state.rules.slot_seconds
    january = ServicePeriod(run.period, slot_of(run.begins), slot_of(run.ends))
    job = Run(run.id, run.period, (january,), hour, january.end, 1, slot_of(run.late_until), 0, 0, 0)
    runs = tuple((part.window.start, part.window.end, part.price) for part in lease.runs)
    shape = LeaseShape(lease.id, lease.source, lease.destination, lease.cards, runs)
    evening, night = segments(shape, job.periods, venue.state.agreements, hour)
    reports = [reported(REPORTED[:4]), reported(REPORTED[4:])]
    sums = tuple(
        LeaseSum(lease.id, run.period, one.price, one.agreement, one.slots, one.lost)
        for one in settled(job, [evening, night], reports)
    )
    statement = only(StatementPosted, venue.ask(VENUE, PostStatements(run.id, leases=sums)))
    venue.ask(VENUE, FinishClose(run.id))
    return statement


def reported(hours: Sequence[int | None]) -> Reported:
    """The sum of what was reported in time."""
    known = [seconds for seconds in hours if seconds is not None]
    return Reported(slots=len(known), delivered=sum(known), in_late_window=len(known))


def pay(venue: Venue) -> PayoutBegun:
    """Pay the seller what is due to it when nothing is held back any more."""
    venue.ask(VENUE, Tick(at("2026-02-11T00:00")))
    sun = PartyId("sun")
    asked = (PayoutAsked(sun, due(venue.state, sun)),)
    begun = only(PayoutBegun, venue.ask(VENUE, BeginPayouts(asked)))
    venue.ask(VENUE, ConfirmPayout(begun.payout, code_of(movement_of(begun).id)))
    return begun


def movement_of(begun: PayoutBegun) -> Movement:
    """What is asked of the bank."""
    (movement,) = planned(f"{PAYOUT}{begun.payout}", Transfer(begun.party, begun.account, begun.amount))
    return movement


def tell_delivery() -> None:
    """What the seller reported."""
    print("\n1. Delivery records: card-seconds that were delivered, of 28,800 in each hour\n")
    for n, seconds in enumerate(REPORTED):
        said = "nothing" if seconds is None else f"{seconds:,}"
        print(f"{(18 + n) % 24:02}:00 {said:>8}")


def tell_statement(statement: StatementPosted) -> None:
    """Every figure of the statement."""
    print("\n2. The statement: a line for each price\n")
    for name, evening, night in rows(statement):
        print(f"{name:<34}{evening:>12}{night:>12}".rstrip())
    print()
    print(f"charged {yuan(statement.charged)} yuan, released {yuan(statement.released)}")


def tell_entries(venue: Venue) -> None:
    """Every entry in money, then those in the memo book."""
    for heading, attributed in (
        ("3. Entries in the ledger", False),
        ("4. Entries in the memo book: nobody is paid", True),
    ):
        print(f"\n{heading}\n\n{'':<36}{'debit':>12}{'credit':>12}")
        for entry in venue.journal:
            if (entry.kind is EntryKind.ATTRIBUTION) is attributed:
                print(entry.kind)
                for account, amount in entry.postings:
                    name = f"  {account.owner} {account.kind}"
                    figure = f"{yuan(-amount):>12}" if amount < 0 else f"{yuan(amount):>24}"
                    print(f"{name:<36}{figure}")


def tell_payment(venue: Venue, begun: PayoutBegun) -> None:
    """What the bank was asked and has booked, and what every account stands at in the end."""
    movement = movement_of(begun)
    code = code_of(movement.id)
    order = PaymentOrder(movement.key, code, begun.account, begun.party, begun.amount)
    line = BookLine("1/1", LineKind.TRANSFER, Fen(-begun.amount), NOTHING, code)
    found = reconcile([movement.sent(venue.state.now).after(Turn.SUCCEED, code)], [line])
    print("\n5. The file for the bank, and reconciliation with its statement\n")
    print(payment_file([order]).decode().replace("\r\n", "\n"))
    print(f"matched {len(found.agreed)}, missing {len(found.missing)}, differing {len(found.differing)}")
    print("\n6. What every account stands at\n")
    balances = Balances()
    for entry in venue.journal:
        balances.post(entry)
    for account, amount in balances.items():
        print(f"{account.owner + ' ' + account.kind:<24}{yuan(amount):>12}")


def rows(statement: StatementPosted) -> Iterator[tuple[str, ...]]:
    """The statement's two lines side by side."""
    lines = statement.lines
    yield "", "18 to 22", "22 to 4"
    yield "price, yuan per card-hour", *(yuan(line.price // 10_000) for line in lines)
    yield "contracted, card-seconds", *(f"{line.quantity:,}" for line in lines)
    yield "lost, card-seconds", *(f"{line.lost:,}" for line in lines)
    yield "gross before the loss", *(yuan(line.before_loss) for line in lines)
    for word, name in FIGURES:
        yield word, *(yuan(getattr(line.line, name)) for line in lines)
    for word, name in SHARED:
        for n, region in enumerate(("Shanghai", "Qingyang")):
            yield f"{word} of {region}", *(yuan(getattr(line.line, name)[n][1]) for line in lines)


FIGURES = (
    ("gross: the buyer pays", "gross_fen"),
    ("net", "net_fen"),
    ("VAT in the price, 6 %", "vat_fen"),
    ("fee, 3 % of net", "fee_fen"),
    ("  of it VAT on the fee", "fee_vat_fen"),
    ("the seller is owed", "seller_payout_fen"),
    ("VAT, central half", "vat_central_fen"),
    ("VAT, local half", "vat_local_fen"),
    ("surcharges: urban, 7 %", "surcharge_urban_fen"),
    ("  education, 3 %", "surcharge_education_fen"),
    ("  local education, 2 %", "surcharge_local_education_fen"),
    ("retained locally", "local_retained_fen"),
)
SHARED = (
    ("revenue", "revenue_by_region_fen"),
    ("tax", "tax_by_region_fen"),
    ("output", "gdp_by_region_fen"),
)


def bp(*shares: int) -> tuple[BasisPoints, ...]:
    """Shares in basis points."""
    return tuple(BasisPoints(share) for share in shares)


def yuan(fen: int) -> str:
    """An amount in yuan."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02}"


if __name__ == "__main__":
    main()
