"""What regions pay for vouchers, in the tables that pages read."""

from exchange.persistence.rows import Rows
from exchange.persistence.tables import subsidies
from exchange.subsidies.events import SubsidyEvent, SubsidyPaid, SubsidyRepaid


def project_subsidies(rows: Rows, seq: int, event: SubsidyEvent) -> None:
    """Add what an event about subsidies means for the tables."""
    match event:
        case SubsidyPaid(_, _, period, amount, credit, _, withheld, parts):
            _payment(
                rows, seq, event, {"period": period, "amount": amount, "credit": credit, "withheld": withheld}
            )
            for part in parts:
                place = {"seq": seq, "statement": part.statement, "n": part.n, "voucher": part.voucher}
                paid = {"party": part.party, "amount": part.amount, "received": part.received}
                rows.append(subsidies.subsidy_parts, {**place, **paid})
        case SubsidyRepaid(_, _, amount):
            _payment(rows, seq, event, {"period": None, "amount": -amount, "credit": 0, "withheld": ()})


def _payment(rows: Rows, seq: int, event: SubsidyEvent, told: dict[str, object]) -> None:
    row = {"issuer": event.issuer, "reference": event.reference, "programme": event.programme}
    rows.append(subsidies.subsidies, {**row, **told, "slot": rows.heard.now, "seq": seq})
