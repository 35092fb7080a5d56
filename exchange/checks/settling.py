"""Was every slot settled once, and in the run that first could know?

Found slot by slot, from usage and late windows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exchange.checks.findings import Findings
from exchange.persistence.queries.settled import RunRow, SettledLeaseRow
from exchange.state import VenueTerms
from settlement.agreements import PairAgreement

Place = tuple[str, str, int, str | None]
"""Where a slot is billed: run, service period, price per card-hour, agreement."""


@dataclass(slots=True)
class Settling:
    """Goes through the slots of leases."""

    rules: VenueTerms
    findings: Findings = field(
        default_factory=lambda: Findings(
            "settlement", "usage is settled once, by the run that first could know of it"
        )
    )
    _runs: Sequence[RunRow] = ()
    _by_pair: dict[tuple[str, str], list[tuple[str, PairAgreement]]] = field(default_factory=dict)
    _periods: dict[int, str] = field(default_factory=dict)

    def begin(self, runs: Sequence[RunRow], agreements: Mapping[str, PairAgreement]) -> None:
        """`runs` are in order, `agreements` all that were recorded, by id/version."""
        self._runs = runs
        for name, agreement in agreements.items():
            pair = (agreement.source, agreement.destination)
            self._by_pair.setdefault(pair, []).append((name, agreement))

    def see(self, lease: SettledLeaseRow) -> None:
        """The next lease with what is reported of it and what is billed of it."""
        slots, lost = self._expected(lease)
        self.findings.examined += slots.total()
        billed, unbilled = _billed(lease, self.rules.slot_seconds)
        for place in sorted(slots.keys() | billed.keys(), key=str):
            thing = f"lease {lease.id} in {place[0]} for {place[1]}"
            self.findings.compare(f"{thing}: slots at {place[2]}", slots[place], billed[place])
            self.findings.compare(f"{thing}: lost at {place[2]}", lost[place], unbilled[place])

    def _expected(self, lease: SettledLeaseRow) -> tuple[Counter[Place], Counter[Place]]:
        """Slots, and card-seconds lost, by where they are to be billed."""
        slots: Counter[Place] = Counter()
        lost: Counter[Place] = Counter()
        whole = lease.cards * self.rules.slot_seconds
        # A run that is open may not have come to this lease yet.
        for slot, price in _priced_slots(lease):
            batch, delivered = lease.reported.get(slot, (None, 0))
            run = self._settled_by(slot, batch, lease.disputed.get(slot, ()))
            if run is None or (run.status != "closed" and run.id not in lease.stated):
                continue
            known = batch is not None and batch <= (run.usage_batch or 0)
            hourly = price * 3600 // self.rules.slot_seconds
            place = (run.id, self._period_of(slot), hourly, self._agreement_of(lease, slot))
            slots[place] += 1
            lost[place] += whole - delivered if known else whole
        return slots, lost

    def _settled_by(
        self, slot: int, batch: int | None, disputed: Sequence[tuple[int, int | None]]
    ) -> RunRow | None:
        """The first run, of the slot's period or later, that knows of its report or sees its late window closed.

        While a dispute about it is open a slot is not lost for want of a report.
        """
        seconds = self.rules.slot_seconds
        for run in self._runs:
            if run.usage_batch is None or slot * seconds >= run.ends:
                continue
            if batch is not None and batch <= run.usage_batch:
                return run
            waits = any(
                begun <= run.usage_batch and (ended is None or ended > run.usage_batch)
                for begun, ended in disputed
            )
            if (slot + 1) * seconds <= run.late_until and not waits:
                return run
        return None

    def _period_of(self, slot: int) -> str:
        if slot not in self._periods:
            instant = slot * self.rules.slot_seconds + self.rules.utc_offset_seconds
            self._periods[slot] = f"{datetime.fromtimestamp(instant, UTC):%Y-%m}"
        return self._periods[slot]

    def _agreement_of(self, lease: SettledLeaseRow, slot: int) -> str | None:
        instant = slot * self.rules.slot_seconds
        for name, agreement in self._by_pair.get((lease.source, lease.destination), ()):
            if agreement.covers(instant):
                return name
        return None


def _priced_slots(lease: SettledLeaseRow) -> Iterator[tuple[int, int]]:
    for start, end, price in lease.runs:
        yield from ((slot, price) for slot in range(start, end))


def _billed(lease: SettledLeaseRow, slot_seconds: int) -> tuple[Counter[Place], Counter[Place]]:
    """Slots and card-seconds lost, as the statements have them."""
    slots: Counter[Place] = Counter()
    lost: Counter[Place] = Counter()
    for run, period, price, agreement, quantity, missing in lease.lines:
        slots[run, period, price, agreement] += quantity // (lease.cards * slot_seconds)
        lost[run, period, price, agreement] += missing
    return slots, lost
