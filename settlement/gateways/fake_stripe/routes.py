"""Which requests the fake answers, each with the library's description of its parameters."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stripe import params as described

from settlement.gateways.fake_stripe import rules
from settlement.gateways.fake_stripe.books import Books
from settlement.gateways.fake_stripe.objects import (
    Account,
    BalanceTransaction,
    Charge,
    Dispute,
    Event,
    PaymentIntent,
    Payout,
    Refund,
    Resource,
    Transfer,
    TransferReversal,
    document,
)
from settlement.gateways.fake_stripe.params import Form
from settlement.gateways.fake_stripe.replies import Document, forbidden, invalid

PAGE = 10
PAGE_MAX = 100

Act = Callable[[Books, tuple[str, ...], Form], Document]


@dataclass(frozen=True, slots=True)
class Route:
    """A request: its method, its address, the description of its parameters, and what it does."""

    method: str
    path: re.Pattern[str]
    request: Any
    act: Act


def _route(method: str, path: str, request: Any, act: Act) -> Route:
    return Route(method, re.compile(path.replace("{id}", r"([A-Za-z0-9_]+)") + r"\Z"), request, act)


def _create(path: str, request: Any, act: Callable[[Books, Form], Resource]) -> Route:
    return _route("POST", path, request, lambda books, _, form: document(act(books, form)))


def _change(path: str, request: Any, act: Callable[[Books, str, Form], Resource]) -> Route:
    return _route("POST", path, request, lambda books, ids, form: document(act(books, ids[0], form)))


def _retrieve(path: str, request: Any, kind: type[Resource]) -> Route:
    return _route("GET", path, request, lambda books, ids, _: document(books.get(kind, ids[0])))


def _list(
    path: str, request: Any, kind: type[Resource], belongs: Callable[[Any, Form], bool] = lambda *_: True
) -> Route:
    def act(books: Books, ids: tuple[str, ...], form: Form) -> Document:
        asked = {**form, "under": ids[0]} if ids else form
        return page(path, [thing for thing in books.all(kind) if belongs(thing, asked)], form)

    return _route("GET", path, request, act)


def page(path: str, things: Sequence[Resource], form: Form) -> Document:
    """A page of things, the newest first, from after `starting_after` on."""
    limit = form.get("limit", PAGE)
    if not 1 <= limit <= PAGE_MAX:
        raise invalid("Limit is between 1 and 100.", "parameter_invalid_integer", "limit")
    shown = [document(thing) for thing in things if _created(getattr(thing, "created"), form.get("created"))]  # noqa: B009 - all but links have one
    if after := form.get("starting_after"):
        ids = [one["id"] for one in shown]
        shown = shown[ids.index(after) + 1 :] if after in ids else []
    return {"object": "list", "url": path, "has_more": len(shown) > limit, "data": shown[:limit]}


def _created(created: int, asked: Form | int | None) -> bool:
    if asked is None or isinstance(asked, int):
        return asked in {None, created}
    bounds = {"gt": created.__gt__, "gte": created.__ge__, "lt": created.__lt__, "lte": created.__le__}
    return all(bounds[name](bound) for name, bound in asked.items())


def _under(*fields: str) -> Callable[[Any, Form], bool]:
    """Things of which each of these fields is as it was asked, where it was."""
    return lambda thing, form: all(
        form.get(name, getattr(thing, name)) == getattr(thing, name) for name in fields
    )


def _reversal_of(thing: Any, form: Form) -> bool:
    return bool(thing.transfer == form["under"])


def _book_lines(books: Books, _: tuple[str, ...], form: Form) -> Document:
    lines: Sequence[BalanceTransaction] = books.all(BalanceTransaction)
    if payout := form.get("payout"):
        if not books.get(Payout, payout).automatic:
            raise forbidden("Balance transactions of manual payouts can't be told.", "payouts_not_allowed")
        lines = [line for line in lines if line.id in books.paid_out[payout]]
    found = page("/v1/balance_transactions", lines, form)
    if "data.source" in form.get("expand", ()):
        for line in found["data"]:
            line["source"] = line["source"] and document(books.things[line["source"]])
    return found


def _balance(books: Books, _: tuple[str, ...], __: Form) -> Document:
    amounts = [{"amount": books.balance, "currency": "cny", "source_types": {"card": books.balance}}]
    none = [{"amount": 0, "currency": "cny", "source_types": {"card": 0}}]
    return {"object": "balance", "available": amounts, "pending": none, "livemode": False}


ROUTES: tuple[Route, ...] = (
    _create("/v1/payment_intents", described.PaymentIntentCreateParams, rules.create_intent),
    _change("/v1/payment_intents/{id}/confirm", described.PaymentIntentConfirmParams, rules.confirm_intent),
    _change("/v1/payment_intents/{id}/capture", described.PaymentIntentCaptureParams, rules.capture_intent),
    _change("/v1/payment_intents/{id}/cancel", described.PaymentIntentCancelParams, rules.cancel_intent),
    _retrieve("/v1/payment_intents/{id}", described.PaymentIntentRetrieveParams, PaymentIntent),
    _list("/v1/payment_intents", described.PaymentIntentListParams, PaymentIntent),
    _retrieve("/v1/charges/{id}", described.ChargeRetrieveParams, Charge),
    _create("/v1/refunds", described.RefundCreateParams, rules.create_refund),
    _retrieve("/v1/refunds/{id}", described.RefundRetrieveParams, Refund),
    _list("/v1/refunds", described.RefundListParams, Refund, _under("payment_intent", "charge")),
    _create("/v1/accounts", described.AccountCreateParams, rules.create_account),
    _retrieve("/v1/accounts/{id}", described.AccountRetrieveParams, Account),
    _list("/v1/accounts", described.AccountListParams, Account),
    _create("/v1/account_links", described.AccountLinkCreateParams, rules.create_link),
    _create("/v1/transfers", described.TransferCreateParams, rules.create_transfer),
    _retrieve("/v1/transfers/{id}", described.TransferRetrieveParams, Transfer),
    _list("/v1/transfers", described.TransferListParams, Transfer, _under("destination", "transfer_group")),
    _change("/v1/transfers/{id}/reversals", described.TransferReversalCreateParams, rules.create_reversal),
    _list(
        "/v1/transfers/{id}/reversals", described.TransferReversalListParams, TransferReversal, _reversal_of
    ),
    _create("/v1/payouts", described.PayoutCreateParams, rules.create_payout),
    _retrieve("/v1/payouts/{id}", described.PayoutRetrieveParams, Payout),
    _list("/v1/payouts", described.PayoutListParams, Payout, _under("status")),
    _route("GET", "/v1/balance_transactions", described.BalanceTransactionListParams, _book_lines),
    _route("GET", "/v1/balance", described.BalanceRetrieveParams, _balance),
    _retrieve("/v1/disputes/{id}", described.DisputeRetrieveParams, Dispute),
    _list("/v1/disputes", described.DisputeListParams, Dispute, _under("payment_intent", "charge")),
    _retrieve("/v1/events/{id}", described.EventRetrieveParams, Event),
    _list("/v1/events", described.EventListParams, Event, _under("type")),
)
"""What the fake knows of Stripe. Anything else is answered as an address that isn't there."""
