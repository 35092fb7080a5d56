"""What token contracts mean for the tables that pages read."""

import msgspec

from exchange.contracts.events import (
    ContractClosed,
    ContractEvent,
    ContractOpened,
    PackageAdded,
    PricesAgreed,
)
from exchange.names import ContractId
from exchange.persistence.rows import Row, Rows
from exchange.persistence.tables import contracts
from settlement.rating.packages import TokenPackage
from settlement.rating.tokens import TokenTariff


def project_contracts(rows: Rows, seq: int, event: ContractEvent) -> None:
    """Add what an event about contracts means for the tables."""
    match event:
        case ContractOpened(contract):
            row = {
                name: value
                for name, value in msgspec.to_builtins(contract).items()
                if name in contracts.contracts.c
            }
            rows.add(contracts.contracts, {**row, "left": contract.budget, "seq": seq, "status": "open"})
            first = contract.prices.tariff(1, contract.begins)
            rows.add(contracts.contract_prices, _prices_row(seq, contract.id, first))
        case PricesAgreed(contract_id, tariff):
            rows.add(contracts.contract_prices, _prices_row(seq, contract_id, tariff))
        case PackageAdded(contract_id, _, package):
            rows.add(contracts.token_packages, _package_row(seq, contract_id, package))
        case ContractClosed(contract_id, _, _):
            rows.change(contracts.contracts, {"id": contract_id, "status": "closed"})


def _prices_row(seq: int, contract: ContractId, tariff: TokenTariff) -> Row:
    return {
        "contract": contract,
        "version": tariff.version,
        "begins": tariff.valid_from,
        "input_price": tariff.input_price,
        "cached_input_price": tariff.cached_input_price,
        "output_price": tariff.output_price,
        "seq": seq,
    }


def _package_row(seq: int, contract: ContractId, package: TokenPackage) -> Row:
    return {
        "id": package.id,
        "contract": contract,
        "tokens": package.tokens,
        "left": package.tokens,
        "price": package.price,
        "begins": package.valid_from,
        "ends": package.valid_to,
        "charged_in": None,
        "seq": seq,
    }
