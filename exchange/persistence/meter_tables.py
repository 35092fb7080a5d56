"""Every table about signed meters: their keys, their chains, and what was found and disputed.

They stand beside the log, with usage. Rows are added and never changed. Whoever needs the shape of the whole database
takes `metadata` from here.
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
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY

from exchange.persistence.payment_tables import metadata

__all__ = ["metadata"]

meter_keys = Table(
    "meter_keys",
    metadata,
    Column("party", Text, nullable=False),
    Column("meter", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("party", "meter", "since"),
)
"""The key that signs for a meter from a number on, until the next one does."""

meter_chain = Table(
    "meter_chain",
    metadata,
    Column("party", Text, nullable=False),
    Column("meter", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("batch", BigInteger, nullable=False),
    PrimaryKeyConstraint("party", "meter", "sequence"),
)
"""The chain of each meter as far as it was signed and held together, whatever became of its records."""

batch_seals = Table(
    "batch_seals",
    metadata,
    Column("batch", BigInteger, primary_key=True, autoincrement=False),
    Column("meter", Text, nullable=False),
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
    Column("batch", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("finding", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("buyer", Text),
    Column("meter", Text, nullable=False),
    Column("subject", Text),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("ix_disputes_party", "party", "id"),
    Index("ix_disputes_buyer", "buyer", "id"),
    Index("ix_disputes_batch", "batch"),
)
"""What one batch was found to have of one kind, about one lease or contract. A gap is about none: its numbers are missing."""

disputed_records = Table(
    "disputed_records",
    metadata,
    Column("dispute", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("moment", BigInteger, nullable=False),
    Column("counts", ARRAY(BigInteger), nullable=False),
    Column("link", LargeBinary, nullable=False),
    Column("in_time", Boolean, nullable=False),
    Column("batch", BigInteger, nullable=False),
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
    Column("outcome", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)
"""How a dispute has ended, by whom, and in which batch: one that came in, or the one that a decision makes."""

METERS = (meter_keys, meter_chain, batch_seals, disputes, disputed_records, dispute_ends)
