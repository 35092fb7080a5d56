"""`suanli withdrawals`: what a buyer has taken back of its balance, and how each part stands."""

from collections.abc import Sequence

from web.bodies.payouts import PayoutOut
from web.cli import venue
from web.cli.buyer import Key, Limit, Url, document
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write, write_json, write_table
from web.client import Client
from web.pages.formats import yuan

app = commands()
EXAMPLES = examples("suanli withdrawals --key sk_…", "SUANLI_KEY=sk_… suanli withdrawals --limit 200 --json")


@app.command(epilog=EXAMPLES)
def withdrawals(
    *, key: Key, limit: Limit = 20, url: Url = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """List what you have taken back, part by part, the newest first."""
    found = venue.run(_withdrawals(url or venue.address(data_dir), key, limit))
    if json:
        write_json(document(list[PayoutOut], found))
    elif found:
        tell_parts(found)
    else:
        write("Nothing was withdrawn yet.")


def tell_parts(parts: Sequence[PayoutOut]) -> None:
    """Write how the parts of withdrawals stand."""
    rows = [
        {
            "part": part.id,
            "state": part.state,
            "amount": yuan(part.amount_fen),
            "way": part.way,
            "account": part.account,
            "why": part.why or "",
        }
        for part in parts
    ]
    write_table("", rows, numbers=("amount",))


async def _withdrawals(base_url: str, key: str, limit: int) -> list[PayoutOut]:
    async with Client(base_url, key) as client:
        return (await client.withdrawals(limit=limit)).items
