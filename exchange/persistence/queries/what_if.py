"""What a closed period would have given the parties of an agreement to count under other terms, from its stored lines."""

from collections.abc import AsyncIterator

import asyncpg
import msgspec

from settlement.agreements import PairAgreement
from settlement.money import Fen
from settlement.statement import Attribution, RegionShares
from settlement.what_if import Comparison, SettledLine, together, what_if

LINES_AT_ONCE = 1000


async def compared(
    pool: asyncpg.Pool, agreement: str, period: str, other: PairAgreement
) -> Comparison | None:
    """A closed period under an agreement (`id/version`) beside other terms; None where nothing was settled under it.

    Lines are read and split in pages, so that a large month keeps nobody waiting.
    """
    found: Comparison | None = None
    async for lines in _settled_lines(pool, agreement, period):
        more = what_if(lines, other)
        found = more if found is None else together(found, more)
    return found


async def _settled_lines(pool: asyncpg.Pool, agreement: str, period: str) -> AsyncIterator[list[SettledLine]]:
    last = ("", -1)
    while rows := await pool.fetch(
        """
        SELECT l.statement, l.n, l.net_fen, l.local_retained_fen, l.gdp_base_fen,
               l.revenue_by_region_fen, l.tax_by_region_fen, l.gdp_by_region_fen
        FROM statement_lines l JOIN statements s ON s.id = l.statement JOIN runs r ON r.id = s.run
        WHERE l.agreement = $1 AND r.period = $2 AND r.status = 'closed' AND (l.statement, l.n) > ($3, $4)
        ORDER BY l.statement, l.n LIMIT $5
        """,
        agreement,
        period,
        *last,
        LINES_AT_ONCE,
    ):
        yield [_settled_line(row) for row in rows]
        last = (rows[-1]["statement"], rows[-1]["n"])


_shares = msgspec.json.Decoder(RegionShares)


def _settled_line(row: asyncpg.Record) -> SettledLine:
    return SettledLine(
        net=Fen(row["net_fen"]),
        local_retained=Fen(row["local_retained_fen"]),
        shared=Attribution(
            revenue=_shares.decode(row["revenue_by_region_fen"]),
            tax=_shares.decode(row["tax_by_region_fen"]),
            gdp_base=Fen(row["gdp_base_fen"]),
            gdp=_shares.decode(row["gdp_by_region_fen"]),
        ),
    )
