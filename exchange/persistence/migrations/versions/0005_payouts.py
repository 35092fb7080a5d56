"""Refunds and payouts: what settled lines give back, what sellers are paid, and when an audit has frozen that."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("closed_slot", sa.BigInteger(), nullable=True))
    _create_refunds()
    _create_payout_terms()
    _create_payout_accounts()
    _create_payouts()
    _create_payout_freezes()
    op.execute(
        "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON payout_freezes "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _create_refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("correction", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payable", sa.BigInteger(), nullable=False),
        sa.Column("returned", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("to_buyer", sa.BigInteger(), nullable=False),
        sa.Column("invoice_used", sa.Boolean(), nullable=False),
        sa.Column("note_state", sa.Text(), nullable=False),
        sa.Column("note_since", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_gives_something_back")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("statement", "n", "reference", name=op.f("uq_refunds_statement_n_reference")),
    )
    op.create_index("ix_refunds_buyer", "refunds", ["buyer", "seq"])
    op.create_index("ix_refunds_seller", "refunds", ["seller", "seq"])


def _create_payout_terms() -> None:
    op.create_table(
        "payout_terms",
        sa.Column("only", sa.Boolean(), nullable=False),
        sa.Column("hold_back_days", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.CheckConstraint('"only"', name=op.f("ck_payout_terms_one_row")),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_payout_terms")),
    )


def _create_payout_accounts() -> None:
    op.create_table(
        "payout_accounts",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party", name=op.f("pk_payout_accounts")),
    )


def _create_payouts() -> None:
    op.create_table(
        "payouts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint('"left" BETWEEN 0 AND amount', name=op.f("ck_payouts_within_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
    )
    op.create_index("ix_payouts_party", "payouts", ["party", "seq"])
    op.create_index("ix_payouts_begun", "payouts", ["id"], postgresql_where="status = 'begun'")


def _create_payout_freezes() -> None:
    op.create_table(
        "payout_freezes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column(
            "frozen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_why", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_freezes")),
    )


def downgrade() -> None:
    op.drop_table("payout_freezes")
    op.drop_table("payouts")
    op.drop_table("payout_accounts")
    op.drop_table("payout_terms")
    op.drop_table("refunds")
    op.drop_column("runs", "closed_slot")
