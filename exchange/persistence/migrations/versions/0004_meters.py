"""Signed meters: their keys, their chains, and what was found in a batch and is disputed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = ("meter_keys", "meter_chain", "batch_seals", "disputes", "disputed_records", "dispute_ends")


def upgrade() -> None:
    op.create_table(
        "meter_keys",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        _stamp("registered_at"),
        sa.PrimaryKeyConstraint("party", "meter", "since", name=op.f("pk_meter_keys")),
    )
    op.create_table(
        "meter_chain",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party", "meter", "sequence", name=op.f("pk_meter_chain")),
    )
    op.create_table(
        "batch_seals",
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("last", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("batch", name=op.f("pk_batch_seals")),
    )
    _create_disputes()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _create_disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=True),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        _stamp("opened_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index("ix_disputes_party", "disputes", ["party", "id"])
    op.create_index("ix_disputes_buyer", "disputes", ["buyer", "id"])
    op.create_index("ix_disputes_batch", "disputes", ["batch"])
    op.create_table(
        "disputed_records",
        sa.Column("dispute", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.Column("counts", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("in_time", sa.Boolean(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dispute", "sequence", name=op.f("pk_disputed_records")),
    )
    op.create_index("ix_disputed_records_moment", "disputed_records", ["subject", "moment"])
    op.create_table(
        "dispute_ends",
        sa.Column("dispute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        _stamp("ended_at"),
        sa.PrimaryKeyConstraint("dispute", name=op.f("pk_dispute_ends")),
    )


def _stamp(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    )


def downgrade() -> None:
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
