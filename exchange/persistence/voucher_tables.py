"""The tables about vouchers: what parties have shown of themselves, programmes, vouchers, and what became of them."""

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from exchange.persistence.columns import int_column as _int
from exchange.persistence.columns import json_column as _json
from exchange.persistence.columns import metadata
from exchange.persistence.columns import text_column as _text

facts = Table(
    "facts",
    metadata,
    _text("party"),
    _int("seq"),
    _text("size"),
    _text("industry"),
    _json("controllers"),
    _int("at"),
    PrimaryKeyConstraint("party", "seq"),
)
"""What parties have shown of themselves, as it was declared: the last of a party holds."""

programmes = Table(
    "programmes",
    metadata,
    _text("id"),
    Column("version", Integer, nullable=False),
    _text("issuer"),
    _json("terms"),
    _json("claim", null=True),
    _int("seq"),
    PrimaryKeyConstraint("id", "version"),
)

vouchers = Table(
    "vouchers",
    metadata,
    Column("id", Text, primary_key=True),
    _text("programme"),
    _text("issuer"),
    _text("buyer"),
    _int("amount"),
    _int("ends"),
    Column("claimed", Boolean, nullable=False),
    _int("at"),
    _int("seq"),
    Index("ix_vouchers_buyer", "buyer", "seq"),
    Index("ix_vouchers_programme", "programme", "seq"),
)
"""Vouchers as they were issued. What is left, held and used of each stands in the ledger, under its id."""

voucher_moves = Table(
    "voucher_moves",
    metadata,
    _text("voucher"),
    _int("seq"),
    _text("kind"),
    _text("subject"),
    _int("amount"),
    _int("slot"),
    PrimaryKeyConstraint("voucher", "seq", "kind", "subject"),
    Index("ix_voucher_moves_subject", "subject"),
)
"""What became of vouchers before they were used: held by an order, passed to a lease (`subject`), returned, expired.

`slot` is where the venue's clock stood. What is used stands in the statement lines.
"""

VOUCHER_TABLES = (facts, programmes, vouchers, voucher_moves)
