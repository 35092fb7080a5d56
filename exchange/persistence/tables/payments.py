"""What gateways and banks were asked, and what they have said.

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

from exchange.persistence.tables.columns import int_column, metadata, text_column

movements = Table(
    "movements",
    metadata,
    text_column("plan"),
    Column("n", Integer, nullable=False),
    text_column("kind"),
    Column("instruction", JSON, nullable=False),
    text_column("key"),
    text_column("state"),
    int_column("requested_at", null=True),
    text_column("reference", null=True),
    text_column("why", null=True),
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
    text_column("kind"),
    int_column("created"),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)
"""Webhooks that have had their effect, by the gateway's own ids, for ever."""

bank_orders = Table(
    "bank_orders",
    metadata,
    Column("key", Text, primary_key=True),
    text_column("reference"),
    text_column("account"),
    text_column("name"),
    int_column("amount"),
    int_column("file", null=True),
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
    int_column("amount"),
    text_column("account"),
    text_column("name"),
    text_column("remark"),
    text_column("code", null=True),
    CheckConstraint("amount <> 0", name="moves_something"),
    Index("ix_bank_lines_code", "code"),
    Index("ix_bank_lines_booked_on", "booked_on"),
)
"""Lines of the bank's statements, each once for ever by the bank's own reference."""

payout_freezes = Table(
    "payout_freezes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    text_column("found"),
    Column("frozen_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    text_column("lifted_by", null=True),
    text_column("lifted_why", null=True),
    Column("lifted_at", DateTime(timezone=True)),
)
"""When payouts were frozen, by what an audit had found, and which clerk has lifted that. None is ever deleted.

They stand beside the log: an auditor asks no writer for leave.
"""

PAYMENTS = (movements, gateway_events, bank_orders, bank_lines, payout_freezes)
