"""Do the statements come out?

Every figure of every line is made again from the quantity that it bills.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields

from exchange.checks.credits import Owed, credits_due, owed_by_period
from exchange.checks.findings import Findings
from exchange.persistence.queries.settled import LineRow, StatementRow
from settlement.agreements import PairAgreement
from settlement.meters import Meter
from settlement.money import Fen, round_half_away
from settlement.statement import Line, imbalances, statement_line, vouchers_of
from settlement.terms import TaxTerms, Terms

FEN_OF = {
    Meter.CARD_SECONDS: 36 * 10**6,
    Meter.INPUT_TOKENS: 10**10,
    Meter.CACHED_INPUT_TOKENS: 10**10,
    Meter.OUTPUT_TOKENS: 10**10,
    Meter.PACKAGES: 10**4,
}
"""How many units of quantity times price make a fen: seconds of an hour, tokens of a million, micro-yuan of a fen."""


@dataclass(slots=True)
class Statements:
    """Takes statements apart. `agreements` are all that were recorded, by id/version."""

    slot_seconds: int
    utc_offset_seconds: int
    agreements: Mapping[str, PairAgreement] = field(default_factory=dict)
    findings: Findings = field(
        default_factory=lambda: Findings(
            "statements",
            "every line comes out of its quantity, every statement of its lines, the ledger of both",
        )
    )

    def see(self, statement: StatementRow) -> None:
        """The next statement with its lines."""
        name = f"statement {statement.id}"
        charged = sum(line.figures.buyer_pays_now_fen for line in statement.lines)
        self.findings.compare(f"{name}: charged", charged, statement.charged)
        self.findings.compare(f"{name}: released", self._settled(statement) - charged, statement.released)
        owed = owed_by_period(statement, self.slot_seconds, self.utc_offset_seconds)
        for n, line in enumerate(statement.lines):
            self.findings.examined += 1
            for fault in self._faults(statement, line, owed.get(line.service_period, [])):
                self.findings.tell(f"{name}, line {n}: {fault}")

    def _settled(self, statement: StatementRow) -> int:
        """What was held of what is settled: of a lease each slot rounded up to the fen, of a contract the price of its use."""
        if not statement.cards:
            return sum(line.figures.gross_fen for line in statement.lines)
        card_seconds = statement.cards * self.slot_seconds
        return sum(
            line.quantity // card_seconds * -(-card_seconds * line.price // FEN_OF[Meter.CARD_SECONDS])
            for line in statement.lines
        )

    def _faults(self, statement: StatementRow, line: LineRow, owed: Sequence[Owed]) -> Iterator[str]:
        gross = round_half_away(line.quantity * line.price, FEN_OF[line.meter])
        if gross != line.before_loss:
            yield f"before_loss: expected {gross}, got {line.before_loss}"
        if not 0 <= line.lost <= line.quantity:
            yield f"lost: {line.lost} of {line.quantity}"
            return
        if statement.cards and line.quantity % (statement.cards * self.slot_seconds):
            yield f"quantity: {line.quantity} card-seconds are no whole slots of {statement.cards} cards"
        if line.over_budget < 0 or (line.over_budget and statement.left):
            yield f"over_budget: {line.over_budget}, though {statement.left} are left of the budget"
        delivered = round_half_away(gross * (line.quantity - line.lost), line.quantity or 1)
        is_covered = line.package is not None and line.meter is not Meter.PACKAGES
        left, credited = credits_due(0 if is_covered else delivered - line.over_budget, owed)
        found = [(str(one.reason), one.rate_bp, one.fen) for one in line.credits]
        if found != credited:
            yield f"credits: expected {credited}, got {found}"
        yield from self._figure_faults(statement, line, Fen(left))
        yield from imbalances(line.figures)

    def _figure_faults(self, statement: StatementRow, line: LineRow, charged: Fen) -> Iterator[str]:
        """Every figure, from what is charged and the rates of the subject."""
        agreement = self.agreements.get(line.agreement) if line.agreement else None
        if statement.rates is None or (line.agreement and agreement is None):
            yield f"its subject or its agreement {line.agreement} was never heard of"
            return
        vouchers = tuple(part.terms for part in line.vouchers)
        for part, covered in zip(line.vouchers, vouchers_of(charged, vouchers), strict=True):
            if part.covered != covered:
                yield f"voucher {part.voucher}: expected {covered}, got {part.covered}"
        expected = asdict(statement_line(charged, Terms(*statement.rates, TaxTerms(), agreement, vouchers)))
        for figure in fields(Line):
            got = getattr(line.figures, figure.name)
            if expected[figure.name] != got:
                yield f"{figure.name}: expected {expected[figure.name]}, got {got}"
