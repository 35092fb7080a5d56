"""Is only that paid out which is due, and only that given back which was charged?

What each seller is owed is followed from what was settled, run by run, and each refund is held against its statement. What
goes back by a top-up is held against what had come by it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple, assert_never

from exchange.checks.findings import Findings, unequal
from exchange.closing.events import CloseBegun, PeriodClosed, StatementPosted
from exchange.events import Event
from exchange.parties.events import Deposited
from exchange.payouts.events import (
    PayoutAccountNamed,
    PayoutBegun,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
    PayoutTermsSet,
)
from exchange.persistence.queries.audit import LoggedStep
from exchange.persistence.queries.settled import LineRow, StatementRow
from exchange.refunds.events import LineRefunded
from exchange.state import PayoutTerms, PayoutWay
from exchange.subsidies.events import SubsidyPaid, SubsidyPart, SubsidyRepaid
from exchange.venue.events import TermsAdopted
from matching.events import Ticked
from settlement.agreements import PairAgreement
from settlement.money import Fen
from settlement.statement import Line, statement_line, vouchers_of
from settlement.terms import TaxTerms, Terms, VoucherMode

DAY = 86_400
KINDS = frozenset({"refund", "payout", "payment", "reversal", "subsidy"})
"""Entries that refunds, payouts and regions' payments make, beside attributions."""

Legs = Counter[tuple[str, str]]

_TAKEN_FROM = {
    PayoutWay.TRANSFER: "payable",
    PayoutWay.REFUND: "available",
    PayoutWay.BANK: "available",
}


class Payout(NamedTuple):
    """How much is on its way to whom, or was paid, and by which way."""

    party: str
    way: PayoutWay
    account: str
    amount: int


@dataclass(slots=True)
class Paying:
    """Follows refunds and payouts event by event, with what each seller has earned in each run."""

    findings: Findings = field(
        default_factory=lambda: Findings(
            "payouts",
            "sellers are paid what is due, once, and no line or top-up gives back more than it has brought",
        )
    )
    refunded: dict[str, list[LineRefunded]] = field(default_factory=lambda: defaultdict(list))
    """Refunds by their statement."""
    _terms: PayoutTerms = field(default_factory=PayoutTerms)
    _slot_seconds: int = 0
    _slot: int = 0
    _closed: dict[str, int | None] = field(default_factory=dict)
    _earned: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _accounts: dict[str, str] = field(default_factory=dict)
    _topups: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What may go back by each deposit, by party and reference."""
    _from_regions: dict[str, list[SubsidyPart]] = field(default_factory=lambda: defaultdict(list))
    """What regions have paid for sellers' lines, by their names."""
    _begun: dict[str, Payout] = field(default_factory=dict)
    _paid: dict[str, Payout] = field(default_factory=dict)

    def see(self, step: LoggedStep, events: Sequence[Event]) -> None:
        """The next command: what happened, and whether its entries say so."""
        expected: Legs = Counter()
        for event in events:
            for fault in self._faults(event):
                self.findings.tell(f"{step.seq}: {fault}")
            expected.update(_legs(event))
        if expected or any(entry.kind in KINDS for entry in step.entries):
            got: Legs = Counter()
            for entry in step.entries:
                if entry.kind == "chargeback":
                    continue  # a check of its own follows what disputes cost
                for leg in entry.postings:
                    got[leg.owner, leg.kind] += leg.amount
            self.findings.compare(f"{step.seq}: accounts moved", _moved(expected), _moved(got))

    def end(self, in_transit: Mapping[str, int]) -> None:
        """The log ends here; `in_transit` is what the postings say is on its way, by owner."""
        begun: Counter[str] = Counter()
        for payout in self._begun.values():
            begun[payout.party] += payout.amount
        for party in sorted(begun.keys() | in_transit.keys()):
            self.findings.compare(f"in transit to {party}", begun[party], in_transit.get(party, 0))

    def see_statement(self, statement: StatementRow, agreements: Mapping[str, PairAgreement]) -> None:
        """A statement of which a line was refunded: each line is what remains of it, figure by figure."""
        by_line: dict[int, list[LineRefunded]] = defaultdict(list)
        for event in self.refunded[statement.id]:
            by_line[event.line.n].append(event)
        for n, events in by_line.items():
            paid = self._from_regions.get(f"{statement.id}/{n}", [])
            for fault in _line_faults(statement, n, events, agreements, paid):
                self.findings.tell(f"refunds of statement {statement.id}, line {n}: {fault}")

    def _faults(self, event: Event) -> Iterator[str]:
        match event:
            case TermsAdopted(terms):
                self._slot_seconds = terms.slot_seconds
            case Ticked(now):
                self._slot = now
            case CloseBegun(run):
                self._closed[run.id] = None
            case PeriodClosed(run):
                self._closed[run.id] = self._slot
            case StatementPosted():
                earned = sum(max(0, line.line.payout_on_charge_fen) for line in event.lines)
                self._earned[event.seller][event.run] += earned
            case LineRefunded():
                self.findings.examined += 1
                self.refunded[event.line.statement].append(event)
                self._earned[event.line.seller][event.line.run] += event.payable
            case SubsidyPaid():
                self.findings.examined += 1
                for part in event.parts:
                    if part.mode is not VoucherMode.REIMBURSE_BUYER:
                        self._earned[part.party][part.run] += part.received
                        self._from_regions[part.line].append(part)
            case Deposited(party, amount, reference):
                self._topups[party, reference] += amount
            case PayoutTermsSet(payout_terms):
                self._terms = payout_terms
            case PayoutAccountNamed(party, account):
                self._accounts[party] = account
            case PayoutBegun() | PayoutPaid() | PayoutFailed() | PayoutReturned():
                self.findings.examined += 1
                yield from self._payout_faults(event)
            case _:
                pass

    def _payout_faults(
        self, event: PayoutBegun | PayoutPaid | PayoutFailed | PayoutReturned
    ) -> Iterator[str]:
        name = f"payout {event.payout}"
        match event:
            case PayoutBegun(payout, party, account, amount, way):
                yield from self._begin_faults(name, event)
                self._begun[payout] = Payout(party, way, account, amount)
            case PayoutPaid(payout, party, amount, _, way):
                begun = self._begun.pop(payout, None)
                told = begun and (begun.party, begun.way, begun.amount)
                yield from unequal(f"{name}: begun", (party, way, amount), told)
                if begun is not None:
                    self._paid[payout] = begun
            case PayoutFailed(payout, party, amount, _, way):
                begun = self._begun.pop(payout, None)
                told = begun and (begun.party, begun.way, begun.amount)
                yield from unequal(f"{name}: begun", (party, way, amount), told)
                self._give_back(begun, amount)
            case PayoutReturned(payout, party, amount, left, _, way):
                paid = self._paid.pop(payout, None)
                told = paid and (paid.party, paid.way, paid.amount)
                yield from unequal(f"{name}: paid", (party, way, amount + left), told)
                if amount <= 0 or left < 0:
                    yield f"{name}: {amount} fen came back, and {left} are left"
                if paid is not None:
                    self._paid[payout] = paid._replace(amount=left)
                self._give_back(paid, amount)

    def _begin_faults(self, name: str, event: PayoutBegun) -> Iterator[str]:
        """Whether so much may go to this party, by this way and at this account."""
        match event.way:
            case PayoutWay.TRANSFER:
                yield from unequal(f"{name}: account", self._accounts.get(event.party), event.account)
                due = self._due(event.party)
                if not self._terms.minimum <= event.amount <= due:
                    yield f"{name}: {event.amount} fen, and {due} are due"
            case PayoutWay.REFUND:
                self._topups[event.party, event.account] -= event.amount
                left = self._topups[event.party, event.account]
                if event.amount <= 0 or left < 0:
                    yield f"{name}: {event.amount} fen go back by a top-up of which {left + event.amount} are left"
            case PayoutWay.BANK:
                if event.amount <= 0:
                    yield f"{name}: {event.amount} fen"
            case _:
                assert_never(event.way)

    def _give_back(self, payout: Payout | None, amount: int) -> None:
        """What did not get to a buyer by its top-up, or has come back, is in its balance again."""
        if payout is not None and payout.way is PayoutWay.REFUND:
            self._topups[payout.party, payout.account] += amount

    def _due(self, party: str) -> int:
        """What was settled and is held back no more, less what is on its way or paid."""
        gone = sum(
            payout.amount
            for payout in (*self._begun.values(), *self._paid.values())
            if payout.party == party and payout.way is PayoutWay.TRANSFER
        )
        owed = self._earned[party].total() - gone
        wait = self._terms.hold_back_days * DAY // self._slot_seconds
        held_back = sum(
            amount
            for run, amount in self._earned[party].items()
            if (closed := self._closed.get(run)) is None or self._slot < closed + wait
        )
        return owed - max(0, held_back)


def _legs(event: Event) -> Legs:
    """What an event does to accounts, by (owner, kind)."""
    match event:
        case LineRefunded():
            return _refund_legs(event)
        case SubsidyPaid():
            return _subsidy_legs(event)
        case SubsidyRepaid(programme, _, amount):
            return Counter({(programme, "subsidy_credit"): -amount, ("venue", "bank"): amount})
        case PayoutBegun(_, party, _, amount, way):
            return Counter({(party, _TAKEN_FROM[way]): -amount, (party, "in_transit"): amount})
        case PayoutPaid(_, party, amount):
            return Counter({(party, "in_transit"): -amount, ("venue", "bank"): amount})
        case PayoutFailed(_, party, amount, _, way):
            return Counter({(party, "in_transit"): -amount, (party, _TAKEN_FROM[way]): amount})
        case PayoutReturned(_, party, amount, _, _, way):
            return Counter({("venue", "bank"): -amount, (party, _TAKEN_FROM[way]): amount})
        case _:
            return Counter()


def _subsidy_legs(event: SubsidyPaid) -> Legs:
    """Money comes in, and moves on to whoever it was due to."""
    legs: Legs = Counter({("venue", "bank"): -event.amount})
    legs[event.programme, "subsidy_credit"] -= event.credit
    for part in event.parts:
        legs[event.issuer, "subsidy_claim"] += part.amount
        legs[part.party, "subsidy_due"] -= part.received
        later = part.mode is VoucherMode.REIMBURSE_BUYER
        legs[part.party, "available" if later else "payable"] += part.received
    return legs


def _refund_legs(event: LineRefunded) -> Legs:
    """What the seller gets less is its payout's change: of its balance, of what is due to it, or of the region's promise."""
    line, correction = event.line, event.correction
    legs: Legs = Counter()
    legs["venue", "fee_income"] += correction.fee_net_fen
    legs["venue", "fee_vat"] += correction.fee_vat_fen
    legs[line.seller, "payable"] += event.payable
    legs[line.seller, "subsidy_due"] += correction.seller_payout_fen - event.payable
    legs[line.buyer, "available"] += event.amount
    for part, back in zip(line.vouchers, event.returned, strict=True):
        later = part.terms.mode is VoucherMode.REIMBURSE_BUYER
        legs[line.buyer, "subsidy_due"] -= back.amount - back.paid_back if later else 0
        legs[line.buyer, "available"] -= back.paid_back if later else back.amount
        legs[part.issuer, "subsidy_claim"] += back.amount - back.paid_back
        legs[part.programme, "subsidy_credit"] += back.paid_back
        legs[part.voucher, "voucher_used"] -= back.amount
        taker = (part.programme, "voucher_budget") if back.over else (part.voucher, "voucher_left")
        legs[taker] += back.amount
    if line.agreement is not None:
        agreement = f"{line.agreement[0]}/{line.agreement[1]}"
        for kind, shares in (
            ("revenue", correction.revenue_by_region_fen),
            ("tax", correction.tax_by_region_fen),
            ("gdp", correction.gdp_by_region_fen),
        ):
            for region, fen in shares:
                legs[region, kind] += fen
                legs[agreement, "attribution"] -= fen
    return legs


def _moved(legs: Legs) -> dict[tuple[str, str], int]:
    return {account: amount for account, amount in sorted(legs.items()) if amount}


def _line_faults(
    statement: StatementRow,
    n: int,
    events: Sequence[LineRefunded],
    agreements: Mapping[str, PairAgreement],
    paid: Sequence[SubsidyPart],
) -> Iterator[str]:
    """What is wrong with the refunds of one line, for which regions have paid the seller so much."""
    if n >= len(statement.lines) or statement.rates is None:
        yield "there is no such line"
        return
    row, given_back = statement.lines[n], sum(event.amount for event in events)
    charged = row.figures.gross_fen
    for event in events:
        line = event.line
        agreement = None if line.agreement is None else f"{line.agreement[0]}/{line.agreement[1]}"
        told = (line.buyer, line.seller, line.gross, line.vat_rate_bp, line.fee, agreement, line.vouchers)
        posted = (statement.buyer, statement.seller, charged, *statement.rates, row.agreement, row.vouchers)
        yield from unequal(f"{event.refund} is reckoned from", posted, told)
    if not 0 < given_back <= charged or min(event.amount for event in events) <= 0:
        yield f"{given_back} fen of {charged} were given back"
        return
    references = [event.reference for event in events]
    yield from unequal("references", sorted(set(references)), sorted(references))
    pair = agreements.get(row.agreement) if row.agreement else None
    terms = tuple(part.terms for part in row.vouchers)
    remains = statement_line(Fen(charged - given_back), Terms(*statement.rates, TaxTerms(), pair, terms))
    yield from _paid_faults(row, remains, events, paid)
    yield from _returned_faults(row, remains, events)
    for figure in fields(Line):
        expected, got = _of(remains, figure.name), _of(row.figures, figure.name)
        for event in events:
            got.update(_of(event.correction, figure.name))
        yield from unequal(figure.name, _moved(expected), _moved(got))


def _paid_faults(
    row: LineRow, remains: Line, events: Sequence[LineRefunded], paid: Sequence[SubsidyPart]
) -> Iterator[str]:
    """Whether the seller is left with what the rest of a line gives it, at once and of what regions have paid."""
    sellers = {one.voucher for one in row.vouchers if one.terms.mode is not VoucherMode.REIMBURSE_BUYER}
    back = sum(one.paid_back for event in events for one in event.returned if one.voucher in sellers)
    fee_left = max(0, -remains.payout_on_charge_fen)
    keeps = max(0, remains.payout_on_charge_fen) + max(0, sum(part.amount for part in paid) - back - fee_left)
    had = max(0, row.figures.payout_on_charge_fen) + sum(part.received for part in paid)
    yield from unequal("payable", keeps, had + sum(event.payable for event in events))


def _returned_faults(row: LineRow, remains: Line, events: Sequence[LineRefunded]) -> Iterator[str]:
    """Whether vouchers are left with what the rest of a line gives them."""
    covered = vouchers_of(remains.gross_fen, tuple(part.terms for part in row.vouchers))
    for n, (part, expected) in enumerate(zip(row.vouchers, covered, strict=True)):
        named = {event.returned[n].voucher for event in events}
        yield from unequal(f"what returns to {part.voucher}", {part.voucher}, named)
        left = part.covered - sum(event.returned[n].amount for event in events)
        yield from unequal(f"covered by {part.voucher}", expected, left)


def _of(line: Line, name: str) -> Legs:
    """A figure by region, or under no region."""
    figure = getattr(line, name)
    return (
        Counter({(name, region): fen for region, fen in figure})
        if isinstance(figure, tuple)
        else Counter({(name, ""): figure})
    )
