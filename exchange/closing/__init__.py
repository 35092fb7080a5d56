"""Closing a period: what was delivered becomes statements, the ledger and the regions' shares."""
