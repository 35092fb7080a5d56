"""`suanli leases`: what a party has bought or sold."""

from web.bodies.leases import LeaseOut
from web.cli import venue
from web.cli.buyer import Key, Limit, Url, document, told_time
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write, write_json, write_table
from web.client import Client
from web.pages.formats import micro_yuan

app = commands()
EXAMPLES = examples("suanli leases --key sk_…", "SUANLI_KEY=sk_… suanli leases --limit 200 --json")


@app.command(epilog=EXAMPLES)
def leases(
    *, key: Key, limit: Limit = 20, url: Url = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """List what you have bought or sold, the newest first."""
    found = venue.run(_leases(url or venue.address(data_dir), key, limit))
    if json:
        write_json(document(list[LeaseOut], found))
    elif found:
        write_table("", [_row(lease) for lease in found], numbers=("cards", "price"))
    else:
        write("There are no leases yet.")


def _row(lease: LeaseOut) -> dict[str, object]:
    return {
        "lease": lease.id,
        "order": lease.order,
        "cards": lease.cards,
        "chip": lease.chip,
        "listing": lease.listing,
        "from_utc+8": told_time(lease.window.start),
        "to_utc+8": told_time(lease.window.end),
        "price": micro_yuan(lease.cost_micro_yuan),
        "taken_back": "" if lease.taken_back is None else "yes",
    }


async def _leases(base_url: str, key: str, limit: int) -> list[LeaseOut]:
    async with Client(base_url, key) as client:
        return (await client.leases(limit=limit)).items
