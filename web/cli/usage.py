"""`suanli usage`: a seller's file of usage, sent to a venue in batches that count once."""

from pathlib import Path
from typing import Annotated

import typer

from web.cli import venue
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, commands, examples, say, write, write_json
from web.cli.usage_file import UsageFile, read_usage
from web.client import Client

app = commands()
EXAMPLES = examples(
    "suanli usage january.csv --key sk_…",
    "SUANLI_KEY=sk_… suanli usage tokens.jsonl --url https://venue.example --json",
)
REFUSALS_SHOWN = 20

File = Annotated[
    Path, typer.Argument(metavar="FILE", show_default=False, help="CSV or JSON lines, in UTF-8.")
]
Key = Annotated[str, typer.Option(envvar="SUANLI_KEY", help="The seller's API key.", show_default=False)]
Url = Annotated[
    str | None, typer.Option(help="Where the venue answers, if not on this machine.", show_default=False)
]


@app.command(epilog=EXAMPLES)
def usage(file: File, *, key: Key, url: Url = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Report a file of usage: CSV with a header, or one JSON object a line, with the API's own names.

    Delivery: meter, sequence, lease, slot, delivered_card_seconds. Tokens: meter, sequence, contract, at,
    input_tokens, output_tokens. A file with a bad line is not sent at all. Sending a file again counts nothing twice.
    The exit code is 4 if the venue refused any record.
    """
    read = read_usage(file)
    base_url = url or venue.address(data_dir)
    say(f"A file of {read.kind} goes to {base_url}, {len(read.records):,} in all.")
    accepted, duplicates, refused = venue.run(_sent(read, base_url, key))
    if json:
        write_json({"kind": read.kind, "accepted": accepted, "duplicates": duplicates, "refused": refused})
    else:
        write(f"{accepted:,} accepted, {duplicates:,} known before, {len(refused):,} refused.")
        for one in refused[:REFUSALS_SHOWN]:
            write(f"{file}, line {one['line']}: {one['code']}: {one['detail']}")
        if len(refused) > REFUSALS_SHOWN:
            write(f"… and {len(refused) - REFUSALS_SHOWN:,} more: --json lists them all.")
    if refused:
        raise typer.Exit(ExitCode.REFUSED)


async def _sent(read: UsageFile, base_url: str, key: str) -> tuple[int, int, list[dict[str, object]]]:
    """Accepted, known before, and what was refused with the line it stands in."""
    accepted, duplicates, refused = 0, 0, list[dict[str, object]]()
    async with Client(base_url, key) as client:
        report = client.report_deliveries if read.kind == "deliveries" else client.report_tokens
        for batch_key, first, records in read.batches():
            receipt = await report(records, batch_key)
            accepted += receipt.accepted
            duplicates += receipt.duplicates
            refused += [
                {"line": read.lines[first + one.index], "code": one.code, "detail": one.detail}
                for one in receipt.refused
            ]
    return accepted, duplicates, refused
