"""`suanli agreement`: what regions share, proposed, signed by each with its own key, and agreed by the quarter."""

import hashlib
import json
from typing import Annotated, Literal

import typer
from pydantic import TypeAdapter, ValidationError

from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.quarters import Figure, PairQuarter, QuarterFigures
from settlement.sign_off import canonical
from web.bodies.agreements import AgreementOut
from web.bodies.quarters import FigureIn, QuarterOut
from web.cli.amounts import in_parts
from web.cli.asking import Asking, asking
from web.cli.buyer import read_job
from web.cli.options import Yes
from web.cli.talk import ExitCode, Failure, commands, confirm, examples, say, write, write_table
from web.pages.formats import basis_points, local, yuan

app = commands("Propose agreements between regions, sign them, and agree on the figures of a quarter.")
OFFICE = "a region's office"
OWN_OFFICE = "your region's office"

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
Figures = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        help='Other figures than the computed: {"figures": [{"kind", "region", "fen"}, …]} as the API takes them.',
    ),
]
Reason = Annotated[str, typer.Option(show_default=False, help="Why: the other regions read it.")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", show_default=False, help="Where buyers are.")]
Destination = Annotated[
    str, typer.Argument(metavar="DESTINATION", show_default=False, help="Where the capacity is.")
]
Region = Annotated[
    str,
    typer.Argument(metavar="REGION", show_default=False, help="Whose figure it is: a region of the pair."),
]
Kind = Annotated[
    Literal["revenue", "tax", "gdp"],
    typer.Argument(metavar="KIND", show_default=False, help="revenue, tax or gdp."),
]
Amount = Annotated[
    str,
    typer.Argument(
        metavar="YUAN", show_default=False, help="How much; less than nothing takes back: -- -30.00."
    ),
]
Reference = Annotated[str, typer.Option(show_default=False, help="The document's. It counts once.")]
Quarter = Annotated[
    str, typer.Argument(metavar="QUARTER", show_default=False, help="A quarter, such as 2026-Q4.")
]


@app.command("list", epilog=examples("suanli agreement list", "suanli agreement list --key sk_… --json"))
@asking(OFFICE)
def list_versions(asked: Asking) -> None:
    """List every version, and what each waits for."""
    found = asked.ask(lambda client: client.agreements())
    asked.tell(list[AgreementOut], found, _tell_all)


@app.command(epilog=examples("suanli agreement propose terms.json", "suanli agreement propose - --key sk_…"))
@asking(OFFICE)
def propose(asked: Asking, terms: Terms) -> None:
    """Put a version before its regions. It is in force once each has signed."""
    body = read_job(terms)
    asked.tell(AgreementOut, asked.ask(lambda client: client.propose_agreement(body)), _tell)


@app.command(epilog=examples("suanli agreement sign shanghai-qingyang 2 --key sk_…"))
@asking(OWN_OFFICE, needed=True)
def sign(asked: Asking, agreement: Name, version: Version, *, yes: Yes = False) -> None:
    """Read a version, and sign it for your region. The last signature puts it in force."""
    found = asked.ask(lambda client: client.agreements())
    known = next((one for one in found if (one.id, one.version) == (agreement, version)), None)
    if known is None:
        raise Failure(f"Your region has no {agreement}, version {version}.", ExitCode.REFUSED)
    say(known.canonical)
    say(f"SHA-256 {known.digest}")
    confirm("Sign just this?", yes=yes)
    signed = asked.ask(lambda client: client.sign_agreement(agreement, version, known.digest))
    asked.tell(AgreementOut, signed, _tell)


@app.command(epilog=examples("suanli agreement decline shanghai-qingyang 2 --reason 'Tax 40:60' --key sk_…"))
@asking(OWN_OFFICE, needed=True)
def decline(asked: Asking, agreement: Name, version: Version, *, reason: Reason) -> None:
    """Refuse a version for your region, for good."""
    declined = asked.ask(lambda client: client.decline_agreement(agreement, version, reason))
    asked.tell(AgreementOut, declined, _tell)


@app.command(epilog=examples("suanli agreement withdraw shanghai-qingyang 2"))
@asking(OFFICE)
def withdraw(asked: Asking, agreement: Name, version: Version) -> None:
    """Take back a version that you have proposed, while a signature is missing."""
    withdrawn = asked.ask(lambda client: client.withdraw_agreement(agreement, version))
    asked.tell(AgreementOut, withdrawn, _tell)


@app.command(epilog=examples("suanli agreement quarter 310000 621000 2026-Q4"))
@asking(OFFICE)
def quarter(asked: Asking, source: Source, destination: Destination, name: Quarter) -> None:
    """Show a pair's quarter: computed, agreed and recognised, apart from each other."""
    found = asked.ask(lambda client: client.quarter(source, destination, name))
    asked.tell(QuarterOut, found, _tell_quarter)


@app.command(
    "confirm",
    epilog=examples(
        "suanli agreement confirm 310000 621000 2026-Q4 --key sk_…",
        "suanli agreement confirm 310000 621000 2026-Q4 --figures agreed.json --key sk_…",
    ),
)
@asking(OWN_OFFICE, needed=True)
def confirm_quarter(
    asked: Asking,
    source: Source,
    destination: Destination,
    name: Quarter,
    *,
    figures: Figures = None,
    yes: Yes = False,
) -> None:
    """Agree to a closed quarter's figures for your region: as they were computed, or to others that were agreed on."""
    if figures is None:
        found = asked.ask(lambda client: client.quarter(source, destination, name))
        signed = found.canonical
    else:
        signed = _canonical(PairQuarter(source, destination, name), figures)
    digest = hashlib.sha256(signed.encode()).hexdigest()
    say(signed)
    say(f"SHA-256 {digest}")
    confirm("Agree to just this?", yes=yes)
    agreed_on = json.loads(signed)["figures"]
    agreed = asked.ask(lambda client: client.confirm_quarter(source, destination, name, agreed_on, digest))
    asked.tell(QuarterOut, agreed, _tell_quarter)


@app.command(
    epilog=examples("suanli agreement dispute 310000 621000 2026-Q4 --reason 'October is short' --key sk_…")
)
@asking(OWN_OFFICE, needed=True)
def dispute(
    asked: Asking, source: Source, destination: Destination, name: Quarter, *, reason: Reason
) -> None:
    """Say that your region does not agree to a closed quarter's figures, and why. It may agree later."""
    disputed = asked.ask(lambda client: client.dispute_quarter(source, destination, name, reason))
    asked.tell(QuarterOut, disputed, _tell_quarter)


@app.command(
    epilog=examples(
        "suanli agreement recognise 310000 621000 2026-Q4 310000 tax 1200.00 --reference 'Notice 41' --key sk_…",
        "suanli agreement recognise 310000 621000 2026-Q4 310000 tax --reference 'Notice 52' -- -30.00",
    )
)
@asking(OFFICE)
def recognise(
    asked: Asking,
    source: Source,
    destination: Destination,
    name: Quarter,
    region: Region,
    kind: Kind,
    amount: Amount,
    *,
    reference: Reference,
) -> None:
    """Record what a document of a finance office or of statistics recognises of a closed quarter."""
    fen = in_parts(amount, 2, "An amount is in yuan, such as 1200.00", signed=True)
    recognised = {"region": region, "kind": kind, "amount_fen": fen, "reference": reference}
    shown = asked.ask(lambda client: client.recognise_amount(source, destination, name, recognised))
    asked.tell(QuarterOut, shown, _tell_quarter)


def _canonical(pair: PairQuarter, file: str) -> str:
    """The figures of a file as they are signed. Raises a `Failure` where it has none."""
    try:
        read = TypeAdapter(list[FigureIn]).validate_python(read_job(file).get("figures"))
    except ValidationError as fault:
        first = fault.errors()[0]
        where = "/".join(map(str, ("figures", *first["loc"])))
        raise Failure(f"{file} can't be used: {where}: {first['msg']}.", ExitCode.USAGE) from None
    figures = (Figure(AccountKind(one.kind), one.region, Fen(one.fen)) for one in read)
    return canonical(QuarterFigures(pair, tuple(figures))).decode()


def _tell_all(found: list[AgreementOut]) -> None:
    if found:
        write_table("", [_row(one) for one in found], numbers=("version",))
    else:
        write("Nothing is proposed yet.")


def _tell(agreement: AgreementOut) -> None:
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


def _tell_quarter(quarter: QuarterOut) -> None:
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
