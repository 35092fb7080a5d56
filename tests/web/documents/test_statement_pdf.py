"""A statement on paper: the same bytes each time, every figure of the page, and Chinese names that are there."""

import re
import zlib
from base64 import a85decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.catalogue.catalogue import load_catalogue
from tests.web.documents.made import NAMES, card_line, credited_line, made, statement_of_lines
from web.documents import paper
from web.documents.statement_csv import statement_csv
from web.documents.statement_pdf import statement_pdf
from web.pages.formats import plain_yuan, yuan
from web.pages.statement import laid_out

CATALOGUE = load_catalogue()
STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
WRITTEN = re.compile(rb"/F(\d)(?:\+(\d))? [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", re.DOTALL)
ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
CODES = re.compile(rb"<([0-9A-F]{4})>")


@pytest.fixture(params=["embedded", "brought along"], autouse=True)
def font(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The Chinese font of a machine that has one, and that of one which has none."""
    kind: str = request.param
    if kind == "embedded":
        if not paper.CHINESE_FILE.exists():
            pytest.skip(f"{paper.CHINESE_FILE} not found (make system)")
    else:
        monkeypatch.setattr(paper, "CHINESE_FILE", Path("/nowhere"))
    paper.chinese_font.cache_clear()
    yield kind
    paper.chinese_font.cache_clear()


def streams_of(document: bytes) -> list[bytes]:
    """What a document is made of: its pages, and where it has a font the font and its table of characters."""
    found = STREAM.findall(document)
    return [
        zlib.decompressobj().decompress(
            a85decode(stream.strip().removesuffix(b"~>")) if stream.strip().endswith(b"~>") else stream
        )
        for stream in found
    ]


def words_of(document: bytes) -> str:
    """What a document writes, in order. Chinese is UTF-16, or has the codes of the tables that it brings."""
    streams = streams_of(document)
    tables = [
        [chr(int(code, 16)) for code in CODES.findall(stream.partition(b"beginbfchar")[2])]
        for stream in streams
        if b"beginbfchar" in stream
    ]
    words, font, part = "", b"", b""
    for stream in streams:
        for named, number, raw in WRITTEN.findall(stream):
            font, part = (named, number) if named else (font, part)
            plain = ESCAPED.sub(lambda m: bytes([int(m[1], 8)]) if m[1].isdigit() else m[1], raw)
            if font != b"3":
                words += plain.decode("cp1252")
            elif part:
                words += "".join(tables[int(part)][code] for code in plain)
            else:
                words += plain.decode("utf-16-be")
    return words


@pytest.mark.parametrize("count", [0, 1, 4, 5, 12])
def test_a_statement_has_the_same_bytes_each_time_and_every_figure(count: int) -> None:
    shown = laid_out(*statement_of_lines(count))
    document = statement_pdf(shown, NAMES, CATALOGUE)
    assert document == statement_pdf(shown, NAMES, CATALOGUE)
    words = words_of(document)
    for row in shown.rows:
        assert all(yuan(figure) in words for figure in (*row.figures, row.total)), row.name


def test_what_came_off_is_told_with_its_reason() -> None:
    """From the price of all that was leased, by what was lost and by each credit, to what is charged."""
    shown = laid_out(*made([credited_line(2000, 1000, 333), card_line(0)]))
    words, table = words_of(statement_pdf(shown, NAMES, CATALOGUE)), statement_csv(shown, CATALOGUE)
    assert [sum(amounts) for _, _, amounts in shown.before[-3:]] == [254_82, 101_93, 30_55]
    for title, chinese, (amount, none) in shown.before[-3:]:
        assert title in words
        assert chinese in words
        assert yuan(amount) in words
        assert plain_yuan(amount) in table
        assert none == 0
    assert shown.lines[0].not_delivered == 0


def test_other_figures_make_other_bytes() -> None:
    one, other = (statement_pdf(laid_out(*statement_of_lines(count)), NAMES, CATALOGUE) for count in (1, 2))
    assert one != other


def test_names_and_terms_are_there_in_chinese() -> None:
    words = words_of(statement_pdf(laid_out(*statement_of_lines(1)), NAMES, CATALOGUE))
    for wanted in (
        "结算单",
        "上海云擎智能科技有限公司",
        "庆阳算力中心",
        "含税价",
        "上海市",
        "buyer-1",
        "run-9/lse-7",
    ):
        assert wanted in words, wanted


def test_a_name_that_looks_like_markup_is_only_a_name() -> None:
    names = {"buyer-1": "<b>A & B</b> <font>", "seller-1": "x" * 300}
    assert "<b>A & B</b>" in words_of(statement_pdf(laid_out(*statement_of_lines(1)), names, CATALOGUE))


def test_long_statements_say_which_page_of_how_many() -> None:
    words = words_of(statement_pdf(laid_out(*statement_of_lines(12)), NAMES, CATALOGUE))
    assert [f"page {n} of 3" in words for n in (1, 2, 3)] == [True, True, True]
    assert words.count("Together") == 1


def test_a_font_of_the_machine_goes_along_and_little_of_it(font: str) -> None:
    document = statement_pdf(laid_out(*statement_of_lines(12)), NAMES, CATALOGUE)
    assert (b"/FontFile2" in document) == (font == "embedded")
    assert len(document) < 100_000
