"""Is every fen that regions paid for vouchers where it belongs?

Read from the log alone: what each region owes of each line, what it has paid of that, and who has got it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exchange.checks.findings import Findings, unequal
from exchange.closing.events import CloseBegun, StatementPosted
from exchange.events import Event
from exchange.refunds.events import LineRefunded
from exchange.subsidies.events import SubsidyPaid, SubsidyPart, SubsidyRepaid
from settlement.terms import VoucherMode

Accounts = Mapping[tuple[str, str], int]
"""Balances by (owner, kind)."""

MONTHS = {
    "Q1": ("01", "02", "03"),
    "Q2": ("04", "05", "06"),
    "Q3": ("07", "08", "09"),
    "Q4": ("10", "11", "12"),
}


@dataclass(slots=True)
class Part:
    """A voucher's part of a line: whose it is, what stands of it, and what is paid."""

    programme: str
    issuer: str
    party: str
    to_seller: bool
    covered: int
    paid: int = 0


@dataclass(slots=True)
class Covered:
    """A line that vouchers cover. `charge` is what the seller was to get of the buyer's part, `received` of the regions'."""

    month: str
    statement: str
    seller: str
    charge: int
    parts: dict[str, Part]
    received: int = 0

    @property
    def sellers(self) -> int:
        """What the seller ought to have got of all that is paid: the rest of the fee comes first."""
        paid = sum(part.paid for part in self.parts.values() if part.to_seller)
        return max(0, paid - max(0, -self.charge))


@dataclass(slots=True)
class Subsidies:
    """Follows what regions owe and pay. It remembers every line that vouchers cover."""

    findings: Findings = field(
        default_factory=lambda: Findings(
            "subsidies", "regions pay what they owe for vouchers, once, and whoever is owed that has it"
        )
    )
    _lines: dict[str, Covered] = field(default_factory=dict)
    _months: dict[str, str] = field(default_factory=dict)
    _references: set[tuple[str, str]] = field(default_factory=set)
    _credit: Counter[str] = field(default_factory=Counter)

    def see(self, events: Sequence[Event]) -> None:
        """What the next command made happen."""
        for event in events:
            for fault in self._faults(event):
                self.findings.tell(fault)

    def end(self, balances: Accounts) -> None:
        """The log ends here; `balances` is what the ledger says is owed, due and paid too much."""
        expected: Counter[tuple[str, str]] = Counter()
        for line in self._lines.values():
            for part in line.parts.values():
                expected[part.issuer, "subsidy_claim"] -= part.covered - part.paid
                expected[part.party, "subsidy_due"] += part.covered - (0 if part.to_seller else part.paid)
            expected[line.seller, "subsidy_due"] -= max(0, -line.charge) + line.sellers
        for programme, amount in self._credit.items():
            expected[programme, "subsidy_credit"] += amount
        for owner, kind in sorted(expected.keys() | balances.keys()):
            got = balances.get((owner, kind), 0)
            self.findings.compare(f"{owner}/{kind}", expected[owner, kind], got)

    def _faults(self, event: Event) -> Iterator[str]:
        match event:
            case CloseBegun(run):
                self._months[run.id] = run.period
            case StatementPosted():
                self._cover(event)
            case LineRefunded() if event.returned:
                self.findings.examined += 1
                yield from self._refund_faults(event)
            case SubsidyPaid():
                self.findings.examined += 1
                yield from self._payment_faults(event)
            case SubsidyRepaid(programme, issuer, amount, reference):
                self.findings.examined += 1
                yield from self._reference_faults(issuer, reference)
                if not 0 < amount <= self._credit[programme]:
                    yield f"{reference}: {amount} fen are given back, of {self._credit[programme]} too much"
                self._credit[programme] -= amount
            case _:
                pass

    def _cover(self, event: StatementPosted) -> None:
        for n, line in enumerate(event.lines):
            parts = {}
            for one in line.vouchers:
                to_seller = one.terms.mode is not VoucherMode.REIMBURSE_BUYER
                party = event.seller if to_seller else event.buyer
                parts[str(one.voucher)] = Part(one.programme, one.issuer, party, to_seller, one.covered)
            if parts:
                charge = line.line.payout_on_charge_fen
                statement = f"{event.run}/{event.subject}"
                month = self._months[event.run]
                self._lines[f"{statement}/{n}"] = Covered(month, statement, event.seller, charge, parts)

    def _refund_faults(self, event: LineRefunded) -> Iterator[str]:
        """What is left of each part is owed, what is paid beyond that is the programme's, and the seller keeps no more."""
        line = self._lines[event.line.name]
        at_once = max(0, line.charge)
        line.charge += event.correction.payout_on_charge_fen
        for back in event.returned:
            part = line.parts[back.voucher]
            part.covered -= back.amount
            too_much = max(0, part.paid - part.covered)
            yield from unequal(f"{event.refund}: paid back of {back.voucher}", too_much, back.paid_back)
            part.paid -= back.paid_back
            self._credit[part.programme] += back.paid_back
        moved = max(0, line.charge) - at_once + line.sellers - line.received
        yield from unequal(f"{event.refund}: the seller's balance moves by", moved, event.payable)
        line.received = line.sellers

    def _payment_faults(self, event: SubsidyPaid) -> Iterator[str]:
        name = f"payment {event.reference}"
        yield from self._reference_faults(event.issuer, event.reference)
        owed = list(self._owed(event))
        credit = min(self._credit[event.programme], sum(amount for _, _, amount in owed))
        yield from unequal(f"{name}: credit", credit, event.credit)
        self._credit[event.programme] -= event.credit
        shared = sum(part.amount for part in event.parts)
        yield from unequal(f"{name}: shared out", event.amount + event.credit, shared)
        expected = [(line, voucher) for line, voucher, _ in owed[: len(event.parts)]]
        told = [(part.line, str(part.voucher)) for part in event.parts]
        yield from unequal(f"{name}: the oldest claims", expected, told)
        for part, (_, _, amount) in zip(event.parts[:-1], owed, strict=False):
            yield from unequal(f"{name}: of {part.line}", amount, part.amount)
        for part in event.parts:
            yield from self._part_faults(name, event, part)

    def _owed(self, event: SubsidyPaid) -> Iterator[tuple[str, str, int]]:
        """What of the programme was not paid yet of the period: line, voucher and fen, oldest first."""
        year, _, rest = event.period.partition("-")
        months = {f"{year}-{month}" for month in MONTHS.get(rest, (rest,))}
        for name, line in self._lines.items():
            for voucher, part in line.parts.items():
                wanted = part.programme == event.programme and line.month in months
                if wanted and part.paid < part.covered and line.statement not in event.withheld:
                    yield name, voucher, part.covered - part.paid

    def _part_faults(self, name: str, event: SubsidyPaid, paid: SubsidyPart) -> Iterator[str]:
        line = self._lines.get(paid.line)
        part = None if line is None else line.parts.get(paid.voucher)
        if line is None or part is None:
            yield f"{name}: {paid.voucher} covers nothing of {paid.line}"
            return
        owed = part.covered - part.paid
        if not 0 < paid.amount <= owed:
            yield f"{name}: {paid.amount} fen are paid of {paid.line}, and {owed} are owed"
        part.paid += paid.amount
        whose = (part.issuer, part.party, part.to_seller)
        to_seller = paid.mode is not VoucherMode.REIMBURSE_BUYER
        yield from unequal(f"{name}: of {paid.line}", whose, (event.issuer, paid.party, to_seller))
        received = line.sellers - line.received if part.to_seller else paid.amount
        yield from unequal(f"{name}: received of {paid.line}", received, paid.received)
        line.received = line.sellers

    def _reference_faults(self, issuer: str, reference: str) -> Iterator[str]:
        if (issuer, reference) in self._references:
            yield f"{reference} is booked for {issuer} twice"
        self._references.add((issuer, reference))
