"""Follows the money of a spot order whose lease is taken back, with the venue's own rules, in memory.

It needs neither a server nor a database, and its output stands in docs/matching.md, beside the picture of the same story:

    .venv/bin/python examples/lose_a_spot_lease.py

Sun offers 16 cards as spot and on demand, Moon eight as spot. A buyer trains on eight of Sun's from eight in the morning.
At noon somebody else asks for all of them on demand.
"""

from datetime import UTC, datetime

from exchange.catalogue.catalogue import load_catalogue
from exchange.commands import Command, Envelope
from exchange.core import step
from exchange.defaults import venue_terms
from exchange.listings.commands import PublishListing
from exchange.names import VENUE, Instant, PartyId
from exchange.orders.commands import PlaceOrder
from exchange.orders.events import LeaseDisplaced, LeaseGranted, OrderAccepted, OrderClosed, ReserveReleased
from exchange.parties.commands import Deposit, RegisterParty
from exchange.state import MICRO_PER_FEN, Party, Role, before_all
from exchange.venue.commands import AdoptTerms, Tick
from matching.curves import flat
from matching.terms import Block, ChipCode, OwnerGroup, Price, RegionCode, Seq, Slot, Tier, Window
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen

H100, QINGYANG = ChipCode("nvidia-h100-80g"), RegionCode("621000")
YUAN = 1_000_000  # micro-yuan, in which prices are quoted
BUYERS, SELLERS = ("bay", "urgent"), ("sun", "moon")
HELD = LedgerAccount(PartyId("bay"), AccountKind.HELD)


def at(hour: int) -> Instant:
    """An hour of 30 January 2026, on the clock of UTC+8."""
    return Instant(int(datetime.fromisoformat(f"2026-01-30T{hour:02}:00:00+08:00").timestamp()))


class Venue:
    """A venue in memory: commands in; what they do to the buyer's money is told line by line."""

    def __init__(self) -> None:
        catalogue = load_catalogue()
        self.state = before_all(catalogue)
        self.given = self.held = 0
        self.ask(VENUE, AdoptTerms(venue_terms(catalogue, datetime.fromtimestamp(at(8), UTC))))
        self.ask(VENUE, Tick(at(8)))
        for name in BUYERS + SELLERS:
            role = Role.BUYER if name in BUYERS else Role.SELLER
            party = Party(PartyId(name), name.title(), frozenset({role}), QINGYANG, OwnerGroup(name))
            self.ask(VENUE, RegisterParty(party))
        for name in BUYERS:
            self.ask(VENUE, Deposit(PartyId(name), Fen(5_000_00), f"bank transfer of {name}"))

    def ask(self, by: str, command: Command) -> None:
        """Carry out a command, and tell what it does to the orders of the buyer who trains."""
        self.given += 1
        for event, entries in step(
            self.state, Seq(self.given), Envelope(PartyId(by), str(self.given), command)
        ):
            postings = [posting for entry in entries for posting in entry.postings]
            self.held += sum(posting.amount for posting in postings if posting.account == HELD)
            if words := told(event):
                print(f"{words:<82}{yuan(self.held):>10}")

    def window(self, start: int, end: int) -> Window:
        """From one hour of the day to another."""
        first = self.state.rules.slot_of(at(8)) - 8
        return Window(Slot(first + start), Slot(first + end))


def told(event: object) -> str:
    """What an event means for the buyer who trains; nothing if it is about somebody else."""
    match event:
        case OrderAccepted(opened, "bay", _, held):
            hours, limit = opened.order.slots, yuan(opened.order.limit // MICRO_PER_FEN)
            return f"{opened.order.id}: {hours} hours wanted at a limit of {limit}: holds {yuan(held)}"
        case LeaseGranted(leased, lease, held) if lease.buyer == "bay":
            return f"{lease.id} at {lease.seller}, {len(leased.window)} hours: holds {yuan(held)} of it"
        case OrderClosed(_, "bay", released, kept):
            return f"the order is filled: {yuan(released)} released, {yuan(kept)} kept to look anew"
        case LeaseDisplaced(displaced, lease, "bay", runs):
            hours = sum(len(run.window) for run in runs)
            charged = yuan(displaced.charged // MICRO_PER_FEN)
            return f"{lease} is taken back after {hours} hours, which cost {charged}: {yuan(event.released)} released"
        case ReserveReleased(_, "bay", released):
            return f"what the order kept is released: {yuan(released)}"
        case _:
            return ""


def main() -> None:
    """Offer, train, lose the cards, and go on."""
    venue = Venue()
    for seller, cards, asks in (
        ("sun", 16, {Tier.SPOT: flat(4 * YUAN), Tier.ON_DEMAND: flat(10 * YUAN)}),
        ("moon", 8, {Tier.SPOT: flat(5 * YUAN)}),
    ):
        line = "compute_service"
        venue.ask(seller, PublishListing(H100, QINGYANG, venue.window(8, 24), cards, 8, 1, asks, line))
    print(f"{'what happens':<80}{'held after':>12}")
    venue.ask("bay", order(venue, Tier.SPOT, 6, Block(8, 8, 10), 8))
    venue.ask(VENUE, Tick(at(12)))
    venue.ask("urgent", order(venue, Tier.ON_DEMAND, 12, Block(16, 16, 11), 12))
    venue.ask(VENUE, Tick(at(18)))


def order(venue: Venue, tier: Tier, limit: int, block: Block, start: int) -> PlaceOrder:
    """An order for a block that may begin at an hour and has to be done by midnight."""
    window = venue.window(start, 24)
    return PlaceOrder(tier, {H100: 1000}, (QINGYANG,), window, Price(limit * YUAN), block)


def yuan(fen: int) -> str:
    """An amount in yuan."""
    return f"{fen // 100:,}.{fen % 100:02}"


if __name__ == "__main__":
    main()
