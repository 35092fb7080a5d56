"""Every table about payments: what gateways and banks were asked, and what they have said.

They stand beside the log, as usage does.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSON

from exchange.persistence.payout_tables import metadata

__all__ = ["metadata"]

movements = Table(
    "movements",
    metadata,
    Column("plan", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("instruction", JSON, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("requested_at", BigInteger),
    Column("reference", Text),
    Column("why", Text),
    Column("told", Boolean, nullable=False),
    PrimaryKeyConstraint("plan", "n"),
    UniqueConstraint("key"),
    Index("ix_movements_untold", "plan", postgresql_where="NOT told"),
)
"""Steps of money at a gateway, each written down with its key before the gateway is asked. None is ever deleted."""

gateway_events = Table(
    "gateway_events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)
"""Webhooks that have had their effect, by the gateway's own ids, for ever."""

bank_orders = Table(
    "bank_orders",
    metadata,
    Column("key", Text, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("file", BigInteger),
    Column("queued_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("reference"),
    CheckConstraint("amount > 0", name="pays_something"),
    Index("ix_bank_orders_file", "file"),
)
"""What the bank is to pay, and in which numbered file it was told so."""

bank_lines = Table(
    "bank_lines",
    metadata,
    Column("bank_reference", Text, primary_key=True),
    Column("booked_on", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("remark", Text, nullable=False),
    Column("code", Text),
    CheckConstraint("amount <> 0", name="moves_something"),
    Index("ix_bank_lines_code", "code"),
    Index("ix_bank_lines_booked_on", "booked_on"),
)
"""Lines of the bank's statements, each once for ever by the bank's own reference."""

payout_freezes = Table(
    "payout_freezes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("found", Text, nullable=False),
    Column("frozen_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("lifted_by", Text),
    Column("lifted_why", Text),
    Column("lifted_at", DateTime(timezone=True)),
)
"""When payouts were frozen, by what an audit had found, and which clerk has lifted that. None is ever deleted.

They stand beside the log: an auditor asks no writer for leave.
"""
