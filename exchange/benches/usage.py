"""Usage as it might come in a month, made up by arithmetic: as many records as asked, the same each time."""

from itertools import pairwise
from pathlib import Path

from settlement.usage.duckdb_engine import connected, write_parquet
from settlement.usage.sealed import OpenPeriod, SealedPeriod

PERIOD = "2026-10"
DAYS = 31


def made_up(root: Path, records: int, leases: int) -> SealedPeriod:
    """Seal a month of usage, a part for each day. Every fifth subject is a contract for tokens, the others are leases."""
    unsealed = OpenPeriod(root, PERIOD)
    ends = [records * day // DAYS for day in range(DAYS + 1)]
    with connected() as connection:
        for day, (first, end) in enumerate(pairwise(ends), 1):
            with unsealed.writing(f"day-{day:02}") as path:
                write_parquet(connection, _records(first, end, leases), path)
    return unsealed.seal(f"day-{day:02}" for day in range(1, DAYS + 1))


def _records(first: int, end: int, leases: int) -> str:
    """Records by their numbers. Every fourth lease costs another price at night; a twentieth of the tokens are taken back."""
    return f"""(
        WITH numbered AS (
            SELECT i, i % {leases} AS n, i // {leases} AS slot, n % 5 = 4 AS tokens,
                n % 4 = 0 AND slot % 3 = 0 AND NOT tokens AS night,
                {_mixed("i")} AS chance, {_mixed("i % " + str(leases) + " * 2")} AS trait
            FROM range({first}, {end}) AS _(i)
        ), priced AS (
            SELECT *, CASE WHEN tokens THEN 20000 + trait % 8000000 ELSE 5000000 + trait % 20000000 END
                // CASE WHEN night THEN 2 ELSE 1 END AS price,
                CASE WHEN NOT tokens THEN 3600 * (1 + trait % 8)
                    WHEN chance % 20 = 0 THEN -(chance % 200000) ELSE chance % 200000 END AS contracted
            FROM numbered
        )
        SELECT CASE WHEN tokens THEN 'ctr-' ELSE 'lse-' END || n AS subject,
            '{PERIOD}/' || CASE WHEN tokens THEN 0 ELSE price END AS segment,
            CASE WHEN NOT tokens THEN 'card_seconds' WHEN slot % 3 = 0 THEN 'input_tokens'
                WHEN slot % 3 = 1 THEN 'cached_input_tokens' ELSE 'output_tokens' END AS meter,
            contracted,
            contracted - CASE WHEN NOT tokens AND chance % 50 = 0 THEN chance % 3600 ELSE 0 END AS delivered,
            price,
            's-' || n % 997 || '/m/' || i AS source
        FROM priced
    )"""  # noqa: S608 - numbers only


def _mixed(number: str) -> str:
    """A number that looks like chance and follows from another one, in arithmetic that every engine has."""
    return f"(({number}) * 2654435761 + 40503) % 4294967291 // 7"
