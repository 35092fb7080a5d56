"""What may be asked about token contracts."""

from dataclasses import dataclass

from exchange.names import ContractId, Instant, PartyId, VoucherId
from matching.terms import RegionCode
from settlement.money import Fen
from settlement.rating.tokens import TokenPrices


@dataclass(frozen=True, slots=True)
class OpenContract:
    """Register what a buyer and a seller have agreed.

    The budget is held at once. `line` is the catalogue line under which the use is taxed. `vouchers` are the buyer's, and
    used in their order for what the budget pays; `any` lets the venue pick one.
    """

    buyer: PartyId
    seller: PartyId
    destination: RegionCode
    prices: TokenPrices
    budget: Fen
    begins: Instant
    ends: Instant
    line: str
    vouchers: tuple[VoucherId, ...] = ()


@dataclass(frozen=True, slots=True)
class AgreePrices:
    """Register other prices that buyer and seller have agreed: the next version, for use from `begins` on.

    What was used before keeps the prices that were in force then, however late it is reported.
    """

    contract: ContractId
    begins: Instant
    prices: TokenPrices


@dataclass(frozen=True, slots=True)
class AddPackage:
    """Register a package of tokens that buyer and seller have agreed: its price is held at once, and 0 where it is free.

    Use from `begins` until before `ends` is taken from it before any is paid as it goes. What is left then expires.
    """

    contract: ContractId
    tokens: int
    price: Fen
    begins: Instant
    ends: Instant


ContractCommand = OpenContract | AgreePrices | AddPackage
