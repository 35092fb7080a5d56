"""Is exactly that held which may still be charged?

Recomputed from what is open, and held against the ledger. What orders hold is what the log makes of it: the most that
they could cost, less what their leases took since.
"""

from collections import Counter
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

from exchange.checks.findings import Findings
from exchange.checks.market import Kept
from exchange.checks.reserving import lease_needs
from exchange.persistence.queries.audit import HoldingOrderRow, OpenContractRow, UnsettledLeaseRow
from exchange.state import VenueTerms


@dataclass(slots=True)
class Holds:
    """Adds up what every buyer needs. `by_orders` is what each order holds, or keeps after its end, by the log."""

    rules: VenueTerms
    by_orders: MutableMapping[str, Kept]
    findings: Findings = field(
        default_factory=lambda: Findings(
            "holds", "what is held is what orders, unsettled leases and open contracts may still cost"
        )
    )
    _needed: Counter[str] = field(default_factory=Counter)

    def order(self, order: HoldingOrderRow) -> None:
        """An order that is open, or keeps something after its end."""
        known = self.by_orders.pop(order.id, Kept(order.party, 0))
        self._need(f"order {order.id}", known.party, known.held, order.held)

    def lease(self, lease: UnsettledLeaseRow) -> None:
        """A lease may cost every slot that no statement has settled, rounded up to the fen."""
        left: Counter[int] = Counter()
        for start, end, price in lease.runs:
            left[price] += end - start
        card_seconds = lease.cards * self.rules.slot_seconds
        for hourly, quantity in lease.settled.items():
            left[hourly * self.rules.slot_seconds // 3600] -= quantity // card_seconds
        self._need(f"lease {lease.id}", lease.buyer, lease_needs(lease.cards, left), lease.held)
        self.findings.compare(f"lease {lease.id}: unsettled slots", left.total(), lease.unsettled)

    def contract(self, contract: OpenContractRow) -> None:
        """A contract may cost its budget and the price of its packages, but for what was settled."""
        left = contract.budget + contract.prices - contract.settled
        self._need(f"contract {contract.id}", contract.buyer, left, contract.left + contract.due)

    def end(self, held: Mapping[str, int]) -> None:
        """All is added up; `held` is what the postings say, by owner."""
        for name, known in self.by_orders.items():
            self._need(f"order {name}", known.party, known.held, 0)
        for owner in sorted(held.keys() | self._needed.keys()):
            self.findings.compare(f"held for {owner}", self._needed[owner], held.get(owner, 0))

    def _need(self, thing: str, owner: str, needed: int, stored: int) -> None:
        self.findings.examined += 1
        self._needed[owner] += needed
        self.findings.compare(f"{thing}: held", needed, stored)
