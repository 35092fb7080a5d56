"""What each event means for the tables that pages read: a pure fold, so they can be rebuilt from the log at any time."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from typing import Any

import msgspec

from exchange.closing.events import (
    CloseBegun,
    EmissionsReckoned,
    PeriodClosed,
    StatementPosted,
    SubjectKind,
    UsageCut,
)
from exchange.contracts.events import ContractClosed, ContractOpened, PackageAdded, PricesAgreed
from exchange.events import Event
from exchange.holds import slots_by_price
from exchange.listings.events import ListingPublished
from exchange.names import ContractId
from exchange.orders.events import (
    LeaseDisplaced,
    LeaseGranted,
    OrderAccepted,
    OrderClosed,
    OrderNotContinued,
    OrderReworked,
    ReserveReleased,
)
from exchange.parties.events import KeyIssued, KeyRevoked, PartyRegistered
from exchange.payouts.events import (
    PayoutAccountNamed,
    PayoutBegun,
    PayoutEvent,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
    PayoutTermsSet,
)
from exchange.persistence import payout_tables, tables
from exchange.persistence.package_tables import token_packages
from exchange.persistence.pair_projections import project_pair
from exchange.persistence.power_projections import project_power
from exchange.persistence.rows import Heard, Row, Rows
from exchange.persistence.subsidy_rows import project_subsidies
from exchange.persistence.voucher_rows import project_vouchers
from exchange.power.events import CertificatesDeclared, PowerTablesAdopted, PueDeclared
from exchange.refunds.events import CreditNoteMoved, LineRefunded
from exchange.state import PayoutState, PricedRun
from exchange.venue.events import TermsAdopted
from matching.events import Leased, LinkSet, ListingAmended, ListingClosed, Rested, Ticked
from matching.live import MILLI
from matching.terms import Block, Listing, Order, PriceRule, Shape
from settlement.meters import Meter
from settlement.rating.packages import TokenPackage
from settlement.rating.tokens import TokenTariff


def project(rows: Rows, seq: int, digest: bytes, event: Event) -> None:
    """Add what `event` means for the tables: it was made by the `seq`-th command, after which the log has that digest."""
    rows.heard.hear(seq)
    if isinstance(event, PayoutEvent):
        _project_payout(rows, seq, event)
        return
    match event:
        case TermsAdopted(terms):
            rows.change(tables.venue, {"only": True, "terms": _builtins(terms)})
        case Ticked(now):
            rows.heard.now = now
            rows.change(tables.venue, {"only": True, "now": now})
        case PartyRegistered(party):
            rows.add(tables.parties, {**_builtins(party), "roles": sorted(party.roles), "seq": seq})
        case KeyIssued(party_id, key, key_digest):
            rows.put(tables.api_keys, {"party": party_id, "key": key, "digest": key_digest, "revoked": False})
        case KeyRevoked(party_id, key):
            rows.change(tables.api_keys, {"party": party_id, "key": key, "revoked": True})
        case ListingPublished() | ListingAmended() | ListingClosed():
            _project_listing(rows, seq, event)
        case (
            OrderAccepted()
            | OrderReworked()
            | Rested()
            | OrderClosed()
            | OrderNotContinued()
            | ReserveReleased()
        ):
            _project_order(rows, seq, event)
        case LeaseGranted():
            rows.add(tables.leases, _lease_row(seq, event))
            rows.add(tables.trades, _trade_row(rows.heard, digest, event.leased))
            rows.change(tables.orders, {"id": event.lease.order, "held": event.order_held})
        case LeaseDisplaced():
            rows.heard.took_back = True
            rows.change(tables.leases, _cut_row(event))
            cause = {"reclaimed": rows.heard.arrived is None, "slot": rows.heard.now, "seq": seq}
            rows.add(tables.displacements, {"lease": event.lease, **cause})
        case LinkSet(home, region, mbps):
            rows.put(tables.links, {"home": home, "region": region, "mbps": mbps})
        case ContractOpened() | PricesAgreed() | PackageAdded() | ContractClosed():
            _project_contract(rows, seq, event)
        case CloseBegun() | UsageCut() | PeriodClosed():
            _project_run(rows, seq, event)
        case StatementPosted():
            _project_statement(rows, seq, event)
        case PowerTablesAdopted() | PueDeclared() | CertificatesDeclared() | EmissionsReckoned():
            project_power(rows, seq, event)
        case LineRefunded() | CreditNoteMoved():
            _project_refund(rows, event)
        case _:  # deposits live in the ledger, and a refusal changes nothing
            project_pair(rows, seq, event)
            project_vouchers(rows, seq, event)
            project_subsidies(rows, seq, event)


def _project_listing(rows: Rows, seq: int, event: ListingPublished | ListingAmended | ListingClosed) -> None:
    match event:
        case ListingPublished(listed, party, line):
            _note_maker(rows.heard, listed.listing, listed.seq)
            row = {"party": party, "line": line, "seq": seq, "status": "open", "age": listed.seq}
            rows.add(tables.listings, {**row, **_listing_terms(listed.listing)})
        case ListingAmended(listing, age):
            _note_maker(rows.heard, listing, age)
            rows.change(tables.listings, {**_listing_terms(listing), "age": age})
        case ListingClosed(listing_id, end):
            rows.change(tables.listings, {"id": listing_id, "status": end})


def _note_maker(heard: Heard, listing: Listing, age: int) -> None:
    """A listing that is new to the books, or made new, pays the limits of the orders that wait for it, if that is its rule."""
    if age == heard.seq and listing.price_rule is PriceRule.MAKER:
        heard.arrived = listing.id


def _note_order(heard: Heard, order: Order, age: int) -> None:
    """An order that arrives, or arrives anew, may take leases back. One that goes on has the age of the one before it."""
    if age == heard.seq:
        heard.arrived = order.id


def _project_order(
    rows: Rows,
    seq: int,
    event: OrderAccepted | OrderReworked | Rested | OrderClosed | OrderNotContinued | ReserveReleased,
) -> None:
    match event:
        case OrderAccepted(opened, party, source, held):
            _note_order(rows.heard, opened.order, opened.seq)
            row = {
                "party": party,
                "source": source,
                "held": held,
                "age": opened.seq,
                "seq": seq,
                "status": "open",
            }
            rows.add(tables.orders, {**row, **_order_terms(opened.order)})
        case OrderReworked(amended, _, _, held):
            _note_order(rows.heard, amended.order, amended.seq)
            rows.change(tables.orders, {**_order_terms(amended.order), "held": held, "age": amended.seq})
        case Rested(order_id):
            rows.change(tables.orders, {"id": order_id, "status": "resting"})
        case OrderClosed(closed, _, _, kept):
            rows.change(tables.orders, {"id": closed.order, "status": closed.end, "held": kept})
        case OrderNotContinued(order_id, _, rest, needed, available):
            lost = {"needed": needed, "available": available, "window": rest.window, "shape": rest.shape}
            rows.change(tables.orders, {"id": order_id, "not_continued": _builtins(lost)})
        case ReserveReleased(order_id, _, _):
            rows.change(tables.orders, {"id": order_id, "held": 0})


def _project_run(rows: Rows, seq: int, event: CloseBegun | UsageCut | PeriodClosed) -> None:
    match event:
        case CloseBegun(run):
            rows.add(tables.runs, {**asdict(run), "closed_slot": None, "seq": seq, "status": "open"})
        case UsageCut(run):
            rows.change(tables.runs, {"id": run.id, "usage_batch": run.usage_batch})
        case PeriodClosed(run):
            rows.change(tables.runs, {"id": run.id, "status": "closed", "closed_slot": rows.heard.now})


def _project_statement(rows: Rows, seq: int, event: StatementPosted) -> None:
    """A statement with its lines, and what remains of its subject."""
    if event.kind is SubjectKind.LEASE:
        row = {"id": event.subject, "unsettled": event.slots_left, "held": event.held_left}
        rows.change(tables.leases, row)
    else:
        rows.change(tables.contracts, {"id": event.subject, "left": event.held_left})
        _project_packages(rows, event)
    statement = f"{event.run}/{event.subject}"
    rows.append(
        tables.statements,
        {
            "id": statement,
            "run": event.run,
            "subject": event.subject,
            "buyer": event.buyer,
            "seller": event.seller,
            "source": event.source,
            "destination": event.destination,
            "charged": event.charged,
            "released": event.released,
            "seq": seq,
        },
    )
    for n, part in enumerate(event.lines):
        head: Row = {name: getattr(part, name) for name in _LINE_HEAD}
        agreement = None if part.agreement is None else f"{part.agreement[0]}/{part.agreement[1]}"
        figures = _builtins(part.line)
        rows.append(
            tables.statement_lines,
            {
                "statement": statement,
                "n": n,
                "agreement": agreement,
                "vouchers": _builtins(part.vouchers),
                "credits": _builtins(part.credits),
                **head,
                **figures,
            },
        )


def _project_packages(rows: Rows, event: StatementPosted) -> None:
    """What a statement charges and leaves of packages."""
    for line in event.lines:
        if line.meter is Meter.PACKAGES:
            rows.change(token_packages, {"id": line.package, "charged_in": event.run})
    for package, left in event.packages_left:
        rows.change(token_packages, {"id": package, "left": left})


def _project_contract(
    rows: Rows, seq: int, event: ContractOpened | PricesAgreed | PackageAdded | ContractClosed
) -> None:
    match event:
        case ContractOpened(contract):
            row = {name: value for name, value in _builtins(contract).items() if name in tables.contracts.c}
            rows.add(tables.contracts, {**row, "left": contract.budget, "seq": seq, "status": "open"})
            first = contract.prices.tariff(1, contract.begins)
            rows.add(tables.contract_prices, _prices_row(seq, contract.id, first))
        case PricesAgreed(contract_id, tariff):
            rows.add(tables.contract_prices, _prices_row(seq, contract_id, tariff))
        case PackageAdded(contract_id, _, package):
            rows.add(token_packages, _package_row(seq, contract_id, package))
        case ContractClosed(contract_id, _, _):
            rows.change(tables.contracts, {"id": contract_id, "status": "closed"})


def _prices_row(seq: int, contract: ContractId, tariff: TokenTariff) -> Row:
    return {
        "contract": contract,
        "version": tariff.version,
        "begins": tariff.valid_from,
        "input_price": tariff.input_price,
        "cached_input_price": tariff.cached_input_price,
        "output_price": tariff.output_price,
        "seq": seq,
    }


def _package_row(seq: int, contract: ContractId, package: TokenPackage) -> Row:
    return {
        "id": package.id,
        "contract": contract,
        "tokens": package.tokens,
        "left": package.tokens,
        "price": package.price,
        "begins": package.valid_from,
        "ends": package.valid_to,
        "charged_in": None,
        "seq": seq,
    }


def _project_refund(rows: Rows, event: LineRefunded | CreditNoteMoved) -> None:
    match event:
        case LineRefunded():
            rows.add(payout_tables.refunds, _refund_row(rows.heard, event))
        case CreditNoteMoved(refund, note):
            row = {"id": refund, "note_state": note.state, "note_since": note.since}
            rows.change(payout_tables.refunds, row)


def _refund_row(heard: Heard, event: LineRefunded) -> Row:
    return {
        "id": event.refund,
        "statement": event.line.statement,
        "n": event.line.n,
        "buyer": event.line.buyer,
        "seller": event.line.seller,
        "amount": event.amount,
        "reason": event.reason,
        "reference": event.reference,
        "correction": _builtins(event.correction),
        "payable": event.payable,
        "returned": _builtins(event.returned),
        "to_buyer": event.to_buyer,
        "invoice_used": event.note.invoice_used,
        "note_state": event.note.state,
        "note_since": event.note.since,
        "slot": heard.now,
        "seq": heard.seq,
    }


def _project_payout(rows: Rows, seq: int, event: PayoutEvent) -> None:
    match event:
        case PayoutTermsSet(terms):
            rows.put(payout_tables.payout_terms, {"only": True, **asdict(terms)})
        case PayoutAccountNamed(party, account):
            rows.put(payout_tables.payout_accounts, {"party": party, "account": account, "seq": seq})
        case PayoutBegun(payout, party, account, amount):
            row = {"id": payout, "party": party, "account": account, "amount": amount, "left": amount}
            told = {"status": PayoutState.BEGUN, "reference": None, "why": None}
            rows.add(payout_tables.payouts, {**row, **told, "slot": rows.heard.now, "seq": seq})
        case PayoutPaid(payout, _, _, reference):
            rows.change(
                payout_tables.payouts, {"id": payout, "status": PayoutState.PAID, "reference": reference}
            )
        case PayoutFailed(payout, _, _, why):
            rows.change(
                payout_tables.payouts, {"id": payout, "status": PayoutState.FAILED, "why": why, "left": 0}
            )
        case PayoutReturned(payout, _, _, left, _):
            status = PayoutState.PAID if left else PayoutState.RETURNED
            rows.change(payout_tables.payouts, {"id": payout, "status": status, "left": left})


_LINE_HEAD = (
    "service_period",
    "meter",
    "price",
    "price_version",
    "quantity",
    "lost",
    "before_loss",
    "over_budget",
    "package",
)


def _listing_terms(listing: Listing) -> Row:
    return {
        "id": listing.id,
        "chip": listing.chip,
        "region": listing.region,
        "start_slot": listing.window.start,
        "end_slot": listing.window.end,
        "cards": listing.cards,
        "lot": listing.lot,
        "min_slots": listing.min_slots,
        "asks": {tier: curve.steps for tier, curve in listing.asks.items()},
        "price_rule": listing.price_rule,
    }


def _order_terms(order: Order) -> Row:
    least, most = _at_once(order.shape)
    return {
        "id": order.id,
        "tier": order.tier,
        "chips": dict(order.chips),
        "regions": order.regions,
        "start_slot": order.window.start,
        "end_slot": order.window.end,
        "limit_price": order.limit,
        "shape": _builtins(order.shape),
        "least": least,
        "most": most,
        "slots": order.slots,
        "size": order.size // MILLI,
        "prefer": order.prefer,
        "tif": order.tif,
        "on_preempt": order.on_preempt,
        "home": order.home,
        "mbps_per_card": order.mbps_per_card,
    }


def _at_once(shape: Shape) -> tuple[int, int]:
    """The fewest and the most reference cards that an order takes at the same time."""
    return (shape.least, shape.most) if isinstance(shape, Block) else (1, shape.rate)


def _lease_row(seq: int, event: LeaseGranted) -> Row:
    lease, leased = event.lease, event.leased
    return {
        "id": lease.id,
        "order_id": lease.order,
        "listing_id": lease.listing,
        "buyer": lease.buyer,
        "seller": lease.seller,
        "source": lease.source,
        "destination": lease.destination,
        "cards": lease.cards,
        "working": leased.working,
        "start_slot": leased.window.start,
        "end_slot": leased.window.end,
        "runs": _runs(lease.runs),
        "cost": leased.cost,
        "granted_end_slot": leased.window.end,
        "granted_cost": leased.cost,
        "held": event.held,
        "unsettled": sum(slots_by_price(lease.runs).values()),
        "vat_rate_bp": lease.vat_rate_bp,
        "promise": _builtins(lease.promise),
        "seq": seq,
    }


def _cut_row(event: LeaseDisplaced) -> Row:
    """What is left of a lease that was taken back. No statement has settled any slot that it lost, or all of it is free."""
    displaced = event.displaced
    return {
        "id": event.lease,
        "end_slot": displaced.at,
        "runs": _runs(event.runs),
        "cost": displaced.charged,
        "held": event.held_left,
        "unsettled": event.slots_left,
    }


def _runs(runs: Iterable[PricedRun]) -> list[tuple[int, int, int]]:
    return [(run.window.start, run.window.end, run.price) for run in runs]


def trade_id(digest: bytes, number: int) -> str:
    """What the public calls a lease: a digest of its number and of the log up to its command.

    The first is easily guessed, and the second is the venue's alone. So whoever sees ids can't tell which are of one
    command, and who makes the tape anew from the log makes the same ones.
    """
    return hashlib.sha256(digest + number.to_bytes(8)).hexdigest()[:16]


class PricedBy(StrEnum):
    """What the price of a trade is."""

    ASK = "ask"
    LIMIT = "limit"
    """The limit of an order that waited for a listing which pays that."""
    TAKEOVER = "takeover"
    """The ask, or for spot the highest limit that the order displaced there if that is more."""


def _priced_by(heard: Heard, leased: Leased) -> PricedBy:
    if leased.listing == heard.arrived:
        return PricedBy.LIMIT
    return PricedBy.TAKEOVER if heard.took_back and leased.order == heard.arrived else PricedBy.ASK


def _trade_row(heard: Heard, digest: bytes, leased: Leased) -> Row:
    return {
        "id": trade_id(digest, leased.lease),
        "number": leased.lease,
        "order_id": leased.order,
        "listing_id": leased.listing,
        "cards": leased.cards,
        "start_slot": leased.window.start,
        "end_slot": leased.window.end,
        "cost": leased.cost,
        "priced_by": _priced_by(heard, leased),
        "slot": heard.now,
        "seq": heard.seq,
    }


def _builtins(value: object) -> Any:
    return msgspec.to_builtins(value)
