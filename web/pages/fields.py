"""How forms are read: text in, exact values out, and for each field that can't be read what is wrong with it.

How large a value may be is said by `web/bodies`, for forms and programs alike; here what text can mean is, and bounds of
money, which people read in yuan.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlencode

from exchange.names import Instant, MicroYuan
from exchange.parties.rules import AMOUNT_MAX
from settlement.money import Fen
from web.pages.formats import BEIJING

NUMBER_MOST = Decimal(10**15)
MICRO_PER_FEN = 10_000
MICRO_PER_YUAN = 1_000_000
PRICE_MOST = 100_000_000  # fen per card-hour: what `web/bodies` takes, told in yuan

_NUMBER = re.compile(r"(?:[0-9]{1,16}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.[0-9]{1,9})?\Z", re.ASCII)
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::00)?\Z", re.ASCII)


class MistakeCode(StrEnum):
    """Why a field can't be read. What to do about each is said by the template `macros/forms.html`."""

    MISSING = "missing"
    NONE_TICKED = "none_ticked"
    NOT_A_NUMBER = "not_a_number"
    NOT_WHOLE = "not_whole"
    NOT_MONEY = "not_money"
    NOT_PER_CENT = "not_per_cent"
    NOT_A_TIME = "not_a_time"
    OFF_GRID = "off_grid"
    NOT_WHOLE_SLOTS = "not_whole_slots"
    NOT_AN_OPTION = "not_an_option"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    REVERSED = "reversed"
    TOO_SHORT = "too_short"
    TOO_SLOW = "too_slow"
    NOWHERE_NEAR = "nowhere_near"
    PASSED = "passed"
    TWICE = "twice"
    SHARES_NOT_WHOLE = "shares_not_whole"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a field: a code, and the bound or the reason that the sentence needs."""

    code: MistakeCode
    detail: str = ""


@dataclass(slots=True)
class Reader:
    """Reads typed values from what was sent, and keeps what is wrong by field. A value that can't be read is None."""

    sent: Mapping[str, Sequence[str]]
    mistakes: dict[str, Mistake] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """What was typed, without the space around it; empty if nothing was."""
        values = self.sent.get(name) or ("",)
        return values[0].strip()

    def many(self, name: str) -> list[str]:
        """Every value that was sent under a name once, such as the boxes that were ticked."""
        return list(dict.fromkeys(value for value in self.sent.get(name, ()) if value))

    def changed(self, fields: Mapping[str, Sequence[str]]) -> "Reader":
        """The same form with other values in some fields, of which nothing is read yet."""
        return Reader({**self.sent, **fields})

    def query(self, **changed: str) -> str:
        """What was sent, as it stands in an address, with some fields changed."""
        kept = [(name, value) for name, values in self.sent.items() for value in values if value]
        pairs = [(name, value) for name, value in kept if name != "once" and name not in changed]
        return urlencode([*pairs, *changed.items()])

    def wrong(self, name: str, code: MistakeCode, detail: object = "") -> None:
        """Note what is wrong with a field; the first fault of a field stays."""
        self.mistakes.setdefault(name, Mistake(code, str(detail)))

    def words(self, name: str) -> str | None:
        """A text that must be there."""
        text = self.text(name)
        if not text:
            self.wrong(name, MistakeCode.MISSING)
        return text or None

    def one_of(self, name: str, known: Container[str]) -> str | None:
        """A code that is known."""
        text = self.text(name)
        if text in known:
            return text
        self.wrong(name, MistakeCode.NOT_AN_OPTION)
        return None

    def number(self, name: str, least: Decimal = Decimal(0), most: Decimal = NUMBER_MOST) -> Decimal | None:
        """A number such as `8`, `1,250` or `12.50`. Commas part thousands: `1,5` could be meant as `1.5`, and is refused."""
        text = self.text(name).removeprefix("¥").strip()
        if not text:
            self.wrong(name, MistakeCode.MISSING)
        elif not _NUMBER.match(text.removeprefix("-")):
            self.wrong(name, MistakeCode.NOT_A_NUMBER)
        elif (number := Decimal(text.replace(",", ""))) < least:
            self.wrong(name, MistakeCode.TOO_SMALL, f"{least:,}")
        elif number > most:
            self.wrong(name, MistakeCode.TOO_LARGE, f"{most:,}")
        else:
            return number
        return None

    def whole(self, name: str, least: int) -> int | None:
        """A whole number from a bound on."""
        number = self.number(name, Decimal(least))
        if number is not None and number != int(number):
            self.wrong(name, MistakeCode.NOT_WHOLE)
            return None
        return None if number is None else int(number)

    def fen(self, name: str, most: int = AMOUNT_MAX, least: int = 0) -> Fen | None:
        """An amount in yuan with at most two decimals, in fen; `most` and `least` are in fen, too."""
        number = self.number(name, least=Decimal(least // 100), most=Decimal(most // 100))
        if number is not None and number * 100 == int(number * 100):
            return Fen(int(number * 100))
        if self.mistakes.get(name, Mistake(MistakeCode.NOT_A_NUMBER)).code is MistakeCode.NOT_A_NUMBER:
            self.mistakes[name] = Mistake(MistakeCode.NOT_MONEY)
        return None

    def basis_points(self, name: str) -> int | None:
        """A share of up to the whole, in per cent with at most two decimals, in basis points."""
        number = self.number(name, most=Decimal(100))
        if number is not None and number * 100 != int(number * 100):
            self.wrong(name, MistakeCode.NOT_PER_CENT)
            return None
        return None if number is None else int(number * 100)

    def price(self, name: str) -> MicroYuan | None:
        """A price in yuan with at most two decimals, in micro-yuan."""
        fen = self.fen(name, PRICE_MOST)
        return None if fen is None else MicroYuan(fen * MICRO_PER_FEN)

    def exact_price(self, name: str, most: int) -> MicroYuan | None:
        """A price in yuan with at most six decimals, in micro-yuan; `most` is in micro-yuan, too."""
        number = self.number(name, most=Decimal(most) / MICRO_PER_YUAN)
        if number is None:
            return None
        micro_yuan = number * MICRO_PER_YUAN
        if micro_yuan != int(micro_yuan):
            self.wrong(name, MistakeCode.REFUSED, "Write yuan with at most six decimals, such as 0.125.")
            return None
        return MicroYuan(int(micro_yuan))

    def instant(self, name: str) -> Instant | None:
        """A local time of UTC+8, as a `datetime-local` field sends it."""
        text = self.text(name)
        try:
            local = datetime.fromisoformat(text) if _LOCAL_TIME.match(text) else None
        except ValueError:
            local = None
        if local is None or not 2000 <= local.year <= 2200:
            self.wrong(name, MistakeCode.NOT_A_TIME)
            return None
        return Instant(int(local.replace(tzinfo=BEIJING).timestamp()))

    def slots(self, name: str, slot_seconds: int, most: Decimal = NUMBER_MOST) -> int | None:
        """A length of time in hours, or an amount in card-hours, as a whole number of slots."""
        number = self.number(name, most=most)
        if number is None:
            return None
        slots = number * 3600 / slot_seconds
        if slots < 1 or slots != int(slots):
            self.wrong(name, MistakeCode.NOT_WHOLE_SLOTS, slot_seconds // 60)
            return None
        return int(slots)
