"""Service credits: what a lease promises, and what came off a line because it was not kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("leases", sa.Column("promise", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    credits_before = sa.Column(
        "credits", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]"
    )
    op.add_column("statement_lines", credits_before)
    op.alter_column("statement_lines", "credits", server_default=None)


def downgrade() -> None:
    op.drop_column("statement_lines", "credits")
    op.drop_column("leases", "promise")
