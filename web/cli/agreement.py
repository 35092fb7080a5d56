"""`suanli agreement`: what regions share, proposed, signed by each with its own key, and confirmed by the quarter."""

import json as json_format
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from web.bodies.agreements import AgreementOut
from web.bodies.quarters import QuarterOut
from web.cli import venue
from web.cli.buyer import Url, document, read_job
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json, Yes
from web.cli.talk import ExitCode, Failure, commands, confirm, examples, say, write, write_json, write_table
from web.client import Client
from web.pages.formats import basis_points, local, yuan

app = commands("Propose agreements between regions, sign them, and confirm the figures of a quarter.")
T = TypeVar("T")

Key = Annotated[
    str | None,
    typer.Option(
        envvar="SUANLI_KEY", show_default=False, help="API key of a region's office. Without one: the clerk."
    ),
]
OwnKey = Annotated[
    str, typer.Option(envvar="SUANLI_KEY", show_default=False, help="API key of your region's office.")
]
Name = Annotated[str, typer.Argument(metavar="AGREEMENT", show_default=False, help="Its id.")]
Version = Annotated[int, typer.Argument(metavar="VERSION", show_default=False, help="Its version.", min=1)]
Terms = Annotated[
    str,
    typer.Argument(
        metavar="TERMS",
        show_default=False,
        help="A file with the terms as the API takes them, in JSON; - reads it from standard input.",
    ),
]
Reason = Annotated[str, typer.Option(show_default=False, help="Why: the other regions read it.")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", show_default=False, help="Where buyers are.")]
Destination = Annotated[
    str, typer.Argument(metavar="DESTINATION", show_default=False, help="Where the capacity is.")
]
Quarter = Annotated[
    str, typer.Argument(metavar="QUARTER", show_default=False, help="A quarter, such as 2026-Q4.")
]


@app.command("list", epilog=examples("suanli agreement list", "suanli agreement list --key sk_… --json"))
def list_versions(*, key: Key = None, url: Url = None, data_dir: DataDir = None, json: Json = False) -> None:
    """List every version, and what each waits for."""
    found = _ask(lambda client: client.agreements(), key, url, data_dir)
    if json:
        write_json(document(list[AgreementOut], found))
    elif found:
        write_table("", [_row(one) for one in found], numbers=("version",))
    else:
        write("Nothing is proposed yet.")


@app.command(epilog=examples("suanli agreement propose terms.json", "suanli agreement propose - --key sk_…"))
def propose(
    terms: Terms, *, key: Key = None, url: Url = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """Put a version before its regions. It is in force once each has signed."""
    body = read_job(terms)
    _show(_ask(lambda client: client.propose_agreement(body), key, url, data_dir), json=json)


@app.command(epilog=examples("suanli agreement sign shanghai-qingyang 2 --key sk_…"))
def sign(
    agreement: Name,
    version: Version,
    *,
    key: OwnKey,
    yes: Yes = False,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Read a version, and sign it for your region. The last signature puts it in force."""
    found = _ask(lambda client: client.agreements(), key, url, data_dir)
    known = next((one for one in found if (one.id, one.version) == (agreement, version)), None)
    if known is None:
        raise Failure(f"Your region has no {agreement}, version {version}.", ExitCode.REFUSED)
    say(known.canonical)
    say(f"SHA-256 {known.digest}")
    confirm("Sign just this?", yes=yes)
    signed = _ask(lambda client: client.sign_agreement(agreement, version, known.digest), key, url, data_dir)
    _show(signed, json=json)


@app.command(epilog=examples("suanli agreement decline shanghai-qingyang 2 --reason 'Tax 40:60' --key sk_…"))
def decline(
    agreement: Name,
    version: Version,
    *,
    reason: Reason,
    key: OwnKey,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Refuse a version for your region, for good."""
    declined = _ask(lambda client: client.decline_agreement(agreement, version, reason), key, url, data_dir)
    _show(declined, json=json)


@app.command(epilog=examples("suanli agreement withdraw shanghai-qingyang 2"))
def withdraw(
    agreement: Name,
    version: Version,
    *,
    key: Key = None,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Take back a version that you have proposed, while a signature is missing."""
    _show(_ask(lambda client: client.withdraw_agreement(agreement, version), key, url, data_dir), json=json)


@app.command(epilog=examples("suanli agreement quarter 310000 621000 2026-Q4"))
def quarter(
    source: Source,
    destination: Destination,
    name: Quarter,
    *,
    key: Key = None,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show a pair's quarter: computed, agreed and recognised, apart from each other."""
    _show_quarter(
        _ask(lambda client: client.quarter(source, destination, name), key, url, data_dir), json=json
    )


@app.command("confirm", epilog=examples("suanli agreement confirm 310000 621000 2026-Q4 --key sk_…"))
def confirm_quarter(
    source: Source,
    destination: Destination,
    name: Quarter,
    *,
    key: OwnKey,
    yes: Yes = False,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Agree to a closed quarter's figures as they were computed, for your region."""
    found = _ask(lambda client: client.quarter(source, destination, name), key, url, data_dir)
    say(found.canonical)
    say(f"SHA-256 {found.digest}")
    confirm("Agree to just this?", yes=yes)
    figures = json_format.loads(found.canonical)["figures"]
    agreed = _ask(
        lambda client: client.confirm_quarter(source, destination, name, figures, found.digest),
        key,
        url,
        data_dir,
    )
    _show_quarter(agreed, json=json)


def _ask(work: Callable[[Client], Awaitable[T]], key: str | None, url: str | None, data_dir: DataDir) -> T:
    """Ask in the name of a key, or without one as the clerk."""
    if key is None:
        return at_desk(venue.settings(data_dir), work)
    return venue.run(_ask_with(work, url or venue.address(data_dir), key))


async def _ask_with(work: Callable[[Client], Awaitable[T]], url: str, key: str) -> T:
    async with Client(url, key) as client:
        return await work(client)


def _show(agreement: AgreementOut, *, json: bool) -> None:
    if json:
        write_json(document(AgreementOut, agreement))
        return
    waits = f"; it waits for {', '.join(agreement.waits_for)}" if agreement.waits_for else ""
    write(
        f"{agreement.id}, version {agreement.version}: {agreement.state}{waits}. SHA-256 {agreement.digest}"
    )


def _row(agreement: AgreementOut) -> dict[str, object]:
    return {
        "agreement": agreement.id,
        "version": agreement.version,
        "between": " → ".join(agreement.parties),
        "state": agreement.state,
        "waits_for": ", ".join(agreement.waits_for),
        "from": local(int(agreement.valid_from.timestamp())),
        "tax": " : ".join(map(basis_points, agreement.tax_shares_bp)),
    }


def _show_quarter(quarter: QuarterOut, *, json: bool) -> None:
    if json:
        write_json(document(QuarterOut, quarter))
        return
    rows = [
        {
            "figure": one.kind,
            "region": one.region,
            "computed": yuan(one.computed_fen),
            "agreed": None if one.agreed_fen is None else yuan(one.agreed_fen),
            "recognised": None if one.recognised_fen is None else yuan(one.recognised_fen),
        }
        for one in quarter.figures
    ]
    write_table("", rows, numbers=("computed", "agreed", "recognised"))
    for word in quarter.words:
        write(f"{word.region} {word.word}{'' if word.reason is None else f': {word.reason}'}")
    write(quarter.label)
