"""The ledger: what the venue owes to whom, in entries that cannot be unbalanced."""
