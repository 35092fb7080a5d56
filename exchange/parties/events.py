"""What can happen to parties."""

from dataclasses import dataclass

from exchange.names import PartyId
from exchange.state import Party
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class PartyRegistered:
    """A party was admitted."""

    party: Party


@dataclass(frozen=True, slots=True)
class KeyIssued:
    """A key opens the door for a party. The digest is the SHA-256 of a secret that the venue has never seen."""

    party: PartyId
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class KeyRevoked:
    """A key opens nothing any more."""

    party: PartyId
    key: str


@dataclass(frozen=True, slots=True)
class Deposited:
    """A party's money came in."""

    party: PartyId
    amount: Fen
    reference: str


PartyEvent = PartyRegistered | KeyIssued | KeyRevoked | Deposited
