"""All routes of the API, and the document that describes them."""

from functools import cache

from litestar import Router, get
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from web.api import (
    agreements,
    commands,
    contracts,
    disputes,
    documents,
    index,
    leases,
    links,
    listings,
    market,
    orders,
    pairs,
    parties,
    payments,
    payouts,
    periods,
    power,
    refunds,
    statements,
    subsidies,
    terms,
    usage,
    vouchers,
)
from web.api.asking import command_id, submit
from web.api.openapi import Json, document
from web.session import caller
from web.strict import StrictRequest, strict_address

PREFIX = "/v1"
NOUNS = {
    "market": market,
    "index": index,
    "terms": terms,
    "links": links,
    "parties": parties,
    "payments": payments,
    "listings": listings,
    "orders": orders,
    "leases": leases,
    "usage": usage,
    "disputes": disputes,
    "contracts": contracts,
    "agreements": agreements,
    "vouchers": vouchers,
    "subsidies": subsidies,
    "pairs": pairs,
    "periods": periods,
    "statements": statements,
    "documents": documents,
    "power": power,
    "refunds": refunds,
    "payouts": payouts,
    "commands": commands,
}
HANDLERS: dict[str, list[HTTPRouteHandler]] = {noun: module.HANDLERS for noun, module in NOUNS.items()}


@cache
def described() -> Json:
    """The OpenAPI document."""
    return document(PREFIX, HANDLERS)


@get("/openapi.json")
async def get_openapi() -> Json:
    """Answer with the OpenAPI document."""
    return described()


def api() -> Router:
    """Everything under /v1: strict in what it reads, problem documents in what it refuses."""
    return Router(
        PREFIX,
        route_handlers=[
            get_openapi,
            payments.stripe_webhook,
            *(handler for handlers in HANDLERS.values() for handler in handlers),
        ],
        guards=[strict_address],
        request_class=StrictRequest,
        dependencies={
            "caller": Provide(caller, sync_to_thread=False),
            "command_id": Provide(command_id, sync_to_thread=False),
            "submit": Provide(submit, sync_to_thread=False),
        },
    )
