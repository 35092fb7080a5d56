"""Runs and their statements."""

from dataclasses import fields

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from exchange.persistence.tables.columns import int_column, json_column, metadata, text_column
from settlement.statement import Line, RegionShares

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("period"),
    int_column("begins"),
    int_column("ends"),
    int_column("usage_batch", null=True),
    int_column("late_until"),
    int_column("closed_slot", null=True),
    int_column("seq"),
    text_column("status"),
    UniqueConstraint("period"),
)
"""Runs; `closed_slot` is where the venue's clock stood when one was finished."""

statements = Table(
    "statements",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("run"),
    text_column("subject"),
    text_column("buyer"),
    text_column("seller"),
    text_column("source"),
    text_column("destination"),
    int_column("charged"),
    int_column("released"),
    int_column("seq"),
    UniqueConstraint("run", "subject"),
    Index("ix_statements_buyer", "buyer", "seq"),
    Index("ix_statements_seller", "seller", "seq"),
    Index("ix_statements_pair", "source", "destination"),
)

statement_lines = Table(
    "statement_lines",
    metadata,
    text_column("statement"),
    Column("n", Integer, nullable=False),
    text_column("service_period"),
    text_column("meter"),
    int_column("price"),
    int_column("price_version", null=True),
    int_column("quantity"),
    int_column("lost"),
    text_column("agreement", null=True),
    int_column("before_loss"),
    int_column("over_budget"),
    text_column("package", null=True),
    json_column("vouchers"),
    json_column("credits"),
    *(
        json_column(part.name) if part.type is RegionShares else int_column(part.name)
        for part in fields(Line)
    ),
    PrimaryKeyConstraint("statement", "n"),
)
Index(
    "ix_statement_lines_vouchers",
    statement_lines.c.statement,
    postgresql_where="vouchers <> '[]'",
)
"""Lines that vouchers cover in part: few of all."""
