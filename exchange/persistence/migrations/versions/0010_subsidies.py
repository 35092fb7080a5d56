"""Subsidies: what regions have paid for vouchers, and what of it went to which line."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subsidies",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.Column("withheld", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(amount < 0) = (period IS NULL)", name=op.f("ck_subsidies_back_or_for_a_period")),
        sa.PrimaryKeyConstraint("issuer", "reference", name=op.f("pk_subsidies")),
    )
    op.create_index("ix_subsidies_programme", "subsidies", ["programme", "seq"])
    op.create_table(
        "subsidy_parts",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "statement", "n", "voucher", name=op.f("pk_subsidy_parts")),
    )
    op.create_index("ix_subsidy_parts_statement", "subsidy_parts", ["statement", "n"])


def downgrade() -> None:
    op.drop_table("subsidy_parts")
    op.drop_table("subsidies")
