"""All that stands behind the use of vouchers in a statement, as it is answered: one document, sealed with its digest."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from exchange.persistence.queries.statements import StoredStatement
from exchange.persistence.queries.vouchers import DeclaredFacts, Logged, Metered, StoredUse
from settlement.vouchers.programme import Evidence
from web.bodies.statements import StatementOut
from web.bodies.vouchers import FactsOut, UseOut
from web.documents.invoice import InvoiceData


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """An event as the log has it at `seq`. `body_sha256` is over its body as logged, to the byte."""

    seq: int
    kind: str
    body: dict[str, Any]
    body_sha256: str


@dataclass(frozen=True, slots=True)
class BatchOut:
    """A batch of usage, and the digest of all batches up to it."""

    batch: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MeteredOut:
    """What meters reported: of a lease slots and card-seconds, of a contract tokens; and in which batches."""

    slots: int
    delivered_card_seconds: int
    tokens: int
    batches: list[BatchOut]


@dataclass(frozen=True, slots=True)
class InvoiceLineOut:
    """One line of the invoice that the seller issues. The quantity and the price without VAT are decimal texts."""

    item: str
    specification: str
    unit: str
    quantity: str
    unit_price_yuan: str
    net_fen: int
    vat_rate_bp: int
    vat_fen: int
    gross_fen: int


@dataclass(frozen=True, slots=True)
class EvidenceOut:
    """All that the venue knows of one use, for whoever pays: `asked` is what the programme wants to see.

    The contract is the order and the lease, or the token contract, as logged, the usage what meters reported, the payment the statement. The
    invoice is data: the seller issues it. What is on record of the other party is left out for buyer and seller, and the
    order for the seller. `sha256` is over this document's JSON without that field, keys sorted, without spaces.
    """

    asked: list[Evidence]
    statement: StatementOut
    uses: list[UseOut]
    facts: list[FactsOut]
    logged: list[LoggedOut]
    usage: MeteredOut
    invoice: list[InvoiceLineOut]
    sha256: str

    @classmethod
    def of(
        cls,
        asked: Sequence[Evidence],
        statement: StoredStatement,
        uses: Sequence[StoredUse],
        facts: Sequence[DeclaredFacts],
        logged: Sequence[Logged],
        usage: Metered,
        invoice: InvoiceData,
    ) -> "EvidenceOut":
        """The pack, sealed with its digest."""
        pack = cls(
            asked=list(asked),
            statement=StatementOut.of(statement),
            uses=[UseOut.of(use) for use in uses],
            facts=[FactsOut.of(one) for one in facts],
            logged=[LoggedOut(one.seq, one.kind, one.body, one.digest) for one in logged],
            usage=MeteredOut(
                usage.slots,
                usage.delivered,
                usage.tokens,
                [BatchOut(batch, digest) for batch, digest in usage.batches],
            ),
            invoice=[
                InvoiceLineOut(
                    item=line.item,
                    specification=line.specification,
                    unit=line.unit,
                    quantity=f"{line.quantity:f}",
                    unit_price_yuan=f"{line.price:f}",
                    net_fen=line.net,
                    vat_rate_bp=line.rate_bp,
                    vat_fen=line.vat,
                    gross_fen=line.gross,
                )
                for line in invoice.lines
            ],
            sha256="",
        )
        return pack.sealed()

    def sealed(self) -> "EvidenceOut":
        """The same with its digest."""
        parts = asdict(self)
        del parts["sha256"]
        text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_iso)
        return EvidenceOut(
            self.asked,
            self.statement,
            self.uses,
            self.facts,
            self.logged,
            self.usage,
            self.invoice,
            hashlib.sha256(text.encode()).hexdigest(),
        )


def _iso(value: object) -> str:
    assert isinstance(value, datetime), "everything else is JSON already"
    return value.isoformat().replace("+00:00", "Z")
