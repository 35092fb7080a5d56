"""`suanli bill-tokens`: one month of requests, billed at many models' prices, to see why a bill is rounded once."""

from typing import Annotated

import typer

from exchange.replay.assumptions import assume
from exchange.replay.model_prices import ModelPrice, read_model_prices
from exchange.replay.reference import reference_model_prices, reference_tokens
from exchange.replay.token_bills import PICO_PER_FEN, TokenBill, token_bill
from exchange.replay.tokens import read_token_trace
from web.cli.assumed import given, with_assumptions
from web.cli.figures import readable
from web.cli.options import Json
from web.cli.planning import Trace
from web.cli.talk import ExitCode, Failure, commands, examples, write, write_json, write_table

app = commands()
EXAMPLES = examples(
    "suanli bill-tokens",
    "suanli bill-tokens --trace data",
    "suanli bill-tokens --trace data --model deepseek/deepseek-chat --model dashscope/qwen-max --json",
)
USUAL = (
    "dashscope/qwen-turbo",
    "deepseek/deepseek-chat",
    "dashscope/qwen-plus",
    "deepseek/deepseek-v4-pro",
    "dashscope/qwen-max",
)
PICO_PER_NANO = 1_000

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        show_default=False,
        help="A model of the price list; give it again for another one. Five of them, unless told otherwise.",
    ),
]


@app.command(epilog=EXAMPLES)
@with_assumptions
def bill_tokens(
    *, trace: Trace = None, model: Models = None, json: Json = False, **assumed: str | None
) -> None:
    """Rate a real trace of token requests at real models' prices: exactly, rounded once, and rounded request by request.

    The bill has one line for each stream of requests and each kind of token, and rounds each line to a fen. Rounding
    request by request makes another amount of it, further off the cheaper a request is.
    """
    assumptions = assume(given(assumed))
    if trace is None:
        uses, known = reference_tokens(assumptions), reference_model_prices(assumptions)
        wanted = model or [price.model for price in known]
    else:
        uses, known = read_token_trace(trace, assumptions), read_model_prices(trace, assumptions)
        wanted = model or list(USUAL)
    rows = [_row(token_bill(uses, price)) for price in _chosen(wanted, known)]
    if json:
        write_json(rows)
        return
    title = f"{rows[0]['requests']:,} requests, by model: micro-yuan per million tokens, and yuan"
    write_table(
        title, readable(rows), [name.replace("_fen", ", ¥") for name in readable(rows)[0] if name != "model"]
    )
    write("A bill rounds each of its lines once; no line is further off than half a fen.")


def _chosen(wanted: list[str], known: tuple[ModelPrice, ...]) -> list[ModelPrice]:
    by_name = {price.model: price for price in known}
    for name in wanted:
        if name not in by_name:
            near = [other for other in by_name if name.rpartition("/")[2] in other][:3]
            hint = f" Is it {' or '.join(near)}?" if near else ""
            raise Failure(f"The price list has no prices for {name}.{hint}", ExitCode.USAGE)
    return [by_name[name] for name in wanted]


def _row(bill: TokenBill) -> dict[str, str | int]:
    """A bill as a row; `exact` is in yuan with all of its digits."""
    return {
        "model": bill.price.model,
        "input_price": bill.price.input_price,
        "output_price": bill.price.output_price,
        "requests": bill.requests,
        "exact": f"{bill.exact // (100 * PICO_PER_FEN):,}.{bill.exact % (100 * PICO_PER_FEN):012}",
        "billed_fen": bill.billed,
        "request_by_request_fen": bill.by_request,
        "astray_milli": bill.astray_milli,
    }
