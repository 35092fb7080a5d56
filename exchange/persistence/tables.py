"""Every table of the venue, in one file.

The log (`commands`, `events`, `entries`, `postings`) is the truth: rows are added and never changed. The rest of the
writer's tables are projections: derived from events alone, and rebuilt from the log at any time. Usage arrives beside
the log, in batches of its own, and is never changed either. What gateways and banks were asked, and have said, is in `payment_tables.py`.
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

from exchange.persistence import columns, voucher_tables
from exchange.persistence.columns import integer, json, text
from settlement.ledger.chart import CONTRA
from settlement.statement import Line, RegionShares

metadata = columns.metadata

writer = Table(
    "writer",
    metadata,
    Column("only", Boolean, CheckConstraint('"only"', name="one_row"), primary_key=True),
    integer("epoch"),
)
"""Whose turn it is to write. Each writer raises the epoch when it begins, and the one before can't write again."""

commands = Table(
    "commands",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    text("party"),
    text("id"),
    text("kind"),
    Column("body", JSON, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    integer("epoch"),
    Column("logged_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("party", "id"),
)

events = Table(
    "events",
    metadata,
    integer("seq"),
    Column("n", Integer, nullable=False),
    text("kind"),
    Column("body", JSON, nullable=False),
    PrimaryKeyConstraint("seq", "n"),
)

entries = Table(
    "entries",
    metadata,
    integer("seq"),
    Column("n", Integer, nullable=False),
    text("kind"),
    PrimaryKeyConstraint("seq", "n"),
)
"""Journal entries: the `n`-th that the `seq`-th command made."""

postings = Table(
    "postings",
    metadata,
    integer("seq"),
    Column("n", Integer, nullable=False),
    Column("leg", Integer, nullable=False),
    text("owner"),
    text("kind"),
    text("book"),
    integer("amount"),
    PrimaryKeyConstraint("seq", "n", "leg"),
    CheckConstraint("amount <> 0", name="moves_something"),
)
Index("ix_postings_account", postings.c.owner, postings.c.kind, postings.c.seq)

_contra = ", ".join(f"'{kind}'" for kind in sorted(CONTRA))
balances = Table(
    "balances",
    metadata,
    text("owner"),
    text("kind"),
    integer("amount"),
    PrimaryKeyConstraint("owner", "kind"),
    CheckConstraint(f"amount >= 0 OR kind IN ({_contra})", name="not_below_zero"),
)

venue = Table(
    "venue",
    metadata,
    Column("only", Boolean, CheckConstraint('"only"', name="one_row"), primary_key=True),
    json("terms", null=True),
    integer("now", null=True),
)
"""The terms in force, and the venue's clock in slots."""

parties = Table(
    "parties",
    metadata,
    Column("id", Text, primary_key=True),
    text("name"),
    json("roles"),
    text("region"),
    text("group"),
    integer("seq"),
)

api_keys = Table(
    "api_keys",
    metadata,
    text("party"),
    text("key"),
    text("digest"),
    Column("revoked", Boolean, nullable=False),
    PrimaryKeyConstraint("party", "key"),
    Index("ix_api_keys_digest", "digest"),
)

listings = Table(
    "listings",
    metadata,
    Column("id", Text, primary_key=True),
    text("party"),
    text("line"),
    text("chip"),
    text("region"),
    integer("start_slot"),
    integer("end_slot"),
    integer("cards"),
    integer("lot"),
    integer("min_slots"),
    json("asks"),
    text("price_rule"),
    integer("age"),
    integer("seq"),
    text("status"),
    Index("ix_listings_open", "chip", "region", postgresql_where="status = 'open'"),
    Index("ix_listings_party", "party", "seq"),
    Index("ix_listings_instrument", "chip", "region"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),
    text("party"),
    text("source"),
    text("tier"),
    json("chips"),
    json("regions"),
    integer("start_slot"),
    integer("end_slot"),
    integer("limit_price"),
    json("shape"),
    integer("least"),
    integer("most"),
    integer("slots"),
    integer("size"),
    text("prefer"),
    text("tif"),
    text("on_preempt"),
    text("home", null=True),
    integer("mbps_per_card"),
    integer("held"),
    json("not_continued", null=True),
    integer("age"),
    integer("seq"),
    text("status"),
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
    text("order_id"),
    text("listing_id"),
    text("buyer"),
    text("seller"),
    text("source"),
    text("destination"),
    integer("cards"),
    integer("working"),
    integer("start_slot"),
    integer("end_slot"),
    json("runs"),
    integer("cost"),
    integer("granted_end_slot"),
    integer("granted_cost"),
    integer("held"),
    integer("unsettled"),
    integer("vat_rate_bp"),
    integer("seq"),
    CheckConstraint("unsettled >= 0 AND held >= 0", name="not_settled_twice"),
    Index("ix_leases_order", "order_id"),
    Index("ix_leases_listing", "listing_id", "start_slot"),
    Index("ix_leases_buyer", "buyer", "seq"),
    Index("ix_leases_seller", "seller", "seq"),
    Index("ix_leases_unsettled", "start_slot", postgresql_where="unsettled > 0"),
)
"""Leases as they stand; `unsettled` counts the slots that no statement has settled yet.

One that was taken back ends earlier than `granted_end_slot`, and its `runs` and `cost` are what its buyer still pays.
"""

links = Table(
    "links",
    metadata,
    text("home"),
    text("region"),
    integer("mbps"),
    PrimaryKeyConstraint("home", "region"),
)
"""The bandwidth from one region to another, as it was set last."""

trades = Table(
    "trades",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    text("id"),
    text("order_id"),
    text("listing_id"),
    integer("cards"),
    integer("start_slot"),
    integer("end_slot"),
    integer("cost"),
    text("priced_by"),
    integer("slot"),
    integer("seq"),
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
    integer("slot"),
    integer("seq"),
    Index("ix_displacements_slot", "slot"),
)
"""Leases that were taken back: by their seller, who `reclaimed`, or else for an order; and where the clock stood then."""

contracts = Table(
    "contracts",
    metadata,
    Column("id", Text, primary_key=True),
    text("buyer"),
    text("seller"),
    text("source"),
    text("destination"),
    integer("input_price"),
    integer("output_price"),
    integer("budget"),
    integer("left"),
    integer("begins"),
    integer("ends"),
    integer("seq"),
    text("status"),
    CheckConstraint('"left" BETWEEN 0 AND budget', name="within_budget"),
)

agreements = Table(
    "agreements",
    metadata,
    text("id"),
    Column("version", Integer, nullable=False),
    text("source"),
    text("destination"),
    integer("valid_from"),
    integer("valid_to", null=True),
    json("terms"),
    integer("seq"),
    PrimaryKeyConstraint("id", "version"),
)
"""Pair agreements. That two of one pair never overlap is an exclusion constraint of the first migration.

It is looked at when a statement has ended, since one statement ends a version and adds the next.
"""

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    text("period"),
    integer("begins"),
    integer("ends"),
    integer("usage_batch", null=True),
    integer("late_until"),
    integer("seq"),
    text("status"),
    UniqueConstraint("period"),
)

statements = Table(
    "statements",
    metadata,
    Column("id", Text, primary_key=True),
    text("run"),
    text("subject"),
    text("buyer"),
    text("seller"),
    text("source"),
    text("destination"),
    integer("charged"),
    integer("released"),
    integer("seq"),
    UniqueConstraint("run", "subject"),
    Index("ix_statements_buyer", "buyer", "seq"),
    Index("ix_statements_seller", "seller", "seq"),
    Index("ix_statements_pair", "source", "destination"),
)

statement_lines = Table(
    "statement_lines",
    metadata,
    text("statement"),
    Column("n", Integer, nullable=False),
    text("service_period"),
    text("meter"),
    integer("price"),
    integer("quantity"),
    integer("lost"),
    text("agreement", null=True),
    integer("before_loss"),
    integer("over_budget"),
    json("vouchers"),
    *(json(part.name) if part.type is RegionShares else integer(part.name) for part in fields(Line)),
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
    text("kind"),
    text("party"),
    text("key"),
    Column("content", LargeBinary, nullable=False),
    json("verdicts"),
    integer("seq"),
    integer("now"),
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
    text("party"),
    text("meter"),
    integer("sequence"),
    text("lease"),
    integer("slot"),
    integer("delivered"),
    text("status"),
    integer("batch"),
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
    text("party"),
    text("meter"),
    integer("sequence"),
    text("contract"),
    integer("at"),
    integer("input_tokens"),
    integer("output_tokens"),
    text("status"),
    integer("batch"),
    PrimaryKeyConstraint("party", "meter", "sequence"),
    CheckConstraint("input_tokens >= 0 AND output_tokens >= 0", name="not_negative"),
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
    agreements,
    runs,
    statements,
    statement_lines,
    voucher_tables.facts,
    voucher_tables.programmes,
    voucher_tables.vouchers,
    voucher_tables.voucher_moves,
)
