"""A statement laid out for reading: each figure a row, each line a column, and the sum of all lines beside."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from exchange.persistence.queries.statements import StoredLine, StoredStatement
from settlement.statement import Line, RegionShares


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure over all lines, in fen. `region` is whose it is, for figures that regions share."""

    name: str
    region: str
    figures: Sequence[int]

    @property
    def total(self) -> int:
        """What the lines come to together: a total is the sum of its lines and nothing else."""
        return sum(self.figures)


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A statement with its lines, and every figure of them."""

    statement: StoredStatement
    lines: Sequence[StoredLine]
    rows: Sequence[FigureRow]


def laid_out(statement: StoredStatement, lines: Sequence[StoredLine]) -> LaidOut:
    """Every figure of a statement, in the order in which a line is taken apart."""
    rows: list[FigureRow] = []
    for part in fields(Line):
        if part.type is RegionShares:
            rows += _shared(part.name, lines)
        else:
            rows.append(FigureRow(part.name, "", [getattr(line.figures, part.name) for line in lines]))
    return LaidOut(statement, lines, rows)


def _shared(name: str, lines: Sequence[StoredLine]) -> list[FigureRow]:
    """A row for each region that any line gives something to."""
    shares: list[dict[str, int]] = [dict(getattr(line.figures, name)) for line in lines]
    regions = list(dict.fromkeys(region for line in shares for region in line))
    return [FigureRow(name, region, [line.get(region, 0) for line in shares]) for region in regions]
