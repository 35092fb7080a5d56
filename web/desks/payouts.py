"""The clerk's payouts: what is due to sellers, paying it, what became of it, and whether the gateway's books agree."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.names import PartyId
from exchange.payments import FrozenError, Payments
from exchange.payouts.commands import PayoutAsked
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.payouts import dues, payout_terms, payouts
from exchange.persistence.turn import JobAtWorkError, sole_run
from exchange.rejections import Rejected
from exchange.state import PayoutWay
from settlement.money import Fen
from web.api.payouts import RECONCILE
from web.bodies.payouts import PayoutPlanOut, PayoutTermsIn, ReconciliationOut
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.routing import PageRequest, give, id_of, leaf, not_here, page, sent_form
from web.problems import DoorRejection
from web.session import Caller

AT = "/clerk/payouts"
ROWS = 100
DONE = ("begun", "lifted", "adopted", "reconciled", "empty")

_field_of = field_named({}, otherwise="hold_back_days")


@get(AT)
async def clerk_payouts_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
) -> Template:
    """What is due, what was paid, and what differs."""
    return await _payouts(request, exchange, caller, payments, Reader({}), None)


@post(AT)
async def pay_sellers(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
) -> Template | Redirect:
    """Pay what the page has shown: exactly that, or nothing."""
    asked = Reader(await sent_form(request))
    wanted = [one.partition(":") for one in asked.many("payout")]
    payouts_asked = tuple(
        PayoutAsked(PartyId(party), Fen(int(fen)))
        for party, _, fen in wanted
        if fen.isdecimal() and len(fen) < 18
    )
    try:
        answer = await payments.begin_payouts(caller.party, id_of(asked), payouts_asked)
    except FrozenError as frozen:
        refused = Rejected(DoorRejection.PAYOUTS_FROZEN, f"An audit has found a difference: {frozen}.")
        return await _payouts(request, exchange, caller, payments, Reader({}), refused)
    except JobAtWorkError as at_work:
        refused = Rejected(DoorRejection.JOB_AT_WORK, str(at_work))
        return await _payouts(request, exchange, caller, payments, Reader({}), refused)
    if answer.rejection is not None:
        return await _payouts(request, exchange, caller, payments, Reader({}), answer.rejection)
    return Redirect(f"{AT}?begun=1", status_code=303)


@post(f"{AT}/lift")
async def lift_payouts(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
) -> Template | Redirect:
    """Let payouts go on that an audit has frozen."""
    asked = Reader(await sent_form(request))
    why = asked.words("why")
    if why is None:
        return await _payouts(request, exchange, caller, payments, asked, None)
    await payments.freezes.lift(caller.party, why)
    return Redirect(f"{AT}?lifted=1", status_code=303)


@post(f"{AT}/terms")
async def set_terms_of_payouts(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
) -> Template | Redirect:
    """Change when sellers are paid."""
    asked = Reader(await sent_form(request))
    wanted = {"hold_back_days": asked.whole("hold_back_days", 0), "minimum_fen": asked.fen("minimum_fen")}
    command = checked(asked, PayoutTermsIn, wanted, PayoutTermsIn.command, _field_of)
    if command is None:
        return await _payouts(request, exchange, caller, payments, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _payouts(request, exchange, caller, payments, asked, answer.rejection)
    return Redirect(f"{AT}?adopted=1", status_code=303)


@post(f"{AT}/reconcile")
async def reconcile_now(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
) -> Template | Redirect:
    """Set the gateway's books beside ours."""
    try:
        async with sole_run(exchange.url, RECONCILE):
            await payments.reconcile()
    except JobAtWorkError as at_work:
        refused = Rejected(DoorRejection.JOB_AT_WORK, str(at_work))
        return await _payouts(request, exchange, caller, payments, Reader({}), refused)
    return Redirect(f"{AT}?reconciled=1#books", status_code=303)


@post(f"{AT}/files")
async def next_payment_file(payments: NamedDependency[Payments]) -> Redirect:
    """Put what the bank has yet to be told into a file, and give it."""
    made = await payments.next_file()
    return Redirect(f"{AT}?empty=1" if made is None else f"{AT}/files/{made[0]}.csv", status_code=303)


@get(f"{AT}/files/{{name:str}}")
async def payment_file(name: FromPath[str], payments: NamedDependency[Payments]) -> Response[bytes]:
    """A file for the bank as it was made."""
    number = name.removesuffix(".csv")
    made = await payments.file(int(number)) if number.isdecimal() and len(number) < 18 else None
    if made is None:
        raise not_here()
    headers = {
        "Content-Disposition": f'attachment; filename="payments-{number}.csv"',
        "Cache-Control": "no-store",
    }
    return Response(made, media_type="text/csv", headers=headers)


async def _payouts(
    request: PageRequest,
    exchange: Exchange,
    caller: Caller,
    payments: Payments,
    asked: Reader,
    rejection: Rejected | None,
) -> Template:
    begins = leaf(request)
    place = None if begins is None else (begins.seq, begins.rest)
    found = await payouts(exchange.readers, None, list(PayoutWay), place, ROWS + 1)
    terms, owed = await payout_terms(exchange.readers), await dues(exchange.readers)
    compared = payments.reconciled
    return page(
        "clerk/payouts.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        plan=PayoutPlanOut.of(terms, await payments.freezes.standing(), owed),
        owed=owed,
        clock=await clock(exchange.readers),
        rows=found[:ROWS],
        last=found[ROWS - 1] if len(found) > ROWS else None,
        compared_at=None if compared is None else compared[0],
        compared=None if compared is None else ReconciliationOut.of(compared[1]),
        asked=asked,
        rejection=rejection,
        done=next((what for what in DONE if what in request.query_params), ""),
    )
