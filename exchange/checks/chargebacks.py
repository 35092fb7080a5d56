"""Does a dispute cost its buyer and the venue alone, and only once?

What each chargeback has taken and what the venue bears is followed from the log, beside what is free in each balance.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exchange.chargebacks.events import ChargebackBooked, ChargebackReinstated, LossRecovered
from exchange.checks.findings import Findings, unequal
from exchange.events import Event
from exchange.parties.events import Deposited
from exchange.payouts.events import PayoutBegun
from exchange.persistence.queries.audit import LoggedStep
from exchange.state import PayoutWay

KIND = "chargeback"
"""Entries that disputes make, and nothing else."""

Legs = Counter[tuple[str, str]]


@dataclass(slots=True)
class Chargebacks:
    """Follows chargebacks event by event."""

    findings: Findings = field(
        default_factory=lambda: Findings(
            "chargebacks",
            "the buyer pays for a dispute as far as its balance goes, the venue the rest, no seller any",
        )
    )
    _deposits: set[tuple[str, str]] = field(default_factory=set)
    _taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    _borne: Counter[tuple[str, str]] = field(default_factory=Counter)
    _owing: Counter[str] = field(default_factory=Counter)
    """What the venue bears for each buyer."""
    _taken_back: set[tuple[str, str]] = field(default_factory=set)
    """Deposits by which nothing goes back any more."""
    _available: Counter[str] = field(default_factory=Counter)

    def see(self, step: LoggedStep, events: Sequence[Event]) -> None:
        """The next command: what happened, whether its entries say so, and whether whoever owes has nothing left."""
        expected: Legs = Counter()
        for event in events:
            for fault in self._faults(event):
                self.findings.tell(f"{step.seq}: {fault}")
            expected.update(_legs(event))
        got: Legs = Counter()
        moved = set()
        for entry in step.entries:
            for leg in entry.postings:
                if entry.kind == KIND:
                    got[leg.owner, leg.kind] += leg.amount
                if leg.kind == "available":
                    self._available[leg.owner] += leg.amount
                    moved.add(leg.owner)
        self.findings.compare(f"{step.seq}: accounts moved", _moved(expected), _moved(got))
        for party in sorted(moved):
            if self._owing[party] and self._available[party]:
                self.findings.tell(
                    f"{step.seq}: the venue bears {self._owing[party]} fen for {party}, who has {self._available[party]} free"
                )

    def end(self, losses: Mapping[str, int]) -> None:
        """The log ends here; `losses` is what the postings say that the venue bears, by owner."""
        self.findings.compare("platform_loss", _some({"venue": -self._borne.total()}), _some(losses))

    def _faults(self, event: Event) -> Iterator[str]:
        match event:
            case Deposited(party, _, reference):
                self._deposits.add((party, reference))
            case PayoutBegun(payout, party, account, _, PayoutWay.REFUND):
                if (party, account) in self._taken_back:
                    yield f"payout {payout}: by {account}, which its bank has taken back"
            case ChargebackBooked(dispute, party, topup, taken, borne):
                self.findings.examined += 1
                if (party, dispute) in self._taken:
                    yield f"{dispute} of {party}: booked again"
                if (party, topup) not in self._deposits:
                    yield f"{dispute} of {party}: no deposit {topup} is booked"
                if min(taken, borne) < 0 or not taken + borne:
                    yield f"{dispute} of {party}: {taken} fen are taken and {borne} borne"
                self._taken[party, dispute] += taken
                self._bear(party, dispute, borne)
                self._taken_back.add((party, topup))
            case LossRecovered(dispute, party, amount):
                self.findings.examined += 1
                if not 0 < amount <= self._borne[party, dispute]:
                    yield f"{dispute} of {party}: {amount} fen of {self._borne[party, dispute]} made up for"
                self._taken[party, dispute] += amount
                self._bear(party, dispute, -amount)
            case ChargebackReinstated(dispute, party, restored, returned):
                self.findings.examined += 1
                first = min(self._borne[party, dispute], restored + returned)
                yield from unequal(f"{dispute} of {party}: restored", first, restored)
                if returned < 0 or returned > self._taken[party, dispute]:
                    yield f"{dispute} of {party}: {returned} fen of {self._taken[party, dispute]} returned"
                self._taken[party, dispute] -= returned
                self._bear(party, dispute, -restored)
            case _:
                pass

    def _bear(self, party: str, dispute: str, amount: int) -> None:
        self._borne[party, dispute] += amount
        self._owing[party] += amount


def _legs(event: Event) -> Legs:
    """What an event does to accounts, by (owner, kind)."""
    match event:
        case ChargebackBooked(_, party, _, taken, borne):
            return _three(party, taken + borne, -taken, -borne)
        case LossRecovered(_, party, amount):
            return _three(party, 0, -amount, amount)
        case ChargebackReinstated(_, party, restored, returned):
            return _three(party, -restored - returned, returned, restored)
        case _:
            return Counter()


def _three(party: str, bank: int, available: int, loss: int) -> Legs:
    accounts = (("venue", "bank"), (party, "available"), ("venue", "platform_loss"))
    return Counter(dict(zip(accounts, (bank, available, loss), strict=True)))


def _moved(legs: Legs) -> dict[tuple[str, str], int]:
    return {account: amount for account, amount in sorted(legs.items()) if amount}


def _some(amounts: Mapping[str, int]) -> dict[str, int]:
    return {owner: amount for owner, amount in sorted(amounts.items()) if amount}
