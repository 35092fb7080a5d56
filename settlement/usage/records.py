"""What usage records are: one for each slot of a lease, and one for each kind of token that a request used."""

from typing import NamedTuple

from settlement.meters import Meter

SCHEMA_VERSION = 1

COLUMNS = {
    "subject": "VARCHAR",
    "segment": "VARCHAR",
    "meter": "VARCHAR",
    "contracted": "BIGINT",
    "delivered": "BIGINT",
    "price": "BIGINT",
    "source": "VARCHAR",
}
"""The columns of a file of records and their types. Other columns are another schema version."""


class UsageError(Exception):
    """Usage that can't be summed, said in a sentence: it has holes, is no integer, or is beyond all bounds."""


class Record(NamedTuple):
    """A quantity at a price.

    `subject` is a lease or a contract, and `segment` names all of it that is billed alike. `contracted` and
    `delivered` are in the unit of the meter, negative for a correction; for tokens they are the same. `price` is in
    micro-yuan per card-hour or per million tokens. `source` is the seller's record that this one is made of, empty
    where nobody reported.
    """

    subject: str
    segment: str
    meter: Meter
    contracted: int
    delivered: int
    price: int
    source: str


def require_exact(record: Record) -> None:
    """Raise `UsageError` for a record that isn't made of texts and 64-bit integers: no engine may guess."""
    for (name, kind), value in zip(COLUMNS.items(), record, strict=True):
        sound = isinstance(value, str) if kind == "VARCHAR" else type(value) is int and abs(value) < 1 << 63
        if not sound:
            raise UsageError(f"{record.subject} has a record whose {name} is {value!r}.")
