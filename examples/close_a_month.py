"""Closes a month as the venue's clerk, and says what it came to.

The clerk's key stands in the data directory of the venue that `suanli serve` has opened:

    SUANLI_KEY=$(cat .suanli/clerk.key) .venv/bin/python examples/close_a_month.py 2026-01

A month can be closed once it is over by the venue's clock. Run it again and it goes on where it was stopped; a month
that is closed is reported as it is.
"""

import argparse
import asyncio
import os
import sys

from web.client import Client
from web.problems import ProblemError


async def main() -> int:
    """Close, and report."""
    given = arguments()
    async with Client(given.url, given.key) as venue:
        try:
            closed = await venue.close_period(given.period)
        except ProblemError as refusal:
            print(f"refused: {refusal}", file=sys.stderr)
            return 1
    print(f"{closed.period} is closed by {closed.run}: {closed.statements} statements, {closed.lines} lines")
    print(f"charged {yuan(closed.charged_fen)}, released {yuan(closed.released_fen)}")
    if closed.over_budget_fen:
        print(f"used beyond budgets, and charged to nobody: {yuan(closed.over_budget_fen)}")
    return 0


def arguments() -> argparse.Namespace:
    """Where the venue is, whose key it is, and which month."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("period", help="a calendar month such as 2026-01")
    parser.add_argument("--url", default=os.environ.get("SUANLI_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--key", default=os.environ.get("SUANLI_KEY", ""))
    return parser.parse_args()


def yuan(fen: int) -> str:
    """An amount in yuan."""
    return f"{fen // 100:,}.{fen % 100:02} yuan"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
