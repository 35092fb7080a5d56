"""`suanli meter`: the keys with which a seller's meters sign what they report."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from exchange.signing import public_key_of
from web.bodies.disputes import MeterOut
from web.cli import venue
from web.cli.meter_key import make_key, read_key
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write, write_json, write_table
from web.cli.usage import Key, Url
from web.client import Client

app = commands("Make keys for meters, and register them.")

KeyFile = Annotated[
    Path, typer.Argument(metavar="FILE", show_default=False, help="The file of the meter's private key.")
]
Meter = Annotated[str, typer.Argument(metavar="METER", show_default=False, help="The meter's name.")]
Since = Annotated[int, typer.Option(min=0, help="The first number that the key signs.")]


@app.command(epilog=examples("suanli meter new rack-7.key"))
def new(file: KeyFile) -> None:
    """Make a key. The file is the private part, and stays with the meter; what is written here is the public part."""
    write(make_key(file).hex())


@app.command(epilog=examples("suanli meter register rack-7 rack-7.key --key sk_…"))
def register(
    meter: Meter,
    file: KeyFile,
    *,
    key: Key,
    since: Since = 1,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Register a meter's key. From your first one on, all that you report has to be signed."""
    public_key = public_key_of(read_key(file)).hex()
    known = venue.run(_registered(url or venue.address(data_dir), key, meter, public_key, since))
    if json:
        write_json(asdict(known))
    else:
        write(f"{known.meter} signs from {known.since} on. Next: suanli usage FILE --sign {file}")


@app.command("list", epilog=examples("suanli meter list --key sk_…"))
def list_meters(*, key: Key, url: Url = None, data_dir: DataDir = None, json: Json = False) -> None:
    """List your meters that sign, and the number that each has come to."""
    meters = venue.run(_meters(url or venue.address(data_dir), key))
    if json:
        write_json([asdict(meter) for meter in meters])
    else:
        write_table("", [asdict(meter) for meter in meters], ("begins", "head", "since"))


async def _registered(base_url: str, key: str, meter: str, public_key: str, since: int) -> MeterOut:
    async with Client(base_url, key) as client:
        return await client.register_meter(meter, public_key, since)


async def _meters(base_url: str, key: str) -> list[MeterOut]:
    async with Client(base_url, key) as client:
        return await client.meters()
