"""Sign-off: versions of agreements and their signatures, and what regions and documents say of a pair's quarter."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_agreement_drafts()
    _create_agreement_signatures()
    _create_quarter_confirmations()
    _create_quarter_disputes()
    _create_quarters_agreed()
    _create_recognitions()


def _create_agreement_drafts() -> None:
    op.create_table(
        "agreement_drafts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ended", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_agreement_drafts")),
    )
    op.create_index("ix_agreement_drafts_pair", "agreement_drafts", ["source", "destination"], unique=False)


def _create_agreement_signatures() -> None:
    op.create_table(
        "agreement_signatures",
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agreement", "version", "region", name=op.f("pk_agreement_signatures")),
    )


def _create_quarter_confirmations() -> None:
    op.create_table(
        "quarter_confirmations",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "source",
            "destination",
            "quarter",
            "seq",
            name=op.f("pk_quarter_confirmations"),
        ),
    )


def _create_quarter_disputes() -> None:
    op.create_table(
        "quarter_disputes",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "destination", "quarter", "seq", name=op.f("pk_quarter_disputes")),
    )


def _create_quarters_agreed() -> None:
    op.create_table(
        "quarters_agreed",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "destination", "quarter", name=op.f("pk_quarters_agreed")),
    )


def _create_recognitions() -> None:
    op.create_table(
        "recognitions",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "source",
            "destination",
            "quarter",
            "region",
            "kind",
            "reference",
            name=op.f("pk_recognitions"),
        ),
    )


def downgrade() -> None:
    op.drop_table("recognitions")
    op.drop_table("quarters_agreed")
    op.drop_table("quarter_disputes")
    op.drop_table("quarter_confirmations")
    op.drop_table("agreement_signatures")
    op.drop_index("ix_agreement_drafts_pair", table_name="agreement_drafts")
    op.drop_table("agreement_drafts")
