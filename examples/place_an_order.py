"""Asks what eight cards for a night would cost, then places the order.

Start a venue with `suanli demo` or `suanli serve`, take a buyer's key, and:

    .venv/bin/python examples/place_an_order.py --key sk_… --start 2026-12-01T20:00:00+08:00

The key and the address may also stand in SUANLI_KEY and SUANLI_URL. Give times by the venue's clock, which the
clerk's page shows: a demo's is its own. Run it again with the same `--job` and nothing is bought twice.
"""

import argparse
import asyncio
import os
import sys
from datetime import datetime, timedelta

from web.bodies.orders import OrderOut
from web.bodies.quotes import QuoteOut
from web.client import Client
from web.problems import ProblemError

HOURS = 8  # the work takes so long, in one run
SLACK_HOURS = 4  # it may begin so much later


def order_from(start: datetime) -> dict[str, object]:
    """Eight cards together, of whichever chip and place suits best, at no more than 15 yuan a card-hour."""
    return {
        "tier": "on_demand",
        "chips": ["nvidia-h100-80g", "nvidia-h800-80g"],
        "latency": {"from": "310000", "max_ms": 60},
        "window": {
            "start": start.isoformat(),
            "end": (start + timedelta(hours=HOURS + SLACK_HOURS)).isoformat(),
        },
        "cards": 8,
        "duration_minutes": HOURS * 60,
        "limit_micro_yuan_per_card_hour": 15_000_000,
        "prefer": "cheapest",
    }


async def main() -> int:
    """Quote, place, and say what came of it."""
    given = arguments()
    order = order_from(given.start)
    async with Client(given.url, given.key) as venue:
        try:
            show_quote(await venue.quote(order))
            show_order(await venue.place_order(order, key=given.job))
        except ProblemError as refusal:
            print(f"refused: {refusal}", file=sys.stderr)
            return 1
    return 0


def show_quote(quote: QuoteOut) -> None:
    """What the order would get now. It books nothing."""
    if quote.found is None:
        cures = [] if quote.why is None else quote.why.cures
        ways = [f"{cure.dimension} ({yuan(cure.found.total_fen)})" for cure in cures]
        print(f"nothing now: it would fit with another {' or '.join(ways) or 'market'}")
        return
    found = quote.found
    for leg in found.legs:
        print(f"would get {leg.cards} {leg.chip} in {leg.region} from {leg.window.start:%d %B %H:%M} UTC")
    print(f"would cost {yuan(found.total_fen)}, of it VAT {yuan(found.vat_fen)}")


def show_order(order: OrderOut) -> None:
    """What the order got; what it holds while it waits."""
    for lease in order.leases:
        print(f"{order.id} {order.status}: {lease.id}, {lease.cards} cards, {yuan(lease.held_fen)} held")
    if not order.leases:
        print(f"{order.id} {order.status}: {yuan(order.held_fen)} held while it waits")


def arguments() -> argparse.Namespace:
    """Where the venue is, who asks, and when the work may begin."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", default=os.environ.get("SUANLI_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--key", default=os.environ.get("SUANLI_KEY", ""))
    parser.add_argument("--start", type=datetime.fromisoformat, required=True)
    parser.add_argument("--job", default="example-order", help="your own name for this request")
    return parser.parse_args()


def yuan(fen: int) -> str:
    """An amount in yuan."""
    return f"{fen // 100:,}.{fen % 100:02} yuan"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
