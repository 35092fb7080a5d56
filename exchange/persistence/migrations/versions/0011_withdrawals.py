"""Withdrawals: by which way each payout goes, since not all go to sellers any more."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payouts", sa.Column("way", sa.Text(), nullable=False, server_default="transfer"))
    op.alter_column("payouts", "way", server_default=None)


def downgrade() -> None:
    op.drop_column("payouts", "way")
