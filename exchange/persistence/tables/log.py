"""The log, which is the truth: its rows are added and never changed.

With it, whose turn it is to write.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSON

from exchange.persistence.tables.columns import int_column, metadata, text_column

writer = Table(
    "writer",
    metadata,
    Column("only", Boolean, CheckConstraint('"only"', name="one_row"), primary_key=True),
    int_column("epoch"),
)
"""Whose turn it is to write. Each writer raises the epoch when it begins, and the one before can't write again."""

commands = Table(
    "commands",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    text_column("party"),
    text_column("id"),
    text_column("kind"),
    Column("body", JSON, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    int_column("epoch"),
    Column("logged_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("party", "id"),
)

events = Table(
    "events",
    metadata,
    int_column("seq"),
    Column("n", Integer, nullable=False),
    text_column("kind"),
    Column("body", JSON, nullable=False),
    PrimaryKeyConstraint("seq", "n"),
)

entries = Table(
    "entries",
    metadata,
    int_column("seq"),
    Column("n", Integer, nullable=False),
    text_column("kind"),
    PrimaryKeyConstraint("seq", "n"),
)
"""Journal entries: the `n`-th that the `seq`-th command made."""

postings = Table(
    "postings",
    metadata,
    int_column("seq"),
    Column("n", Integer, nullable=False),
    Column("leg", Integer, nullable=False),
    text_column("owner"),
    text_column("kind"),
    text_column("book"),
    int_column("amount"),
    PrimaryKeyConstraint("seq", "n", "leg"),
    CheckConstraint("amount <> 0", name="moves_something"),
)
Index("ix_postings_account", postings.c.owner, postings.c.kind, postings.c.seq)

LOG = (commands, events, entries, postings)
