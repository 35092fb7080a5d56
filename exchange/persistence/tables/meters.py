"""Signed meters: their keys, their chains, and what was found and disputed.

They stand beside the log, with usage, and are never changed.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY

from exchange.persistence.tables.columns import int_column, metadata, text_column

meter_keys = Table(
    "meter_keys",
    metadata,
    text_column("party"),
    text_column("meter"),
    int_column("since"),
    Column("public_key", LargeBinary, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("party", "meter", "since"),
)
"""The key that signs for a meter from a number on, until the next one does."""

meter_chain = Table(
    "meter_chain",
    metadata,
    text_column("party"),
    text_column("meter"),
    int_column("sequence"),
    Column("previous", LargeBinary, nullable=False),
    Column("link", LargeBinary, nullable=False),
    int_column("batch"),
    PrimaryKeyConstraint("party", "meter", "sequence"),
)
"""The chain of each meter as far as it was signed and held together, whatever became of its records."""

batch_seals = Table(
    "batch_seals",
    metadata,
    Column("batch", BigInteger, primary_key=True, autoincrement=False),
    text_column("meter"),
    Column("previous", LargeBinary, nullable=False),
    Column("last", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("public_key", LargeBinary),
)
"""What a batch was signed with: the link before it, its own last link, and the key in force, if there was one."""

disputes = Table(
    "disputes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    int_column("batch"),
    text_column("kind"),
    text_column("finding"),
    text_column("party"),
    text_column("buyer", null=True),
    text_column("meter"),
    text_column("subject", null=True),
    int_column("first"),
    int_column("last"),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("ix_disputes_party", "party", "id"),
    Index("ix_disputes_buyer", "buyer", "id"),
    Index("ix_disputes_batch", "batch"),
)
"""What one batch was found to have of one kind, about one lease or contract. A gap is about none: its numbers are missing."""

disputed_records = Table(
    "disputed_records",
    metadata,
    int_column("dispute"),
    int_column("sequence"),
    text_column("subject"),
    int_column("moment"),
    Column("counts", ARRAY(BigInteger), nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("in_time", Boolean, nullable=False),
    int_column("batch"),
    PrimaryKeyConstraint("dispute", "sequence"),
    Index("ix_disputed_records_moment", "subject", "moment"),
)
"""Records that are kept and billed to nobody: a lease's slot, or the instant in which tokens were used, and the counts.

One that came `in_time` keeps its slot from being settled as lost, until somebody says what it was.
"""

dispute_ends = Table(
    "dispute_ends",
    metadata,
    Column("dispute", BigInteger, primary_key=True, autoincrement=False),
    text_column("outcome"),
    text_column("by"),
    int_column("batch"),
    text_column("note"),
    Column("ended_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)
"""How a dispute has ended, by whom, and in which batch: one that came in, or the one that a decision makes."""

METERS = (meter_keys, meter_chain, batch_seals, disputes, disputed_records, dispute_ends)
