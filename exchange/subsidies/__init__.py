"""Subsidies: regions pay for vouchers that were used, and whoever is owed that has it."""
