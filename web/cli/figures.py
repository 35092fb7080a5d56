"""Figures as people read them: a report counts in fen and thousandths, and shows yuan and per cent."""

from collections.abc import Mapping, Sequence

Figure = tuple[str, int, int, str]
UNITS: dict[str, Figure] = {
    "_fen": (", ¥", 100, 2, ""),
    "_micro_yuan": (", ¥", 1_000_000, 2, ""),
    "_milli": ("", 10, 1, " %"),
}
"""The ending of a column's name: what its heading says instead, the divisor, the decimals, and what follows."""


def readable(rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Rows with headings and figures for people. Whole numbers get thousands apart; other cells stay as they are."""
    return [dict(_cell(name, cell) for name, cell in row.items()) for row in rows]


def _cell(name: str, cell: object) -> tuple[str, object]:
    if not isinstance(cell, int):
        return name, cell
    for ending, (heading, divisor, decimals, after) in UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending) + heading, f"{_decimal(cell, divisor, decimals)}{after}"
    return name, f"{cell:,}"


def _decimal(value: int, divisor: int, decimals: int) -> str:
    """An exact quotient, cut after its decimals: no float comes near money."""
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), divisor)
    return f"{sign}{whole:,}.{rest * 10**decimals // divisor:0{decimals}}"
