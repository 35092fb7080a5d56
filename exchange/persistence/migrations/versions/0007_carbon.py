"""Power and carbon: versions of the tables, what sellers declare, and what statement lines emitted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "power_versions",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("tables", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_power_versions")),
    )
    op.create_table(
        "pue_declarations",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("pue_milli", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party", "region", "period", "seq", name=op.f("pk_pue_declarations")),
    )
    op.create_table(
        "certificates",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("kwh", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_certificates")),
    )
    op.create_index("ix_certificates_party", "certificates", ["party", "seq"], unique=False)
    op.create_table(
        "line_emissions",
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("tables", sa.Text(), nullable=False),
        sa.Column("it_wh", sa.BigInteger(), nullable=False),
        sa.Column("pue_milli", sa.BigInteger(), nullable=False),
        sa.Column("factor_year", sa.BigInteger(), nullable=False),
        sa.Column("grid_mg_per_kwh", sa.BigInteger(), nullable=False),
        sa.Column("facility_wh", sa.BigInteger(), nullable=False),
        sa.Column("certified_wh", sa.BigInteger(), nullable=False),
        sa.Column("location_based_g", sa.BigInteger(), nullable=False),
        sa.Column("market_based_g", sa.BigInteger(), nullable=False),
        sa.Column("certificates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("by_region", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("statement", "n", name=op.f("pk_line_emissions")),
    )


def downgrade() -> None:
    op.drop_table("line_emissions")
    op.drop_index("ix_certificates_party", table_name="certificates")
    op.drop_table("certificates")
    op.drop_table("pue_declarations")
    op.drop_table("power_versions")
