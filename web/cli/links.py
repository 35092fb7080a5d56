"""`suanli links`: the bandwidth between regions, to read and, for the clerk, to set."""

from typing import Annotated

import typer
from pydantic import TypeAdapter

from web.bodies.fields import LINK_MBPS_MAX
from web.bodies.links import LinkOut
from web.cli import venue
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write, write_json, write_table
from web.pages.formats import count

app = commands("Show the bandwidth between regions, or set it.")

Home = Annotated[str, typer.Argument(metavar="HOME", show_default=False, help="The region where data is.")]
Region = Annotated[
    str, typer.Argument(metavar="REGION", show_default=False, help="The region where cards work.")
]
Mbps = Annotated[
    int,
    typer.Argument(
        metavar="MBPS", show_default=False, min=0, max=LINK_MBPS_MAX, help="Megabits a second, from now on."
    ),
]


@app.command(name="list", epilog=examples("suanli links list", "suanli links list --json"))
def list_links(*, data_dir: DataDir = None, json: Json = False) -> None:
    """List the links. Without one there is no bandwidth between two regions."""
    links = at_desk(venue.settings(data_dir), lambda client: client.links())
    if json:
        write_json(TypeAdapter(list[LinkOut]).dump_python(links, mode="json"))
    elif links:
        rows = [{"home": link.home, "region": link.region, "mbit/s": count(link.mbps)} for link in links]
        write_table("", rows, numbers=("mbit/s",))
    else:
        write("There are no links yet: suanli links set --help says how to set one.")


@app.command(
    name="set",
    epilog=examples("suanli links set 310000 520100 100000", "suanli links set 310000 520100 0 --json"),
)
def set_link(home: Home, region: Region, mbps: Mbps, *, data_dir: DataDir = None, json: Json = False) -> None:
    """Say how much bandwidth a link has from now on: never less than leases use.

    Orders that wait for it look for capacity again.
    """
    link = at_desk(venue.settings(data_dir), lambda client: client.set_link(home, region, mbps))
    if json:
        write_json(TypeAdapter(LinkOut).dump_python(link, mode="json"))
    else:
        write(f"The link from {link.home} to {link.region} has {count(link.mbps)} Mbit/s.")
