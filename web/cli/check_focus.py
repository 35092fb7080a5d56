"""`suanli check-focus`: a FOCUS file, held against the statements of whoever was billed."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from settlement.meters import Meter
from web.bodies.refunds import RefundOut
from web.bodies.statements import LineOut, StatementDetail
from web.cli import venue
from web.cli.buyer import Key, Url
from web.cli.options import DataDir
from web.cli.talk import ExitCode, Failure, commands, examples, write
from web.client import Client
from web.documents.focus import Charge
from web.documents.focus_file import FocusError, billed_fen, read_focus
from web.pages.formats import yuan

app = commands()
EXAMPLES = examples(
    "suanli check-focus focus-2026-10.csv 2026-10 --key sk_…",
    "SUANLI_KEY=sk_… suanli check-focus costs.csv 2026-10 --url https://venue.example",
)
AT_A_TIME = 200

File = Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="A FOCUS file, in UTF-8.")]
Period = Annotated[str, typer.Argument(metavar="PERIOD", show_default=False, help="Its month: 2026-10.")]


@app.command(epilog=EXAMPLES)
def check_focus(file: File, period: Period, *, key: Key, url: Url = None, data_dir: DataDir = None) -> None:
    """Read a FOCUS file strictly, and compare every line's billed cost and use with your statements and refunds of a month.

    The exit code is 1 if anything differs, and 2 for a file that can't be read; then its first bad line is told.
    """
    try:
        charges = read_focus(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, FocusError) as fault:
        raise Failure(f"{file} can't be used: {fault}.", ExitCode.USAGE) from None
    statements, refunds = venue.run(_stated(url or venue.address(data_dir), key, period))
    differences = compared(charges, statements, refunds)
    for difference in differences:
        write(difference)
    if differences:
        raise typer.Exit(ExitCode.FAILED)
    total = yuan(sum(billed_fen(charges).values()))
    said = f"{len(statements):,} statements of {period} and its {len(refunds):,} refunds"
    write(f"{len(charges):,} charges are {total}, as the {said} say.")


def compared(charges: list[Charge], statements: list[StatementDetail], refunds: list[RefundOut]) -> list[str]:
    """A sentence for each line whose cost or use differs, for each refund that does, and for what only one of the two has.

    What expires of a package is billed to nobody, so no statement of the month need have its line.
    """
    found = billed_fen([charge for charge in charges if charge["ChargeCategory"] != "Adjustment"])
    return [
        *_unlike_lines({key[:2]: fen for key, fen in found.items() if not key[2]}, charges, statements),
        *_unlike_refunds({key[2]: fen for key, fen in found.items() if key[2]}, refunds),
    ]


def _unlike_refunds(billed: dict[str, int], refunds: list[RefundOut]) -> list[str]:
    owed = {refund.id: refund.figures["buyer_pays_fen"] for refund in refunds}
    return [
        f"refund {refund}: the file says {yuan(billed.get(refund, 0))}, the venue {yuan(owed.get(refund, 0))}"
        for refund in sorted(billed.keys() | owed.keys())
        if billed.get(refund, 0) != owed.get(refund, 0)
    ]


def _unlike_lines(
    billed: dict[tuple[str, int], int], charges: list[Charge], statements: list[StatementDetail]
) -> list[str]:
    used = {
        _line(charge): charge["ConsumedQuantity"]
        for charge in charges
        if charge["ChargeCategory"] == "Usage" and charge["ChargeClass"] is None
    }
    owed = {
        (detail.statement.id, n): line
        for detail in statements
        for n, line in enumerate(detail.lines, start=1)
    }
    differences = []
    for at in sorted(billed.keys() | owed.keys()):
        line = owed.get(at)
        where = f"{at[0]}, line {at[1]}"
        if line is None:
            differences.append(f"{where}: only the file has it")
        elif billed.get(at, 0) != line.figures["buyer_pays_fen"]:
            pays = yuan(line.figures["buyer_pays_fen"])
            differences.append(f"{where}: the file says {yuan(billed.get(at, 0))}, the statement {pays}")
        elif used.get(at, Decimal(0)) != _used(line):
            differences.append(f"{where}: the file says {used.get(at, 0)} used, the statement {_used(line)}")
    return differences


def _line(charge: Charge) -> tuple[str, int]:
    return str(charge["x_StatementId"]), int(charge["x_StatementLine"] or 0)


def _used(line: LineOut) -> int:
    """What was used of a quantity: a package is bought, and used by other lines."""
    return 0 if line.meter is Meter.PACKAGES else line.quantity - line.lost


async def _stated(base_url: str, key: str, period: str) -> tuple[list[StatementDetail], list[RefundOut]]:
    async with Client(base_url, key) as client:
        return await billed(client, period), await refunded(client, period)


async def refunded(client: Client, period: str) -> list[RefundOut]:
    """What the client's party was refunded in a month."""
    me, cursor, found = (await client.balance()).party, None, list[RefundOut]()
    while True:
        listed = await client.refunds(AT_A_TIME, cursor)
        found += [one for one in listed.items if one.period == period and one.buyer == me]
        if (cursor := listed.next) is None:
            return found


async def billed(client: Client, period: str) -> list[StatementDetail]:
    """What the client's party was billed in a month."""
    me, cursor, found = (await client.balance()).party, None, list[str]()
    while True:
        listed = await client.statements(AT_A_TIME, cursor)
        found += [one.id for one in listed.items if one.period == period and one.buyer == me]
        if (cursor := listed.next) is None:
            return [await client.statement(statement) for statement in found]
