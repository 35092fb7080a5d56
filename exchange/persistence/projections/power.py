"""What events of power and carbon mean for the tables that pages read."""

from dataclasses import asdict

import msgspec

from exchange.closing.events import EmissionsReckoned
from exchange.persistence.rows import Rows
from exchange.persistence.tables import power
from exchange.power.events import CertificatesDeclared, PowerEvent, PowerTablesAdopted, PueDeclared


def project_power(rows: Rows, seq: int, event: PowerEvent) -> None:
    """Add what an event of power and carbon means for the tables."""
    match event:
        case PowerTablesAdopted(tables, at):
            row = {"version": tables.version, "tables": msgspec.to_builtins(tables), "at": at, "seq": seq}
            rows.append(power.power_versions, row)
        case PueDeclared():
            rows.append(power.pue_declarations, {**asdict(event), "seq": seq})
        case CertificatesDeclared():
            rows.append(power.certificates, {**asdict(event), "seq": seq})
        case EmissionsReckoned():
            for line in event.lines:
                figures = asdict(line)
                del figures["agreement"]  # it stands in the line itself
                row = {**figures, **figures.pop("emissions"), "tables": event.tables}
                del row["emissions"]
                rows.append(power.line_emissions, {"statement": f"{event.run}/{event.subject}", **row})
