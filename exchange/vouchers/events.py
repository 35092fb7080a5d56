"""What can happen to programmes and their vouchers."""

from dataclasses import dataclass

from exchange.names import Instant, LeaseId, PartyId, ProgrammeId, VoucherId
from exchange.promises import Claim, Facts, Pledge, Voucher
from matching.terms import OrderId
from settlement.money import Fen
from settlement.vouchers.programme import Programme


@dataclass(frozen=True, slots=True)
class FactsDeclared:
    """What a party has shown of itself is on record from an instant on."""

    party: PartyId
    facts: Facts
    at: Instant


@dataclass(frozen=True, slots=True)
class ProgrammeAdopted:
    """A version of a programme can be used."""

    programme: Programme
    claim: Claim | None


@dataclass(frozen=True, slots=True)
class VoucherIssued:
    """A buyer has a voucher: given by the region, or `claimed` by itself."""

    voucher: Voucher
    at: Instant
    claimed: bool


@dataclass(frozen=True, slots=True)
class VoucherHeld:
    """An order, or a token contract, has claimed the most that a voucher can cover of it."""

    order: str
    pledge: Pledge


@dataclass(frozen=True, slots=True)
class VoucherPassed:
    """A lease took its part of what its order held, judged anew now that seller and chip are known."""

    order: OrderId
    lease: LeaseId
    pledge: Pledge


@dataclass(frozen=True, slots=True)
class VoucherReturned:
    """What an order, lease or contract (`subject`) held of a voucher and did not need can cover something else."""

    subject: str
    voucher: VoucherId
    amount: Fen


@dataclass(frozen=True, slots=True)
class VoucherExpired:
    """A voucher is over, and `amount` of it was not used: that goes back to its programme."""

    voucher: VoucherId
    programme: ProgrammeId
    amount: Fen


VoucherEvent = (
    FactsDeclared
    | ProgrammeAdopted
    | VoucherIssued
    | VoucherHeld
    | VoucherPassed
    | VoucherReturned
    | VoucherExpired
)
