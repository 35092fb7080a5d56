"""What events of power and carbon leave behind."""

from exchange.closing.events import EmissionsReckoned
from exchange.power.events import CertificatesDeclared, PowerEvent, PowerTablesAdopted, PueDeclared
from exchange.state import PowerStanding

WH_PER_KWH = 1_000


def evolve_power(power: PowerStanding, event: PowerEvent) -> None:
    """Let an event have happened."""
    match event:
        case PowerTablesAdopted(tables, _):
            power.tables = tables
            power.versions.add(tables.version)
        case PueDeclared(party, region, period, pue_milli):
            power.pues.setdefault((party, region), {})[period] = pue_milli
        case CertificatesDeclared(party, region, period, kwh, reference):
            power.certificates.setdefault((party, region, period), []).append(reference)
            power.left[reference] = kwh * WH_PER_KWH
        case EmissionsReckoned():
            for line in event.lines:
                for reference, wh in line.certificates:
                    power.left[reference] -= wh
                    assert power.left[reference] >= 0, "a certificate was used twice"
