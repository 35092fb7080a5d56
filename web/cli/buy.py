"""`suanli buy`: an order, placed at the price that its buyer has just seen."""

import httpx

from web.bodies.orders import OrderOut
from web.bodies.quotes import PromiseOut, QuoteOut
from web.cli import venue
from web.cli.buyer import Job, JobFile, Key, Url, document, read_job, tell_quote
from web.cli.options import DataDir, Json, Yes
from web.cli.quote import ask
from web.cli.talk import ExitCode, Failure, commands, confirm, examples, write, write_json
from web.client import Client
from web.pages.formats import yuan

app = commands()
EXAMPLES = examples("suanli buy job.json --key sk_…", "SUANLI_KEY=sk_… suanli buy - --yes --json < job.json")


@app.command(epilog=EXAMPLES)
def buy(
    job: JobFile,
    *,
    key: Key,
    url: Url = None,
    data_dir: DataDir = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Quote an order, ask, and place it: at what the quote says or less, or not at all.

    An order for which nothing fits waits in the book, if it may: then its limit alone bounds the price.
    """
    body, base_url = read_job(job), url or venue.address(data_dir)
    quote = venue.run(ask(body, base_url, key))
    if not json or quote.refusal is not None:
        tell_quote(quote)
    confirm(_question(quote), yes=yes)
    promise = {} if quote.promise is None else {"quoted": document(PromiseOut, quote.promise)}
    order = venue.run(_place(body | promise, base_url, key))
    if json:
        write_json(document(OrderOut, order))
        return
    write(f"{order.id} {order.status}")
    for lease in order.leases:
        cards = f"{lease.cards} cards of {lease.chip}"
        write(f"{lease.id}: {cards}, listing {lease.listing}, {yuan(lease.held_fen)} held")


def _question(quote: QuoteOut) -> str:
    if quote.found is None:
        return f"Nothing fits now. Place the order all the same, with {yuan(quote.order_held_fen)} held?"
    return f"Place the order, for {yuan(quote.found.total_fen)} or less?"


async def _place(body: Job, base_url: str, key: str) -> OrderOut:
    async with Client(base_url, key) as client:
        try:
            return await client.place_order(body)
        except httpx.ReadTimeout:
            sentence = "No answer came, and the order may be placed: suanli orders tells."
            raise Failure(sentence, ExitCode.UNAVAILABLE) from None
