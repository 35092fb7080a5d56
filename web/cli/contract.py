"""`suanli contract`: what buyers and sellers have agreed about tokens, and prices and packages that come later."""

from typing import Annotated

import typer

from web.bodies.contracts import ContractOut, PackageOut, PriceVersionOut
from web.cli.amounts import in_parts
from web.cli.asking import Asking, all_pages, asking
from web.cli.buyer import read_job
from web.cli.talk import commands, examples, write, write_table
from web.client import Client
from web.pages.formats import agreed_price, count, local, yuan

app = commands("Register token contracts, other prices and packages of theirs, as the clerk; list them.")
CONCERNED = "a buyer or seller"

Name = Annotated[str, typer.Argument(metavar="CONTRACT", show_default=False, help="Its id, such as tkc-12.")]
Terms = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="What was agreed as the API takes it, in JSON; - reads it from standard input.",
    ),
]
Begins = Annotated[
    str, typer.Option(metavar="TIME", show_default=False, help="When: 2026-12-01T00:00:00+08:00.")
]
Input = Annotated[
    str, typer.Option("--input", show_default=False, help="Yuan per million input tokens, VAT included.")
]
Cached = Annotated[
    str | None,
    typer.Option("--cached", show_default=False, help="Of cached input, if not that of other input."),
]
Tokens = Annotated[
    int, typer.Argument(metavar="TOKENS", show_default=False, min=1, help="How many, of any kind.")
]
Price = Annotated[str, typer.Option(metavar="YUAN", show_default=False, help="VAT included; free without.")]
Ends = Annotated[str, typer.Option(metavar="TIME", show_default=False, help="Until before when.")]
Output = Annotated[str, typer.Option("--output", show_default=False, help="Of output.")]


@app.command("list", epilog=examples("suanli contract list", "suanli contract list --key sk_… --json"))
@asking(CONCERNED)
def list_contracts(asked: Asking) -> None:
    """List contracts with every version of their prices, the newest first."""
    asked.tell(list[ContractOut], asked.ask(_all_contracts), _tell_all)


@app.command("open", epilog=examples("suanli contract open contract.json"))
@asking("a clerk")
def open_contract(asked: Asking, terms: Terms) -> None:
    """Put a contract in force. Its whole budget is held at once, and what vouchers that it names can cover of that."""
    body = read_job(terms)
    asked.tell(ContractOut, asked.ask(lambda client: client.open_contract(body)), _tell)


@app.command(
    epilog=examples(
        "suanli contract prices tkc-12 --begins 2026-12-01T00:00:00+08:00 --input 1.20 --cached 0.12 --output 4.80"
    )
)
@asking("a clerk")
def prices(
    asked: Asking, contract: Name, *, begins: Begins, of_input: Input, output: Output, cached: Cached = None
) -> None:
    """Let other prices begin that were agreed. What is used before keeps those that are in force then."""
    body = {"begins": begins} | {
        f"{kind}_price_micro_yuan_per_million": in_parts(price, 6, "A price is in yuan, such as 1.20")
        for kind, price in (("input", of_input), ("cached_input", cached), ("output", output))
        if price is not None
    }
    asked.tell(ContractOut, asked.ask(lambda client: client.agree_prices(contract, body)), _tell)


@app.command(
    epilog=examples(
        "suanli contract package tkc-12 100000000 --price 60.00 --begins 2026-12-01T00:00:00+08:00 "
        "--ends 2027-03-01T00:00:00+08:00"
    )
)
@asking("a clerk")
def package(
    asked: Asking, contract: Name, tokens: Tokens, *, begins: Begins, ends: Ends, price: Price = "0"
) -> None:
    """Add a package of tokens that was agreed. Its price is held at once; what is left at its end expires."""
    fen = in_parts(price, 2, "A price is in yuan, such as 60.00")
    body = {"tokens": tokens, "price_fen": fen, "begins": begins, "ends": ends}
    asked.tell(ContractOut, asked.ask(lambda client: client.add_package(contract, body)), _tell)


async def _all_contracts(client: Client) -> list[ContractOut]:
    return await all_pages(lambda cursor: client.contracts(cursor=cursor))


def _tell_all(found: list[ContractOut]) -> None:
    if not found:
        write("No token contract is open.")
    for contract in found:
        _tell(contract)


def _tell(contract: ContractOut) -> None:
    budget = f"{yuan(contract.left_fen)} left of {yuan(contract.budget_fen)}"
    title = f"{contract.id} {contract.status}: {contract.buyer} from {contract.seller}, {budget}"
    write_table(title, [_row(version) for version in contract.prices], ("input", "cached", "output"))
    for pledge in contract.vouchers:
        write(f"{pledge.voucher} covers up to {yuan(pledge.held_fen)} of it.")
    if contract.packages:
        packages = [_package_row(package) for package in contract.packages]
        write_table("Packages", packages, ("tokens", "left", "price"))


def _row(version: PriceVersionOut) -> dict[str, object]:
    return {
        "version": version.version,
        "from": local(int(version.begins.timestamp())),
        "input": agreed_price(version.input_price_micro_yuan_per_million),
        "cached": agreed_price(version.cached_input_price_micro_yuan_per_million),
        "output": agreed_price(version.output_price_micro_yuan_per_million),
    }


def _package_row(package: PackageOut) -> dict[str, object]:
    return {
        "package": package.id,
        "from": local(int(package.begins.timestamp())),
        "until before": local(int(package.ends.timestamp())),
        "tokens": count(package.tokens),
        "left": count(package.left_tokens),
        "price": yuan(package.price_fen) if package.price_fen else "free",
        "charged in": package.charged_in,
    }
