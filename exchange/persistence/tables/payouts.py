"""What sellers are paid and buyers have back, where and when."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, Text

from exchange.persistence.tables.columns import int_column, metadata, text_column

payout_terms = Table(
    "payout_terms",
    metadata,
    Column("only", Boolean, CheckConstraint('"only"', name="one_row"), primary_key=True),
    int_column("hold_back_days"),
    int_column("minimum"),
)
"""When sellers are paid; no row, until a clerk has set other terms than the usual."""

payout_accounts = Table(
    "payout_accounts",
    metadata,
    Column("party", Text, primary_key=True),
    text_column("account"),
    int_column("seq"),
)

payouts = Table(
    "payouts",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("party"),
    text_column("account"),
    text_column("way"),
    int_column("amount"),
    int_column("left"),
    text_column("status"),
    text_column("reference", null=True),
    text_column("why", null=True),
    int_column("slot"),
    int_column("seq"),
    CheckConstraint('"left" BETWEEN 0 AND amount', name="within_amount"),
    Index("ix_payouts_party", "party", "seq"),
    Index("ix_payouts_begun", "id", postgresql_where="status = 'begun'"),
)
"""Payouts to sellers and, as parts of withdrawals, to buyers.

`left` is what has not come back, `slot` where the venue's clock stood when one was begun.
"""
