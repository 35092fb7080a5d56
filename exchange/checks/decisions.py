"""Would every command be decided alike today?

Decided anew on the state that the log leads to, and compared by byte.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from exchange.checks.findings import Findings
from exchange.commands import Envelope
from exchange.core import decide, evolve
from exchange.events import Event
from exchange.names import PartyId
from exchange.persistence.codec import decode_command, encode
from exchange.persistence.queries.audit import LoggedCommand, LoggedStep
from exchange.promises import LiveProgramme
from exchange.state import PowerStanding, QuarterStanding, State
from matching.picture import picture as picture_of_market
from matching.terms import Seq

SHOWN_MAX = 400  # characters of an event in a message


@dataclass(slots=True)
class Decisions:
    """Two states from nothing: `decided` is led by what commands decide, `told` by what is stored."""

    decided: State
    told: State
    findings: Findings = field(
        default_factory=lambda: Findings(
            "decisions", "every command decided anew makes the same events, byte by byte"
        )
    )
    _stopped: bool = False

    def see(self, step: LoggedStep, events: Sequence[Event]) -> None:
        """The next command. Nothing can be decided after events that make no sense."""
        if self._stopped or step.command is None:
            return
        if len(events) < len(step.events):
            self.findings.tell(f"{step.seq}: its events can't be read, and nothing after it was decided")
            self._stopped = True
            return
        self.findings.examined += 1
        try:
            self._decide(step, step.command, events)
        except (AssertionError, LookupError, msgspec.MsgspecError) as fault:
            self.findings.tell(
                f"{step.seq}: it can't have happened, and nothing after it was decided: {fault!r}"
            )
            self._stopped = True

    def end(self) -> None:
        """The log ends here: both states are one."""
        if self._stopped:
            return
        decided, told = picture(self.decided), picture(self.told)
        for part in sorted(decided.keys() | told.keys()):
            if decided.get(part) != told.get(part):
                self.findings.tell(f"{part}: the state that was decided is not the one that the log tells")

    def _decide(self, step: LoggedStep, command: LoggedCommand, events: Sequence[Event]) -> None:
        """Decide, then go on from what is stored, so that one difference is not followed by a thousand."""
        for event in events:
            evolve(self.told, event)
        envelope = Envelope(PartyId(command.party), command.id, decode_command(command.kind, command.body))
        stored = [(logged.kind, logged.body) for logged in step.events]
        agreed = 0
        for event in decide(self.decided, Seq(step.seq), envelope):
            kind, body = encode(event)
            if agreed == len(stored) or (kind, body.decode()) != stored[agreed]:
                got = _shortened(*stored[agreed]) if agreed < len(stored) else "nothing"
                self.findings.tell(
                    f"event {step.seq}.{agreed}: expected {_shortened(kind, body.decode())}, got {got}"
                )
                break
            evolve(self.decided, event)
            agreed += 1
        else:
            for n in range(agreed, len(stored)):
                self.findings.tell(f"event {step.seq}.{n}: expected nothing, got {_shortened(*stored[n])}")
        for event in events[agreed:]:
            evolve(self.decided, event)


def _shortened(kind: str, body: str) -> str:
    return f"{kind} {body if len(body) <= SHOWN_MAX else body[:SHOWN_MAX] + '…'}"


_encode = msgspec.json.Encoder(order="deterministic").encode


def picture(state: State) -> dict[str, bytes]:
    """Everything that a state is, part by part: equal states give equal pictures."""
    return {name: _encode(part) for name, part in _parts(state)}


def _programme(known: LiveProgramme) -> tuple[object, ...]:
    taken = {buyer: sorted(years.items()) for buyer, years in known.taken.items()}
    issued = sorted(known.issued.items())
    return known.versions, known.claim, known.claimed, issued, taken, list(known.owed.items())


def _standing(standing: QuarterStanding) -> Iterator[object]:
    yield standing.confirmed
    yield standing.agreed
    yield sorted(standing.recognised.items())
    yield sorted(standing.references)
    yield sorted(standing.booked)


def _power(power: PowerStanding) -> Iterator[object]:
    yield power.tables
    yield sorted(power.versions)
    yield sorted(power.pues.items())
    yield sorted(power.certificates.items())
    yield sorted(power.left.items())


def _parts(state: State) -> Iterator[tuple[str, object]]:
    market = state.market
    yield "terms", state.terms
    yield "parties", state.parties
    yield "balances", list(state.balances.items())
    yield "references", state.references
    yield "listings", state.listings
    yield "orders", state.orders
    unsettled = {name: sorted(live.unsettled.items()) for name, live in state.leases.items()}
    yield (
        "leases",
        ({name: (live.terms, live.chip, live.last_run) for name, live in state.leases.items()}, unsettled),
    )
    yield "reserves", state.reserves
    yield "contracts", state.contracts
    yield "keys", {party: sorted(keys) for party, keys in state.keys.items() if keys}
    yield "agreements", (state.agreements, list(state.drafts.values()))
    yield "power", list(_power(state.power))
    yield "quarters", [(pair, *_standing(standing)) for pair, standing in state.quarters.items()]
    yield "facts", state.facts
    yield "programmes", {name: _programme(known) for name, known in state.programmes.items()}
    yield "vouchers", state.vouchers
    yield "pledges", state.pledges
    yield (
        "subsidies",
        (state.covered, {name: sorted(known) for name, known in state.subsidy_references.items()}),
    )
    yield "runs", (state.last_run, state.open_run, state.runs)
    yield "clock", (state.first_slot, market.now)
    yield "refunds", (state.refunds, state.notes)
    yield "earnings", state.earnings
    yield "payouts", (state.payout_terms, state.payout_accounts, state.payouts, state.paid_out)
    yield "chargebacks", {party: list(known.items()) for party, known in state.chargebacks.items()}
    yield "topups", {party: list(topups.items()) for party, topups in state.topups.items()}
    yield from picture_of_market(market)
