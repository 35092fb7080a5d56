"""Payouts: what sellers are owed, paying it, taking it back; what buyers withdraw; whether the gateway's books agree."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.bus import Answer
from exchange.payments import FrozenError, NothingToTakeBackError, Payments
from exchange.payouts.commands import NamePayoutAccount
from exchange.payouts.events import PayoutBegun
from exchange.persistence.queries.payouts import dues, payout_of, payout_terms, payouts
from exchange.persistence.turn import sole_run
from exchange.state import WITHDRAWAL_WAYS, PayoutWay, Role
from web.api.asking import CommandId, Cursor, Limit, Submit, known, page, place_after
from web.bodies.common import Page
from web.bodies.fields import utc
from web.bodies.payouts import (
    BegunOut,
    DueOut,
    LiftIn,
    LiftOut,
    PayoutAccountIn,
    PayoutAccountOut,
    PayoutOut,
    PayoutPlanOut,
    PayoutsIn,
    PayoutTermsIn,
    PayoutTermsOut,
    ReconciliationOut,
    ReconciliationPlanOut,
    TakeBackIn,
    TakeBackOut,
    WithdrawalIn,
)
from web.problems import DoorRejection, ProblemError
from web.session import Caller, may

CONSOLE = "/console/payouts"
NOT_NOW = "The venue pays nothing out just now. Your balance is as it was: ask again later."
RECONCILE = "reconcile"  # the job's name, by which its runs take turns


@get("/payouts/plan", guards=[may(Role.CLERK)])
async def plan_payouts(
    exchange: NamedDependency[Exchange], payments: NamedDependency[Payments]
) -> PayoutPlanOut:
    """What every seller is owed, and what could be paid now. Nothing is changed."""
    terms = await payout_terms(exchange.readers)
    return PayoutPlanOut.of(terms, await payments.freezes.standing(), await dues(exchange.readers))


@post("/payouts", guards=[may(Role.CLERK)])
async def begin_payouts(
    data: JSONBody[PayoutsIn],
    caller: NamedDependency[Caller],
    command_id: NamedDependency[CommandId],
    exchange: NamedDependency[Exchange],
    payments: NamedDependency[Payments],
) -> BegunOut:
    """Set sellers' money aside and have the gateway pay it: as it was planned and confirmed, all or none.

    Sending it again with the same key tells how it stands, and pays nothing again.
    """
    try:
        answer = await payments.begin_payouts(caller.party, command_id, data.asked())
    except FrozenError as frozen:
        raise ProblemError(
            DoorRejection.PAYOUTS_FROZEN, f"An audit has found a difference: {frozen}."
        ) from None
    return await _begun(exchange, answer)


@post("/withdrawals", guards=[may(Role.BUYER)])
async def withdraw(
    data: JSONBody[WithdrawalIn],
    caller: NamedDependency[Caller],
    command_id: NamedDependency[CommandId],
    exchange: NamedDependency[Exchange],
    payments: NamedDependency[Payments],
) -> BegunOut:
    """Take back of your balance what nothing holds: by your top-ups, the newest first, and the rest to your bank.

    Each part ends by itself; what can't be paid is available again. Sending it again with the same key tells how it
    stands, and takes nothing again.
    """
    try:
        answer = await payments.withdraw(caller.party, command_id, data.command())
    except FrozenError:
        raise ProblemError(DoorRejection.PAYOUTS_FROZEN, NOT_NOW) from None
    return await _begun(exchange, answer)


@get("/withdrawals", guards=[may(Role.BUYER)])
async def list_withdrawals(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PayoutOut]:
    """What you have taken back of your balance, part by part, the newest first."""
    rows = await payouts(exchange.readers, caller.party, WITHDRAWAL_WAYS, place_after(cursor), limit + 1)
    return page(rows, limit, lambda payout: (payout.seq, payout.id), PayoutOut.of)


async def _begun(exchange: Exchange, answer: Answer) -> BegunOut:
    """What was begun, as it stands now. Raises a problem for a refusal."""
    if answer.rejection is not None:
        raise ProblemError(answer.rejection.code, answer.rejection.explain)
    begun = [event.payout for event in answer.events if isinstance(event, PayoutBegun)]
    return BegunOut([PayoutOut.of(known(await payout_of(exchange.readers, one))) for one in begun])


@get("/payouts", guards=[may(Role.SELLER, Role.CLERK)])
async def list_payouts(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PayoutOut]:
    """Payouts to you as a seller, or for a clerk to everybody, withdrawals among them; the newest first."""
    whose, ways = (
        (None, list(PayoutWay)) if Role.CLERK in caller.roles else (caller.party, [PayoutWay.TRANSFER])
    )
    rows = await payouts(exchange.readers, whose, ways, place_after(cursor), limit + 1)
    return page(rows, limit, lambda payout: (payout.seq, payout.id), PayoutOut.of)


@get("/payouts/due", guards=[may(Role.SELLER)])
async def get_due(caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]) -> DueOut:
    """What you are owed, and what of it is due."""
    (due,) = await dues(exchange.readers, caller.party)
    return DueOut.of(due)


@post("/payouts/{payout_id:str}/reversals", guards=[may(Role.CLERK)])
async def take_back(
    payout_id: FromPath[str],
    data: JSONBody[TakeBackIn],
    command_id: NamedDependency[CommandId],
    exchange: NamedDependency[Exchange],
    payments: NamedDependency[Payments],
) -> TakeBackOut:
    """Take back what a seller was paid, or a part of it: it is payable again then, and can be refunded to a buyer."""
    payout = known(await payout_of(exchange.readers, payout_id))
    try:
        movement = await payments.take_back(payout, command_id, data.amount)
    except NothingToTakeBackError as nothing:
        raise ProblemError(DoorRejection.NOTHING_TO_TAKE_BACK, str(nothing)) from None
    return TakeBackOut.of(movement, data.amount_fen)


@post("/payout-terms", guards=[may(Role.CLERK)])
async def set_payout_terms(
    data: JSONBody[PayoutTermsIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> PayoutTermsOut:
    """Say when sellers are paid from now on."""
    await submit(data.command())
    return PayoutTermsOut.of(await payout_terms(exchange.readers))


@post("/payout-account", guards=[may(Role.SELLER)])
async def name_payout_account(
    data: JSONBody[PayoutAccountIn],
    request: Request[Caller, Any, Any],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
    payments: NamedDependency[Payments],
) -> PayoutAccountOut:
    """Say where you are paid: name your account at your bank, or get a page of the gateway where you say who you are."""
    seller = submit.caller.party
    if payments.by_bank:
        if data.account is None:
            raise ProblemError(DoorRejection.NO_ONBOARDING, "The venue pays by its bank: name your account.")
        await submit(NamePayoutAccount(seller, data.account))
        url = None
    else:
        if data.account is not None:
            raise ProblemError(DoorRejection.ONBOARDING_NEEDED, "Send null, and go to the page that you get.")
        url = await payments.onboard(seller, str(request.base_url).rstrip("/") + CONSOLE)
    (due,) = await dues(exchange.readers, seller)
    return PayoutAccountOut(due.account, url)


@post("/payouts/lift", guards=[may(Role.CLERK)], status_code=HTTP_200_OK)
async def lift_freeze(
    data: JSONBody[LiftIn],
    caller: NamedDependency[Caller],
    command_id: NamedDependency[CommandId],  # noqa: ARG001 - asked of every request that changes something
    payments: NamedDependency[Payments],
) -> LiftOut:
    """Let payouts go on that an audit has frozen. Who did so, and why, is kept."""
    return LiftOut(await payments.freezes.lift(caller.party, data.why))


@get("/reconciliations/plan", guards=[may(Role.CLERK)])
async def plan_reconciliation(payments: NamedDependency[Payments]) -> ReconciliationPlanOut:
    """What there is to compare with the gateway's books. Nothing is changed."""
    since, waiting, reconciled = await payments.to_reconcile()
    return ReconciliationPlanOut(utc(since), waiting, reconciled)


@post("/reconciliations", guards=[may(Role.CLERK)], status_code=HTTP_200_OK)
async def reconcile(
    exchange: NamedDependency[Exchange], payments: NamedDependency[Payments]
) -> ReconciliationOut:
    """Set the last weeks of the gateway's books beside ours and beside the ledger. Needs no Idempotency-Key."""
    async with sole_run(exchange.url, RECONCILE):
        return ReconciliationOut.of(await payments.reconcile())


HANDLERS = [
    plan_payouts,
    begin_payouts,
    list_payouts,
    withdraw,
    list_withdrawals,
    get_due,
    take_back,
    set_payout_terms,
    name_payout_account,
    lift_freeze,
    plan_reconciliation,
    reconcile,
]
