"""What all tables are made of: their names' pattern, and the columns that are everywhere."""

from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def text_column(name: str, *, null: bool = False) -> Column[str]:
    """Text of any length."""
    return Column(name, Text, nullable=null)


def int_column(name: str, *, null: bool = False) -> Column[int]:
    """An integer of 64 bits."""
    return Column(name, BigInteger, nullable=null)


def json_column(name: str, *, null: bool = False) -> Column[Any]:
    """JSON that a query can look into."""
    return Column(name, JSONB, nullable=null)
