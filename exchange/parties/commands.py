"""What may be asked about parties.

All of it is the clerk's to ask.
"""

from dataclasses import dataclass

from exchange.names import PartyId
from exchange.state import Party
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class RegisterParty:
    """Admit a party."""

    party: Party


@dataclass(frozen=True, slots=True)
class IssueKey:
    """Let whoever knows a secret act for a party. Only the secret's SHA-256 is ever told to the venue."""

    party: PartyId
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """End a key at once."""

    party: PartyId
    key: str


@dataclass(frozen=True, slots=True)
class Deposit:
    """Book money that a party paid in. `reference` is the bank's, and is booked once for each party."""

    party: PartyId
    amount: Fen
    reference: str


PartyCommand = RegisterParty | IssueKey | RevokeKey | Deposit
