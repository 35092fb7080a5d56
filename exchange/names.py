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
