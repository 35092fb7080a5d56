"""`suanli deposit`: money that a party has paid in."""

import hashlib
import secrets
from dataclasses import asdict
from typing import Annotated

import httpx
import typer

from web.bodies.parties import DepositOut
from web.cli import venue
from web.cli.amounts import in_parts
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, Failure, commands, examples, write, write_json
from web.client import Client
from web.pages.formats import yuan
from web.problems import DoorRejection, ProblemError

app = commands()
EXAMPLES = examples(
    "suanli deposit ann-lab 250000.00 --reference ICBC-20261122-0017", "suanli deposit ann-lab 99.90 --json"
)

Party = Annotated[str, typer.Argument(metavar="PARTY", show_default=False, help="Who has paid.")]
Amount = Annotated[
    str, typer.Argument(metavar="YUAN", show_default=False, help="How much, such as 250000.00.")
]
Reference = Annotated[
    str | None,
    typer.Option(
        show_default=False,
        help="The bank's reference. A reference is booked once, however often it is given.",
    ),
]


@app.command(epilog=EXAMPLES)
def deposit(
    party: Party, amount: Amount, *, reference: Reference = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """Book money that a party has paid in, to the fen."""
    fen = in_parts(amount, 2, "An amount is written in yuan, such as 250000.00")
    if reference is None:  # an empty one is refused: it was meant to be something
        reference = f"by-hand-{secrets.token_hex(6)}"
    booked = at_desk(venue.settings(data_dir), lambda client: _book(client, party, fen, reference))
    if json:
        write_json(asdict(booked))
    else:
        write(f"{yuan(booked.amount_fen)} booked for {booked.party}, reference {booked.reference}.")


async def _book(client: Client, party: str, fen: int, reference: str) -> DepositOut:
    """Book it under an id that follows from the reference, so that nobody's second try books it twice."""
    command_id = f"deposit-{hashlib.sha256(reference.encode()).hexdigest()[:32]}"
    try:
        return await client.deposit(party, fen, reference, key=command_id)
    except ProblemError as problem:
        if problem.code != DoorRejection.IDEMPOTENCY_KEY_REUSED:
            raise
        sentence = f"The reference {reference} stands for another deposit: give this one its own."
        raise Failure(sentence, ExitCode.REFUSED) from None
    except httpx.TransportError:
        sentence = f"No answer came, and it may be booked. Give it again with --reference {reference}: it is booked once."
        raise Failure(sentence, ExitCode.UNAVAILABLE) from None
