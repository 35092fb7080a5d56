"""Stage C: a venue that has granted as many leases posts their statements, with the code that closes a month."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import accumulate, pairwise

from exchange.agreements.commands import ProposeAgreement, SignAgreement
from exchange.app import Exchange, open_exchange
from exchange.bench import Ask, asker
from exchange.benches.usage import PERIOD
from exchange.catalogue.catalogue import load_catalogue
from exchange.defaults import venue_terms
from exchange.holds import lease_hold
from exchange.names import VENUE, Instant, LeaseId, PartyId
from exchange.parties.commands import Deposit, IssueKey, RegisterParty
from exchange.periods import period_named
from exchange.persistence import database
from exchange.persistence.tables import market
from exchange.state import LeaseTerms, LiveLease, Party, PricedRun, Role, VenueTerms
from exchange.venue.commands import Tick
from matching.terms import ChipCode, ListingId, OrderId, OwnerGroup, RegionCode, Slot, Window
from settlement.agreements import PairAgreement
from settlement.jobs.close_period import SUMS_MAX, CloseReport, Settled, by_lease
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.ledger.journal import EntryKind, entry
from settlement.meters import Meter
from settlement.money import BasisPoints, Fen
from settlement.sign_off import digest_of
from settlement.usage.sums import Sum

BUYER, SELLER = PartyId("buyer"), PartyId("seller")
CHIP = ChipCode("nvidia-h100-80g")
LATER = 40 * 86_400  # seconds after the month began: it is over, and so are its late windows
DEPOSIT = Fen(10**12)


@asynccontextmanager
async def venue_with_leases(
    url: str, sums: Iterable[Sum], agreement: PairAgreement
) -> AsyncIterator[Exchange]:
    """A venue at the end of a month, with the leases that some sums are of.

    They were never traded: they are put into the state and into the table of leases, and their holds into the balances.
    All that is done with them afterwards is the venue's own.
    """
    opens = datetime(2026, 1, 1, tzinfo=UTC)
    async with open_exchange(url, venue_terms(load_catalogue(), opens)) as exchange:
        ask, terms = asker(exchange), exchange.terms
        month = period_named(PERIOD, terms.utc_offset_seconds)
        assert month is not None, "the period is a month"
        await _sign(ask, agreement)
        await ask(VENUE, Tick(month.begins))
        source, destination = map(RegionCode, agreement.parties)
        for party, role, region in ((BUYER, Role.BUYER, source), (SELLER, Role.SELLER, destination)):
            await ask(VENUE, RegisterParty(Party(party, party, frozenset({role}), region, OwnerGroup(party))))
        await ask(VENUE, Deposit(BUYER, DEPOSIT, "for the bench"))
        leases = exchange.engine.state.leases
        for live in _leases(sums, terms, terms.slot_of(month.begins), source, destination):
            leases[live.terms.id] = live
        held = sum(lease_hold(live.terms.cards, live.unsettled) for live in leases.values())
        _hold(exchange, Fen(held))
        await _write(url, leases.values())
        await ask(VENUE, Tick(Instant(month.begins + LATER)))
        yield exchange


async def _sign(ask: Ask, agreement: PairAgreement) -> None:
    """Put an agreement in force before the venue's time begins, since it is in force from the beginning of all time."""
    await ask(VENUE, ProposeAgreement(agreement))
    for region in agreement.parties:
        office = PartyId(f"region-{region}")
        roles = frozenset({Role.REGION})
        await ask(VENUE, RegisterParty(Party(office, office, roles, RegionCode(region), OwnerGroup(office))))
        await ask(VENUE, IssueKey(office, "sign-off", "0" * 64))
        sign = SignAgreement(agreement.id, agreement.version, "sign-off", digest_of(agreement))
        await ask(office, sign)


async def post(exchange: Exchange, sums: Iterable[Sum], agreement: PairAgreement) -> CloseReport:
    """Close the month by the closing job's own ports, but with sums that are there already."""
    ports = exchange.closing(VENUE)
    async with ports.sent:
        run = await ports.begin(PERIOD)
        assert run is not None, "nobody has closed it yet"
        for batch in by_lease(_settled(sums, (agreement.id, agreement.version)), SUMS_MAX):
            if batch:
                await ports.post_leases(run, batch)
        await ports.finish(run)
    return await ports.report(PERIOD)


def _settled(sums: Iterable[Sum], agreement: tuple[str, int]) -> list[Settled]:
    """Sums as the closing job has them, those of a lease together. Slots are hours, and each is a record."""
    return [
        Settled(one.subject, PERIOD, _price(one), agreement, one.records, one.contracted - one.delivered)
        for one in sorted(sums)
        if one.meter is Meter.CARD_SECONDS
    ]


def _leases(
    sums: Iterable[Sum], terms: VenueTerms, first: Slot, source: RegionCode, destination: RegionCode
) -> Iterator[LiveLease]:
    """Leases from a first slot on, the slots of one price after those of another."""
    by_subject: dict[str, list[Sum]] = {}
    for one in sums:
        if one.meter is Meter.CARD_SECONDS:
            by_subject.setdefault(one.subject, []).append(one)
    for subject, parts in by_subject.items():
        slots = {_price(part): part.records for part in parts}
        ends = list(accumulate(slots.values(), initial=first))
        granted = LeaseTerms(
            id=LeaseId(subject),
            order=OrderId(f"ord-{subject}"),
            listing=ListingId(f"lst-{subject}"),
            buyer=BUYER,
            seller=SELLER,
            source=source,
            destination=destination,
            cards=parts[0].contracted // parts[0].records // terms.slot_seconds,
            runs=tuple(
                PricedRun(Window(Slot(start), Slot(end)), price)
                for price, (start, end) in zip(slots, pairwise(ends), strict=True)
            ),
            vat_rate_bp=BasisPoints(600),
            fee=terms.fee,
        )
        yield LiveLease(granted, CHIP, slots)


async def _write(url: str, leases: Iterable[LiveLease]) -> None:
    """Leases as the venue keeps them in its table."""
    rows = (
        {
            "id": lease.id,
            "order_id": lease.order,
            "listing_id": lease.listing,
            "buyer": lease.buyer,
            "seller": lease.seller,
            "source": lease.source,
            "destination": lease.destination,
            "cards": lease.cards,
            "working": lease.cards,
            "start_slot": lease.runs[0].window.start,
            "end_slot": lease.runs[-1].window.end,
            "runs": "[]",
            "cost": 0,
            "granted_end_slot": lease.runs[-1].window.end,
            "granted_cost": 0,
            "held": lease_hold(lease.cards, live.unsettled),
            "unsettled": sum(live.unsettled.values()),
            "vat_rate_bp": lease.vat_rate_bp,
            "promise": None,
            "seq": 0,
        }
        for live in leases
        for lease in (live.terms,)
    )
    columns = [column.name for column in market.leases.columns]
    connection = await database.connect(url, database.WRITING)
    records = ([row[name] for name in columns] for row in rows)
    await connection.copy_records_to_table("leases", records=records, columns=columns)
    await connection.close()


def _price(one: Sum) -> int:
    """Micro-yuan per card-slot, which is an hour: the segment is named by it."""
    return int(one.segment.split("/")[1])


def _hold(exchange: Exchange, amount: Fen) -> None:
    moved = entry(
        EntryKind.HOLD,
        (LedgerAccount(BUYER, AccountKind.AVAILABLE), -amount),
        (LedgerAccount(BUYER, AccountKind.HELD), amount),
    )
    assert moved is not None, "leases hold something"
    exchange.engine.state.balances.post(moved)
