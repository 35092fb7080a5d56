"""What the venue promises of leases, by the clerk's hand: the ladder in force of each tier, and another one."""

from collections.abc import Iterator, Mapping
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.queries.market import clock
from exchange.rejections import Rejected
from matching.terms import Tier
from settlement.money import BasisPoints
from settlement.rating.service_credits import ServicePromise
from web.bodies.promises import STEPS_MAX
from web.desks.terms import adoption
from web.pages.checked import field_named
from web.pages.fields import Reader
from web.pages.formats import per_cent, plain_hours
from web.pages.routing import PageRequest, give, page, sent_form
from web.session import Caller

AT = "/clerk/promises"
EMPTY_STEPS = 2  # so many can be added at a time
STEPS = range(1, STEPS_MAX + 1)
NOTHING: dict[str, Any] = {
    "availability": [],
    "minimum_run_minutes": 0,
    "minimum_run_credit_bp": 0,
    "notice_minutes": 0,
    "notice_credit_bp": 0,
}

_field_of = field_named({}, otherwise="below-on_demand-1")


@get(AT)
async def promises_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """What is promised of each tier, and the form that promises something else."""
    return await _promises(exchange, caller, Reader({}), None, done="adopted" in request.query_params)


@post(AT)
async def adopt_promises(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Promise something else of leases that are granted from now on; all other terms stay as they are."""
    asked, now = Reader(await sent_form(request)), await clock(exchange.readers)
    spot = _ladder(asked, Tier.SPOT) | dict(_taken_back(asked, now.terms.slot_seconds))
    wanted = {Tier.ON_DEMAND: NOTHING | _ladder(asked, Tier.ON_DEMAND), Tier.SPOT: NOTHING | spot}
    kept = {tier: promise for tier, promise in wanted.items() if promise != NOTHING}
    command = adoption(asked, now, {"service_promises": kept}, _field_of)
    if command is None:
        return await _promises(exchange, caller, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _promises(exchange, caller, asked, answer.rejection)
    return Redirect(f"{AT}?adopted=1", status_code=303)


def _ladder(asked: Reader, tier: Tier) -> dict[str, Any]:
    """The steps that were typed, the lowest first; a row that was left empty is none."""
    rows = [(f"below-{tier}-{n}", f"credit-{tier}-{n}") for n in STEPS]
    steps = [
        {"below_bp": asked.basis_points(below), "credit_bp": asked.basis_points(credit)}
        for below, credit in rows
        if asked.text(below) or asked.text(credit)
    ]
    return {"availability": sorted(steps, key=lambda step: step["below_bp"] or 0)}


def _taken_back(asked: Reader, slot_seconds: int) -> Iterator[tuple[str, int | None]]:
    """What is promised of leases that can be taken back: a length of time, and what comes off where it is not kept."""
    for name in ("minimum_run", "notice"):
        if asked.text(name) or asked.text(f"{name}_credit"):
            slots = asked.slots(name, slot_seconds)
            yield f"{name}_minutes", None if slots is None else slots * slot_seconds // 60
            yield f"{name}_credit_bp", asked.basis_points(f"{name}_credit")


def _as_typed(promises: Mapping[Tier, ServicePromise]) -> dict[str, list[str]]:
    """The promises in force as their form would hold them, the highest step first."""
    typed = dict[str, list[str]]()
    for tier, promise in promises.items():
        for n, (below, credit) in enumerate(reversed(promise.ladder), start=1):
            typed |= {f"below-{tier}-{n}": [per_cent(below)], f"credit-{tier}-{n}": [per_cent(credit)]}
    spot = promises.get(Tier.SPOT, ServicePromise())
    return (
        typed
        | _length("minimum_run", spot.minimum_run, spot.minimum_run_credit_bp)
        | _length("notice", spot.notice, spot.notice_credit_bp)
    )


def _length(name: str, seconds: int, credit_bp: BasisPoints) -> dict[str, list[str]]:
    if not seconds:
        return {}
    return {name: [plain_hours(seconds)], f"{name}_credit": [per_cent(credit_bp)]}


def _rows(asked: Reader, tier: Tier) -> range:
    """The rows of a tier's ladder in the form: those with something in them, and some empty ones."""
    used = [n for n in STEPS if asked.text(f"below-{tier}-{n}") or asked.text(f"credit-{tier}-{n}")]
    return range(1, min(max(used, default=0) + EMPTY_STEPS, STEPS_MAX) + 1)


async def _promises(
    exchange: Exchange, caller: Caller, asked: Reader, rejection: Rejected | None, *, done: bool = False
) -> Template:
    now = await clock(exchange.readers)
    shown = asked if asked.sent else Reader(_as_typed(now.terms.promises))
    return page(
        "clerk/promises.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        clock=now,
        rows={tier: _rows(shown, tier) for tier in Tier},
        asked=shown,
        rejection=rejection,
        done=done,
    )
