"""What vouchers mean for the tables that pages read."""

import msgspec

from exchange.persistence.rows import Rows
from exchange.persistence.tables import vouchers
from exchange.vouchers.events import (
    FactsDeclared,
    ProgrammeAdopted,
    VoucherEvent,
    VoucherExpired,
    VoucherHeld,
    VoucherIssued,
    VoucherPassed,
    VoucherReturned,
)


def project_vouchers(rows: Rows, seq: int, event: VoucherEvent) -> None:
    """Add what an event about vouchers means for the tables."""
    match event:
        case FactsDeclared(party, facts, at):
            told = {**msgspec.to_builtins(facts), "controllers": sorted(facts.controllers)}
            rows.add(vouchers.facts, {"party": party, "seq": seq, "at": at, **told})
        case ProgrammeAdopted(programme, claim):
            row = {"id": programme.id, "version": programme.version, "issuer": programme.issuer, "seq": seq}
            terms = {"terms": msgspec.to_builtins(programme), "claim": msgspec.to_builtins(claim)}
            rows.add(vouchers.programmes, {**row, **terms})
        case VoucherIssued(voucher, at, claimed):
            rows.add(
                vouchers.vouchers,
                {**msgspec.to_builtins(voucher), "claimed": claimed, "at": at, "seq": seq},
            )
        case VoucherHeld(order, pledge):
            _move(rows, seq, "held", pledge.voucher, order, pledge.amount)
        case VoucherPassed(_, lease, pledge):
            _move(rows, seq, "passed", pledge.voucher, lease, pledge.amount)
        case VoucherReturned(subject, voucher_id, amount):
            _move(rows, seq, "returned", voucher_id, subject, amount)
        case VoucherExpired(voucher_id, programme_id, amount):
            _move(rows, seq, "expired", voucher_id, programme_id, amount)


def _move(rows: Rows, seq: int, kind: str, voucher: str, subject: str, amount: int) -> None:
    row = {"voucher": voucher, "seq": seq, "kind": kind, "subject": subject, "amount": amount}
    rows.add(vouchers.voucher_moves, {**row, "slot": rows.heard.now})
