"""What parties have shown of themselves, programmes, vouchers, and what became of them."""

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from exchange.persistence.tables.columns import int_column, json_column, metadata, text_column

facts = Table(
    "facts",
    metadata,
    text_column("party"),
    int_column("seq"),
    text_column("size"),
    text_column("industry"),
    json_column("controllers"),
    int_column("at"),
    PrimaryKeyConstraint("party", "seq"),
)
"""What parties have shown of themselves, as it was declared: the last of a party holds."""

programmes = Table(
    "programmes",
    metadata,
    text_column("id"),
    Column("version", Integer, nullable=False),
    text_column("issuer"),
    json_column("terms"),
    json_column("claim", null=True),
    int_column("seq"),
    PrimaryKeyConstraint("id", "version"),
)

vouchers = Table(
    "vouchers",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("programme"),
    text_column("issuer"),
    text_column("buyer"),
    int_column("amount"),
    int_column("ends"),
    Column("claimed", Boolean, nullable=False),
    int_column("at"),
    int_column("seq"),
    Index("ix_vouchers_buyer", "buyer", "seq"),
    Index("ix_vouchers_programme", "programme", "seq"),
)
"""Vouchers as they were issued. What is left, held and used of each stands in the ledger, under its id."""

voucher_moves = Table(
    "voucher_moves",
    metadata,
    text_column("voucher"),
    int_column("seq"),
    text_column("kind"),
    text_column("subject"),
    int_column("amount"),
    int_column("slot"),
    PrimaryKeyConstraint("voucher", "seq", "kind", "subject"),
    Index("ix_voucher_moves_subject", "subject"),
)
"""What became of vouchers before they were used: held by an order, passed to a lease (`subject`), returned, expired.

`slot` is where the venue's clock stood. What is used stands in the statement lines.
"""
