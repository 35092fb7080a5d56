"""Every table of the venue: whoever needs the shape of the whole database takes it from here.

The log (`LOG`) is the truth. `PROJECTIONS` are derived from its events alone, and made anew from them at any time. Usage and
what is said of payments arrive beside the log.
"""

from exchange.persistence.tables import (
    closing,
    contracts,
    house,
    market,
    pairs,
    payouts,
    power,
    refunds,
    subsidies,
    vouchers,
)
from exchange.persistence.tables.columns import metadata
from exchange.persistence.tables.log import LOG, writer
from exchange.persistence.tables.meters import METERS
from exchange.persistence.tables.payments import PAYMENTS
from exchange.persistence.tables.usage import USAGE

__all__ = ["LOG", "METERS", "PROJECTIONS", "TABLES", "USAGE", "metadata"]

PROJECTIONS = (
    house.balances,
    house.venue,
    house.parties,
    house.api_keys,
    house.links,
    market.listings,
    market.orders,
    market.leases,
    market.trades,
    market.displacements,
    contracts.contracts,
    contracts.contract_prices,
    contracts.token_packages,
    pairs.agreements,
    pairs.agreement_drafts,
    pairs.agreement_signatures,
    pairs.quarter_confirmations,
    pairs.quarter_disputes,
    pairs.quarters_agreed,
    pairs.recognitions,
    power.power_versions,
    power.pue_declarations,
    power.certificates,
    power.line_emissions,
    vouchers.facts,
    vouchers.programmes,
    vouchers.vouchers,
    vouchers.voucher_moves,
    subsidies.subsidies,
    subsidies.subsidy_parts,
    closing.runs,
    closing.statements,
    closing.statement_lines,
    refunds.refunds,
    payouts.payout_terms,
    payouts.payout_accounts,
    payouts.payouts,
)

TABLES = (*LOG, writer, *PROJECTIONS, *USAGE, *METERS, *PAYMENTS)
