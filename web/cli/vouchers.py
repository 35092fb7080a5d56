"""`suanli vouchers`: what the clerk puts on record of parties, what became of programmes, what regions paid, and misuse."""

from dataclasses import asdict
from typing import Annotated

import typer

from settlement.terms import VoucherMode
from settlement.vouchers.parties import BuyerSize
from web.bodies.subsidies import SubsidyOut
from web.cli import venue
from web.cli.amounts import in_parts
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write, write_json, write_table
from web.pages.formats import yuan

app = commands(
    "Put on record what voucher programmes ask for and what regions have paid, and see what became of vouchers."
)

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
Amount = Annotated[
    str, typer.Argument(metavar="YUAN", show_default=False, help="How much, such as 120000.00.")
]
YUAN = "An amount is written in yuan, such as 120000.00"
Reference = Annotated[
    str, typer.Option(show_default=False, help="The bank's reference: booked once for each region.")
]
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
    too_much = f", and has paid {yuan(told.credit_fen)} too much before" if told.credit_fen else ""
    write(f"The region has paid {yuan(told.paid_fen)} of that and owes {yuan(told.open_fen)}{too_much}.")


@app.command(
    epilog=examples(
        "suanli vouchers claims sh-compute-2026",
        "suanli vouchers claims sh-compute-2026 --period 2026-12 --json",
    )
)
def claims(
    programme: Programme, *, period: Period = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """List what a region still owes for vouchers of a programme, statement by statement."""
    told = at_desk(venue.settings(data_dir), lambda client: client.programme_report(programme, period))
    owed = [use for use in told.uses if use.open_fen]
    if json:
        write_json([asdict(use) for use in owed])
        return
    rows = [
        {
            "statement": use.statement,
            "line": use.line + 1,
            "month": use.period,
            "voucher": use.voucher,
            "owed to": use.buyer if use.mode is VoucherMode.REIMBURSE_BUYER else use.seller,
            "covered": yuan(use.covered_fen),
            "refunded": yuan(use.returned_fen),
            "paid": yuan(use.paid_fen),
            "open": yuan(use.open_fen),
        }
        for use in owed
    ]
    if rows:
        write_table(
            f"{told.programme} owes {yuan(told.open_fen)}", rows, ("covered", "refunded", "paid", "open")
        )
    else:
        write("Nothing is owed.")


@app.command(
    epilog=examples(
        "suanli vouchers paid sh-compute-2026 2026-Q4 120000.00 --reference ICBC-20270118-0042",
        "suanli vouchers paid sh-compute-2026 2026-12 800.00 --reference ICBC-7 --withheld run-2/lse-3",
    )
)
def paid(
    programme: Programme,
    period: Annotated[
        str,
        typer.Argument(metavar="PERIOD", show_default=False, help="A month or quarter: 2026-12, 2026-Q4."),
    ],
    amount: Amount,
    *,
    reference: Reference,
    withheld: Annotated[
        list[str] | None,
        typer.Option(
            show_default=False, help="A statement that it does not pay for; give it again for more."
        ),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Book what a region has paid for vouchers that were used. Sellers and buyers have it at once."""
    body = {
        "period": period,
        "amount_fen": in_parts(amount, 2, YUAN),
        "reference": reference,
        "withheld": withheld or [],
    }
    booked = at_desk(venue.settings(data_dir), lambda client: client.book_subsidy(programme, body))
    _tell(booked, f"{yuan(booked.amount_fen)} booked for {booked.programme}", json=json)


@app.command(epilog=examples("suanli vouchers repaid sh-compute-2026 300.00 --reference ICBC-20270201-0003"))
def repaid(
    programme: Programme,
    amount: Amount,
    *,
    reference: Reference,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Book that a region has back what it had paid for lines which were refunded since."""
    body = {"amount_fen": in_parts(amount, 2, YUAN), "reference": reference}
    booked = at_desk(venue.settings(data_dir), lambda client: client.repay_subsidy(programme, body))
    _tell(booked, f"{yuan(-booked.amount_fen)} given back to the region of {booked.programme}", json=json)


def _tell(booked: SubsidyOut, what: str, *, json: bool) -> None:
    if json:
        write_json(asdict(booked) | {"at": booked.at.isoformat()})
    else:
        set_off = f", and {yuan(booked.credit_fen)} that were paid before" if booked.credit_fen else ""
        write(f"{what}{set_off}, reference {booked.reference}.")


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
