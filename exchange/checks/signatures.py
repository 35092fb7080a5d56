"""Was everything signed that is in force or agreed?

Keys, digests and clocks are followed event by event, and no rule of the venue is asked.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import msgspec

from exchange.agreements.events import (
    AgreementDeclined,
    AgreementEnded,
    AgreementProposed,
    AgreementRecorded,
    AgreementSigned,
)
from exchange.checks.findings import Findings
from exchange.events import Event
from exchange.parties.events import KeyIssued, KeyRevoked, PartyRegistered
from exchange.quarters.events import QuarterAgreed, QuarterConfirmed, QuarterDisputed
from exchange.state import Party, Role, Signature
from exchange.venue.events import TermsAdopted
from matching.events import Ticked
from settlement.agreements import PairAgreement
from settlement.quarters import PairQuarter

Name = tuple[str, int]


@dataclass(slots=True)
class Signatures:
    """Follows who may sign, what was signed, and what came of it."""

    findings: Findings = field(
        default_factory=lambda: Findings(
            "signatures",
            "what is in force or agreed was signed by each party, with a key of its own, over just that, in time",
        )
    )
    _parties: dict[str, Party] = field(default_factory=dict)
    _keys: set[tuple[str, str]] = field(default_factory=set)
    _slot_seconds: int = 0
    _now: int = 0
    _proposed: dict[Name, PairAgreement] = field(default_factory=dict)
    _signed: dict[Name, set[str]] = field(default_factory=dict)
    _in_force: dict[Name, PairAgreement] = field(default_factory=dict)
    _confirmed: dict[PairQuarter, dict[str, str]] = field(default_factory=dict)

    def see(self, events: Iterable[Event]) -> None:
        """The events of the next command."""
        for event in events:
            self._see_who(event)
            self._see_agreements(event)
            self._see_quarters(event)

    def _see_who(self, event: Event) -> None:
        match event:
            case TermsAdopted(terms):
                self._slot_seconds = terms.slot_seconds
            case Ticked(now):
                self._now = now * self._slot_seconds
            case PartyRegistered(party):
                self._parties[party.id] = party
            case KeyIssued(party_id, key, _):
                self._keys.add((party_id, key))
            case KeyRevoked(party_id, key):
                self._keys.discard((party_id, key))
            case _:
                pass

    def _see_agreements(self, event: Event) -> None:
        match event:
            case AgreementProposed(agreement, _, _, digest):
                name = agreement.id, agreement.version
                self._compare(_told(name), "digest", _digest(agreement), digest)
                self._proposed[name] = agreement
            case AgreementSigned(agreement_id, version, signature):
                name = agreement_id, version
                self._see_signature(_told(name), signature, _digest(self._proposed[name]))
                self._signed.setdefault(name, set()).add(signature.region)
            case AgreementDeclined(agreement_id, version, region, by, key):
                self._see_speaker(_told((agreement_id, version)), region, by, key)
            case AgreementRecorded(agreement):
                self._see_in_force(agreement)
            case AgreementEnded(agreement):
                name = agreement.id, agreement.version
                known = replace(self._in_force[name], valid_to=agreement.valid_to)
                self._compare(_told(name), "its terms", known, agreement)
                self._in_force[name] = agreement
            case _:
                pass

    def _see_in_force(self, agreement: PairAgreement) -> None:
        name = agreement.id, agreement.version
        thing = _told(name)
        self._compare(thing, "its terms", self._proposed.get(name), agreement)
        self._compare(thing, "signed by", set(agreement.parties), self._signed.get(name, set()))
        if agreement.valid_from < self._now:
            self.findings.tell(
                f"{thing}: it begins at {agreement.valid_from}, before it was signed at {self._now}"
            )
        for other, known in self._in_force.items():
            if known.overlaps(agreement):
                self.findings.tell(f"{thing}: {_told(other)} of the same pair is in force at the same time")
        self._in_force[name] = agreement

    def _see_quarters(self, event: Event) -> None:
        match event:
            case QuarterConfirmed(figures, signature):
                self._see_signature(_told_quarter(figures.pair), signature, _digest(figures))
                self._confirmed.setdefault(figures.pair, {})[signature.region] = signature.digest
            case QuarterDisputed(pair, region, by, key):
                self._see_speaker(_told_quarter(pair), region, by, key)
                self._confirmed.get(pair, {}).pop(region, None)
            case QuarterAgreed(figures, digest):
                thing = _told_quarter(figures.pair)
                self._compare(thing, "digest", _digest(figures), digest)
                every = {figure.region: digest for figure in figures.figures}
                self._compare(thing, "confirmed", every, self._confirmed.get(figures.pair, {}))
            case _:
                pass

    def _see_signature(self, thing: str, signature: Signature, digest: str) -> None:
        self._see_speaker(thing, signature.region, signature.party, signature.key)
        self._compare(thing, f"what {signature.region} signed", digest, signature.digest)
        self._compare(thing, f"when {signature.region} signed", self._now, signature.at)

    def _see_speaker(self, thing: str, region: str, by: str, key: str) -> None:
        """Whoever speaks for a region is its office, and its key is in force."""
        party = self._parties.get(by)
        if party is None or party.region != region or Role.REGION not in party.roles:
            self.findings.tell(f"{thing}: {by} does not speak for {region}")
        if (by, key) not in self._keys:
            self.findings.tell(f"{thing}: {by} has no key {key} in force")

    def _compare(self, thing: str, what: str, expected: object, got: object) -> None:
        self.findings.examined += 1
        self.findings.compare(f"{thing}: {what}", expected, got)


def _told(name: Name) -> str:
    return f"agreement {name[0]}/{name[1]}"


def _told_quarter(pair: PairQuarter) -> str:
    return f"{pair.quarter} of {pair.source} and {pair.destination}"


def _digest(value: object) -> str:
    """The SHA-256 of a value's JSON with sorted keys, made by another encoder than the venue's."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()
