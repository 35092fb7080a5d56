"""`suanli vouchers`: what the clerk puts on record of parties, what became of programmes, and checks for misuse."""

from dataclasses import asdict
from typing import Annotated

import typer

from settlement.vouchers.parties import BuyerSize
from web.cli import venue
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write, write_json, write_table
from web.pages.formats import yuan

app = commands("Put on record what voucher programmes ask for, and see what became of vouchers.")

Party = Annotated[str, typer.Argument(metavar="PARTY", show_default=False, help="Whose facts these are.")]
Size = Annotated[
    BuyerSize, typer.Option(show_default=False, help="By the national standard for its industry.")
]
Industry = Annotated[
    str, typer.Option(show_default=False, help="As programmes name it: a-z and underscores.")
]
Controllers = Annotated[
    list[str] | None,
    typer.Option(
        "--controller",
        show_default=False,
        help="The id of an owner, legal representative or parent; give it again for more.",
    ),
]
Programme = Annotated[str, typer.Argument(metavar="PROGRAMME", show_default=False, help="Its id.")]
Period = Annotated[
    str | None, typer.Option(metavar="MONTH", show_default=False, help="A month such as 2026-12.")
]


@app.command(
    epilog=examples(
        "suanli vouchers facts ann-lab --size small --industry software",
        "suanli vouchers facts ann-lab --size small --industry software --controller 91310000MA1FL0000X",
    )
)
def facts(
    party: Party,
    *,
    size: Size,
    industry: Industry,
    controller: Controllers = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Put on record what a party has shown of itself, from now on."""
    body = {"size": str(size), "industry": industry, "controllers": controller or []}
    told = at_desk(venue.settings(data_dir), lambda client: client.declare_facts(party, body))
    if json:
        write_json(asdict(told) | {"at": told.at.isoformat()})
    else:
        write(f"{told.party} is on record as a {told.size} enterprise in {told.industry}.")


@app.command(
    epilog=examples(
        "suanli vouchers report sh-compute-2026",
        "suanli vouchers report sh-compute-2026 --period 2026-12 --json",
    )
)
def report(
    programme: Programme, *, period: Period = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """Say what became of a programme's vouchers, buyer by buyer."""
    told = at_desk(venue.settings(data_dir), lambda client: client.programme_report(programme, period))
    if json:
        write_json(asdict(told))
        return
    rows = [
        {
            name.removesuffix("_fen"): cell if isinstance(cell, str) else yuan(cell)
            for name, cell in row.items()
        }
        for row in map(asdict, told.by_buyer)
    ]
    write_table(
        f"{told.programme}, {told.period or 'all time'}: {yuan(told.used_fen)} used of {yuan(told.issued_fen)} issued",
        rows,
        ("issued", "used", "expired", "held", "left"),
    )


@app.command(epilog=examples("suanli vouchers misuse", "suanli vouchers misuse --json"))
def misuse(*, data_dir: DataDir = None, json: Json = False) -> None:
    """Look for what vouchers must not be used for, in all that was used."""
    found = at_desk(venue.settings(data_dir), lambda client: client.misuse())
    if json:
        write_json([asdict(one) for one in found])
    elif found:
        write_table("", [asdict(one) for one in found])
    else:
        write("Nothing was found.")
