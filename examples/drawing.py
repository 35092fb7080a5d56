"""Draws SVG pictures of schedules: boxes, lines and words, legible in light and in dark and without colour.

A picture is 700 pixels wide and names its colours by what they mean. Each of them also differs in lightness, and every
box is labelled, so nothing is told by colour alone.
"""

from collections.abc import Iterable
from html import escape
from textwrap import wrap
from typing import NamedTuple

WIDTH, MARGIN = 700, 24
COLUMNS = 92  # characters that fit beside each other in the widest of the usual fonts

STYLE = """
svg{--page:#fff;--edge:#d8dde4;--text:#1b2129;--quiet:#55606d;--free:#f1f3f6;--rule:#c3cad3;
--ours:#a9d0ec;--ours-edge:#0a5c8f;--other:#fbdfb0;--other-edge:#8f4a0a;--taker:#3c4a5a;--taker-text:#fff;--mark:#a8400a}
@media(prefers-color-scheme:dark){svg{--page:#161b21;--edge:#323c47;--text:#e7ebf0;--quiet:#a6b1bd;--free:#222a33;
--rule:#414c58;--ours:#1d5378;--ours-edge:#7fc0ec;--other:#84602a;--other-edge:#f0bd72;--taker:#c9d3de;
--taker-text:#11151a;--mark:#f5a878}}
text{font:13px system-ui,"Noto Sans","Liberation Sans",sans-serif;fill:var(--text)}
.title{font-size:17px;font-weight:600}.strong{font-weight:600}.quiet{fill:var(--quiet)}.on{fill:var(--taker-text)}
.note{fill:var(--mark)}.mid{text-anchor:middle}.end{text-anchor:end}
.page{fill:var(--page);stroke:var(--edge)}.free{fill:var(--free);stroke:var(--rule)}.late{stroke-dasharray:4 3}
.ours{fill:var(--ours);stroke:var(--ours-edge)}.other{fill:var(--other);stroke:var(--other-edge)}
.taker{fill:var(--taker);stroke:var(--taker)}.spare{fill:url(#hatch);stroke:var(--ours-edge)}
.rule{stroke:var(--rule)}.mark{stroke:var(--mark);stroke-width:2;stroke-dasharray:6 4}
.dot{fill:var(--mark)}.band{fill:var(--mark);opacity:.14}.curve{fill:none;stroke:var(--text);stroke-width:2}
.hatch{stroke:var(--ours-edge);stroke-width:2}
"""
HATCH = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="hatch" d="M1 0V6"/></pattern>'
)


class Scale(NamedTuple):
    """Values from `first` to `last` along the pixels from `begin` to `end`."""

    first: int
    last: int
    begin: int
    end: int

    def at(self, value: int) -> int:
        """The pixel at which a value stands."""
        return self.begin + (self.end - self.begin) * (value - self.first) // (self.last - self.first)


class Picture:
    """What has been drawn so far, below a title and what is to be seen. Coordinates are whole pixels from the upper left.

    `top` is where the drawing itself may begin.
    """

    def __init__(self, title: str, told: str) -> None:
        self._title, self._told = title, told
        self._parts: list[str] = []
        self.text(MARGIN, 36, title, "title")
        self.top = self._paragraph(60, told, "quiet")

    def _paragraph(self, down: int, words: str, kind: str) -> int:
        """Words in lines of a bearable length. Gives where what follows may begin."""
        for line in wrap(words, COLUMNS):
            self.text(MARGIN, down, line, kind)
            down += 19
        return down

    def box(self, left: int, top: int, right: int, bottom: int, kind: str) -> None:
        """A rectangle between two corners."""
        size = f'x="{left}.5" y="{top}.5" width="{right - left}" height="{bottom - top}"'
        self._parts.append(f'<rect class="{kind}" {size}/>')

    def text(self, across: int, down: int, words: str, kind: str = "") -> None:
        """Words that begin, or with `mid` and `end` stand or end, at a place on their base line."""
        chosen = f' class="{kind}"' if kind else ""
        self._parts.append(f'<text{chosen} x="{across}" y="{down}">{escape(words, quote=False)}</text>')

    def line(self, points: Iterable[tuple[int, int]], kind: str) -> None:
        """A line from point to point."""
        path = "L".join(f"{across}.5 {down}.5" for across, down in points)
        self._parts.append(f'<path class="{kind}" d="M{path}"/>')

    def dot(self, across: int, down: int) -> None:
        """A mark at a value."""
        self._parts.append(f'<circle class="dot" cx="{across}.5" cy="{down}.5" r="5"/>')

    def labelled(self, left: int, top: int, right: int, bottom: int, kind: str, *lines: str) -> None:
        """A box with lines of words in its middle."""
        self.box(left, top, right, bottom, kind)
        first = (top + bottom) // 2 + 5 - 8 * (len(lines) - 1)
        ink = "mid on" if kind == "taker" else "mid"
        for number, words in enumerate(lines):
            self.text((left + right) // 2, first + 16 * number, words, ink)

    def hours(self, scale: Scale, down: int, step: int = 2) -> None:
        """An axis of hours of the day."""
        self.line([(scale.begin, down), (scale.end, down)], "rule")
        for hour in range(scale.first, scale.last + 1, step):
            across = scale.at(hour)
            self.line([(across, down), (across, down + 5)], "rule")
            self.text(across, down + 20, clock(hour), "mid quiet")

    def closed(self, down: int, words: str) -> str:
        """The whole picture as a file, with a last sentence from a base line on."""
        height = self._paragraph(down, words, "") + 4
        size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        page = f'<rect class="page" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title told">',
            f'<title id="title">{escape(self._title, quote=False)}</title>',
            f'<desc id="told">{escape(f"{self._told} {words}", quote=False)}</desc>',
            f"<style>{STYLE}</style>",
            f"<defs>{HATCH}</defs>",
            page,
            *self._parts,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"


def clock(hour: int) -> str:
    """An hour of the day: 26 is two in the next morning."""
    return f"{hour % 24:02}:00"


def yuan(fen: int) -> str:
    """An amount in yuan."""
    return f"¥{fen // 100:,}.{fen % 100:02}"
