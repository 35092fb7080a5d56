"""Usage, which arrives beside the log in batches of its own, and is never changed either."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    func,
)

from exchange.persistence.tables.columns import int_column, json_column, metadata, text_column

usage_batches = Table(
    "usage_batches",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    text_column("kind"),
    text_column("party"),
    text_column("key"),
    Column("content", LargeBinary, nullable=False),
    json_column("verdicts"),
    int_column("seq"),
    int_column("now"),
    Column("digest", LargeBinary, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("party", "key"),
)
"""Batches of usage, numbered in the order in which they were committed.

`key` is the sender's, `content` the SHA-256 of what was sent under it, `verdicts` what became of each record. `seq`
and `now` are where the log and the clock, in slots, stood by which they were judged. `digest` is over all of this and
the batch's records, chained to the batch before.
"""

delivery_records = Table(
    "delivery_records",
    metadata,
    text_column("party"),
    text_column("meter"),
    int_column("sequence"),
    text_column("lease"),
    int_column("slot"),
    int_column("delivered"),
    text_column("status"),
    int_column("batch"),
    PrimaryKeyConstraint("party", "meter", "sequence"),
    CheckConstraint("delivered >= 0", name="not_negative"),
)
Index(
    "ix_delivery_records_slot",
    delivery_records.c.lease,
    delivery_records.c.slot,
    unique=True,
    postgresql_where="status = 'accepted'",
)
"""Delivered card-seconds of one lease in one slot. Accepted once; anything else is kept, and billed by nobody."""
Index("ix_delivery_records_batch", delivery_records.c.batch, postgresql_using="brin")

token_records = Table(
    "token_records",
    metadata,
    text_column("party"),
    text_column("meter"),
    int_column("sequence"),
    text_column("contract"),
    int_column("at"),
    int_column("input_tokens"),
    int_column("cached_input_tokens"),
    int_column("output_tokens"),
    text_column("status"),
    int_column("batch"),
    PrimaryKeyConstraint("party", "meter", "sequence"),
    CheckConstraint(
        "input_tokens >= 0 AND cached_input_tokens >= 0 AND output_tokens >= 0", name="not_negative"
    ),
    Index("ix_token_records_contract", "contract", "at"),
    Index("ix_token_records_batch", "batch", postgresql_using="brin"),
)

USAGE = (usage_batches, delivery_records, token_records)
