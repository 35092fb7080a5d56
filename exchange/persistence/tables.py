"""The tables of the venue's log, of what is traded and of usage.

The log (`commands`, `events`, `entries`, `postings`) is the truth: rows are added and never changed. The rest of the
writer's tables are projections: derived from events alone, and rebuilt from the log at any time. Usage arrives beside
the log, in batches of its own, and is never changed either. What gateways and banks were asked, and have said, is in
`payment_tables.py`; what regions sign is in `pair_tables.py`; what lines give back and sellers are paid in `payout_tables.py`;
what is about vouchers in `voucher_tables.py`; and carbon in `power_tables.py`.
"""

from dataclasses import fields

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSON

from exchange.persistence.columns import int_column as _int
from exchange.persistence.columns import json_column as _json
from exchange.persistence.columns import metadata
from exchange.persistence.columns import text_column as _text
from exchange.persistence.package_tables import token_packages
from exchange.persistence.pair_tables import PAIR_TABLES
from exchange.persistence.power_tables import POWER_TABLES
from exchange.persistence.subsidy_tables import SUBSIDY_TABLES
from exchange.persistence.voucher_tables import VOUCHER_TABLES
from settlement.ledger.chart import CONTRA
from settlement.statement import Line, RegionShares

__all__ = ["metadata"]

writer = Table(
    "writer",
    metadata,
    Column("only", Boolean, CheckConstraint('"only"', name="one_row"), primary_key=True),
    _int("epoch"),
)
"""Whose turn it is to write. Each writer raises the epoch when it begins, and the one before can't write again."""

commands = Table(
    "commands",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _text("party"),
    _text("id"),
    _text("kind"),
    Column("body", JSON, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _int("epoch"),
    Column("logged_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("party", "id"),
)

events = Table(
    "events",
    metadata,
    _int("seq"),
    Column("n", Integer, nullable=False),
    _text("kind"),
    Column("body", JSON, nullable=False),
    PrimaryKeyConstraint("seq", "n"),
)

entries = Table(
    "entries",
    metadata,
    _int("seq"),
    Column("n", Integer, nullable=False),
    _text("kind"),
    PrimaryKeyConstraint("seq", "n"),
)
"""Journal entries: the `n`-th that the `seq`-th command made."""

postings = Table(
    "postings",
    metadata,
    _int("seq"),
    Column("n", Integer, nullable=False),
    Column("leg", Integer, nullable=False),
    _text("owner"),
    _text("kind"),
    _text("book"),
    _int("amount"),
    PrimaryKeyConstraint("seq", "n", "leg"),
    CheckConstraint("amount <> 0", name="moves_something"),
)
Index("ix_postings_account", postings.c.owner, postings.c.kind, postings.c.seq)

_contra = ", ".join(f"'{kind}'" for kind in sorted(CONTRA))
balances = Table(
    "balances",
    metadata,
    _text("owner"),
    _text("kind"),
    _int("amount"),
    PrimaryKeyConstraint("owner", "kind"),
    CheckConstraint(f"amount >= 0 OR kind IN ({_contra})", name="not_below_zero"),
)

venue = Table(
    "venue",
    metadata,
    Column("only", Boolean, CheckConstraint('"only"', name="one_row"), primary_key=True),
    _json("terms", null=True),
    _int("now", null=True),
)
"""The terms in force, and the venue's clock in slots."""

parties = Table(
    "parties",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    _json("roles"),
    _text("region"),
    _text("group"),
    _int("seq"),
)

api_keys = Table(
    "api_keys",
    metadata,
    _text("party"),
    _text("key"),
    _text("digest"),
    Column("revoked", Boolean, nullable=False),
    PrimaryKeyConstraint("party", "key"),
    Index("ix_api_keys_digest", "digest"),
)

listings = Table(
    "listings",
    metadata,
    Column("id", Text, primary_key=True),
    _text("party"),
    _text("line"),
    _text("chip"),
    _text("region"),
    _int("start_slot"),
    _int("end_slot"),
    _int("cards"),
    _int("lot"),
    _int("min_slots"),
    _json("asks"),
    _text("price_rule"),
    _int("age"),
    _int("seq"),
    _text("status"),
    Index("ix_listings_open", "chip", "region", postgresql_where="status = 'open'"),
    Index("ix_listings_party", "party", "seq"),
    Index("ix_listings_instrument", "chip", "region"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),
    _text("party"),
    _text("source"),
    _text("tier"),
    _json("chips"),
    _json("regions"),
    _int("start_slot"),
    _int("end_slot"),
    _int("limit_price"),
    _json("shape"),
    _int("least"),
    _int("most"),
    _int("slots"),
    _int("size"),
    _text("prefer"),
    _text("tif"),
    _text("on_preempt"),
    _text("home", null=True),
    _int("mbps_per_card"),
    _int("held"),
    _json("not_continued", null=True),
    _int("age"),
    _int("seq"),
    _text("status"),
    Index("ix_orders_open", "tier", postgresql_where="status = 'resting'"),
    Index("ix_orders_party", "party", "seq"),
)
"""Orders. `least` and `most` are the reference cards that one takes at once, `slots` its shortest run.

`size` is all that it asks for: cards of a block, card-slots of work. `held` is what it keeps of its buyer's money, also
after its end while its leases can be taken back. `not_continued` says what no order looks for that was taken back of it,
and what money that lacks.
"""

leases = Table(
    "leases",
    metadata,
    Column("id", Text, primary_key=True),
    _text("order_id"),
    _text("listing_id"),
    _text("buyer"),
    _text("seller"),
    _text("source"),
    _text("destination"),
    _int("cards"),
    _int("working"),
    _int("start_slot"),
    _int("end_slot"),
    _json("runs"),
    _int("cost"),
    _int("granted_end_slot"),
    _int("granted_cost"),
    _int("held"),
    _int("unsettled"),
    _int("vat_rate_bp"),
    _json("promise", null=True),
    _int("seq"),
    CheckConstraint("unsettled >= 0 AND held >= 0", name="not_settled_twice"),
    Index("ix_leases_order", "order_id"),
    Index("ix_leases_listing", "listing_id", "start_slot"),
    Index("ix_leases_buyer", "buyer", "seq"),
    Index("ix_leases_seller", "seller", "seq"),
    Index("ix_leases_unsettled", "seq", "id", postgresql_where="unsettled > 0"),
)
"""Leases as they stand; `unsettled` counts the slots that no statement has settled yet.

One that was taken back ends earlier than `granted_end_slot`, and its `runs` and `cost` are what its buyer still pays.
"""

links = Table(
    "links",
    metadata,
    _text("home"),
    _text("region"),
    _int("mbps"),
    PrimaryKeyConstraint("home", "region"),
)
"""The bandwidth from one region to another, as it was set last."""

trades = Table(
    "trades",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _text("id"),
    _text("order_id"),
    _text("listing_id"),
    _int("cards"),
    _int("start_slot"),
    _int("end_slot"),
    _int("cost"),
    _text("priced_by"),
    _int("slot"),
    _int("seq"),
    Index("ix_trades_listing", "listing_id", "number"),
    Index("ix_trades_tape", "slot", "id"),
)
"""The tape: every lease as it was granted, and the slot in which the venue's clock stood then.

What becomes of the lease later changes nothing here. `number` is nobody's to see: numbers next to each other tell of
leases that one order got together. The public knows a trade by its `id`.
"""

displacements = Table(
    "displacements",
    metadata,
    Column("lease", Text, primary_key=True),
    Column("reclaimed", Boolean, nullable=False),
    _int("slot"),
    _int("seq"),
    Index("ix_displacements_slot", "slot"),
)
"""Leases that were taken back: by their seller, who `reclaimed`, or else for an order; and where the clock stood then."""

contracts = Table(
    "contracts",
    metadata,
    Column("id", Text, primary_key=True),
    _text("buyer"),
    _text("seller"),
    _text("source"),
    _text("destination"),
    _int("budget"),
    _int("left"),
    _int("begins"),
    _int("ends"),
    _text("line"),
    _int("vat_rate_bp"),
    _int("seq"),
    _text("status"),
    CheckConstraint('"left" BETWEEN 0 AND budget', name="within_budget"),
)

contract_prices = Table(
    "contract_prices",
    metadata,
    _text("contract"),
    Column("version", Integer, nullable=False),
    _int("begins"),
    _int("input_price"),
    _int("cached_input_price"),
    _int("output_price"),
    _int("seq"),
    PrimaryKeyConstraint("contract", "version"),
)
"""Every version of a contract's prices, in micro-yuan per million tokens: in force until the next one begins."""

agreements = Table(
    "agreements",
    metadata,
    _text("id"),
    Column("version", Integer, nullable=False),
    _text("source"),
    _text("destination"),
    _int("valid_from"),
    _int("valid_to", null=True),
    _json("terms"),
    _int("seq"),
    PrimaryKeyConstraint("id", "version"),
)
"""Pair agreements that every party has signed. That two of one pair never overlap is an exclusion constraint of the first migration.

It is looked at when a statement has ended, since one statement ends a version and adds the next.
"""

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    _text("period"),
    _int("begins"),
    _int("ends"),
    _int("usage_batch", null=True),
    _int("late_until"),
    _int("closed_slot", null=True),
    _int("seq"),
    _text("status"),
    UniqueConstraint("period"),
)
"""Runs; `closed_slot` is where the venue's clock stood when one was finished."""

statements = Table(
    "statements",
    metadata,
    Column("id", Text, primary_key=True),
    _text("run"),
    _text("subject"),
    _text("buyer"),
    _text("seller"),
    _text("source"),
    _text("destination"),
    _int("charged"),
    _int("released"),
    _int("seq"),
    UniqueConstraint("run", "subject"),
    Index("ix_statements_buyer", "buyer", "seq"),
    Index("ix_statements_seller", "seller", "seq"),
    Index("ix_statements_pair", "source", "destination"),
)

statement_lines = Table(
    "statement_lines",
    metadata,
    _text("statement"),
    Column("n", Integer, nullable=False),
    _text("service_period"),
    _text("meter"),
    _int("price"),
    _int("price_version", null=True),
    _int("quantity"),
    _int("lost"),
    _text("agreement", null=True),
    _int("before_loss"),
    _int("over_budget"),
    _text("package", null=True),
    _json("vouchers"),
    _json("credits"),
    *(_json(part.name) if part.type is RegionShares else _int(part.name) for part in fields(Line)),
    PrimaryKeyConstraint("statement", "n"),
)

Index(
    "ix_statement_lines_vouchers",
    statement_lines.c.statement,
    postgresql_where="vouchers <> '[]'",
)
"""Lines that vouchers cover in part: few of all."""

usage_batches = Table(
    "usage_batches",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _text("kind"),
    _text("party"),
    _text("key"),
    Column("content", LargeBinary, nullable=False),
    _json("verdicts"),
    _int("seq"),
    _int("now"),
    Column("digest", LargeBinary, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("party", "key"),
)
"""Batches of usage, numbered in the order in which they were committed.

`key` is the sender's, `content` the SHA-256 of what was sent under it, `verdicts` what became of each record. `seq`
and `now` are where the log and the clock, in slots, stood by which they were judged. `digest` is over all of this and
the batch's records, chained to the batch before.
"""

delivery_records = Table(
    "delivery_records",
    metadata,
    _text("party"),
    _text("meter"),
    _int("sequence"),
    _text("lease"),
    _int("slot"),
    _int("delivered"),
    _text("status"),
    _int("batch"),
    PrimaryKeyConstraint("party", "meter", "sequence"),
    CheckConstraint("delivered >= 0", name="not_negative"),
)
Index(
    "ix_delivery_records_slot",
    delivery_records.c.lease,
    delivery_records.c.slot,
    unique=True,
    postgresql_where="status = 'accepted'",
)
"""Delivered card-seconds of one lease in one slot. Accepted once; anything else is kept, and billed by nobody."""
Index("ix_delivery_records_batch", delivery_records.c.batch, postgresql_using="brin")

token_records = Table(
    "token_records",
    metadata,
    _text("party"),
    _text("meter"),
    _int("sequence"),
    _text("contract"),
    _int("at"),
    _int("input_tokens"),
    _int("cached_input_tokens"),
    _int("output_tokens"),
    _text("status"),
    _int("batch"),
    PrimaryKeyConstraint("party", "meter", "sequence"),
    CheckConstraint(
        "input_tokens >= 0 AND cached_input_tokens >= 0 AND output_tokens >= 0", name="not_negative"
    ),
    Index("ix_token_records_contract", "contract", "at"),
    Index("ix_token_records_batch", "batch", postgresql_using="brin"),
)

USAGE = (usage_batches, delivery_records, token_records)
LOG = (commands, events, entries, postings)
PROJECTIONS = (
    balances,
    venue,
    parties,
    api_keys,
    listings,
    orders,
    leases,
    links,
    trades,
    displacements,
    contracts,
    contract_prices,
    token_packages,
    agreements,
    *PAIR_TABLES,
    *POWER_TABLES,
    *VOUCHER_TABLES,
    *SUBSIDY_TABLES,
    runs,
    statements,
    statement_lines,
)
