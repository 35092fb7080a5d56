"""Token contracts, their prices, and the packages that go with them."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from exchange.persistence.tables.columns import int_column, metadata, text_column

contracts = Table(
    "contracts",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("buyer"),
    text_column("seller"),
    text_column("source"),
    text_column("destination"),
    int_column("budget"),
    int_column("left"),
    int_column("begins"),
    int_column("ends"),
    text_column("line"),
    int_column("vat_rate_bp"),
    int_column("seq"),
    text_column("status"),
    CheckConstraint('"left" BETWEEN 0 AND budget', name="within_budget"),
)

contract_prices = Table(
    "contract_prices",
    metadata,
    text_column("contract"),
    Column("version", Integer, nullable=False),
    int_column("begins"),
    int_column("input_price"),
    int_column("cached_input_price"),
    int_column("output_price"),
    int_column("seq"),
    PrimaryKeyConstraint("contract", "version"),
)
"""Every version of a contract's prices, in micro-yuan per million tokens: in force until the next one begins."""

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
