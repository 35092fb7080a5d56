"""Is exactly that held which may still be charged?

Recomputed from what is open, and held against the ledger.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange.checks.findings import Findings
from exchange.persistence.queries.audit import OpenContractRow, OpenOrderRow, UnsettledLeaseRow
from exchange.state import VenueTerms

MICRO_PER_FEN = 10_000


@dataclass(slots=True)
class Holds:
    """Adds up what every buyer needs."""

    rules: VenueTerms
    findings: Findings = field(
        default_factory=lambda: Findings(
            "holds", "what is held is what open orders, unsettled leases and open contracts may cost"
        )
    )
    _needed: Counter[str] = field(default_factory=Counter)

    def order(self, order: OpenOrderRow) -> None:
        """An open order may cost its limit, for its most cards in whole lots, on the dearest chip that it accepts."""
        lots = self.rules.lot_max - 1
        dearest = max(
            order.limit * weight * order.slots // 1000 * (-(-1000 * order.most // weight) + lots)
            for weight in order.chips.values()
        )
        fractions = order.slots - 1 if self.rules.price_tick % MICRO_PER_FEN else 0
        most = -(-dearest // MICRO_PER_FEN) + fractions if order.is_open else 0
        self._need(f"order {order.id}", order.party, most, order.held)

    def lease(self, lease: UnsettledLeaseRow) -> None:
        """A lease may cost every slot that no statement has settled, rounded up to the fen."""
        left: Counter[int] = Counter()
        for start, end, price in lease.runs:
            left[price] += end - start
        card_seconds = lease.cards * self.rules.slot_seconds
        for hourly, quantity in lease.settled.items():
            left[hourly * self.rules.slot_seconds // 3600] -= quantity // card_seconds
        needed = sum(slots * -(-lease.cards * price // MICRO_PER_FEN) for price, slots in left.items())
        self._need(f"lease {lease.id}", lease.buyer, needed, lease.held)
        self.findings.compare(f"lease {lease.id}: unsettled slots", left.total(), lease.unsettled)

    def contract(self, contract: OpenContractRow) -> None:
        """A contract may cost what is left of its budget."""
        left = contract.budget - contract.charged
        self._need(f"contract {contract.id}", contract.buyer, left, contract.left)

    def end(self, held: Mapping[str, int]) -> None:
        """All is added up; `held` is what the postings say, by owner."""
        for owner in sorted(held.keys() | self._needed.keys()):
            self.findings.compare(f"held for {owner}", self._needed[owner], held.get(owner, 0))

    def _need(self, thing: str, owner: str, needed: int, stored: int) -> None:
        self.findings.examined += 1
        self._needed[owner] += needed
        self.findings.compare(f"{thing}: held", needed, stored)
