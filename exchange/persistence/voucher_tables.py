"""The tables about vouchers: what parties have shown of themselves, programmes, vouchers, and what became of them."""

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from exchange.persistence.columns import integer, json, metadata, text

facts = Table(
    "facts",
    metadata,
    text("party"),
    integer("seq"),
    text("size"),
    text("industry"),
    json("controllers"),
    integer("at"),
    PrimaryKeyConstraint("party", "seq"),
)
"""What parties have shown of themselves, as it was declared: the last of a party holds."""

programmes = Table(
    "programmes",
    metadata,
    text("id"),
    Column("version", Integer, nullable=False),
    text("issuer"),
    json("terms"),
    json("claim", null=True),
    integer("seq"),
    PrimaryKeyConstraint("id", "version"),
)

vouchers = Table(
    "vouchers",
    metadata,
    Column("id", Text, primary_key=True),
    text("programme"),
    text("issuer"),
    text("buyer"),
    integer("amount"),
    integer("ends"),
    Column("claimed", Boolean, nullable=False),
    integer("at"),
    integer("seq"),
    Index("ix_vouchers_buyer", "buyer", "seq"),
    Index("ix_vouchers_programme", "programme", "seq"),
)
"""Vouchers as they were issued. What is left, held and used of each stands in the ledger, under its id."""

voucher_moves = Table(
    "voucher_moves",
    metadata,
    text("voucher"),
    integer("seq"),
    text("kind"),
    text("subject"),
    integer("amount"),
    integer("slot"),
    PrimaryKeyConstraint("voucher", "seq", "kind", "subject"),
    Index("ix_voucher_moves_subject", "subject"),
)
"""What became of vouchers before they were used: held by an order, passed to a lease (`subject`), returned, expired.

`slot` is where the venue's clock stood. What is used stands in the statement lines.
"""
