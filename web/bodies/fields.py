"""The fields that bodies are made of, each with its bounds: no integer, text or list is without an end."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from exchange.parties.rules import AMOUNT_MAX
from exchange.rejections import Code, VenueRejection
from exchange.state import VenueTerms
from exchange.vouchers.rules import VOUCHERS_MAX
from matching.terms import Slot
from web.problems import DoorRejection, Fault, ProblemError

YEARS = range(2020, 2101)
PRICE_MAX = 10**12  # micro-yuan per card-hour: a million yuan
TOKEN_PRICE_MAX = 10**10  # micro-yuan per million tokens: ten thousand yuan
CARDS_MAX = 1_000_000
MINUTES_MAX = 366 * 24 * 60
WEIGHT_MAX = 1_000_000  # a thousand times the reference card
CHOICES_MAX = 200  # chips or regions that one order may accept
TEXT_MAX = 200
CARD_MBPS_MAX = 10**6  # a terabit a second for one card
LINK_MBPS_MAX = 10**12
NOTIONAL_MAX = 10**18  # micro-yuan: a trillion yuan, and a ninth of what 64 bits hold

_TIME = re.compile(r"(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?\Z", re.ASCII)


def _instant(text: object) -> object:
    """Seconds since 1970 of a time such as `2026-12-01T08:00:00+08:00`."""
    if not isinstance(text, str):
        raise PydanticCustomError(DoorRejection.WRONG_TYPE, "A time is a text of RFC 3339")
    read = _TIME.match(text)
    if read is None:
        raise PydanticCustomError(
            DoorRejection.INVALID_TIME, "A time reads like 2026-12-01T08:00:00+08:00, in whole seconds"
        )
    if read[2] is None:
        raise PydanticCustomError(
            DoorRejection.TIMEZONE_REQUIRED, "Say the offset from UTC: Z, or one like +08:00"
        )
    if int(read[1]) not in YEARS:
        raise PydanticCustomError(DoorRejection.OUT_OF_RANGE, "The year is from 2020 to 2100")
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        raise PydanticCustomError(DoorRejection.INVALID_TIME, "There is no such day or time") from None


def _readable(text: str) -> str:
    """Text that looks like what it is: composed, without characters that are not seen or turn the line round."""
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"} for character in text):
        raise PydanticCustomError(
            DoorRejection.INVALID_CHARACTER, "Leave out control, zero-width and direction characters"
        )
    if not text.strip():
        raise PydanticCustomError(DoorRejection.INVALID_VALUE, "The text is empty")
    return text


Instant = Annotated[
    int,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "RFC 3339, with its offset."}),
]
"""A time of RFC 3339, read as seconds since 1970."""

ChipField = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
RegionField = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
PartyField = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]
IdField = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
VouchersField = Annotated[
    list[IdField],
    Field(
        max_length=VOUCHERS_MAX,
        default_factory=list,
        description="Vouchers of the buyer's to use, in this order; `any` alone lets the venue pick one.",
    ),
]
StatementField = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}/[A-Za-z0-9._:-]{1,64}$")]
LinkField = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="32 bytes in hexadecimal.")
]
SignatureField = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{128}$"), Field(description="64 bytes in hexadecimal.")
]
LineField = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
TextField = Annotated[str, StringConstraints(max_length=TEXT_MAX), AfterValidator(_readable)]

FenField = Annotated[int, Field(ge=1, le=AMOUNT_MAX, description="Hundredths of a yuan.")]
PriceField = Annotated[
    int, Field(ge=0, le=PRICE_MAX, description="Millionths of a yuan per card-hour, VAT included; whole fen.")
]
CardsField = Annotated[int, Field(ge=1, le=CARDS_MAX)]
MinutesField = Annotated[int, Field(ge=1, le=MINUTES_MAX, description="A whole number of slots.")]
WorkField = Annotated[
    int, Field(ge=1, le=CARDS_MAX * MINUTES_MAX, description="A whole number of card-slots.")
]
SequenceField = Annotated[int, Field(ge=0, le=2**63 - 1)]
BasisPointsField = Annotated[int, Field(ge=0, le=10_000, description="Ten-thousandths.")]


def fault(pointer: str, code: Code | DoorRejection, detail: str) -> ProblemError:
    """A problem with one field that only the venue's terms can tell."""
    return ProblemError(code, detail, [Fault(pointer, code, detail)])


def slot_at(terms: VenueTerms, instant: int, pointer: str) -> Slot:
    """The slot that begins at an instant."""
    if instant % terms.slot_seconds:
        raise fault(pointer, DoorRejection.OFF_GRID, f"Slots begin every {terms.slot_seconds // 60} minutes.")
    return terms.slot_of(instant)


def slots_in(terms: VenueTerms, minutes: int, pointer: str) -> int:
    """How many slots a duration is."""
    slots, rest = divmod(minutes * 60, terms.slot_seconds)
    if rest:
        raise fault(pointer, DoorRejection.OFF_GRID, f"A slot lasts {terms.slot_seconds // 60} minutes.")
    return slots


def price_per_slot(terms: VenueTerms, per_hour: int, pointer: str) -> int:
    """A price per card-hour as one per card-slot: exact, because prices are whole fen per card-hour."""
    if per_hour % 10_000:
        raise fault(
            pointer, VenueRejection.PRICE_OFF_TICK, "Prices are whole fen, 10,000 micro-yuan, per card-hour."
        )
    return per_hour * terms.slot_seconds // 3600


def price_per_hour(terms: VenueTerms, per_slot: int) -> int:
    """A price per card-slot as one per card-hour."""
    return per_slot * 3600 // terms.slot_seconds


def check_notional(micro_yuan: int) -> None:
    """Refuse what would come to more than can be booked, before it reaches anything of 64 bits."""
    if micro_yuan > NOTIONAL_MAX:
        raise ProblemError(
            DoorRejection.NOTIONAL_TOO_LARGE,
            f"Price times cards times slots is at most {NOTIONAL_MAX} micro-yuan.",
        )


def utc(instant: int) -> datetime:
    """An instant as it is answered: RFC 3339 in UTC."""
    return datetime.fromtimestamp(instant, UTC)
