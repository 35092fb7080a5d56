"""Power and carbon: versions that the venue adopted, what sellers declared, and what lines emitted."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from exchange.persistence.tables.columns import int_column, json_column, metadata, text_column

power_versions = Table(
    "power_versions",
    metadata,
    Column("version", Text, primary_key=True),
    json_column("tables"),
    int_column("at"),
    int_column("seq"),
)
"""Every version of the tables. The one with the highest `seq` is in force."""

pue_declarations = Table(
    "pue_declarations",
    metadata,
    text_column("party"),
    text_column("region"),
    text_column("period"),
    int_column("pue_milli"),
    text_column("reference"),
    int_column("at"),
    int_column("seq"),
    PrimaryKeyConstraint("party", "region", "period", "seq"),
)
"""What sellers say of their facilities, from a month on. The last word for a month counts, and none is overwritten."""

certificates = Table(
    "certificates",
    metadata,
    Column("reference", Text, primary_key=True),
    text_column("party"),
    text_column("region"),
    text_column("period"),
    int_column("kwh"),
    int_column("at"),
    int_column("seq"),
    Index("ix_certificates_party", "party", "seq"),
)
"""Green certificates, each once. What of one is used stands in `line_emissions`."""

line_emissions = Table(
    "line_emissions",
    metadata,
    text_column("statement"),
    Column("n", Integer, nullable=False),
    text_column("tables"),
    int_column("it_wh"),
    int_column("pue_milli"),
    int_column("factor_year"),
    int_column("grid_mg_per_kwh"),
    int_column("facility_wh"),
    int_column("certified_wh"),
    int_column("location_based_g"),
    int_column("market_based_g"),
    json_column("certificates"),
    json_column("by_region"),
    PrimaryKeyConstraint("statement", "n"),
)
"""What a statement line emitted, beside the line itself, and by which version of the tables.

`certificates` are [reference, Wh], `by_region` are [region, grams] of the market-based figure.
"""
