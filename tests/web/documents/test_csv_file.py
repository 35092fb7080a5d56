"""A file that spreadsheets open: nothing in it runs, and what is read is what was written."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.documents.csv_file import ACTIVE, BOM, csv_rows, price_cell, read_csv, yuan_cell

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(rows=st.lists(st.lists(texts, min_size=2, max_size=4), max_size=5))
def test_what_is_read_is_what_was_written(rows: list[list[str]]) -> None:
    assert [row for _, row in read_csv(BOM + csv_rows(rows))] == rows


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "－"])  # noqa: RUF001
def test_text_that_would_run_is_only_text(start: str) -> None:
    (cell,) = next(csv.reader(io.StringIO(csv_rows([[f'{start}HYPERLINK("http://x")']]), newline="")))
    assert cell == f'\'{start}HYPERLINK("http://x")'


@given(text=texts)
def test_no_cell_of_text_begins_like_a_formula(text: str) -> None:
    (cell, _) = next(csv.reader(io.StringIO(csv_rows([[text, "end"]]), newline="")))
    assert cell[:1] == "'" or cell[:1] not in ACTIVE


def test_numbers_stay_numbers() -> None:
    assert csv_rows([[-5, Decimal("-0.05"), None, yuan_cell(-123456), price_cell(1)]]) == (
        "-5,-0.05,,-1234.56,0.000001\r\n"
    )
    assert csv_rows([[yuan_cell(0), yuan_cell(10**20)]]) == "0.00,1000000000000000000.00\r\n"


def test_a_row_is_known_by_its_line() -> None:
    assert list(read_csv('a,b\r\n"two\nlines",c\r\nd,e\r\n')) == [
        (1, ["a", "b"]),
        (3, ["two\nlines", "c"]),
        (4, ["d", "e"]),
    ]


def test_broken_quoting_is_refused() -> None:
    with pytest.raises(csv.Error):
        list(read_csv('a,"b" c\r\n'))
