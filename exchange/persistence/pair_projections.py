"""What events between regions mean for the tables that pages read: versions, signatures, and a pair's quarters."""

from dataclasses import asdict

import msgspec

from exchange.agreements.events import (
    AgreementDeclined,
    AgreementEnded,
    AgreementProposed,
    AgreementRecorded,
    AgreementSigned,
    AgreementWithdrawn,
)
from exchange.events import Event
from exchange.persistence import pair_tables, tables
from exchange.persistence.rows import Row, Rows
from exchange.quarters.events import AmountRecognised, QuarterAgreed, QuarterConfirmed, QuarterDisputed
from exchange.state import DraftStatus

_builtins = msgspec.to_builtins


def project_pair(rows: Rows, seq: int, event: Event) -> None:
    """Add what an event between regions means for the tables; any other means nothing here."""
    match event:
        case AgreementProposed(agreement, by, at, digest):
            pair = {"source": agreement.source, "destination": agreement.destination}
            name = {"id": agreement.id, "version": agreement.version}
            row = {"terms": _builtins(agreement), "digest": digest, "proposed_by": by, "proposed_at": at}
            status = {"status": DraftStatus.OPEN, "ended": None, "seq": seq}
            rows.add(pair_tables.agreement_drafts, {**name, **pair, **row, **status})
        case AgreementSigned(name, version, signature):
            row = {"agreement": name, "version": version, **asdict(signature), "seq": seq}
            rows.add(pair_tables.agreement_signatures, row)
        case AgreementDeclined(name, version, region, by, key, at, reason):
            ended = {"region": region, "party": by, "key": key, "at": at, "reason": reason}
            row = {"id": name, "version": version, "status": DraftStatus.DECLINED, "ended": ended}
            rows.change(pair_tables.agreement_drafts, row)
        case AgreementWithdrawn(name, version, at):
            row = {"id": name, "version": version, "status": DraftStatus.WITHDRAWN, "ended": {"at": at}}
            rows.change(pair_tables.agreement_drafts, row)
        case AgreementRecorded(agreement):
            row = {"id": agreement.id, "version": agreement.version, "status": DraftStatus.SIGNED}
            rows.change(pair_tables.agreement_drafts, row)
            rows.add(tables.agreements, {**_agreement_row(event), "seq": seq})
        case AgreementEnded():
            rows.change(tables.agreements, _agreement_row(event))
        case _:
            _project_quarter(rows, seq, event)


def _project_quarter(rows: Rows, seq: int, event: Event) -> None:
    match event:
        case QuarterConfirmed(figures, signature):
            row = {**asdict(figures.pair), **asdict(signature), "figures": _builtins(figures.figures)}
            rows.add(pair_tables.quarter_confirmations, {**row, "seq": seq})
        case QuarterDisputed(pair, region, by, key, at, reason):
            row = {"region": region, "reason": reason, "party": by, "key": key, "at": at, "seq": seq}
            rows.add(pair_tables.quarter_disputes, {**asdict(pair), **row})
        case QuarterAgreed(figures, digest):
            row = {"figures": _builtins(figures.figures), "digest": digest, "seq": seq}
            rows.add(pair_tables.quarters_agreed, {**asdict(figures.pair), **row})
        case AmountRecognised(pair, region, kind, amount, reference, by, at):
            what = {"region": region, "kind": kind, "reference": reference, "amount": amount}
            rows.add(pair_tables.recognitions, {**asdict(pair), **what, "party": by, "at": at, "seq": seq})
        case _:
            pass


def _agreement_row(event: AgreementRecorded | AgreementEnded) -> Row:
    agreement = event.agreement
    return {
        "id": agreement.id,
        "version": agreement.version,
        "source": agreement.source,
        "destination": agreement.destination,
        "valid_from": agreement.valid_from,
        "valid_to": agreement.valid_to,
        "terms": _builtins(agreement),
    }
