"""`suanli party`: who may trade, and the keys with which they come in."""

from dataclasses import asdict
from typing import Annotated

import typer

from exchange.state import Role
from web.bodies.parties import PartyOut
from web.cli import venue
from web.cli.asking import all_pages
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write, write_json, write_table
from web.client import Client

app = commands("Admit parties, list them, and give them keys.")

PartyId = Annotated[
    str, typer.Argument(metavar="PARTY", show_default=False, help="Its id: a-z, 0-9 and hyphens.")
]
Name = Annotated[str, typer.Option(show_default=False, help="The firm's, institution's or office's name.")]
Roles = Annotated[
    list[Role], typer.Option("--role", show_default=False, help="What it may do; give it again for more.")
]
Region = Annotated[
    str, typer.Option(metavar="CODE", show_default=False, help="Where it is registered (GB/T 2260).")
]
Group = Annotated[
    str | None,
    typer.Option(
        show_default=False, help="Parties of one group never trade with each other. Usually its own."
    ),
]

ADD = examples(
    "suanli party add ann-lab --name 'Ann Laboratory' --role buyer --region 310000",
    "suanli party add west-cloud --name 'West Cloud' --role seller --role buyer --region 621000",
)


@app.command(epilog=ADD)
def add(
    party: PartyId,
    *,
    name: Name,
    role: Roles,
    region: Region,
    group: Group = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Admit a party. Give it a key next: suanli party key."""
    body = {"id": party, "name": name, "roles": [str(one) for one in role], "region": region}
    if group is not None:
        body["group"] = group
    admitted = at_desk(venue.settings(data_dir), lambda client: client.create_party(body))
    if json:
        write_json(asdict(admitted))
    else:
        write(f"{admitted.name} is admitted as {admitted.id}. Next: suanli party key {admitted.id}")


@app.command("list", epilog=examples("suanli party list", "suanli party list --json"))
def list_parties(*, data_dir: DataDir = None, json: Json = False) -> None:
    """List the parties, the newest first."""
    parties = at_desk(venue.settings(data_dir), _all_parties)
    if json:
        write_json([asdict(party) for party in parties])
    else:
        write_table("", [{**asdict(party), "roles": ", ".join(party.roles)} for party in parties], ("seq",))


@app.command(epilog=examples("suanli party key ann-lab", "suanli party key ann-lab --json"))
def key(party: PartyId, *, data_dir: DataDir = None, json: Json = False) -> None:
    """Give a party a key. It is shown here once, and never again."""
    issued = at_desk(venue.settings(data_dir), lambda client: client.issue_key(party))
    if json:
        write_json(asdict(issued))
    else:
        write(f"{issued.token}")


async def _all_parties(client: Client) -> list[PartyOut]:
    return await all_pages(lambda cursor: client.parties(cursor=cursor))
