"""`suanli quote`: what a job would get now, and what would let it fit where nothing does."""

from web.bodies.quotes import QuoteOut
from web.cli import venue
from web.cli.buyer import Job, JobFile, Key, Url, document, read_job, tell_quote
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, write_json
from web.client import Client

app = commands()
EXAMPLES = examples("suanli quote job.json --key sk_…", "SUANLI_KEY=sk_… suanli quote - --json < job.json")


@app.command(epilog=EXAMPLES)
def quote(job: JobFile, *, key: Key, url: Url = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Say what an order would get now: legs, sums, other sizes and limits, who could take it back. It books nothing.

    Where nothing fits it says why, dimension by dimension, and what would let it fit.
    """
    answer = venue.run(ask(read_job(job), url or venue.address(data_dir), key))
    if json:
        write_json(document(QuoteOut, answer))
    else:
        tell_quote(answer)


async def ask(job: Job, base_url: str, key: str) -> QuoteOut:
    """Ask the venue for a quote."""
    async with Client(base_url, key) as client:
        return await client.quote(job)
