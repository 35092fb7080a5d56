"""Disputes as all three sides see them: a list, and one with its records, the chain around it, and how it can end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.metering import FOUND
from exchange.names import PartyId
from exchange.persistence.decisions import DecidedError, Decision, NotBillableError, Outcome
from exchange.persistence.queries.disputes import (
    ChainLink,
    DisputedRecord,
    StoredDispute,
    chain_around,
    dispute_of,
    disputes_of,
    open_disputes,
    records_of,
)
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import Role
from settlement.metering.judging import Finding
from settlement.meters import Meter
from web.pages.routing import PageRequest, leaf, not_here, page
from web.problems import DoorRejection
from web.session import Caller

ROWS = 50
TOKENS = (Meter.INPUT_TOKENS, Meter.CACHED_INPUT_TOKENS, Meter.OUTPUT_TOKENS)
RECORDS = 20  # records of a dispute that a page shows, and a form asks about


@dataclass(frozen=True, slots=True)
class Side:
    """One of the three sides: the role, where its pages are, and where its leases have theirs, if anywhere."""

    role: Role
    at: str
    leases: str = ""

    def party(self, caller: Caller) -> PartyId | None:
        """Whose disputes these pages show: None, everybody's."""
        return None if self.role is Role.CLERK else caller.party

    def sees(self, dispute: StoredDispute, caller: Caller) -> bool:
        """Whether a dispute is shown on this side: a firm that sells and buys finds each on the side that it is on."""
        sides = {Role.SELLER: dispute.seller, Role.BUYER: dispute.buyer}
        return self.role is Role.CLERK or sides[self.role] == caller.party


SELLER = Side(Role.SELLER, "/console/disputes", "/console/leases")
BUYER = Side(Role.BUYER, "/disputes", "/leases")
CLERK = Side(Role.CLERK, "/clerk/disputes")


@dataclass(frozen=True, slots=True)
class Count:
    """One count of a disputed record: what is counted, how much was said, and what stands in its place."""

    meter: Meter
    said: int
    stands: int | None


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """A disputed record, with the instant that it is of."""

    record: DisputedRecord
    at: int
    counts: Sequence[Count]


@dataclass(frozen=True, slots=True)
class Shown:
    """A dispute as a page shows it. `missing` numbers of a gap have not come yet."""

    dispute: StoredDispute
    found: str
    records: Sequence[ShownRecord]
    chain: Sequence[ChainLink]
    missing: Sequence[tuple[int, int]]


def dispute_pages(side: Side) -> Sequence[HTTPRouteHandler]:
    """The handlers of one side that change nothing: its list, and one dispute with the forms that can end it."""

    @get(side.at)
    async def disputes_page(
        request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
    ) -> Template:
        """The disputes of one side, the newest first."""
        return await _list(request, exchange, caller, side)

    @get(f"{side.at}/{{dispute_id:int}}")
    async def dispute_page(
        exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], dispute_id: FromPath[int]
    ) -> Template:
        """One dispute, with the chain around what was found."""
        return await _dispute(exchange, caller, side, dispute_id)

    return [disputes_page, dispute_page]


async def told(
    exchange: Exchange, caller: Caller, side: Side, dispute_id: int, refused: Rejected | None
) -> Template | Redirect:
    """Back to a dispute that has ended, or its page with why it can't end so."""
    if refused is not None:
        return await _dispute(exchange, caller, side, dispute_id, refused)
    return Redirect(f"{side.at}/{dispute_id}", status_code=303)


async def _list(request: PageRequest, exchange: Exchange, caller: Caller, side: Side) -> Template:
    begins, party = leaf(request), side.party(caller)
    found = await disputes_of(exchange.readers, party, begins.seq if begins else None, ROWS + 1)
    return page(
        "disputes/page.html",
        caller,
        side=side,
        rows=[dispute for dispute in found[:ROWS] if side.sees(dispute, caller)],
        older=found[ROWS - 1].id if len(found) > ROWS else None,
        open=await open_disputes(exchange.readers, party),
        found=FOUND,
    )


async def _dispute(
    exchange: Exchange, caller: Caller, side: Side, dispute_id: int, refused: Rejected | None = None
) -> Template:
    dispute = await _seen(exchange, caller, side, dispute_id)
    records = await records_of(exchange.readers, dispute, RECORDS)
    chain = await chain_around(exchange.readers, dispute)
    seconds = exchange.terms.slot_seconds if dispute.kind == "deliveries" else 1
    shown = Shown(
        dispute,
        FOUND[dispute.finding],
        [ShownRecord(one, one.moment * seconds, list(_counts(dispute, one))) for one in records],
        chain,
        list(_missing(dispute, chain)),
    )
    return page(
        "disputes/dispute.html",
        caller,
        status=422 if refused else 200,
        side=side,
        shown=shown,
        terms=exchange.terms,
        rejection=refused,
    )


async def ended(
    exchange: Exchange,
    caller: Caller,
    side: Side,
    dispute_id: int,
    outcome: Outcome,
    note: str = "",
    counts: dict[int, tuple[int, ...]] | None = None,
) -> Rejected | None:
    """End a dispute in the caller's name, or say why it can't end so."""
    dispute = await _seen(exchange, caller, side, dispute_id)
    if side.role is Role.BUYER and not dispute.is_said:
        return rejected(VenueRejection.NOT_ALLOWED, "Its meter has not said this: the clerk decides.")
    try:
        await exchange.metering.decide(
            Decision(dispute.id, dispute.seller, outcome, caller.party, counts or {}, note)
        )
    except DecidedError as fault:
        return Rejected(DoorRejection.ALREADY_CLOSED, str(fault))
    except NotBillableError as fault:
        return Rejected(DoorRejection.NOT_BILLABLE, str(fault))
    return None


async def _seen(exchange: Exchange, caller: Caller, side: Side, dispute_id: int) -> StoredDispute:
    dispute = await dispute_of(exchange.readers, side.party(caller), dispute_id)
    if dispute is None or not side.sees(dispute, caller):
        raise not_here()
    return dispute


def _counts(dispute: StoredDispute, record: DisputedRecord) -> Iterator[Count]:
    delivered = dispute.kind == "deliveries"
    meters = [Meter.CARD_SECONDS] if delivered else TOKENS
    for n, (meter, said) in enumerate(zip(meters, record.counts, strict=True)):
        yield Count(meter, said, None if record.stands is None else record.stands[n])


def _missing(dispute: StoredDispute, chain: Sequence[ChainLink]) -> Iterator[tuple[int, int]]:
    """Runs of a gap's numbers that lie between the links around it. What lies further in is not looked at."""
    if dispute.finding is not Finding.GAP or dispute.end is not None:
        return
    came = [link.sequence for link in chain if dispute.first <= link.sequence <= dispute.last]
    begins = dispute.first
    for number in [*came, dispute.last + 1]:
        if begins < number:
            yield begins, number - 1
        begins = number + 1
