"""What the commands of a buyer share: the venue and the key, a job's file, and how a quote is told."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import TypeAdapter

from settlement.terms import VoucherMode
from web.bodies.quotes import FoundOut, QuoteOut, RiskOut, WhyOut
from web.cli.talk import ExitCode, Failure, write, write_table
from web.pages.formats import card_hours, local, micro_yuan, share_of, unit_price, yuan
from web.problems import ProblemError
from web.strict import scan

Key = Annotated[str, typer.Option(envvar="SUANLI_KEY", help="Your API key.", show_default=False)]
Url = Annotated[
    str | None, typer.Option(help="Where the venue answers, if not on this machine.", show_default=False)
]
JobFile = Annotated[
    str,
    typer.Argument(
        metavar="JOB",
        show_default=False,
        help="A file with the order as the API takes it, in JSON; - reads it from standard input.",
    ),
]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many, the newest first.")]

Job = dict[str, Any]
T = TypeVar("T")


def read_job(file: str) -> Job:
    """A request's body. Raises a `Failure` where there is none; what is wrong within it is the venue's to say."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        scan(text.encode())
        body = json.loads(text)
    except (OSError, ValueError, ProblemError) as fault:
        raise Failure(f"The job can't be read from {file}: {fault}.", ExitCode.USAGE) from None
    if not isinstance(body, dict):
        raise Failure(f"A job is one JSON object; {file} has something else.", ExitCode.USAGE)
    return body


def document(kind: type[T], value: T) -> Any:
    """An answer of the API as the JSON that it was."""
    return TypeAdapter(kind).dump_python(value, mode="json")


def tell_quote(quote: QuoteOut) -> None:
    """Write what a quote says. Raises a `Failure` where the venue would not take the order."""
    if quote.refusal is not None:
        raise Failure(f"{quote.refusal.detail} ({quote.refusal.code})", ExitCode.REFUSED)
    if quote.found is not None:
        for line in (*_found(quote.found), *_covered(quote), *_besides(quote), *_risk(quote.risk)):
            write(line)
    if quote.why is not None:
        for line in _why(quote.why):
            write(line)
    rest = "would wait in the book" if quote.ends is None else f"would be closed at once ({quote.ends})"
    write(f"{yuan(quote.order_held_fen)} would be held at first. The order {rest}.")
    _tell_steps(quote)


def _found(found: FoundOut) -> Iterator[str]:
    for leg in found.legs:
        begins, ends = told_time(leg.window.start), told_time(leg.window.end)
        place = f"{leg.cards} cards of {leg.chip} in {leg.region}"
        yield f"{place}, {begins} to {ends} (UTC+8), {yuan(leg.total_fen)}, from listing {leg.listing_alias} of this quote"
    average = unit_price(found.average_micro_yuan_per_card_hour)
    yield f"{yuan(found.total_fen)} in all, of which VAT {yuan(found.vat_fen)}; on average {average} per card-hour."


def _covered(quote: QuoteOut) -> Iterator[str]:
    """What vouchers that the order names would do for it."""
    for one in quote.vouchers:
        later = ", paid back later" if one.mode is VoucherMode.REIMBURSE_BUYER else ""
        yield f"{one.voucher} covers {yuan(one.covered_fen)} of it{later}; at first {yuan(one.held_fen)} of it would be held."


def _besides(quote: QuoteOut) -> Iterator[str]:
    """What the order could have sooner, and what it takes from others."""
    earliest = quote.earliest
    if earliest is not None and earliest.delay_minutes:
        yield (
            f"The earliest start is {told_time(earliest.start)}, for {yuan(earliest.total_fen)}: "
            f"this saves {yuan(earliest.saving_fen)}."
        )
    if quote.interrupted_leases:
        yield f"It takes back {quote.interrupted_leases} interruptible leases of others, after their notice."


def _risk(risk: RiskOut | None) -> Iterator[str]:
    if risk is None:
        return
    firm = " Any firm order could take it." if risk.on_demand else ""
    outbid = unit_price(risk.outbid_micro_yuan_per_card_hour)
    yield f"A spot order that arrives with {outbid} or more for a card-hour could take it back.{firm}"
    yield (
        f"Orders that wait now could run in {share_of(risk.exposed_milli, 1000)} of its time. "
        f"The notice is {risk.notice_minutes} minutes; up to {risk.grace_minutes} delivered minutes cost nothing."
    )


def _why(why: WhyOut) -> Iterator[str]:
    """The barriers that rule anything out, and the cures."""
    yield f"Nothing fits now. {why.listings} listings have something free."
    left = why.listings
    for barrier in why.barriers:
        if barrier.left < left:
            yield f"  {barrier.dimension}: {barrier.left} left; {barrier.without} would do but for this"
            left = barrier.left
    for cure in why.cures:
        change = json.dumps(document(dict[str, Any], cure.change))
        yield f"It would fit with {change}: {yuan(cure.found.total_fen)}."


def _tell_steps(quote: QuoteOut) -> None:
    if quote.found is None:
        return
    sizes = [
        {
            "size": f"{step.percent} %",
            "card_hours": card_hours(step.got_card_minutes * 60),
            "costs": micro_yuan(step.cost_micro_yuan),
        }
        for step in quote.sizes
    ]
    limits = [
        {
            "limit": unit_price(step.limit_micro_yuan_per_card_hour),
            "card_hours": card_hours(step.got_card_minutes * 60),
            "costs": micro_yuan(step.cost_micro_yuan),
        }
        for step in quote.limits
    ]
    write_table("Of what is free, for a part of the size", sizes, numbers=sizes[0])
    write_table("Of what is free, at another limit", limits, numbers=limits[0])


def told_time(time: datetime) -> str:
    """A time on the clock of UTC+8."""
    return local(int(time.timestamp()))
