"""Parties, their keys and their money as they are asked for and answered."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from exchange.names import PartyId
from exchange.parties.commands import Deposit, RegisterParty
from exchange.persistence.queries.parties import Admitted
from exchange.state import Party, Role
from matching.terms import OwnerGroup, RegionCode
from settlement.money import Fen
from web.bodies.fields import FenField, PartyField, RegionField, TextField
from web.strict import Body


class PartyIn(Body):
    """A party to admit: a firm, an institution or an office, never a person.

    Parties of one `group` have one interest and never trade with each other; without one, a party is its own.
    """

    id: PartyField
    name: TextField
    roles: Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
    region: RegionField
    group: PartyField | None = None

    def command(self) -> RegisterParty:
        """The command that this asks for."""
        return RegisterParty(
            Party(
                id=PartyId(self.id),
                name=self.name,
                roles=frozenset(self.roles),
                region=RegionCode(self.region),
                group=OwnerGroup(self.group or self.id),
            )
        )


@dataclass(frozen=True, slots=True)
class PartyOut:
    """An admitted party."""

    id: str
    name: str
    roles: list[Role]
    region: str
    group: str
    seq: int

    @classmethod
    def of(cls, admitted: Admitted) -> "PartyOut":
        """A party as it is stored."""
        party = admitted.party
        return cls(party.id, party.name, sorted(party.roles), party.region, party.group, admitted.seq)


@dataclass(frozen=True, slots=True)
class KeyOut:
    """A key. `token` is what to send as `Authorization: Bearer`: it is told once, and null when it is asked again."""

    party: str
    key: str
    token: str | None


class DepositIn(Body):
    """Money that a party paid in. `reference` is the bank's."""

    party: PartyField
    amount_fen: FenField
    reference: TextField

    def command(self) -> Deposit:
        """The command that this asks for."""
        return Deposit(PartyId(self.party), Fen(self.amount_fen), self.reference)


@dataclass(frozen=True, slots=True)
class DepositOut:
    """Money that was booked."""

    party: str
    amount_fen: int
    reference: str
    seq: int


@dataclass(frozen=True, slots=True)
class BalanceOut:
    """What is owed to the party: `available` to spend, `held` by orders and leases, `payable` for what it delivered.

    A region's office also reads what its region counts under its agreements: memo figures that nobody is paid from, and
    grams of CO₂.
    """

    party: str
    available_fen: int
    held_fen: int
    payable_fen: int
    revenue_fen: int
    tax_fen: int
    gdp_fen: int
    carbon_g: int
