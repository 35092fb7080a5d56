"""`suanli usage`: a seller's file of usage, sent to a venue in batches that count once."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from exchange.signed_meters import sealed
from settlement.metering.chain import GENESIS
from web.bodies.usage import OpenedOut
from web.cli import venue
from web.cli.meter_key import read_key
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, Failure, commands, examples, say, write, write_json
from web.cli.usage_file import Record, UsageFile, read_usage, reading_of
from web.client import Client

app = commands()
EXAMPLES = examples(
    "suanli usage january.csv --key sk_…",
    "suanli usage january.csv --sign rack-7.key --key sk_…",
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


Sign = Annotated[
    Path | None,
    typer.Option(metavar="FILE", show_default=False, help="The private key of the meters: see suanli meter."),
]


@app.command(epilog=EXAMPLES)
def usage(
    file: File, *, key: Key, sign: Sign = None, url: Url = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """Report a file of usage: CSV with a header, or one JSON object a line, with the API's own names.

    Delivery: meter, sequence, lease, slot, delivered_card_seconds. Tokens: meter, sequence, contract, at,
    input_tokens, output_tokens, and cached_input_tokens if any. A file with a bad line is not sent at all. Sending a file again counts nothing twice.
    The exit code is 4 if the venue refused or disputed any record.
    """
    read = read_usage(file)
    private_key = None if sign is None else read_key(sign)
    base_url = url or venue.address(data_dir)
    say(f"A file of {read.kind} goes to {base_url}, {len(read.records):,} in all.")
    sent = venue.run(_sent(read, base_url, key, private_key))
    refused = sent.refused
    if json:
        write_json(asdict(sent))
    else:
        write(f"{sent.accepted:,} accepted, {sent.duplicates:,} known before, {len(refused):,} refused.")
        for opened in sent.disputes:
            write(
                f"Dispute {opened.dispute}, numbers {opened.first} to {opened.last}: {opened.code}: {opened.detail}"
            )
        for one in refused[:REFUSALS_SHOWN]:
            write(f"{file}, line {one['line']}: {one['code']}: {one['detail']}")
        if len(refused) > REFUSALS_SHOWN:
            write(f"… and {len(refused) - REFUSALS_SHOWN:,} more: --json lists them all.")
    if refused or sent.disputes:
        raise typer.Exit(ExitCode.REFUSED)


@dataclass
class Sent:
    """What became of a file: `refused` has the line that each record stands in."""

    kind: str
    accepted: int = 0
    duplicates: int = 0
    refused: list[dict[str, object]] = field(default_factory=list)
    disputed: int = 0
    disputes: list[OpenedOut] = field(default_factory=list)


async def _sent(read: UsageFile, base_url: str, key: str, private_key: bytes | None) -> Sent:
    sent = Sent(read.kind)
    async with Client(base_url, key) as client:
        report = client.report_deliveries if read.kind == "deliveries" else client.report_tokens
        batches = read.batches() if private_key is None else read.chained_batches()
        for batch_key, first, records in batches:
            seal = None if private_key is None else await _seal(client, private_key, read.kind, records)
            receipt = await report(records, batch_key, seal)
            sent.accepted += receipt.accepted
            sent.duplicates += receipt.duplicates
            sent.disputed += receipt.disputed
            sent.disputes += receipt.disputes
            sent.refused += [
                {"line": read.lines[first + one.index], "code": one.code, "detail": one.detail}
                for one in receipt.refused
            ]
    return sent


async def _seal(client: Client, private_key: bytes, kind: str, records: list[Record]) -> dict[str, str]:
    """Sign records that go on from what the venue knows of their meter. Raises `Failure` where numbers lack before."""
    readings = [reading_of(kind, record) for record in records]
    meter, first = records[0]["meter"], readings[0].number
    known = next((one for one in await client.meters() if one.meter == meter), None)
    if known is None:
        raise Failure(f"{meter} has no key: suanli meter register gives it one.", ExitCode.REFUSED)
    if first > known.head + 1:
        raise Failure(
            f"{meter} has come to {known.head}: report what lies between before {first}.", ExitCode.REFUSED
        )
    previous = GENESIS.hex() if first <= known.begins else (await client.link(meter, first - 1)).link
    seal, _ = sealed(private_key, known.seller, meter, bytes.fromhex(previous), readings)
    return {"previous": seal.previous.hex(), "signature": seal.signature.hex()}
