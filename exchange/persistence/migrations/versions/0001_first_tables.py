"""The first tables: the log and its guards, the projections, usage."""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = (
    "commands",
    "events",
    "entries",
    "postings",
    "usage_batches",
    "delivery_records",
    "token_records",
)

GUARDS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'log and usage are never changed: % on % was refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT seq, n, book, sum(amount) AS total INTO wrong
        FROM added GROUP BY seq, n, book HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry %.% does not balance in the % book: % too much', wrong.seq, wrong.n, wrong.book, wrong.total
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER balanced AFTER INSERT ON postings REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced();

CREATE EXTENSION IF NOT EXISTS btree_gist;

ALTER TABLE agreements ADD CONSTRAINT ex_agreements_overlap
    EXCLUDE USING gist (source WITH =, destination WITH =, int8range(valid_from, valid_to) WITH &&)
    DEFERRABLE INITIALLY IMMEDIATE;

INSERT INTO writer ("only", epoch) VALUES (true, 0);

INSERT INTO venue ("only") VALUES (true);
"""


def upgrade() -> None:
    # Who takes part, and what regions agreed.
    _create_parties()
    _create_api_keys()
    _create_agreements()
    _create_links()
    # The log and the ledger.
    _create_commands()
    _create_events()
    _create_entries()
    _create_postings()
    _create_balances()
    _create_writer()
    _create_venue()
    # The market.
    _create_listings()
    _create_orders()
    _create_trades()
    _create_leases()
    _create_displacements()
    _create_contracts()
    _create_contract_prices()
    # Usage, and what it came to.
    _create_usage_batches()
    _create_delivery_records()
    _create_token_records()
    _create_runs()
    _create_statements()
    _create_statement_lines()
    _guard()


def _create_agreements() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_agreements")),
    )


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("party", "key", name=op.f("pk_api_keys")),
    )
    op.create_index("ix_api_keys_digest", "api_keys", ["digest"], unique=False)


def _create_balances() -> None:
    op.create_table(
        "balances",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "amount >= 0 OR kind IN ('attribution', 'bank', 'emissions', 'subsidy_claim', 'voucher_budget')",
            name=op.f("ck_balances_not_below_zero"),
        ),
        sa.PrimaryKeyConstraint("owner", "kind", name=op.f("pk_balances")),
    )


def _create_commands() -> None:
    op.create_table(
        "commands",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column(
            "logged_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_commands")),
        sa.UniqueConstraint("party", "id", name=op.f("uq_commands_party_id")),
    )


def _create_contract_prices() -> None:
    op.create_table(
        "contract_prices",
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("input_price", sa.BigInteger(), nullable=False),
        sa.Column("cached_input_price", sa.BigInteger(), nullable=False),
        sa.Column("output_price", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("contract", "version", name=op.f("pk_contract_prices")),
    )


def _create_contracts() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("vat_rate_bp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint('"left" BETWEEN 0 AND budget', name=op.f("ck_contracts_within_budget")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
    )


def _create_delivery_records() -> None:
    op.create_table(
        "delivery_records",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("delivered >= 0", name=op.f("ck_delivery_records_not_negative")),
        sa.PrimaryKeyConstraint("party", "meter", "sequence", name=op.f("pk_delivery_records")),
    )
    op.create_index(
        "ix_delivery_records_slot",
        "delivery_records",
        ["lease", "slot"],
        unique=True,
        postgresql_where="status = 'accepted'",
    )
    op.create_index(
        "ix_delivery_records_batch", "delivery_records", ["batch"], unique=False, postgresql_using="brin"
    )


def _create_displacements() -> None:
    op.create_table(
        "displacements",
        sa.Column("lease", sa.Text(), nullable=False),
        sa.Column("reclaimed", sa.Boolean(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lease", name=op.f("pk_displacements")),
    )
    op.create_index("ix_displacements_slot", "displacements", ["slot"], unique=False)


def _create_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "n", name=op.f("pk_entries")),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("seq", "n", name=op.f("pk_events")),
    )


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("cards", sa.BigInteger(), nullable=False),
        sa.Column("working", sa.BigInteger(), nullable=False),
        sa.Column("start_slot", sa.BigInteger(), nullable=False),
        sa.Column("end_slot", sa.BigInteger(), nullable=False),
        sa.Column("runs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("granted_end_slot", sa.BigInteger(), nullable=False),
        sa.Column("granted_cost", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("unsettled", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate_bp", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("unsettled >= 0 AND held >= 0", name=op.f("ck_leases_not_settled_twice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leases")),
    )
    op.create_index("ix_leases_buyer", "leases", ["buyer", "seq"], unique=False)
    op.create_index("ix_leases_listing", "leases", ["listing_id", "start_slot"], unique=False)
    op.create_index("ix_leases_order", "leases", ["order_id"], unique=False)
    op.create_index("ix_leases_seller", "leases", ["seller", "seq"], unique=False)
    op.create_index(
        "ix_leases_unsettled", "leases", ["seq", "id"], unique=False, postgresql_where="unsettled > 0"
    )


def _create_links() -> None:
    op.create_table(
        "links",
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("mbps", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("home", "region", name=op.f("pk_links")),
    )


def _create_listings() -> None:
    op.create_table(
        "listings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("chip", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("start_slot", sa.BigInteger(), nullable=False),
        sa.Column("end_slot", sa.BigInteger(), nullable=False),
        sa.Column("cards", sa.BigInteger(), nullable=False),
        sa.Column("lot", sa.BigInteger(), nullable=False),
        sa.Column("min_slots", sa.BigInteger(), nullable=False),
        sa.Column("asks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("price_rule", sa.Text(), nullable=False),
        sa.Column("age", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
    )
    op.create_index(
        "ix_listings_open", "listings", ["chip", "region"], unique=False, postgresql_where="status = 'open'"
    )
    op.create_index("ix_listings_party", "listings", ["party", "seq"], unique=False)
    op.create_index("ix_listings_instrument", "listings", ["chip", "region"], unique=False)


def _create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("chips", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("regions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("start_slot", sa.BigInteger(), nullable=False),
        sa.Column("end_slot", sa.BigInteger(), nullable=False),
        sa.Column("limit_price", sa.BigInteger(), nullable=False),
        sa.Column("shape", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("slots", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("prefer", sa.Text(), nullable=False),
        sa.Column("tif", sa.Text(), nullable=False),
        sa.Column("on_preempt", sa.Text(), nullable=False),
        sa.Column("home", sa.Text(), nullable=True),
        sa.Column("mbps_per_card", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("not_continued", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("age", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_open", "orders", ["tier"], unique=False, postgresql_where="status = 'resting'")
    op.create_index("ix_orders_party", "orders", ["party", "seq"], unique=False)


def _create_parties() -> None:
    op.create_table(
        "parties",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
    )


def _create_postings() -> None:
    op.create_table(
        "postings",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_postings_moves_something")),
        sa.PrimaryKeyConstraint("seq", "n", "leg", name=op.f("pk_postings")),
    )
    op.create_index("ix_postings_account", "postings", ["owner", "kind", "seq"], unique=False)


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("usage_batch", sa.BigInteger(), nullable=True),
        sa.Column("late_until", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("period", name=op.f("uq_runs_period")),
    )


def _create_statement_lines() -> None:
    op.create_table(
        "statement_lines",
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("service_period", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("price_version", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=True),
        sa.Column("before_loss", sa.BigInteger(), nullable=False),
        sa.Column("over_budget", sa.BigInteger(), nullable=False),
        sa.Column("package", sa.Text(), nullable=True),
        sa.Column("vouchers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("vat_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_net_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_vat_fen", sa.BigInteger(), nullable=False),
        sa.Column("seller_net_fen", sa.BigInteger(), nullable=False),
        sa.Column("seller_payout_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("buyer_pays_fen", sa.BigInteger(), nullable=False),
        sa.Column("government_pays_fen", sa.BigInteger(), nullable=False),
        sa.Column("payout_on_charge_fen", sa.BigInteger(), nullable=False),
        sa.Column("payout_on_voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("vat_payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("vat_central_fen", sa.BigInteger(), nullable=False),
        sa.Column("vat_local_fen", sa.BigInteger(), nullable=False),
        sa.Column("surcharge_urban_fen", sa.BigInteger(), nullable=False),
        sa.Column("surcharge_education_fen", sa.BigInteger(), nullable=False),
        sa.Column("surcharge_local_education_fen", sa.BigInteger(), nullable=False),
        sa.Column("local_retained_fen", sa.BigInteger(), nullable=False),
        sa.Column("revenue_by_region_fen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tax_by_region_fen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("gdp_base_fen", sa.BigInteger(), nullable=False),
        sa.Column("gdp_by_region_fen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("statement", "n", name=op.f("pk_statement_lines")),
    )
    op.create_index(
        "ix_statement_lines_vouchers", "statement_lines", ["statement"], postgresql_where="vouchers <> '[]'"
    )


def _create_statements() -> None:
    op.create_table(
        "statements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("run", "subject", name=op.f("uq_statements_run_subject")),
    )
    op.create_index("ix_statements_buyer", "statements", ["buyer", "seq"], unique=False)
    op.create_index("ix_statements_pair", "statements", ["source", "destination"], unique=False)
    op.create_index("ix_statements_seller", "statements", ["seller", "seq"], unique=False)


def _create_token_records() -> None:
    op.create_table(
        "token_records",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "input_tokens >= 0 AND cached_input_tokens >= 0 AND output_tokens >= 0",
            name=op.f("ck_token_records_not_negative"),
        ),
        sa.PrimaryKeyConstraint("party", "meter", "sequence", name=op.f("pk_token_records")),
    )
    op.create_index("ix_token_records_contract", "token_records", ["contract", "at"], unique=False)
    op.create_index(
        "ix_token_records_batch", "token_records", ["batch"], unique=False, postgresql_using="brin"
    )


def _create_trades() -> None:
    op.create_table(
        "trades",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("cards", sa.BigInteger(), nullable=False),
        sa.Column("start_slot", sa.BigInteger(), nullable=False),
        sa.Column("end_slot", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("priced_by", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trades")),
    )
    op.create_index("ix_trades_listing", "trades", ["listing_id", "number"], unique=False)
    op.create_index("ix_trades_tape", "trades", ["slot", "id"], unique=False)


def _create_usage_batches() -> None:
    op.create_table(
        "usage_batches",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("verdicts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("now", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_batches")),
        sa.UniqueConstraint("party", "key", name=op.f("uq_usage_batches_party_key")),
    )


def _create_venue() -> None:
    op.create_table(
        "venue",
        sa.Column("only", sa.Boolean(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("now", sa.BigInteger(), nullable=True),
        sa.CheckConstraint('"only"', name=op.f("ck_venue_one_row")),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_venue")),
    )


def _create_writer() -> None:
    op.create_table(
        "writer",
        sa.Column("only", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.CheckConstraint('"only"', name=op.f("ck_writer_one_row")),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_writer")),
    )


def _guard() -> None:
    """Let nobody change what is written, or book what does not balance."""
    for statement in _statements(GUARDS):
        op.execute(statement)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _statements(script: str) -> list[str]:
    """A script as single statements, since the driver takes one at a time."""
    return [part for part in re.split(r";\n\n", script.strip().removesuffix(";")) if part]


def downgrade() -> None:
    op.drop_table("writer")
    op.drop_table("venue")
    op.drop_table("usage_batches")
    op.drop_index("ix_trades_tape", table_name="trades")
    op.drop_index("ix_trades_listing", table_name="trades")
    op.drop_table("trades")
    op.drop_index("ix_token_records_batch", table_name="token_records", postgresql_using="brin")
    op.drop_index("ix_token_records_contract", table_name="token_records")
    op.drop_table("token_records")
    op.drop_index("ix_statements_seller", table_name="statements")
    op.drop_index("ix_statements_pair", table_name="statements")
    op.drop_index("ix_statements_buyer", table_name="statements")
    op.drop_table("statements")
    op.drop_index(
        "ix_statement_lines_vouchers", table_name="statement_lines", postgresql_where="vouchers <> '[]'"
    )
    op.drop_table("statement_lines")
    op.drop_table("runs")
    op.drop_index("ix_postings_account", table_name="postings")
    op.drop_table("postings")
    op.drop_table("parties")
    op.drop_index("ix_orders_party", table_name="orders")
    op.drop_index("ix_orders_open", table_name="orders", postgresql_where="status = 'resting'")
    op.drop_table("orders")
    op.drop_index("ix_listings_party", table_name="listings")
    op.drop_index("ix_listings_instrument", table_name="listings")
    op.drop_index("ix_listings_open", table_name="listings", postgresql_where="status = 'open'")
    op.drop_table("listings")
    op.drop_table("links")
    op.drop_index("ix_leases_unsettled", table_name="leases", postgresql_where="unsettled > 0")
    op.drop_index("ix_leases_seller", table_name="leases")
    op.drop_index("ix_leases_order", table_name="leases")
    op.drop_index("ix_leases_listing", table_name="leases")
    op.drop_index("ix_leases_buyer", table_name="leases")
    op.drop_table("leases")
    op.drop_table("events")
    op.drop_table("entries")
    op.drop_index("ix_displacements_slot", table_name="displacements")
    op.drop_table("displacements")
    op.drop_index("ix_delivery_records_batch", table_name="delivery_records", postgresql_using="brin")
    op.drop_index(
        "ix_delivery_records_slot", table_name="delivery_records", postgresql_where="status = 'accepted'"
    )
    op.drop_table("delivery_records")
    op.drop_table("contracts")
    op.drop_table("contract_prices")
    op.drop_table("commands")
    op.drop_table("balances")
    op.drop_index("ix_api_keys_digest", table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_table("agreements")
    op.execute("DROP FUNCTION refuse_change, refuse_unbalanced")
