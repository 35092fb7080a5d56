"""What runs and statements mean for the tables that pages read."""

from dataclasses import asdict

import msgspec

from exchange.closing.events import (
    CloseBegun,
    ClosingEvent,
    PeriodClosed,
    StatementPosted,
    SubjectKind,
    UsageCut,
)
from exchange.persistence.rows import Row, Rows
from exchange.persistence.tables import closing, contracts, market
from settlement.meters import Meter


def project_closing(rows: Rows, seq: int, event: ClosingEvent) -> None:
    """Add what an event of a closing job means for the tables."""
    match event:
        case CloseBegun(run):
            rows.add(closing.runs, {**asdict(run), "closed_slot": None, "seq": seq, "status": "open"})
        case UsageCut(run):
            rows.change(closing.runs, {"id": run.id, "usage_batch": run.usage_batch})
        case PeriodClosed(run):
            rows.change(closing.runs, {"id": run.id, "status": "closed", "closed_slot": rows.heard.now})
        case StatementPosted():
            _project_statement(rows, seq, event)


def _project_statement(rows: Rows, seq: int, event: StatementPosted) -> None:
    """A statement with its lines, and what remains of its subject."""
    if event.kind is SubjectKind.LEASE:
        row = {"id": event.subject, "unsettled": event.slots_left, "held": event.held_left}
        rows.change(market.leases, row)
    else:
        rows.change(contracts.contracts, {"id": event.subject, "left": event.held_left})
        _project_packages(rows, event)
    statement = f"{event.run}/{event.subject}"
    rows.append(
        closing.statements,
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
        figures = msgspec.to_builtins(part.line)
        rows.append(
            closing.statement_lines,
            {
                "statement": statement,
                "n": n,
                "agreement": agreement,
                "vouchers": msgspec.to_builtins(part.vouchers),
                "credits": msgspec.to_builtins(part.credits),
                **head,
                **figures,
            },
        )


def _project_packages(rows: Rows, event: StatementPosted) -> None:
    """What a statement charges and leaves of packages."""
    for line in event.lines:
        if line.meter is Meter.PACKAGES:
            rows.change(contracts.token_packages, {"id": line.package, "charged_in": event.run})
    for package, left in event.packages_left:
        rows.change(contracts.token_packages, {"id": package, "left": left})


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
