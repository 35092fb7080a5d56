"""Files of a bank: payments out and statements in, as CSV that is read strictly and never as a formula.

Banks differ; these two forms are the venue's own, to be mapped to those of a bank outside. A file is taken whole or not at
all, and every fault in it is told with its line.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from settlement.money import Fen
from settlement.spreadsheets import FORMULA_SIGNS

PAYMENT_COLUMNS = ("reference", "account", "name", "amount", "currency")
STATEMENT_COLUMNS = (
    "bank_reference",
    "booked_on",
    "amount",
    "currency",
    "account",
    "name",
    "remark",
)
CURRENCY = "CNY"
BYTES_MAX = 8 * 1024 * 1024
FAULTS_MAX = 50

_AMOUNT = re.compile(r"(-?)(0|[1-9][0-9]{0,12})\.([0-9]{2})\Z")
_ACCOUNT = re.compile(r"[0-9]{6,34}\Z")
_BANK_REFERENCE = re.compile(r"[A-Za-z0-9./-]{1,64}\Z")
_CODE = re.compile(r"SL[0-9A-F]{14}")
_FORMULA = tuple(FORMULA_SIGNS)


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What the bank is to pay. `reference` is the code that comes back on the statement."""

    key: str
    reference: str
    account: str
    name: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What the bank has booked: an amount in fen, positive where it came in. `bank_reference` is the line's for ever."""

    bank_reference: str
    booked_on: date
    amount: Fen
    account: str
    name: str
    remark: str

    @property
    def code(self) -> str | None:
        """Our code in the remark, which a payer may have surrounded by other words."""
        found = _CODE.search(self.remark.upper().replace(" ", ""))
        return None if found is None else found[0]


class FileFaultCode(StrEnum):
    """What is wrong with a file."""

    NOT_UTF8 = "not_utf8"
    TOO_LARGE = "too_large"
    WRONG_HEADER = "wrong_header"
    WRONG_COLUMNS = "wrong_columns"
    BAD_REFERENCE = "bad_reference"
    BAD_DATE = "bad_date"
    BAD_AMOUNT = "bad_amount"
    BAD_CURRENCY = "bad_currency"
    BAD_ACCOUNT = "bad_account"
    BAD_TEXT = "bad_text"
    REFERENCE_TWICE = "reference_twice"
    REFERENCE_REUSED = "reference_reused"


EXPLAINS: dict[FileFaultCode, str] = {
    FileFaultCode.NOT_UTF8: "Save the file as UTF-8.",
    FileFaultCode.TOO_LARGE: "The file is too large: send it in parts, each with the header.",
    FileFaultCode.WRONG_HEADER: f"The first line is to be {','.join(STATEMENT_COLUMNS)}.",
    FileFaultCode.WRONG_COLUMNS: "A line has a value for each column, and a quote that opens is closed.",
    FileFaultCode.BAD_REFERENCE: "A reference of the bank has 1 to 64 letters, digits, dots, slashes and dashes.",
    FileFaultCode.BAD_DATE: "A day reads like 2026-11-30.",
    FileFaultCode.BAD_AMOUNT: "An amount reads like 1250.50 or, where money went out, -1250.50; it is not 0.00.",
    FileFaultCode.BAD_CURRENCY: f"The currency is {CURRENCY}.",
    FileFaultCode.BAD_ACCOUNT: "An account has 6 to 34 digits, or is left empty.",
    FileFaultCode.BAD_TEXT: "A text has at most 200 characters, each of which can be seen.",
    FileFaultCode.REFERENCE_TWICE: "The reference stands in the file before: each line of the bank has its own.",
    FileFaultCode.REFERENCE_REUSED: "The reference was taken in with another content: ask the bank which is right.",
}


@dataclass(frozen=True, slots=True)
class FileFault:
    """One fault: in which line, the header being the first, and in which column."""

    line: int
    code: FileFaultCode
    column: str = ""

    def __str__(self) -> str:
        """Where it is, and what is to be done about it."""
        place = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{place}: {EXPLAINS[self.code]}"


class FileError(ValueError):
    """A file that can't be taken in. Nothing of it was."""

    def __init__(self, faults: Sequence[FileFault]) -> None:
        super().__init__(" ".join(map(str, faults)))
        self.faults = tuple(faults)


def code_of(movement: str) -> str:
    """The code of a movement, short enough for the remark of a transfer."""
    return f"SL{hashlib.sha256(movement.encode()).hexdigest()[:14].upper()}"


def payment_file(orders: Sequence[PaymentOrder]) -> bytes:
    """The orders as a file for the bank. Their texts can't be read as formulas, whatever a seller calls itself."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(PAYMENT_COLUMNS)
    for order in orders:
        assert _ACCOUNT.match(order.account), "an order was queued with an account that a bank can have"
        writer.writerow(
            [order.reference, order.account, no_formula(order.name), yuan(order.amount), CURRENCY]
        )
    return written.getvalue().encode()


def no_formula(text: str) -> str:
    """A text that a spreadsheet shows as it is: one that begins like a formula gets an apostrophe before it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"'{shown}" if text.startswith(_FORMULA) or shown.lstrip().startswith(_FORMULA) else shown


def yuan(amount: Fen) -> str:
    """Fen as yuan with two decimals, and no other signs."""
    sign, fen = ("-", -amount) if amount < 0 else ("", amount)
    return f"{sign}{fen // 100}.{fen % 100:02}"


def is_account(text: str) -> bool:
    """Whether a bank can have such an account."""
    return _ACCOUNT.match(text) is not None


def read_statement(content: bytes) -> list[StatementLine]:
    """The lines of a statement. Raises `FileError` with every fault, so that a file is mended in one go."""
    rows = list(_rows(content))
    if not rows or tuple(rows[0][1]) != STATEMENT_COLUMNS:
        raise FileError([FileFault(1, FileFaultCode.WRONG_HEADER)])
    faults: list[FileFault] = []
    seen: set[str] = set()
    lines = []
    for number, row in rows[1:]:
        found = list(_faults(number, row, seen))
        faults += found
        if not found:
            lines.append(_line(row))
    if faults:
        raise FileError(faults[:FAULTS_MAX])
    return lines


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of the line on which it begins."""
    if len(content) > BYTES_MAX:
        raise FileError([FileFault(1, FileFaultCode.TOO_LARGE)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise FileError([FileFault(line, FileFaultCode.NOT_UTF8)]) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error:
        raise FileError([FileFault(begins, FileFaultCode.WRONG_COLUMNS)]) from None


def _faults(number: int, row: list[str], seen: set[str]) -> Iterator[FileFault]:
    if len(row) != len(STATEMENT_COLUMNS):
        yield FileFault(number, FileFaultCode.WRONG_COLUMNS)
        return
    reference, booked_on, amount, currency, account, name, remark = row
    if not _BANK_REFERENCE.match(reference):
        yield FileFault(number, FileFaultCode.BAD_REFERENCE, "bank_reference")
    elif reference in seen:
        yield FileFault(number, FileFaultCode.REFERENCE_TWICE, "bank_reference")
    seen.add(reference)
    if not _is_day(booked_on):
        yield FileFault(number, FileFaultCode.BAD_DATE, "booked_on")
    if _AMOUNT.match(amount) is None or not _fen(amount):
        yield FileFault(number, FileFaultCode.BAD_AMOUNT, "amount")
    if currency != CURRENCY:
        yield FileFault(number, FileFaultCode.BAD_CURRENCY, "currency")
    if account and not is_account(account):
        yield FileFault(number, FileFaultCode.BAD_ACCOUNT, "account")
    for column, text in (("name", name), ("remark", remark)):
        if len(text) > 200 or not text.isprintable():
            yield FileFault(number, FileFaultCode.BAD_TEXT, column)


def _line(row: list[str]) -> StatementLine:
    reference, booked_on, amount, _, account, name, remark = row
    return StatementLine(reference, date.fromisoformat(booked_on), _fen(amount), account, name, remark)


def _is_day(text: str) -> bool:
    try:
        return len(text) == len("2026-01-31") and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _fen(text: str) -> Fen:
    read = _AMOUNT.match(text)
    assert read is not None, "the amount was looked at before"
    fen = int(read[2]) * 100 + int(read[3])
    return Fen(-fen if read[1] else fen)
