"""What regions say of a quarter, in the tables that pages read."""

from dataclasses import asdict

import msgspec

from exchange.persistence.rows import Rows
from exchange.persistence.tables import pairs
from exchange.quarters.events import (
    AmountRecognised,
    QuarterAgreed,
    QuarterConfirmed,
    QuarterDisputed,
    QuarterEvent,
)


def project_quarters(rows: Rows, seq: int, event: QuarterEvent) -> None:
    """Add what an event about a pair's quarter means for the tables."""
    match event:
        case QuarterConfirmed(figures, signature):
            row = {
                **asdict(figures.pair),
                **asdict(signature),
                "figures": msgspec.to_builtins(figures.figures),
            }
            rows.add(pairs.quarter_confirmations, {**row, "seq": seq})
        case QuarterDisputed(pair, region, by, key, at, reason):
            row = {"region": region, "reason": reason, "party": by, "key": key, "at": at, "seq": seq}
            rows.add(pairs.quarter_disputes, {**asdict(pair), **row})
        case QuarterAgreed(figures, digest):
            row = {"figures": msgspec.to_builtins(figures.figures), "digest": digest, "seq": seq}
            rows.add(pairs.quarters_agreed, {**asdict(figures.pair), **row})
        case AmountRecognised(pair, region, kind, amount, reference, by, at):
            what = {"region": region, "kind": kind, "reference": reference, "amount": amount}
            rows.add(pairs.recognitions, {**asdict(pair), **what, "party": by, "at": at, "seq": seq})
