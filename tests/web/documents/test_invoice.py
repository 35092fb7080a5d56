"""What an invoice has to say: amounts in words, and totals that are the sums of the lines."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.catalogue.catalogue import load_catalogue
from exchange.names import PartyId
from exchange.persistence.queries.income import SellerIncome
from matching.terms import RegionCode
from settlement.money import Fen
from tests.web.documents.made import NAMES
from tests.web.documents.test_focus import everything
from web.documents.chinese_amount import DIGITS, chinese_amount
from web.documents.csv_file import read_csv
from web.documents.income_csv import income_csv
from web.documents.invoice import invoice_data

CATALOGUE = load_catalogue()
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零圆整"),
        (1, "壹分"),
        (50, "伍角整"),
        (1_409_50, "壹仟肆佰零玖圆伍角整"),
        (6_007_14, "陆仟零柒圆壹角肆分"),
        (1_680_32, "壹仟陆佰捌拾圆叁角贰分"),
        (107_000_53, "壹拾万柒仟圆伍角叁分"),
        (16_409_02, "壹万陆仟肆佰零玖圆零贰分"),
        (325_04, "叁佰贰拾伍圆零肆分"),
        (100_000_00, "壹拾万圆整"),
        (100_010_001_00, "壹亿零壹万零壹圆整"),
        (100_000_001_00, "壹亿零壹圆整"),
        (1_000_000_000_000_00, "壹万亿圆整"),
        (-10_10, "负壹拾圆壹角整"),
    ],
)
def test_an_amount_in_words(fen: int, words: str) -> None:
    assert chinese_amount(fen) == words


@given(fen=st.integers(-(10**17), 10**17))
def test_words_say_the_amount(fen: int) -> None:
    assert said(chinese_amount(fen)) == fen


def said(words: str) -> int:
    """The amount that words say, read independently of how they are written: from left to right, group by group."""
    sign, words = (-1, words[1:]) if words.startswith("负") else (1, words)
    whole, _, rest = words.rpartition("圆")
    fen = 0
    for count, unit in pairwise(rest):
        if unit in "角分":
            fen += DIGITS.index(count) * (10 if unit == "角" else 1)
    total, group, digit = 0, 0, 0
    for character in whole.replace("万亿", "兆"):
        if character in DIGITS:
            digit = DIGITS.index(character)
        elif character in PLACES:
            group, digit = group + digit * PLACES[character], 0
        else:
            total += (group + digit) * {"万": 10**4, "亿": 10**8, "兆": 10**12}[character]
            group, digit = 0, 0
    return sign * ((total + group + digit) * 100 + fen)


def test_totals_are_sums_and_a_line_of_nothing_is_no_line() -> None:
    lines = [line for line in everything() if line.statement.id == "run-9/lse-7"]
    data = invoice_data(lines[0].statement, lines, [], NAMES, CATALOGUE)
    assert [line.n for line in data.lines] == [1, 3, 4, 5]
    assert (data.buyer, data.seller) == (NAMES["buyer-1"], NAMES["seller-1"])
    assert data.net + data.vat == data.gross == sum(line.line.figures.gross_fen for line in lines)
    first = data.lines[0]
    assert (first.item, first.unit, first.quantity) == ("算力服务", "卡时", Decimal(100))
    assert round(first.quantity * first.price, 2) == Decimal(first.net).scaleb(-2)


def test_every_seller_s_income_names_the_closed_months_also_those_without_a_statement() -> None:
    seller = SellerIncome(PartyId("seller-1"), "=1+1", RegionCode("621000"), 1, Fen(100_00), Fen(-25_00))
    _, row = [row for _, row in read_csv(income_csv("2026-Q4", ["2026-10", "2026-11"], [seller], CATALOGUE))]
    assert row[:4] == ["2026-Q4", "2026-10 2026-11", "seller-1", "=1+1"]
    assert row[-3:] == ["100.00", "25.00", "75.00"]
