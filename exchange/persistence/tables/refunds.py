"""What statement lines gave back."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint

from exchange.persistence.tables.columns import int_column, json_column, metadata, text_column

refunds = Table(
    "refunds",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("statement"),
    Column("n", Integer, nullable=False),
    text_column("buyer"),
    text_column("seller"),
    int_column("amount"),
    text_column("reason"),
    text_column("reference"),
    json_column("correction"),
    int_column("payable"),
    json_column("returned"),
    int_column("to_buyer"),
    Column("invoice_used", Boolean, nullable=False),
    text_column("note_state"),
    int_column("note_since"),
    int_column("slot"),
    int_column("seq"),
    UniqueConstraint("statement", "n", "reference"),
    CheckConstraint("amount > 0", name="gives_something_back"),
    Index("ix_refunds_buyer", "buyer", "seq"),
    Index("ix_refunds_seller", "seller", "seq"),
)
"""Refunds of statement lines: every figure that one takes back is in `correction`, and how its credit note stands.

`payable` is what it moves the seller's balance by, `returned` what each voucher of the line has back, `to_buyer`
what the buyer's balance has. `slot` is where the venue's clock stood.
"""
