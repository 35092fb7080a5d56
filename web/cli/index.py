"""`suanli index`: the price index of a day, and whether it is what the public tape makes of it."""

from dataclasses import asdict
from typing import Annotated

import typer

from web.bodies.index import IndexOut, IndexValueOut
from web.cli import venue
from web.cli.index_check import Checked, check_day
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, commands, examples, say, write_json, write_table
from web.client import Client
from web.pages.formats import unit_price

app = commands()
EXAMPLES = examples(
    "suanli index",
    "suanli index 2026-11-30 --verify",
    "suanli index 2026-11-30 --verify --url https://venue.example",
)

Day = Annotated[
    str | None,
    typer.Argument(metavar="DAY", show_default=False, help="Such as 2026-11-30; usually the last."),
]
Verify = Annotated[bool, typer.Option("--verify", help="Work every value out again from the public tape.")]
Url = Annotated[
    str | None, typer.Option(help="Where the venue answers, if not on this machine.", show_default=False)
]


@app.command(epilog=EXAMPLES)
def index(
    day: Day = None, *, verify: Verify = False, url: Url = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """Show the price index of a day that is over, and with --verify work it out again.

    It takes no key: what the index is made of is public. The exit code is 1 if anything differs.
    """
    base_url = url or venue.address(data_dir)
    told, checked = venue.run(_asked(base_url, day, verify=verify))
    if json:
        values = [{**asdict(value), "day": value.day.isoformat()} for value in told.values]
        verified = {} if checked is None else {"differences": checked.differences}
        write_json({"method": told.method, "values": values, **verified})
    else:
        _show(told)
    if checked is None:
        return
    for difference in checked.differences:
        say(difference)
    say(f"{checked.values} values were worked out again, and {len(checked.differences)} things differ.")
    if checked.differences:
        raise typer.Exit(ExitCode.FAILED)


async def _asked(base_url: str, day: str | None, *, verify: bool) -> tuple[IndexOut, Checked | None]:
    async with Client(base_url) as client:
        told = await client.index(day)
        if not verify:
            return told, None
        return told, await check_day(client, told.values[0].day) if told.values else Checked(0, [])


def _show(told: IndexOut) -> None:
    rows = [_row(value) for value in told.values]
    day = f" of {told.values[0].day}" if told.values else ""
    write_table(f"Index{day}, by method {told.method}", rows, ("yuan a card-hour", "trades", "pairs"))


def _row(value: IndexValueOut) -> dict[str, object]:
    price = value.value_micro_yuan_per_card_hour
    return {
        "resource": value.resource,
        "yuan a card-hour": None if price is None else unit_price(price),
        "no value": value.no_value,
        "trades": value.trades,
        "pairs": value.pairs,
    }
