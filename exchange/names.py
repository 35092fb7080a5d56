"""Names that ids and amounts of the venue have, so that none is taken for another."""

from typing import NewType

PartyId = NewType("PartyId", str)
LeaseId = NewType("LeaseId", str)
ContractId = NewType("ContractId", str)
PackageId = NewType("PackageId", str)
RunId = NewType("RunId", str)
RefundId = NewType("RefundId", str)
PayoutId = NewType("PayoutId", str)
ProgrammeId = NewType("ProgrammeId", str)
VoucherId = NewType("VoucherId", str)
MicroYuan = NewType("MicroYuan", int)  # a millionth of a yuan
Instant = NewType("Instant", int)  # seconds since 1970-01-01T00:00:00Z

VENUE = PartyId("venue")
"""The party that runs the venue, and the owner of its accounts."""


def topup_plan(party: PartyId, command_id: str) -> str:
    """The name of a plan by which a party pays in."""
    return f"topup.{party}.{command_id}"


def topup_asked_as(movement: str) -> str:
    """Under which id its party has asked for a top-up: `topup.<party>.<id>/0`."""
    return movement.rpartition("/")[0].split(".", 2)[2]


def is_topup(party: PartyId, reference: str) -> bool:
    """Whether a deposit of a party's has come by the gateway: its reference is then the movement's id."""
    return reference.startswith(topup_plan(party, "")) and reference.endswith("/0")
