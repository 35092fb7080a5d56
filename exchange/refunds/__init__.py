"""Refunds: a settled line is corrected by what remains of it less what stands."""
