"""Packages of tokens, and what is left of each."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_packages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("charged_in", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint('"left" BETWEEN 0 AND tokens', name=op.f("ck_token_packages_within_tokens")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_packages")),
    )
    op.create_index("ix_token_packages_contract", "token_packages", ["contract", "seq"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_token_packages_contract", table_name="token_packages")
    op.drop_table("token_packages")
