"""Projections of refunds and payouts, beside those of `tables.py`, and with them all projections there are."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from exchange.persistence import tables
from exchange.persistence.tables import metadata

__all__ = ["metadata"]

refunds = Table(
    "refunds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("statement", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("buyer", Text, nullable=False),
    Column("seller", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("correction", JSONB, nullable=False),
    Column("payable", BigInteger, nullable=False),
    Column("returned", JSONB, nullable=False),
    Column("to_buyer", BigInteger, nullable=False),
    Column("invoice_used", Boolean, nullable=False),
    Column("note_state", Text, nullable=False),
    Column("note_since", BigInteger, nullable=False),
    Column("slot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    UniqueConstraint("statement", "n", "reference"),
    CheckConstraint("amount > 0", name="gives_something_back"),
    Index("ix_refunds_buyer", "buyer", "seq"),
    Index("ix_refunds_seller", "seller", "seq"),
)
"""Refunds of statement lines: every figure that one takes back is in `correction`, and how its credit note stands.

`payable` is what it moves the seller's balance by, `returned` what each voucher of the line has back, `to_buyer`
what the buyer's balance has. `slot` is where the venue's clock stood.
"""

payout_terms = Table(
    "payout_terms",
    metadata,
    Column("only", Boolean, CheckConstraint('"only"', name="one_row"), primary_key=True),
    Column("hold_back_days", BigInteger, nullable=False),
    Column("minimum", BigInteger, nullable=False),
)
"""When sellers are paid; no row, until a clerk has set other terms than the usual."""

payout_accounts = Table(
    "payout_accounts",
    metadata,
    Column("party", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

payouts = Table(
    "payouts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("party", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("left", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("reference", Text),
    Column("why", Text),
    Column("slot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    CheckConstraint('"left" BETWEEN 0 AND amount', name="within_amount"),
    Index("ix_payouts_party", "party", "seq"),
    Index("ix_payouts_begun", "id", postgresql_where="status = 'begun'"),
)
"""Payouts to sellers; `left` is what has not come back, `slot` where the venue's clock stood when one was begun."""

PROJECTIONS = (*tables.PROJECTIONS, refunds, payout_terms, payout_accounts, payouts)
"""Every table that is derived from events, and can be made anew from them."""
