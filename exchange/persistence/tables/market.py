"""What is offered, ordered and leased, and the tape of it."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Table, Text

from exchange.persistence.tables.columns import int_column, json_column, metadata, text_column

listings = Table(
    "listings",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("party"),
    text_column("line"),
    text_column("chip"),
    text_column("region"),
    int_column("start_slot"),
    int_column("end_slot"),
    int_column("cards"),
    int_column("lot"),
    int_column("min_slots"),
    json_column("asks"),
    text_column("price_rule"),
    int_column("age"),
    int_column("seq"),
    text_column("status"),
    Index("ix_listings_open", "chip", "region", postgresql_where="status = 'open'"),
    Index("ix_listings_party", "party", "seq"),
    Index("ix_listings_instrument", "chip", "region"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("party"),
    text_column("source"),
    text_column("tier"),
    json_column("chips"),
    json_column("regions"),
    int_column("start_slot"),
    int_column("end_slot"),
    int_column("limit_price"),
    json_column("shape"),
    int_column("least"),
    int_column("most"),
    int_column("slots"),
    int_column("size"),
    text_column("prefer"),
    text_column("tif"),
    text_column("on_preempt"),
    text_column("home", null=True),
    int_column("mbps_per_card"),
    int_column("held"),
    json_column("not_continued", null=True),
    int_column("age"),
    int_column("seq"),
    text_column("status"),
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
    text_column("order_id"),
    text_column("listing_id"),
    text_column("buyer"),
    text_column("seller"),
    text_column("source"),
    text_column("destination"),
    int_column("cards"),
    int_column("working"),
    int_column("start_slot"),
    int_column("end_slot"),
    json_column("runs"),
    int_column("cost"),
    int_column("granted_end_slot"),
    int_column("granted_cost"),
    int_column("held"),
    int_column("unsettled"),
    int_column("vat_rate_bp"),
    json_column("promise", null=True),
    int_column("seq"),
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

trades = Table(
    "trades",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    text_column("id"),
    text_column("order_id"),
    text_column("listing_id"),
    int_column("cards"),
    int_column("start_slot"),
    int_column("end_slot"),
    int_column("cost"),
    text_column("priced_by"),
    int_column("slot"),
    int_column("seq"),
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
    int_column("slot"),
    int_column("seq"),
    Index("ix_displacements_slot", "slot"),
)
"""Leases that were taken back: by their seller, who `reclaimed`, or else for an order; and where the clock stood then."""
