"""Token contracts: prepaid budgets that are used up token by token."""
