"""What can happen to a token contract."""

from dataclasses import dataclass

from exchange.names import ContractId, PartyId
from exchange.state import ContractTerms
from settlement.money import Fen
from settlement.rating.packages import TokenPackage
from settlement.rating.tokens import TokenTariff


@dataclass(frozen=True, slots=True)
class ContractOpened:
    """A contract is in force, and its budget is held."""

    contract: ContractTerms


@dataclass(frozen=True, slots=True)
class PricesAgreed:
    """A contract has another version of its prices."""

    contract: ContractId
    tariff: TokenTariff


@dataclass(frozen=True, slots=True)
class PackageAdded:
    """A contract has a package of tokens, and its price is held."""

    contract: ContractId
    buyer: PartyId
    package: TokenPackage


@dataclass(frozen=True, slots=True)
class ContractClosed:
    """A contract's last use is settled, and what is left of its budget goes back to the buyer."""

    contract: ContractId
    buyer: PartyId
    released: Fen


ContractEvent = ContractOpened | PricesAgreed | PackageAdded | ContractClosed
