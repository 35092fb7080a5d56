"""A4 paper for documents with Chinese and Latin text: fonts, tables, a foot on every page, the same bytes each time."""

import io
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

MARGIN = 16 * mm
PADDING = 6  # points that the layout keeps free inside its frame
WIDTH = A4[0] - 2 * MARGIN

LATIN, STRONG = "Helvetica", "Helvetica-Bold"
CHINESE_FILE = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
"""Debian's fonts-wqy-microhei (Apache 2.0), which `make system` installs: a TrueType font, of which a file takes a part along."""

QUIET, RULE, SHADE = colors.HexColor("#5a6472"), colors.HexColor("#c9d0d8"), colors.HexColor("#f1f4f7")

BODY = ParagraphStyle("body", fontName=LATIN, fontSize=8.5, leading=11)
SMALL = ParagraphStyle("small", BODY, fontSize=7.5, leading=10, textColor=QUIET)
TITLE = ParagraphStyle("title", BODY, fontName=STRONG, fontSize=16, leading=20)
HEADING = ParagraphStyle(
    "heading", BODY, fontName=STRONG, fontSize=10.5, leading=14, spaceBefore=10, spaceAfter=4
)
CELL = ParagraphStyle("cell", BODY, fontSize=8, leading=10)
FIGURE = ParagraphStyle("figure", CELL, alignment=TA_RIGHT)
TOTAL = ParagraphStyle("total", FIGURE, fontName=STRONG)
SMALL_FIGURE = ParagraphStyle("small figure", SMALL, alignment=TA_RIGHT)

WITH_HEADING = 80  # points of a table that stand on the page of its heading, or else both go to the next

Style = tuple[str, tuple[int, int], tuple[int, int], *tuple[Any, ...]]
RULED: tuple[Style, ...] = (
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("TOPPADDING", (0, 0), (-1, -1), 1.4),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
    ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ("LINEBELOW", (0, 0), (-1, -1), 0.3, RULE),
)


@cache
def chinese_font() -> str:
    """The font of what is not Latin: embedded where the machine has one, else that which readers bring along."""
    font: TTFont | UnicodeCIDFont = UnicodeCIDFont("STSong-Light")
    if CHINESE_FILE.exists():
        font = TTFont("MicroHei", CHINESE_FILE, subfontIndex=0)
    pdfmetrics.registerFont(font)
    return font.fontName


def text(words: str, style: ParagraphStyle = BODY) -> Paragraph:
    """A paragraph. What the Latin font lacks is set in the Chinese one."""
    runs = (("".join(run), latin) for latin, run in groupby(words, _is_latin))
    return Paragraph(
        "".join(
            escape(run) if latin else f'<font name="{chinese_font()}">{escape(run)}</font>'
            for run, latin in runs
        ),
        style,
    )


def heading(words: str) -> list[Flowable]:
    """What stands above a table, never alone at the foot of a page."""
    return [CondPageBreak(WITH_HEADING), text(words, HEADING)]


def facts(rows: Sequence[list[Paragraph]], widths: Sequence[float]) -> Table:
    """A table without a head."""
    return Table(rows, widths, style=TableStyle(RULED), hAlign="LEFT")


def table(rows: Sequence[list[Paragraph]], widths: Sequence[float], strong: Sequence[int] = ()) -> Table:
    """A table under a head that stands again on every page; `strong` rows are shaded."""
    style = [
        *RULED,
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
        *(("BACKGROUND", (0, row), (-1, row), SHADE) for row in strong),
    ]
    return Table(rows, widths, repeatRows=1, style=TableStyle(style), hAlign="LEFT")


def pdf(title: str, content: Callable[[], list[Flowable]]) -> bytes:
    """A document whose pages say which of how many they are. It is set twice: before that nobody knows how many."""
    _, pages = _set(title, content(), pages=0)
    document, _ = _set(title, content(), pages)
    return document


def _set(title: str, flow: list[Flowable], pages: int) -> tuple[bytes, int]:
    file = io.BytesIO()
    paper = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN - PADDING,
        rightMargin=MARGIN - PADDING,
        topMargin=MARGIN,
        bottomMargin=MARGIN + 6 * mm,
        title=title,
        author="Suanli",
        lang="en",
        invariant=1,  # no time and no random id: the same document has the same bytes
    )

    def foot(canvas: Canvas, at: SimpleDocTemplate) -> None:
        line = text(f"{title} · page {at.page} of {pages}", SMALL)
        line.wrapOn(canvas, WIDTH, MARGIN)
        line.drawOn(canvas, MARGIN, MARGIN)

    paper.build(flow, onFirstPage=foot, onLaterPages=foot)
    return file.getvalue(), paper.page


def _is_latin(character: str) -> bool:
    """Whether the standard fonts of every reader have it: Latin-1, and the dash that stands for nothing."""
    return ord(character) < 256 or character == "—"
