"""Is every fen of every voucher accounted for, and was none used that its programme forbids?

Read from the log alone. Nothing of it trusts what was judged when the voucher was used.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exchange.checks.findings import Findings
from exchange.closing.events import StatementPosted, SubjectKind
from exchange.contracts.events import ContractClosed, ContractOpened
from exchange.events import Event
from exchange.orders.events import LeaseDisplaced, LeaseGranted, OrderClosed
from exchange.parties.events import PartyRegistered
from exchange.promises import Pledge, Voucher, VoucherPart
from exchange.refunds.events import LineRefunded, PartReturned
from exchange.vouchers.events import (
    FactsDeclared,
    ProgrammeAdopted,
    VoucherExpired,
    VoucherHeld,
    VoucherIssued,
    VoucherPassed,
    VoucherReturned,
)
from settlement.vouchers.programme import BudgetSpan, Programme
from settlement.vouchers.uses import year_of


@dataclass(slots=True)
class Known:
    """A voucher, and what of it is left, held and used."""

    terms: Voucher
    left: int
    held: int = 0
    used: int = 0
    over: bool = False


@dataclass(slots=True)
class Vouchers:
    """Follows every voucher from its issue to its end. It remembers all of them, for what the ledger says at the end."""

    findings: Findings = field(
        default_factory=lambda: Findings(
            "vouchers",
            "what was issued is left, held, used or expired, and was used as its programme says",
        )
    )
    _known: dict[str, Known] = field(default_factory=dict)
    _pledged: dict[str, dict[str, int]] = field(default_factory=dict)
    _programmes: dict[tuple[str, int], Programme] = field(default_factory=dict)
    _newest: dict[str, int] = field(default_factory=dict)
    _issued: Counter[tuple[str, int]] = field(default_factory=Counter)
    _interests: dict[str, frozenset[str]] = field(default_factory=dict)
    _groups: dict[str, str] = field(default_factory=dict)
    _parties: dict[str, tuple[str, str]] = field(default_factory=dict)

    def see(self, events: Sequence[Event]) -> None:
        """What the next command made happen. Whatever has ended by its end holds nothing any more."""
        ended: list[str] = []
        for event in events:
            self._see(event)
            match event:
                case OrderClosed(closed):
                    ended.append(closed.order)
                case ContractClosed(name, _, _):
                    ended.append(name)
                case LeaseDisplaced(lease=name, slots_left=0):
                    ended.append(name)
                case StatementPosted(kind=SubjectKind.LEASE, subject=name, slots_left=0):
                    ended.append(name)
                case _:
                    pass
        for subject in ended:
            self._parties.pop(subject, None)
            for voucher, amount in self._pledged.pop(subject, {}).items():
                self.findings.compare(f"{subject}: held of {voucher} after its end", 0, amount)

    def end(self, balances: Mapping[str, tuple[int, int, int]]) -> None:
        """The log ends here; `balances` is what the ledger says is left, held and used of each voucher."""
        for name in sorted(self._known.keys() | balances.keys()):
            known = self._known.get(name)
            ours = (0, 0, 0) if known is None else (known.left, known.held, known.used)
            for what, expected, got in zip(
                ("left", "held", "used"), ours, balances.get(name, (0, 0, 0)), strict=True
            ):
                self.findings.compare(f"voucher {name}: {what}", expected, got)

    def _see(self, event: Event) -> None:
        match event:
            case PartyRegistered(party):
                self._groups[party.id] = party.group
            case FactsDeclared(party_id, facts, _):
                self._interests[party_id] = facts.controllers
            case ProgrammeAdopted(programme, _):
                self._programmes[programme.id, programme.version] = programme
                self._newest[programme.id] = programme.version
            case LeaseGranted(_, lease, _, _):
                self._parties[lease.id] = (lease.buyer, lease.seller)
            case ContractOpened(contract):
                self._parties[contract.id] = (contract.buyer, contract.seller)
            case VoucherIssued(voucher, at, _):
                self._issue(voucher, at)
            case VoucherHeld(order, pledge):
                self._hold(order, pledge)
            case VoucherPassed(order, lease_id, pledge):
                self._pass(order, lease_id, pledge)
            case VoucherReturned(subject, voucher_id, amount):
                self._free(subject, voucher_id, amount)
            case VoucherExpired(voucher_id, _, amount):
                known = self._known[voucher_id]
                self.findings.compare(f"voucher {voucher_id}: expired", known.left, amount)
                known.left -= amount
                known.over = True
            case LineRefunded():
                for back in event.returned:
                    self._return(event.refund, back)
            case StatementPosted():
                for line in event.lines:
                    for part in line.vouchers:
                        self._use(event.subject, part)
            case _:
                pass

    def _issue(self, voucher: Voucher, at: int) -> None:
        self.findings.examined += 1
        self._known[voucher.id] = Known(voucher, voucher.amount)
        self._issued[voucher.programme, year_of(at)] += voucher.amount
        programme = self._programmes[voucher.programme, self._newest[voucher.programme]]
        years = [year_of(at)] if programme.budget_span is BudgetSpan.CALENDAR_YEAR else None
        issued = sum(
            amount
            for (name, year), amount in self._issued.items()
            if name == voucher.programme and (years is None or year in years)
        )
        budgets = [one.budget for (name, _), one in self._programmes.items() if name == voucher.programme]
        if None not in budgets and issued > max(budget or 0 for budget in budgets):
            self.findings.tell(f"voucher {voucher.id}: {issued} fen are issued, more than any budget")

    def _hold(self, order: str, pledge: Pledge) -> None:
        known = self._known[pledge.voucher]
        if pledge.amount > known.left or pledge.at >= known.terms.ends:
            self.findings.tell(
                f"{order}: {pledge.amount} fen are held of {pledge.voucher}, which has not so much"
            )
        known.left -= pledge.amount
        known.held += pledge.amount
        self._pledged.setdefault(order, {})[pledge.voucher] = pledge.amount
        if order in self._parties:
            self._judge(order, pledge)

    def _pass(self, order: str, lease_id: str, pledge: Pledge) -> None:
        self._lessen(order, pledge.voucher, pledge.amount)
        self._pledged.setdefault(lease_id, {})[pledge.voucher] = pledge.amount
        self._judge(lease_id, pledge)

    def _judge(self, subject: str, pledge: Pledge) -> None:
        """A lease or contract is covered by vouchers of its buyer's, and where the programme asks, sold by somebody else."""
        buyer, seller = self._parties[subject]
        if buyer != self._known[pledge.voucher].terms.buyer:
            self.findings.tell(f"{subject}: {pledge.voucher} is not its buyer's")
        programme = self._programmes[pledge.programme, pledge.version]
        both = self._interest(buyer) & self._interest(seller)
        if programme.sellers_unrelated and both:
            self.findings.tell(
                f"{subject}: {pledge.voucher} covers it, though {min(both)} has a hand in both"
            )

    def _use(self, lease: str, part: VoucherPart) -> None:
        self.findings.examined += 1
        held = self._pledged.get(lease, {}).get(part.voucher, 0)
        self.findings.compare(f"{lease}: what may be used of {part.voucher}", held, part.terms.balance)
        self._lessen(lease, part.voucher, part.covered)
        known = self._known[part.voucher]
        known.held -= part.covered
        known.used += part.covered
        told = (part.issuer, part.programme)
        self.findings.compare(
            f"{lease}: issuer of {part.voucher}", (known.terms.issuer, known.terms.programme), told
        )

    def _return(self, refund: str, back: PartReturned) -> None:
        self.findings.examined += 1
        known = self._known[back.voucher]
        self.findings.compare(f"{refund}: whether {back.voucher} is over", known.over, back.over)
        if not 0 <= back.amount <= known.used:
            self.findings.tell(f"{refund}: {back.amount} fen return to {back.voucher}, of {known.used} used")
        known.used -= back.amount
        known.left += 0 if back.over else back.amount

    def _free(self, subject: str, voucher: str, amount: int) -> None:
        self._lessen(subject, voucher, amount)
        known = self._known[voucher]
        known.held -= amount
        known.left += amount

    def _lessen(self, subject: str, voucher: str, amount: int) -> None:
        held = self._pledged.get(subject, {})
        if amount > held.get(voucher, 0):
            self.findings.tell(f"{subject}: {amount} fen of {voucher} are moved, which it does not hold")
        held[voucher] = held.get(voucher, 0) - amount

    def _interest(self, party: str) -> frozenset[str]:
        return self._interests.get(party, frozenset()) | {party, self._groups[party]}
