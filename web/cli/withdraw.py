"""`suanli withdraw`: a buyer takes back what is left of its balance."""

from typing import Annotated

import httpx
import typer

from web.bodies.payouts import BegunOut
from web.cli import venue
from web.cli.amounts import fen_of
from web.cli.buyer import Key, Url, document
from web.cli.options import DataDir, Json, Yes
from web.cli.talk import ExitCode, Failure, commands, confirm, examples, write, write_json
from web.cli.withdrawals import tell_parts
from web.client import Client
from web.pages.formats import yuan

app = commands()
EXAMPLES = examples(
    "suanli withdraw 1200.00 --key sk_…",
    "SUANLI_KEY=sk_… suanli withdraw 1200.00 --account 6222021234567891 --yes --json",
)

Amount = Annotated[str, typer.Argument(metavar="YUAN", show_default=False, help="How much, such as 1200.00.")]
Account = Annotated[
    str | None,
    typer.Option(
        show_default=False, help="Your account at your bank, for what can't go back the way it came."
    ),
]


@app.command(epilog=EXAMPLES)
def withdraw(
    amount: Amount,
    *,
    key: Key,
    account: Account = None,
    url: Url = None,
    data_dir: DataDir = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take back of your balance what orders, leases and contracts don't hold.

    It goes back by your top-ups, the newest first, and what can't go that way to your bank. What can't be paid is
    available again.
    """
    fen = fen_of(amount)
    confirm(f"Withdraw {yuan(fen)}?", yes=yes)
    begun = venue.run(_withdraw(url or venue.address(data_dir), key, fen, account))
    if json:
        write_json(document(BegunOut, begun))
        return
    write(f"{yuan(fen)} are on their way back.")
    tell_parts(begun.payouts)


async def _withdraw(base_url: str, key: str, fen: int, account: str | None) -> BegunOut:
    async with Client(base_url, key) as client:
        try:
            return await client.withdraw(fen, account)
        except httpx.ReadTimeout:
            sentence = "No answer came, and the withdrawal may be begun: suanli withdrawals tells."
            raise Failure(sentence, ExitCode.UNAVAILABLE) from None
