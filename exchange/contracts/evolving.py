"""What token contracts change in the venue's state."""

from exchange.contracts.events import (
    ContractClosed,
    ContractEvent,
    ContractOpened,
    PackageAdded,
    PricesAgreed,
)
from exchange.names import PackageId
from exchange.state import LiveContract, LivePackage, State


def evolve_contracts(state: State, event: ContractEvent) -> None:
    """Let something about a contract have happened."""
    match event:
        case ContractOpened(contract):
            first = contract.prices.tariff(1, contract.begins)
            state.contracts[contract.id] = LiveContract(contract, contract.budget, [first])
        case PricesAgreed(contract_id, tariff):
            state.contracts[contract_id].tariffs.append(tariff)
        case PackageAdded(contract_id, _, package):
            live = LivePackage(package, package.tokens, due=package.price > 0)
            state.contracts[contract_id].packages[PackageId(package.id)] = live
        case ContractClosed(contract_id, _, _):
            del state.contracts[contract_id]
