"""Settles one lease with the venue's own rules, in memory, and prints every figure.

It needs neither a server nor a database, and its output stands in docs/settlement.md:

    .venv/bin/python examples/settle_one_lease.py

Eight cards in Qingyang are leased from Shanghai for ten hours of the night to 31 January 2026. One hour is delivered
5,000 card-seconds short, and the last hour is never reported. The period is closed on 4 February.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeVar

from exchange.agreements.commands import ProposeAgreement, SignAgreement
from exchange.catalogue.catalogue import load_catalogue
from exchange.closing.commands import BeginClose, CutUsage, LeaseSum, PostStatements
from exchange.closing.events import CloseBegun, StatementPosted
from exchange.commands import Command, Envelope
from exchange.core import step
from exchange.defaults import venue_terms
from exchange.listings.commands import PublishListing
from exchange.orders.commands import PlaceOrder
from exchange.orders.events import LeaseGranted, OrderAccepted, OrderClosed
from exchange.parties.commands import Deposit, IssueKey, RegisterParty
from exchange.state import VENUE, Instant, LeaseTerms, Party, PartyId, Role, before_all
from exchange.venue.commands import AdoptTerms, Tick
from matching.prices import PriceCurve
from matching.terms import Block, ChipCode, OwnerGroup, Price, RegionCode, Seq, Slot, Tier, Window
from settlement.agreements import PairAgreement, Shares
from settlement.jobs.close_period import Reported, Run, settled
from settlement.money import BasisPoints, Fen
from settlement.segments import LeaseShape, ServicePeriod, segments
from settlement.sign_off import digest_of

Happened = TypeVar("Happened")

SHANGHAI, QINGYANG = RegionCode("310000"), RegionCode("621000")
H100 = ChipCode("nvidia-h100-80g")
YUAN = 1_000_000  # micro-yuan, in which prices are quoted
SHORT = 5_000  # card-seconds that one hour was short of


def at(text: str) -> Instant:
    """An instant on the clock of UTC+8."""
    return Instant(int(datetime.fromisoformat(f"{text}+08:00").timestamp()))


class Venue:
    """A venue in memory: commands in, events out."""

    def __init__(self) -> None:
        catalogue = load_catalogue()
        self.state = before_all(catalogue)
        self.given = 0
        opens = at("2026-01-30T12:00")
        self.ask(VENUE, AdoptTerms(venue_terms(catalogue, datetime.fromtimestamp(opens, UTC))))
        self.ask(VENUE, Tick(opens))

    def ask(self, by: str, command: Command) -> list[object]:
        """Carry out a command, and give what it made happen."""
        self.given += 1
        envelope = Envelope(PartyId(by), str(self.given), command)
        return [event for event, _ in step(self.state, Seq(self.given), envelope)]

    def slot(self, text: str) -> Slot:
        """The slot that begins then."""
        return self.state.rules.slot_of(at(text))


def only(kind: type[Happened], events: list[object]) -> Happened:
    """The one event of a kind."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


def main() -> None:
    """Trade, deliver, close, and print."""
    venue = Venue()
    open_doors(venue)
    accepted, granted, closed = trade(venue)
    statement = close(venue, granted.lease)
    print(f"the order holds {yuan(accepted.held)} yuan: its limit for 8 cards, and for 7 that a lot may add")
    print(f"the lease holds {yuan(granted.held)} yuan, and {yuan(closed.released)} are free again")
    print()
    for name, evening, night in rows(statement):
        print(f"{name:<34}{evening:>12}{night:>12}".rstrip())
    print()
    print(f"charged {yuan(statement.charged)} yuan, released {yuan(statement.released)}")


def open_doors(venue: Venue) -> None:
    """Admit a buyer with money and a seller, and let their regions sign what they share."""
    buyer = Party(PartyId("bay"), "Bay Lab", frozenset({Role.BUYER}), SHANGHAI, OwnerGroup("bay"))
    seller = Party(PartyId("sun"), "Sun Yard", frozenset({Role.SELLER}), QINGYANG, OwnerGroup("sun"))
    for party in (buyer, seller):
        venue.ask(VENUE, RegisterParty(party))
    venue.ask(VENUE, Deposit(buyer.id, Fen(10_000_00), "bank transfer"))
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
    reports = [
        Reported(slots=4, delivered=4 * 8 * hour - SHORT, in_late_window=4),
        Reported(slots=5, delivered=5 * 8 * hour, in_late_window=5),  # of six: the last was never reported
    ]
    sums = tuple(
        LeaseSum(lease.id, run.period, one.price, one.agreement, one.slots, one.lost)
        for one in settled(job, [evening, night], reports)
    )
    return only(StatementPosted, venue.ask(VENUE, PostStatements(run.id, leases=sums)))


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
    return f"{fen // 100:,}.{fen % 100:02}"


if __name__ == "__main__":
    main()
