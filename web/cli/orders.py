"""`suanli orders`: what a buyer has asked for, and how far it has got."""

from web.bodies.orders import NotContinuedOut, OrderOut
from web.cli import venue
from web.cli.buyer import Key, Limit, Url, document, told_time
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write, write_json, write_table
from web.client import Client
from web.pages.formats import card_hours, hours, share_of, unit_price, yuan

app = commands()
EXAMPLES = examples("suanli orders --key sk_…", "SUANLI_KEY=sk_… suanli orders --limit 200 --json")


@app.command(epilog=EXAMPLES)
def orders(
    *, key: Key, limit: Limit = 20, url: Url = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """List your orders, the newest first."""
    found = venue.run(_orders(url or venue.address(data_dir), key, limit))
    if json:
        write_json(document(list[OrderOut], found))
    elif found:
        rows = [_row(order) for order in found]
        write_table("", rows, numbers=("card_hours", "got", "limit", "held"))
        for order in found:
            if order.not_continued is not None:
                write(_lost(order.id, order.not_continued))
    else:
        write("There are no orders yet.")


def _row(order: OrderOut) -> dict[str, object]:
    return {
        "order": order.id,
        "status": order.status,
        "tier": order.tier,
        "chips": ", ".join(order.chips),
        "card_hours": card_hours(order.wanted_card_minutes * 60),
        "got": share_of(order.got_card_minutes, order.wanted_card_minutes),
        "limit": unit_price(order.limit_micro_yuan_per_card_hour),
        "held": yuan(order.held_fen),
        "leases": ", ".join(lease.id for lease in order.leases),
    }


def _lost(order: str, lost: NotContinuedOut) -> str:
    job = f"{lost.cards} card{'s' if lost.cards != 1 else ''} for {hours(lost.duration_minutes * 60)} until {told_time(lost.window.end)} (UTC+8)"
    return (
        f"Nothing looks for what was taken back of {order}: that would hold {yuan(lost.needed_fen)}, and "
        f"{yuan(lost.available_fen)} were available. Deposit {yuan(lost.short_fen)} and order it again: {job}."
    )


async def _orders(base_url: str, key: str, limit: int) -> list[OrderOut]:
    async with Client(base_url, key) as client:
        return (await client.orders(limit=limit)).items
