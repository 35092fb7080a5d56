"""Who may ask what: every route against every role, and nobody learns of what is somebody else's."""

from itertools import product
from typing import Any

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from exchange.state import Role
from tests.web.house import H100, HORINGER, Door, code_of, order
from web.api.openapi import examples, operation_id

pytestmark = pytest.mark.anyio

CALLERS = ("", "buyer", "seller", "office", "clerk")
ANYBODY = "all"

MAY = {
    "get_openapi": ANYBODY,
    "health": ANYBODY,
    "list_chips": ANYBODY,
    "get_terms": ANYBODY,
    "list_regions": ANYBODY,
    "list_links": ANYBODY,
    "list_instruments": ANYBODY,
    "get_depth": ANYBODY,
    "get_standard_depth": ANYBODY,
    "list_trades": ANYBODY,
    "list_displacements": ANYBODY,
    "list_bars": ANYBODY,
    "get_index": ANYBODY,
    "get_index_history": ANYBODY,
    "get_index_inputs": ANYBODY,
    "get_balance": "buyer seller office clerk",
    "get_command": "buyer seller office clerk",
    "list_periods": "buyer seller office clerk",
    "list_statements": "buyer seller office clerk",
    "get_statement": "buyer seller office clerk",
    "get_statement_pdf": "buyer seller office clerk",
    "get_statement_csv": "buyer seller office clerk",
    "get_invoice_csv": "buyer seller clerk",
    "list_statements_csv": "buyer seller office clerk",
    "get_focus_csv": "buyer",
    "get_period_csv": "clerk",
    "get_income_csv": "clerk",
    "adopt_terms": "clerk",
    "set_link": "clerk",
    "create_party": "clerk",
    "list_parties": "clerk",
    "get_party": "clerk",
    "issue_key": "clerk",
    "revoke_key": "clerk",
    "deposit": "clerk",
    "publish_listing": "seller",
    "list_listings": "seller",
    "get_listing": "seller",
    "amend_listing": "seller",
    "withdraw_listing": "seller",
    "reclaim_listing": "seller",
    "place_order": "buyer",
    "list_orders": "buyer",
    "get_order": "buyer",
    "amend_order": "buyer",
    "cancel_order": "buyer",
    "quote": "buyer",
    "list_leases": "buyer seller",
    "get_lease": "buyer seller",
    "report_deliveries": "seller",
    "report_tokens": "seller",
    "get_receipt": "seller",
    "register_meter": "seller",
    "list_meters": "seller",
    "get_link": "seller",
    "list_disputes": "buyer seller clerk",
    "get_dispute": "buyer seller clerk",
    "withdraw_dispute": "seller",
    "decide_dispute": "buyer clerk",
    "open_contract": "clerk",
    "agree_prices": "clerk",
    "add_package": "clerk",
    "list_contracts": "buyer seller clerk",
    "get_contract": "buyer seller clerk",
    "propose_agreement": "office clerk",
    "sign_agreement": "office",
    "decline_agreement": "office",
    "withdraw_agreement": "office clerk",
    "get_quarter": "office clerk",
    "confirm_quarter": "office",
    "dispute_quarter": "office",
    "recognise_amount": "office clerk",
    "list_agreements": "office clerk",
    "what_if": "office clerk",
    "list_power_tables": ANYBODY,
    "get_power_tables": ANYBODY,
    "adopt_power_tables": "clerk",
    "list_declarations": "seller clerk",
    "declare_pue": "seller",
    "declare_certificates": "seller",
    "plan_close": "clerk",
    "declare_facts": "clerk",
    "list_facts": "clerk",
    "list_presets": "office clerk",
    "adopt_programme": "office",
    "list_programmes": "buyer seller office clerk",
    "issue_voucher": "office",
    "claim_voucher": "buyer",
    "report_programme": "office clerk",
    "book_subsidy": "clerk",
    "repay_subsidy": "clerk",
    "list_subsidies": "office clerk",
    "list_vouchers": "buyer office clerk",
    "get_voucher": "buyer office clerk",
    "get_evidence": "buyer seller office clerk",
    "list_misuse": "office clerk",
    "close_period": "clerk",
    "top_up": "buyer",
    "take_in_statement": "clerk",
    "make_payment_file": "clerk",
    "get_payment_file": "clerk",
    "refund_line": "seller clerk",
    "list_refunds": "buyer seller office clerk",
    "move_credit_note": "buyer seller clerk",
    "plan_payouts": "clerk",
    "begin_payouts": "clerk",
    "list_payouts": "seller clerk",
    "get_due": "seller",
    "withdraw": "buyer",
    "list_withdrawals": "buyer",
    "take_back": "clerk",
    "set_payout_terms": "clerk",
    "name_payout_account": "seller",
    "lift_freeze": "clerk",
    "plan_reconciliation": "clerk",
    "reconcile": "clerk",
    "stripe_webhook": ANYBODY,
}
"""Which callers each operation lets in. A route that is not in this table fails the test."""

EXAMPLES: dict[str, Any] = {
    step["operation"]: step for step in reversed(examples()) if "operation" in step
} | {"get_openapi": {}, "stripe_webhook": {}}


def routes(door: Door) -> list[tuple[str, str, HTTPRouteHandler]]:
    """Method, path and handler of every route of the API."""
    return [
        (method, route.path_format, handler)
        for route in door.app.routes
        if isinstance(route, HTTPRoute) and route.path.startswith("/v1/")
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    ]


async def test_every_route_against_every_role(market: Door) -> None:
    found = routes(market)
    assert {operation_id(handler) for _, _, handler in found} == MAY.keys()
    wrong = []
    for (method, path, handler), caller in product(found, CALLERS):
        name = operation_id(handler)
        example = EXAMPLES[name]
        address, body = path.format(**example.get("path", {})), example.get("request")
        answer = await market.ask(method, address, by=caller, json=body)
        refused = {401: "unauthenticated", 403: "not_allowed"}.get(answer.status_code)
        if MAY[name] == ANYBODY or caller in MAY[name].split():
            expected = None
        else:
            expected = "not_allowed" if caller else "unauthenticated"
        if refused != expected:
            wrong.append((name, caller, answer.status_code, refused, expected))
    assert wrong == []


NOBODYS = {
    "order": "ord-999",
    "listing": "lst-999",
    "lease": "lse-999",
    "contract": "tkc-999",
    "statement": "run-1/lse-999",
    "voucher": "vch-999",
    "programme": "nothing",
    "command": "no-such-key",
    "batch": "no-such-key",
}
FOREIGN = [
    ("rival", "GET", "/v1/orders/{order}", None),
    ("rival", "PATCH", "/v1/orders/{order}", {"cards": 4}),
    ("rival", "DELETE", "/v1/orders/{order}", None),
    ("rival", "GET", "/v1/leases/{lease}", None),
    ("rival", "GET", "/v1/contracts/{contract}", None),
    ("rival", "GET", "/v1/statements/{statement}", None),
    ("rival", "GET", "/v1/statements/{statement}/statement.pdf", None),
    ("rival", "GET", "/v1/statements/{statement}/statement.csv", None),
    ("rival", "GET", "/v1/statements/{statement}/invoice.csv", None),
    ("rival", "GET", "/v1/commands/{command}", None),
    ("outsider", "GET", "/v1/listings/{listing}", None),
    ("outsider", "PATCH", "/v1/listings/{listing}", {"cards": 8}),
    ("outsider", "DELETE", "/v1/listings/{listing}", None),
    ("outsider", "POST", "/v1/listings/{listing}/reclaim", {"from": "2026-12-01T00:00:00Z"}),
    ("outsider", "GET", "/v1/leases/{lease}", None),
    ("outsider", "GET", "/v1/contracts/{contract}", None),
    ("outsider", "GET", "/v1/statements/{statement}", None),
    ("outsider", "GET", "/v1/usage/batches/{batch}", None),
    ("far-office", "GET", "/v1/statements/{statement}", None),
    ("far-office", "GET", "/v1/statements/{statement}/statement.pdf", None),
    ("far-office", "GET", "/v1/statements/{statement}/statement.csv", None),
    (
        "outsider",
        "POST",
        "/v1/refunds",
        {
            "statement": "{statement}",
            "line": 0,
            "amount_fen": 1,
            "reason": "r",
            "reference": "r",
            "invoice_used": False,
        },
    ),
    ("rival", "GET", "/v1/vouchers/{voucher}", None),
    ("far-office", "GET", "/v1/vouchers/{voucher}", None),
    ("far-office", "GET", "/v1/programmes/{programme}/report", None),
    ("rival", "GET", "/v1/evidence/{statement}", None),
    ("outsider", "GET", "/v1/evidence/{statement}", None),
    ("far-office", "GET", "/v1/evidence/{statement}", None),
]
"""Requests about what belongs to the buyer and the seller, by others with the same roles."""


async def test_what_is_somebody_elses_is_not_there(market: Door) -> None:
    """The answers about another's thing and about nothing differ in their request's id alone."""
    await market.admit("outsider", Role.SELLER)
    await market.admit("far-office", Role.REGION, region="440000")
    things = await belongings(market)
    for asker, method, path, body in FOREIGN:
        told = [
            blind(await market.ask(method, path.format(**named), by=asker, json=filled(body, named)))
            for named in (things, NOBODYS)
        ]
        assert told[0] == told[1], (asker, method, path)
        assert told[0][0] == 404
    for path in ("orders", "leases", "contracts", "statements"):
        answer = await market.ask("GET", f"/v1/{path}", by="rival")
        assert answer.json() == {"items": [], "next": None}
    for path in ("listings", "leases", "contracts", "statements"):
        answer = await market.ask("GET", f"/v1/{path}", by="outsider")
        assert answer.json() == {"items": [], "next": None}


def filled(body: dict[str, Any] | None, named: dict[str, str]) -> dict[str, Any] | None:
    """A body with the names of things in their places."""
    if body is None:
        return None
    return {key: value.format(**named) if isinstance(value, str) else value for key, value in body.items()}


async def test_a_region_reads_what_touches_it_and_the_clerk_everything(market: Door) -> None:
    things = await belongings(market)
    for reader in ("buyer", "seller", "office", "clerk"):
        listed = (await market.ask("GET", "/v1/statements", by=reader)).json()["items"]
        assert things["statement"] in [statement["id"] for statement in listed]
        one = await market.ask("GET", f"/v1/statements/{things['statement']}", by=reader)
        assert one.status_code == 200
    for reader in ("buyer", "seller", "clerk"):
        assert (await market.ask("GET", f"/v1/contracts/{things['contract']}", by=reader)).status_code == 200


async def test_the_market_names_nobody(market: Door) -> None:
    things = await belongings(market)
    book = f"/v1/instruments/{H100}@{HORINGER}/on_demand"
    for path in ("/v1/instruments", f"{book}/depth", f"{book}/trades"):
        text = (await market.ask("GET", path)).text
        assert not any(name in text for name in (*things.values(), "buyer", "seller")), path


async def test_a_revoked_key_opens_nothing_from_the_next_request_on(market: Door) -> None:
    issued = (await market.ask("POST", "/v1/parties/buyer/keys", by="clerk")).json()
    market.tokens["second"] = issued["token"]
    assert (await market.ask("GET", "/v1/balance", by="second")).status_code == 200
    path = f"/v1/parties/buyer/keys/{issued['key']}"
    assert (await market.ask("DELETE", path, by="clerk")).status_code == 204
    assert (await market.ask("DELETE", path, by="clerk")).status_code == 204
    assert (await market.ask("GET", "/v1/balance", by="second")).status_code == 401
    assert (await market.ask("GET", "/v1/balance", by="buyer")).status_code == 200
    nothing = await market.ask("DELETE", "/v1/parties/buyer/keys/000000000000", by="clerk")
    assert code_of(nothing) == (404, "unknown_id")


async def belongings(door: Door) -> dict[str, str]:
    """Something of each kind that belongs to the buyer and the seller, and a closed month with its statement."""
    voucher = await promised(door)
    covered = order(vouchers=[voucher])
    bought = await door.ask("POST", "/v1/orders", by="buyer", key="first-order", json=covered)
    contract = {**EXAMPLES["open_contract"]["request"], "buyer": "buyer", "seller": "seller"}
    opened = await door.ask("POST", "/v1/contracts", by="clerk", json=contract)
    listed = (await door.ask("GET", "/v1/listings", by="seller")).json()["items"]
    await door.at("2027-01-05T00:00:00Z")
    await door.ask("POST", "/v1/periods/2026-11/close", by="clerk")
    lease = bought.json()["leases"][0]["id"]
    delivered = EXAMPLES["report_deliveries"]["request"]
    await door.ask("POST", "/v1/usage/deliveries", by="seller", key="first-batch", json=delivered)
    return {
        "order": bought.json()["id"],
        "listing": listed[0]["id"],
        "lease": lease,
        "contract": opened.json()["id"],
        "statement": f"run-1/{lease}",
        "voucher": voucher,
        "programme": "sh-compute-2026",
        "command": "first-order",
        "batch": "first-batch",
    }


async def promised(door: Door) -> str:
    """A voucher that the office has given to the buyer."""
    facts, programme = EXAMPLES["declare_facts"]["request"], EXAMPLES["adopt_programme"]["request"]
    await door.ask("POST", "/v1/parties/buyer/facts", by="clerk", json=facts)
    begins = {"valid_from": "2026-11-30T00:00:00Z"}
    await door.ask("POST", "/v1/programmes", by="office", json=programme | begins)
    given = EXAMPLES["issue_voucher"]["request"] | {"buyer": "buyer"}
    issued = await door.ask("POST", f"/v1/programmes/{programme['id']}/vouchers", by="office", json=given)
    return str(issued.json()["id"])


def blind(answer: httpx.Response) -> tuple[int, dict[str, str], str]:
    """An answer without what is different in every answer."""
    mark = answer.headers["x-request-id"]
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, headers, answer.text.replace(mark, "")
