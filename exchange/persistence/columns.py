"""What every table is made of: the metadata that they share, and the columns that most of them have."""

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


def text(name: str, *, null: bool = False) -> Column[str]:
    """A column of text."""
    return Column(name, Text, nullable=null)


def integer(name: str, *, null: bool = False) -> Column[int]:
    """A column of integers of 64 bits."""
    return Column(name, BigInteger, nullable=null)


def json(name: str, *, null: bool = False) -> Column[Any]:
    """A column of JSON that can be looked into."""
    return Column(name, JSONB, nullable=null)
