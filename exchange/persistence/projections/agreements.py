"""What pair agreements mean for the tables that pages read: versions and their signatures."""

from dataclasses import asdict

import msgspec

from exchange.agreements.events import (
    AgreementDeclined,
    AgreementEnded,
    AgreementEvent,
    AgreementProposed,
    AgreementRecorded,
    AgreementSigned,
    AgreementWithdrawn,
)
from exchange.persistence.rows import Row, Rows
from exchange.persistence.tables import pairs
from exchange.state import DraftStatus


def project_agreements(rows: Rows, seq: int, event: AgreementEvent) -> None:
    """Add what an event about pair agreements means for the tables."""
    match event:
        case AgreementProposed(agreement, by, at, digest):
            pair = {"source": agreement.source, "destination": agreement.destination}
            name = {"id": agreement.id, "version": agreement.version}
            row = {
                "terms": msgspec.to_builtins(agreement),
                "digest": digest,
                "proposed_by": by,
                "proposed_at": at,
            }
            status = {"status": DraftStatus.OPEN, "ended": None, "seq": seq}
            rows.add(pairs.agreement_drafts, {**name, **pair, **row, **status})
        case AgreementSigned(name, version, signature):
            row = {"agreement": name, "version": version, **asdict(signature), "seq": seq}
            rows.add(pairs.agreement_signatures, row)
        case AgreementDeclined(name, version, region, by, key, at, reason):
            ended = {"region": region, "party": by, "key": key, "at": at, "reason": reason}
            row = {"id": name, "version": version, "status": DraftStatus.DECLINED, "ended": ended}
            rows.change(pairs.agreement_drafts, row)
        case AgreementWithdrawn(name, version, at):
            row = {"id": name, "version": version, "status": DraftStatus.WITHDRAWN, "ended": {"at": at}}
            rows.change(pairs.agreement_drafts, row)
        case AgreementRecorded(agreement):
            row = {"id": agreement.id, "version": agreement.version, "status": DraftStatus.SIGNED}
            rows.change(pairs.agreement_drafts, row)
            rows.add(pairs.agreements, {**_agreement_row(event), "seq": seq})
        case AgreementEnded():
            rows.change(pairs.agreements, _agreement_row(event))


def _agreement_row(event: AgreementRecorded | AgreementEnded) -> Row:
    agreement = event.agreement
    return {
        "id": agreement.id,
        "version": agreement.version,
        "source": agreement.source,
        "destination": agreement.destination,
        "valid_from": agreement.valid_from,
        "valid_to": agreement.valid_to,
        "terms": msgspec.to_builtins(agreement),
    }
