"""What regions sign and say: versions of agreements, their signatures, and a pair's quarters."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table

from exchange.persistence.tables.columns import int_column, json_column, metadata, text_column

agreement_drafts = Table(
    "agreement_drafts",
    metadata,
    text_column("id"),
    Column("version", Integer, nullable=False),
    text_column("source"),
    text_column("destination"),
    json_column("terms"),
    text_column("digest"),
    text_column("proposed_by"),
    int_column("proposed_at"),
    text_column("status"),
    json_column("ended", null=True),
    int_column("seq"),
    PrimaryKeyConstraint("id", "version"),
    Index("ix_agreement_drafts_pair", "source", "destination"),
)
"""Every version that was ever proposed, with its terms as they were: what its signatures are over.

`ended` says of one that was declined or withdrawn when, and of a declined one by whom and why.
"""

agreement_signatures = Table(
    "agreement_signatures",
    metadata,
    text_column("agreement"),
    Column("version", Integer, nullable=False),
    text_column("region"),
    text_column("party"),
    text_column("key"),
    int_column("at"),
    text_column("digest"),
    int_column("seq"),
    PrimaryKeyConstraint("agreement", "version", "region"),
)

agreements = Table(
    "agreements",
    metadata,
    text_column("id"),
    Column("version", Integer, nullable=False),
    text_column("source"),
    text_column("destination"),
    int_column("valid_from"),
    int_column("valid_to", null=True),
    json_column("terms"),
    int_column("seq"),
    PrimaryKeyConstraint("id", "version"),
)
"""Pair agreements that every party has signed. That two of one pair never overlap is an exclusion constraint of the first migration.

It is looked at when a statement has ended, since one statement ends a version and adds the next.
"""

quarter_confirmations = Table(
    "quarter_confirmations",
    metadata,
    text_column("source"),
    text_column("destination"),
    text_column("quarter"),
    text_column("region"),
    json_column("figures"),
    text_column("digest"),
    text_column("party"),
    text_column("key"),
    int_column("at"),
    int_column("seq"),
    PrimaryKeyConstraint("source", "destination", "quarter", "seq"),
)
"""Figures of a pair's quarter that a region has agreed to. Its last word counts, and none is overwritten."""

quarter_disputes = Table(
    "quarter_disputes",
    metadata,
    text_column("source"),
    text_column("destination"),
    text_column("quarter"),
    text_column("region"),
    text_column("reason"),
    text_column("party"),
    text_column("key"),
    int_column("at"),
    int_column("seq"),
    PrimaryKeyConstraint("source", "destination", "quarter", "seq"),
)

quarters_agreed = Table(
    "quarters_agreed",
    metadata,
    text_column("source"),
    text_column("destination"),
    text_column("quarter"),
    json_column("figures"),
    text_column("digest"),
    int_column("seq"),
    PrimaryKeyConstraint("source", "destination", "quarter"),
)

recognitions = Table(
    "recognitions",
    metadata,
    text_column("source"),
    text_column("destination"),
    text_column("quarter"),
    text_column("region"),
    text_column("kind"),
    text_column("reference"),
    int_column("amount"),
    text_column("party"),
    int_column("at"),
    int_column("seq"),
    PrimaryKeyConstraint("source", "destination", "quarter", "region", "kind", "reference"),
)
