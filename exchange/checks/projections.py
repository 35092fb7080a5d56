"""Are the tables what the log makes of them?

The log is folded anew, and every row is compared.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from exchange.checks.findings import Findings
from exchange.events import Event
from exchange.persistence.projections.project import project
from exchange.persistence.rows import Key, Row, Rows
from exchange.persistence.tables import house
from exchange.persistence.tables.every import PROJECTIONS
from exchange.state import DraftStatus

RowsByKey = Mapping[Key, Row]

_ENDED: Mapping[str, Callable[[Row], bool]] = {
    "parties": lambda _: True,
    "listings": lambda row: row["status"] != "open",
    "orders": lambda row: row["status"] not in {"open", "resting"} and not row["held"],
    "leases": lambda row: row["unsettled"] == 0,
    "trades": lambda _: True,
    "displacements": lambda _: True,
    "contracts": lambda row: row["status"] == "closed",
    "contract_prices": lambda _: True,
    "token_packages": lambda row: not row["left"] and (not row["price"] or row["charged_in"] is not None),
    "agreements": lambda row: row["valid_to"] is not None,
    "agreement_drafts": lambda row: row["status"] != DraftStatus.OPEN,
    "agreement_signatures": lambda _: True,
    "quarter_confirmations": lambda _: True,
    "quarter_disputes": lambda _: True,
    "quarters_agreed": lambda _: True,
    "recognitions": lambda _: True,
    "power_versions": lambda _: True,
    "pue_declarations": lambda _: True,
    "certificates": lambda _: True,
    "line_emissions": lambda _: True,
    "runs": lambda row: row["status"] == "closed",
    "statements": lambda _: True,
    "statement_lines": lambda _: True,
    "refunds": lambda row: row["note_state"] == "issued",
    "payouts": lambda row: row["status"] in {"failed", "returned"},
    "facts": lambda _: True,
    "programmes": lambda _: True,
    "vouchers": lambda _: True,
    "voucher_moves": lambda _: True,
    "subsidies": lambda _: True,
    "subsidy_parts": lambda _: True,
}
"""Rows that no later event changes: they can be compared at once and forgotten."""

FOLDED = tuple(table.name for table in PROJECTIONS if table is not house.balances)
"""Tables that events alone make. Balances are made of postings."""


@dataclass(slots=True)
class Fold:
    """The tables anew: what is open of them is kept, what has ended waits to be compared."""

    findings: Findings = field(
        default_factory=lambda: Findings(
            "projections", "every row is what the log makes of it, and no row is more"
        )
    )
    counts: Counter[str] = field(default_factory=Counter)
    _rows: Rows = field(default_factory=Rows)

    def __post_init__(self) -> None:
        self._rows.add(house.venue, {"only": True, "terms": None, "now": None})

    def see(self, seq: int, digest: bytes, event: Event) -> None:
        """The next event, and the log's digest after its command."""
        project(self._rows, seq, digest, event)

    def ended(self) -> Iterator[tuple[str, RowsByKey]]:
        """Rows that nothing will change any more, table by table."""
        for table, known in self._rows.tables.items():
            if table.name in _ENDED:
                rows = {key: row for key, row in known.added.items() if _ENDED[table.name](row)}
                for key in rows:
                    del known.added[key]
                rows |= self._rows.take_appended(table)
                self.counts[table.name] += len(rows)
                yield table.name, rows

    def rest(self) -> Iterator[tuple[str, RowsByKey]]:
        """All rows that are left when the log has ended; and columns that were changed after their row had ended."""
        for table, known in self._rows.tables.items():
            rows = known.added | known.put
            self.counts[table.name] += len(rows)
            yield table.name, rows
            if table is not house.api_keys:  # to revoke a key that was never issued does nothing
                yield table.name, known.changed

    def compare(self, table: str, expected: RowsByKey, stored: RowsByKey) -> None:
        """Hold rows against those that are stored under their keys."""
        for key, row in expected.items():
            self.findings.examined += 1
            name, got = f"{table} {'/'.join(map(str, key))}", stored.get(key)
            if got is None:
                self.findings.tell(f"{name}: it is missing")
                continue
            for column, value in _plain(row).items():
                self.findings.compare(f"{name}: {column}", value, got.get(column))


def _plain(row: Row) -> Row:
    """A row as it comes back out of the database."""
    plain: Row = msgspec.json.decode(msgspec.json.encode(row))
    return plain
