"""The tables about subsidies: what regions have paid for vouchers, and what of it went to which line."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, PrimaryKeyConstraint, Table

from exchange.persistence.columns import int_column as _int
from exchange.persistence.columns import json_column as _json
from exchange.persistence.columns import metadata
from exchange.persistence.columns import text_column as _text

subsidies = Table(
    "subsidies",
    metadata,
    _text("issuer"),
    _text("reference"),
    _text("programme"),
    _text("period", null=True),
    _int("amount"),
    _int("credit"),
    _json("withheld"),
    _int("slot"),
    _int("seq"),
    PrimaryKeyConstraint("issuer", "reference"),
    CheckConstraint("(amount < 0) = (period IS NULL)", name="back_or_for_a_period"),
    Index("ix_subsidies_programme", "programme", "seq"),
)
"""What regions have paid, with money and with `credit` of their own; what they were given back is an amount below zero."""

subsidy_parts = Table(
    "subsidy_parts",
    metadata,
    _int("seq"),
    _text("statement"),
    Column("n", Integer, nullable=False),
    _text("voucher"),
    _text("party"),
    _int("amount"),
    _int("received"),
    PrimaryKeyConstraint("seq", "statement", "n", "voucher"),
    Index("ix_subsidy_parts_statement", "statement", "n"),
)
"""What was paid of a voucher's part of a line, and what of that its buyer or seller (`party`) has got."""

SUBSIDY_TABLES = (subsidies, subsidy_parts)
