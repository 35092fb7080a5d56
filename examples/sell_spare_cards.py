"""Offers sixteen spare cards for a night, cheaper after midnight, and lists what was sold so far.

Start a venue with `suanli demo` or `suanli serve`, take a seller's key, and:

    .venv/bin/python examples/sell_spare_cards.py --key sk_… --start 2026-12-01T20:00:00+08:00

The key and the address may also stand in SUANLI_KEY and SUANLI_URL. Give times by the venue's clock, which the
clerk's page shows: a demo's is its own. Run it again with the same `--offer` and nothing is offered twice.
"""

import argparse
import asyncio
import os
import sys
from datetime import datetime, timedelta

from web.client import Client
from web.problems import ProblemError

HOURS, DEAR_HOURS = 12, 4
YUAN = 1_000_000  # prices are micro-yuan per card-hour, VAT included


def listing_from(start: datetime) -> dict[str, object]:
    """Sixteen cards in Qingyang, for four hours or longer. `lot` is for nodes that are rented whole."""
    steps = [
        {"price_micro_yuan_per_card_hour": 13 * YUAN},
        {
            "since": (start + timedelta(hours=DEAR_HOURS)).isoformat(),
            "price_micro_yuan_per_card_hour": 9 * YUAN,
        },
    ]
    return {
        "chip": "nvidia-h100-80g",
        "region": "621000",
        "window": {"start": start.isoformat(), "end": (start + timedelta(hours=HOURS)).isoformat()},
        "cards": 16,
        "lot": 1,
        "min_duration_minutes": 240,
        "asks": {"on_demand": steps, "spot": [{"price_micro_yuan_per_card_hour": 7 * YUAN}]},
        "line": "compute_service",
    }


async def main() -> int:
    """Offer, then list what is sold."""
    given = arguments()
    async with Client(given.url, given.key) as venue:
        try:
            offered = await venue.publish_listing(listing_from(given.start), key=given.offer)
            sold = await venue.leases(limit=20)
        except ProblemError as refusal:
            print(f"refused: {refusal}", file=sys.stderr)
            return 1
    print(f"{offered.id} {offered.status}: {offered.cards} {offered.chip} in {offered.region}")
    for lease in sold.items:
        print(f"{lease.id}: {lease.cards} cards to {lease.buyer} from {lease.window.start:%d %B %H:%M} UTC")
    if not sold.items:
        print("nothing is sold yet")
    return 0


def arguments() -> argparse.Namespace:
    """Where the venue is, who offers, and from when on."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", default=os.environ.get("SUANLI_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--key", default=os.environ.get("SUANLI_KEY", ""))
    parser.add_argument("--start", type=datetime.fromisoformat, required=True)
    parser.add_argument("--offer", default="example-offer", help="your own name for this request")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
