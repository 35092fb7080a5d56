"""Packages of tokens: what was sold or given with a contract, and what is left of it.

They are projections, as the writer's other tables are.
"""

from sqlalchemy import CheckConstraint, Column, Index, Table, Text

from exchange.persistence.columns import int_column, metadata, text_column

token_packages = Table(
    "token_packages",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("contract"),
    int_column("tokens"),
    int_column("left"),
    int_column("price"),
    int_column("begins"),
    int_column("ends"),
    text_column("charged_in", null=True),
    int_column("seq"),
    CheckConstraint('"left" BETWEEN 0 AND tokens', name="within_tokens"),
    Index("ix_token_packages_contract", "contract", "seq"),
)
"""`charged_in` is the run whose statement has charged the price, which is in fen: None until then, and where it is free."""
