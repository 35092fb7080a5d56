"""What regions have paid for vouchers, and what of it went to which line."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, PrimaryKeyConstraint, Table

from exchange.persistence.tables.columns import int_column, json_column, metadata, text_column

subsidies = Table(
    "subsidies",
    metadata,
    text_column("issuer"),
    text_column("reference"),
    text_column("programme"),
    text_column("period", null=True),
    int_column("amount"),
    int_column("credit"),
    json_column("withheld"),
    int_column("slot"),
    int_column("seq"),
    PrimaryKeyConstraint("issuer", "reference"),
    CheckConstraint("(amount < 0) = (period IS NULL)", name="back_or_for_a_period"),
    Index("ix_subsidies_programme", "programme", "seq"),
)
"""What regions have paid, with money and with `credit` of their own; what they were given back is an amount below zero."""

subsidy_parts = Table(
    "subsidy_parts",
    metadata,
    int_column("seq"),
    text_column("statement"),
    Column("n", Integer, nullable=False),
    text_column("voucher"),
    text_column("party"),
    int_column("amount"),
    int_column("received"),
    PrimaryKeyConstraint("seq", "statement", "n", "voucher"),
    Index("ix_subsidy_parts_statement", "statement", "n"),
)
"""What was paid of a voucher's part of a line, and what of that its buyer or seller (`party`) has got."""
