"""`suanli terms`: the rules of the house, to read and to change."""

from collections.abc import Iterator
from fractions import Fraction
from json import dumps, loads
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from matching.terms import Tier
from web.bodies.promises import ServicePromiseOut
from web.bodies.terms import DAY_MINUTES, MarketTermsOut, TermsOut
from web.cli import venue
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json, Yes
from web.cli.talk import ExitCode, Failure, commands, confirm, examples, say, write, write_json
from web.pages.formats import basis_points, decimal, hours, unit_price
from web.problems import ProblemError
from web.strict import scan

app = commands("Show the terms of the house, or change them.")

Terms = dict[str, Any]

TIERS = {Tier.ON_DEMAND: "on demand", Tier.SPOT: "spot"}

TOLD = ("now", "price_tick_micro_yuan_per_card_hour")
"""What the venue tells beside its terms, and nobody adopts."""

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", show_default=False, help="What suanli terms show --json gives, with changes in it."
    ),
]


@app.command(epilog=examples("suanli terms show", "suanli terms show --json > terms.json"))
def show(*, data_dir: DataDir = None, json: Json = False) -> None:
    """Show the terms in force, and where the venue's clock stands."""
    _tell(at_desk(venue.settings(data_dir), lambda client: client.terms()), json=json)


@app.command(epilog=examples("suanli terms adopt terms.json", "suanli terms adopt terms.json --yes --json"))
def adopt(file: File, *, yes: Yes = False, data_dir: DataDir = None, json: Json = False) -> None:
    """Change the terms from now on. Leases and contracts that stand keep the rates that they were made with.

    It says what is to change and asks first: a late window never grows again, and no catalogue line goes.
    """
    asked, chosen = _read(file), venue.settings(data_dir)
    in_force = _document(at_desk(chosen, lambda client: client.terms()))
    changes = list(_changes(in_force, asked))
    for line in changes:
        say(line)
    confirm("Adopt these terms?" if changes else "Adopt the same terms again?", yes=yes)
    _tell(at_desk(chosen, lambda client: client.adopt_terms(_without_told(asked))), json=json)


def _read(file: Path) -> Terms:
    """A file of terms as it is: the venue says what in it can't be used. No term is a float, so none is made of one."""
    try:
        raw = file.read_bytes()
        scan(raw)
        document = loads(raw, parse_float=str)
    except OSError as fault:
        raise Failure(f"{file} can't be read: {fault.strerror}.", ExitCode.USAGE) from None
    except ProblemError as problem:
        raise Failure(f"{file} can't be read in one way only: {problem}", ExitCode.USAGE) from None
    if not isinstance(document, dict):
        sentence = f"{file} is no JSON object: begin with what suanli terms show --json gives."
        raise Failure(sentence, ExitCode.USAGE)
    return document


def _document(terms: TermsOut) -> Terms:
    document: Terms = TypeAdapter(TermsOut).dump_python(terms, mode="json")
    return document


def _without_told(terms: Terms) -> Terms:
    return {name: value for name, value in terms.items() if name not in TOLD}


def _changes(in_force: Terms, asked: Terms) -> Iterator[str]:
    """A line for each term that is to be another one."""
    before, after = _without_told(in_force), _without_told(asked)
    for name in [*before, *(after.keys() - before.keys())]:
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from (f"{name}.{line}" for line in _changes(old, new))
        elif old != new:
            yield f"{name}: {dumps(old)} becomes {dumps(new)}"


def _tell(terms: TermsOut, *, json: bool) -> None:
    if json:
        write_json(_document(terms))
        return
    for name, value in _rows(terms):
        write(f"{name:30} {value}")


def _rows(terms: TermsOut) -> Iterator[tuple[str, str]]:
    """The terms in words."""
    fee = terms.fee
    yield "the venue's clock", f"{terms.now:%Y-%m-%d %H:%M} UTC"
    yield "slot", f"{terms.slot_minutes} minutes"
    yield "largest lot", f"{terms.lot_max} cards" if terms.lot_max > 1 else "1 card"
    yield "price tick", f"{unit_price(terms.price_tick_micro_yuan_per_card_hour)} per card-hour"
    yield "trades ahead", f"{decimal(Fraction(terms.horizon_minutes, DAY_MINUTES))} days"
    yield "reports are taken for", hours(terms.late_window_minutes * 60)
    yield "fee", f"{basis_points(fee.rate_bp)} of {fee.base}, VAT at {basis_points(fee.vat_rate_bp)} inside"
    for line, rate in terms.vat_rates_bp.items():
        yield f"VAT on {line.replace('_', ' ')}", basis_points(rate)
    yield from _market_rows(terms.market)
    for tier, promise in terms.service_promises.items():
        yield from _promise_rows(TIERS[tier], promise)
    yield "months are those of", f"UTC{terms.utc_offset_minutes / 60:+g}"


def _promise_rows(tier: str, promise: ServicePromiseOut) -> Iterator[tuple[str, str]]:
    """What is given up of what was delivered where a promise is not kept, in words."""
    for step in promise.availability:
        yield f"{tier}, less than {basis_points(step.below_bp)} up", f"{basis_points(step.credit_bp)} off"
    if promise.minimum_run_minutes:
        run = hours(promise.minimum_run_minutes * 60)
        yield f"{tier}, run under {run}", f"{basis_points(promise.minimum_run_credit_bp)} off"
    if promise.notice_minutes:
        notice = hours(promise.notice_minutes * 60)
        yield f"{tier}, notice under {notice}", f"{basis_points(promise.notice_credit_bp)} off"


def _market_rows(market: MarketTermsOut) -> Iterator[tuple[str, str]]:
    """What may happen in the market, in words."""
    yield (
        "spot leases are taken back",
        "for orders and by sellers" if market.displacement else "by sellers alone",
    )
    yield "after a notice of", hours(market.notice_minutes * 60)
    yield "free of charge up to", f"{hours(market.grace_minutes * 60)} delivered"
    yield "spot outbids spot by", basis_points(market.outbid_bp)
    yield "an order that finds nothing", "waits" if market.resting else "is closed"
