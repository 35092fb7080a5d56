"""`suanli carbon`: the tables that power and carbon are reckoned by, and what sellers declare of their facilities."""

from typing import Annotated

import typer

from web.bodies.power import DeclarationsOut, PowerTablesOut, VersionOut
from web.cli import venue
from web.cli.amounts import in_parts
from web.cli.asking import Asking, asking
from web.cli.buyer import document
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write, write_json, write_table
from web.pages.formats import count, local, milli, thousandths

app = commands("Adopt tables of power and carbon; declare a PUE and green certificates, as a seller.")

Name = Annotated[
    str, typer.Argument(metavar="VERSION", show_default=False, help="A name of its own, such as 2026-11.")
]
Region = Annotated[
    str, typer.Argument(metavar="REGION", show_default=False, help="Where your facilities stand.")
]
Month = Annotated[
    str, typer.Argument(metavar="MONTH", show_default=False, help="A month that is not closed: 2026-12.")
]
Reference = Annotated[str, typer.Option(show_default=False, help="The document that shows it.")]


@app.command(epilog=examples("suanli carbon tables", "suanli carbon tables --json"))
def tables(*, data_dir: DataDir = None, json: Json = False) -> None:
    """List the versions of the tables, the one in force first."""
    found = at_desk(venue.settings(data_dir), lambda client: client.power_versions())
    if json:
        write_json(document(list[VersionOut], found))
    elif found:
        rows = [
            {
                "version": one.version,
                "adopted": local(int(one.adopted_at.timestamp())),
                "in force": "yes" if one.in_force else "",
            }
            for one in found
        ]
        write_table("", rows)
    else:
        write("No tables are adopted, so no carbon is reckoned: suanli carbon adopt --help says how.")


@app.command(epilog=examples("suanli carbon adopt 2026-11"))
def adopt(version: Name, *, data_dir: DataDir = None, json: Json = False) -> None:
    """Adopt the tables of this version of Suanli: what is settled from now on is reckoned by them."""
    adopted = at_desk(venue.settings(data_dir), lambda client: client.adopt_power_tables(version))
    if json:
        write_json(document(PowerTablesOut, adopted))
    else:
        write(
            f"{adopted.version} is in force: {count(len(adopted.cards))} cards, {count(len(adopted.factors))} factors."
        )


@app.command(epilog=examples("suanli carbon declared --key sk_…", "suanli carbon declared --json"))
@asking("a seller")
def declared(asked: Asking) -> None:
    """List what you have declared, or as the clerk what all sellers have."""
    asked.tell(DeclarationsOut, asked.ask(lambda client: client.declarations()), _tell)


@app.command(epilog=examples("suanli carbon pue 621000 2026-12 1.18 --reference 'Audit 7' --key sk_…"))
@asking("your own firm, as a seller", needed=True)
def pue(
    asked: Asking,
    region: Region,
    month: Month,
    value: Annotated[str, typer.Argument(metavar="PUE", show_default=False, help="Such as 1.18.")],
    *,
    reference: Reference,
) -> None:
    """Declare the PUE of your facilities in a region, from a month on."""
    in_milli = in_parts(value, 3, "A PUE is a number such as 1.18")
    found = asked.ask(lambda client: client.declare_pue(region, month, in_milli, reference))
    asked.tell(DeclarationsOut, found, _tell)


@app.command(epilog=examples("suanli carbon certificate 621000 2026-12 10000 GEC-2026-000001 --key sk_…"))
@asking("your own firm, as a seller", needed=True)
def certificate(
    asked: Asking,
    region: Region,
    month: Month,
    kwh: Annotated[int, typer.Argument(metavar="KWH", show_default=False, min=1, help="What it is for.")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", show_default=False, help="As it stands on it.")],
) -> None:
    """Declare a green certificate for what your facilities in a region take in a month. It counts once, for ever."""
    found = asked.ask(lambda client: client.declare_certificates(region, month, kwh, number))
    asked.tell(DeclarationsOut, found, _tell)


def _tell(found: DeclarationsOut) -> None:
    pues = [
        {
            "seller": one.party,
            "region": one.region,
            "from": one.period,
            "pue": milli(one.pue_milli),
            "document": one.reference,
        }
        for one in found.pues
    ]
    certificates = [
        {
            "seller": one.party,
            "region": one.region,
            "month": one.period,
            "number": one.reference,
            "kwh": count(one.kwh),
            "used": thousandths(one.used_wh),
        }
        for one in found.certificates
    ]
    if pues:
        write_table("PUE", pues, numbers=("pue",))
    if certificates:
        write_table("Green certificates", certificates, numbers=("kwh", "used"))
    if not pues and not certificates:
        write("Nothing is declared: each region's PUE in the tables holds, and no certificate is used.")
