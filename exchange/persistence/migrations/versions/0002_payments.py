"""Payments: movements of money at a gateway, its webhooks, and what a bank was told and has booked."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FOR_EVER = ("gateway_events", "bank_lines")


def upgrade() -> None:
    _create_movements()
    _create_gateway_events()
    _create_bank_orders()
    _create_bank_lines()
    for table in FOR_EVER:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON movements "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _create_movements() -> None:
    op.create_table(
        "movements",
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("instruction", sa.JSON(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "n", name=op.f("pk_movements")),
        sa.UniqueConstraint("key", name=op.f("uq_movements_key")),
    )
    op.create_index("ix_movements_untold", "movements", ["plan"], postgresql_where="NOT told")


def _create_gateway_events() -> None:
    op.create_table(
        "gateway_events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_events")),
    )


def _create_bank_orders() -> None:
    op.create_table(
        "bank_orders",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.BigInteger(), nullable=True),
        sa.Column(
            "queued_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bank_orders_pays_something")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bank_orders")),
        sa.UniqueConstraint("reference", name=op.f("uq_bank_orders_reference")),
    )
    op.create_index("ix_bank_orders_file", "bank_orders", ["file"])


def _create_bank_lines() -> None:
    op.create_table(
        "bank_lines",
        sa.Column("bank_reference", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_bank_lines_moves_something")),
        sa.PrimaryKeyConstraint("bank_reference", name=op.f("pk_bank_lines")),
    )
    op.create_index("ix_bank_lines_code", "bank_lines", ["code"])
    op.create_index("ix_bank_lines_booked_on", "bank_lines", ["booked_on"])


def downgrade() -> None:
    op.drop_table("bank_lines")
    op.drop_table("bank_orders")
    op.drop_table("gateway_events")
    op.drop_table("movements")
