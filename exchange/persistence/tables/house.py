"""The house itself, its parties, and what it owes to whom."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, PrimaryKeyConstraint, Table, Text

from exchange.persistence.tables.columns import int_column, json_column, metadata, text_column
from settlement.ledger.chart import CONTRA

venue = Table(
    "venue",
    metadata,
    Column("only", Boolean, CheckConstraint('"only"', name="one_row"), primary_key=True),
    json_column("terms", null=True),
    int_column("now", null=True),
)
"""The terms in force, and the venue's clock in slots."""

links = Table(
    "links",
    metadata,
    text_column("home"),
    text_column("region"),
    int_column("mbps"),
    PrimaryKeyConstraint("home", "region"),
)
"""The bandwidth from one region to another, as it was set last."""

parties = Table(
    "parties",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("name"),
    json_column("roles"),
    text_column("region"),
    text_column("group"),
    int_column("seq"),
)

api_keys = Table(
    "api_keys",
    metadata,
    text_column("party"),
    text_column("key"),
    text_column("digest"),
    Column("revoked", Boolean, nullable=False),
    PrimaryKeyConstraint("party", "key"),
    Index("ix_api_keys_digest", "digest"),
)

_contra = ", ".join(f"'{kind}'" for kind in sorted(CONTRA))
balances = Table(
    "balances",
    metadata,
    text_column("owner"),
    text_column("kind"),
    int_column("amount"),
    PrimaryKeyConstraint("owner", "kind"),
    CheckConstraint(f"amount >= 0 OR kind IN ({_contra})", name="not_below_zero"),
)
