"""Every refusal of the venue that a request can meet, met: by its code, with the status that the table gives."""

import hashlib
from typing import Any

import pytest

from exchange.rejections import VenueRejection
from exchange.state import Role
from matching.terms import Rejection
from tests.web.house import H100, HORINGER, OPENS, SHANGHAI, YUAN, Door, code_of, listing, order
from tests.web.test_access import EXAMPLES
from web.problems import PROBLEMS

pytestmark = pytest.mark.anyio

Json = dict[str, Any]

ASKS = listing()["asks"]
STEPS = [{"since": "2026-12-01T00:00:00Z", "price_micro_yuan_per_card_hour": 9 * YUAN}]
AGREEMENT = EXAMPLES["propose_agreement"]["request"] | {"valid_to": "2026-12-10T00:00:00+08:00"}
DRAFT = AGREEMENT | {"id": "draft"}
NEVER = AGREEMENT | {"id": "never", "valid_from": "2026-12-10T00:00:00+08:00", "valid_to": None}
CERTIFICATE = {"region": HORINGER, "period": "2026-12", "kwh": 10, "reference": "GEC-2026-000001"}
PUE = {"region": HORINGER, "period": "2026-12", "pue_milli": 1180, "reference": "report 7"}
QUARTER = "/v1/pairs/310000/150100/2026-Q4"
ZEROS = "0" * 64
CONTRACT = EXAMPLES["open_contract"]["request"] | {"buyer": "buyer", "seller": "seller"}
PROGRAMME = EXAMPLES["adopt_programme"]["request"]
OPEN = PROGRAMME | {"id": "open", "valid_from": OPENS, "budget_fen": 200_000}
PAYMENT = EXAMPLES["book_subsidy"]["request"]
GIVEN = EXAMPLES["issue_voucher"]["request"] | {"buyer": "buyer"}
TERMS = EXAMPLES["adopt_terms"]["request"]
PARTY = {"id": "newcomer", "name": "Newcomer", "roles": ["buyer"], "region": SHANGHAI}
DEPOSIT = {"party": "buyer", "amount_fen": 100, "reference": "transfer"}
QUOTED = {"version": 1, "cost_micro_yuan": YUAN, "filled_milli": 8000}
BACKWARDS = {"start": "2026-12-02T00:00:00Z", "end": "2026-12-01T00:00:00Z"}
PAST = {"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00Z"}
FAR = {"start": OPENS, "end": "2028-01-01T00:00:00Z"}

MET: list[tuple[Rejection | VenueRejection, str, str, Json | None]] = [
    (Rejection.UNKNOWN_CHIP, "seller", "POST /v1/listings", listing(chip="acme-1")),
    (Rejection.UNKNOWN_CHIP, "buyer", "POST /v1/orders", order(chips={"acme-1": 1})),
    (Rejection.UNKNOWN_REGION, "seller", "POST /v1/listings", listing(region="999999")),
    (Rejection.UNKNOWN_REGION, "buyer", "POST /v1/orders", order(regions=["999999"])),
    (Rejection.UNKNOWN_REGION, "clerk", "POST /v1/parties", PARTY | {"region": "999999"}),
    (Rejection.UNKNOWN_REGION, "clerk", "POST /v1/contracts", CONTRACT | {"destination": "999999"}),
    (Rejection.UNKNOWN_REGION, "clerk", "POST /v1/agreements", AGREEMENT | {"parties": ["310000", "999999"]}),
    (Rejection.UNKNOWN_ID, "buyer", "GET /v1/orders/ord-999", None),
    (Rejection.BAD_QUANTITY, "buyer", "POST /v1/orders", order(least_cards=9)),
    (Rejection.BAD_PRICE, "seller", "POST /v1/listings", listing(asks={"spot": STEPS})),
    (Rejection.BAD_PRICE, "seller", "POST /v1/listings", listing(asks={"spot": [*ASKS["on_demand"]] * 2})),  # type: ignore[index]
    (Rejection.BAD_LOT, "seller", "POST /v1/listings", listing(cards=63)),
    (Rejection.EMPTY_WINDOW, "seller", "POST /v1/listings", listing(window=BACKWARDS)),
    (Rejection.EMPTY_WINDOW, "buyer", "POST /v1/orders", order(window=BACKWARDS)),
    (Rejection.WINDOW_TOO_SHORT, "buyer", "POST /v1/orders", order(duration_minutes=1500)),
    (Rejection.WINDOW_TOO_SHORT, "seller", "POST /v1/listings", listing(min_duration_minutes=3000)),
    (Rejection.BELOW_COMMITTED, "seller", "PATCH /v1/listings/{listing}", {"cards": 8}),
    (VenueRejection.NOT_ALLOWED, "seller", "POST /v1/orders", order()),
    (VenueRejection.TERMS_INVALID, "clerk", "POST /v1/terms", TERMS | {"slot_minutes": 20}),
    (VenueRejection.TERMS_INVALID, "clerk", "POST /v1/terms", TERMS | {"late_window_minutes": 73 * 60}),
    (VenueRejection.SLOT_LENGTH_FIXED, "clerk", "POST /v1/terms", TERMS | {"slot_minutes": 15}),
    (VenueRejection.PARTY_EXISTS, "clerk", "POST /v1/parties", PARTY | {"id": "buyer"}),
    (VenueRejection.PARTY_EXISTS, "clerk", "POST /v1/parties", PARTY | {"id": "venue"}),
    (VenueRejection.UNKNOWN_PARTY, "clerk", "POST /v1/deposits", DEPOSIT | {"party": "nobody"}),
    (VenueRejection.DEPOSIT_EXISTS, "clerk", "POST /v1/deposits", DEPOSIT | {"reference": "transfer"}),
    (VenueRejection.UNKNOWN_PARTY, "clerk", "POST /v1/contracts", CONTRACT | {"seller": "nobody"}),
    (VenueRejection.WRONG_ROLE, "clerk", "POST /v1/contracts", CONTRACT | {"seller": "rival"}),
    (VenueRejection.INSUFFICIENT_FUNDS, "buyer", "POST /v1/orders", order(cards=1_000_000)),
    (VenueRejection.QUOTE_PASSED, "buyer", "POST /v1/orders", order(quoted=QUOTED)),
    (VenueRejection.INSUFFICIENT_FUNDS, "clerk", "POST /v1/contracts", CONTRACT | {"budget_fen": 10**12}),
    (VenueRejection.UNKNOWN_LINE, "seller", "POST /v1/listings", listing(line="cloud")),
    (VenueRejection.UNKNOWN_LINE, "clerk", "POST /v1/contracts", CONTRACT | {"line": "cloud"}),
    (VenueRejection.PRICE_OFF_TICK, "buyer", "POST /v1/orders", order(limit_micro_yuan_per_card_hour=1)),
    (VenueRejection.LOT_TOO_LARGE, "seller", "POST /v1/listings", listing(lot=16)),
    (VenueRejection.WINDOW_TOO_FAR, "seller", "POST /v1/listings", listing(window=FAR)),
    (VenueRejection.WINDOW_TOO_FAR, "buyer", "POST /v1/orders", order(window=FAR)),
    (VenueRejection.WINDOW_IN_THE_PAST, "seller", "POST /v1/listings", listing(window=PAST)),
    (VenueRejection.WINDOW_IN_THE_PAST, "buyer", "POST /v1/orders", order(window=PAST)),
    (VenueRejection.AGREEMENT_INVALID, "clerk", "POST /v1/agreements", AGREEMENT | {"tax_shares_bp": [1, 2]}),
    (VenueRejection.AGREEMENT_INVALID, "clerk", "POST /v1/agreements", AGREEMENT),
    (VenueRejection.AGREEMENT_OVERLAPS, "clerk", "POST /v1/agreements", AGREEMENT | {"version": 2}),
    (VenueRejection.AGREEMENT_NOT_OPEN, "office", "POST /v1/agreements/never/1/sign", {"digest": ZEROS}),
    (VenueRejection.SIGNED_ALREADY, "office", "POST /v1/agreements/draft/1/sign", {"digest": ZEROS}),
    (VenueRejection.DIGEST_DIFFERS, "far-office", "POST /v1/agreements/draft/1/sign", {"digest": ZEROS}),
    (Rejection.UNKNOWN_ID, "office", "POST /v1/agreements/draft/2/sign", {"digest": ZEROS}),
    (Rejection.UNKNOWN_ID, "office", "POST /v1/agreements/draft/one/sign", {"digest": ZEROS}),
    (VenueRejection.NOT_ALLOWED, "office", "POST /v1/agreements/draft/1/withdraw", None),
    (VenueRejection.QUARTER_NOT_CLOSED, "office", f"POST {QUARTER}/dispute", {"reason": "early"}),
    (Rejection.UNKNOWN_ID, "office", "GET /v1/pairs/310000/150100/2026-Q5", None),
    (Rejection.UNKNOWN_ID, "office", "GET /v1/pairs/150100/310000/2026-Q4", None),
    (VenueRejection.TABLES_EXIST, "clerk", "POST /v1/power/tables", {"version": "2026-11"}),
    (VenueRejection.DECLARED_ALREADY, "seller", "POST /v1/power/certificates", CERTIFICATE),
    (Rejection.UNKNOWN_REGION, "seller", "POST /v1/power/certificates", CERTIFICATE | {"region": "999999"}),
    (VenueRejection.PERIOD_UNKNOWN, "seller", "POST /v1/power/pue", PUE | {"period": "2026-13"}),
    (VenueRejection.CONTRACT_INVALID, "clerk", "POST /v1/contracts", CONTRACT | {"ends": CONTRACT["begins"]}),
    (
        VenueRejection.NO_CREDIT_NOTE,
        "seller",
        "POST /v1/refunds/rfd-1/credit-note",
        {"event": "issued"},
    ),
    (
        VenueRejection.NO_PAYOUT_ACCOUNT,
        "clerk",
        "POST /v1/payouts",
        {"payouts": [{"party": "seller", "amount_fen": 100}]},
    ),
    (VenueRejection.PROGRAMME_INVALID, "office", "POST /v1/programmes", PROGRAMME | {"version": 7}),
    (VenueRejection.UNKNOWN_PROGRAMME, "buyer", "POST /v1/programmes/nothing/claims", None),
    (VenueRejection.NOT_ELIGIBLE, "buyer", "POST /v1/programmes/sh-compute-2026/claims", None),
    (VenueRejection.FACTS_MISSING, "rival", "POST /v1/programmes/open/claims", None),
    (VenueRejection.CLAIMED_ALREADY, "buyer", "POST /v1/programmes/open/claims", None),
    (VenueRejection.BUDGET_SPENT, "office", "POST /v1/programmes/open/vouchers", GIVEN),
    (VenueRejection.UNKNOWN_VOUCHER, "buyer", "POST /v1/orders", order(vouchers=["vch-999"])),
    (VenueRejection.VOUCHER_REFUSED, "buyer", "POST /v1/orders", order(vouchers=["any", "any"])),
    (VenueRejection.SUBSIDY_TOO_LARGE, "clerk", "POST /v1/programmes/open/payments", PAYMENT),
    (VenueRejection.PERIOD_UNKNOWN, "clerk", "POST /v1/periods/2026-13/close", None),
    (VenueRejection.PERIOD_UNKNOWN, "clerk", "POST /v1/periods/last/close", None),
    (VenueRejection.PERIOD_NOT_OVER, "clerk", "POST /v1/periods/2026-11/close", None),
]

OUT_OF_REACH = {
    Rejection.CLOCK_GOES_BACK: "only the venue itself tells the time",
    VenueRejection.VENUE_NOT_OPEN: "a venue adopts its terms before its door opens",
    VenueRejection.AMOUNT_OUT_OF_RANGE: "the door bounds every amount more tightly",
    VenueRejection.PARTY_INVALID: "the door reads ids, names and roles as strictly",
    VenueRejection.UNKNOWN_KEY: "the door makes keys itself",
    VenueRejection.QUARTER_AGREED: "met below, after a quarter is agreed",
    VenueRejection.FIGURES_INVALID: "met below, after a quarter is closed",
    VenueRejection.RECOGNISED_ALREADY: "met below, after a document is recorded",
    VenueRejection.TABLES_INVALID: "the venue adopts its own tables, which are checked when it starts",
    VenueRejection.DECLARED_TOO_LATE: "met below, after a month is closed",
    VenueRejection.RUN_OPEN: "the closing job goes on with the run that is open",
    VenueRejection.NO_SUCH_RUN: "the closing job names the run that it has begun",
    VenueRejection.PERIOD_CLOSED: "met below, after a month is closed",
    VenueRejection.PERIOD_OUT_OF_ORDER: "met below, after a month is closed",
    VenueRejection.SETTLED_TWICE: "the closing job leaves out what is settled",
    VenueRejection.USAGE_GOES_BACK: "the closing job cuts at the last batch",
    VenueRejection.REFUND_INVALID: "the door reads the line itself, and texts as strictly",
    VenueRejection.REFUND_EXISTS: "met in test_payouts, where something is settled",
    VenueRejection.REFUND_TOO_LARGE: "met in test_payouts",
    VenueRejection.PAYABLE_TOO_SMALL: "met in test_payouts",
    VenueRejection.CREDIT_NOTE_OUT_OF_TURN: "met in test_payouts",
    VenueRejection.PAYOUT_TERMS_INVALID: "the door bounds them as tightly",
    VenueRejection.PAYOUT_ACCOUNT_INVALID: "the door reads it more strictly",
    VenueRejection.PAYOUT_NOT_DUE: "met in test_payouts",
    VenueRejection.PAYOUT_TOO_SMALL: "met in test_payouts",
    VenueRejection.SUBSIDY_EXISTS: "met in test_voucher_pages, where a region owes something",
    VenueRejection.PAYOUT_OUT_OF_TURN: "only the venue itself says what became of a payout",
    VenueRejection.CHARGEBACK_EXISTS: "only the venue itself says what became of a dispute",
    VenueRejection.CHARGEBACK_OUT_OF_TURN: "only the venue itself says what became of a dispute",
}
"""Refusals that no request meets here, and why."""


async def test_each_refusal_has_its_code_and_status(market: Door) -> None:
    await market.ask("POST", "/v1/orders", by="buyer", json=order(cards=16))
    await market.admit("far-office", Role.REGION, region=HORINGER)
    await agree(market, AGREEMENT)
    draft = {**DRAFT, "valid_from": NEVER["valid_from"], "valid_to": None}
    digest = (await market.ask("POST", "/v1/agreements", by="clerk", json=draft)).json()["digest"]
    await market.ask("POST", "/v1/agreements/draft/1/sign", by="office", json={"digest": digest})
    await market.ask("POST", "/v1/agreements", by="clerk", json=NEVER)
    no = await market.ask("POST", "/v1/agreements/never/1/decline", by="office", json={"reason": "too dear"})
    assert (no.json()["state"], no.json()["ended"]["reason"]) == ("declined", "too dear")
    await market.ask("POST", "/v1/power/tables", by="clerk", json={"version": "2026-11"})
    await market.ask("POST", "/v1/power/certificates", by="seller", json=CERTIFICATE)
    facts = EXAMPLES["declare_facts"]["request"]
    for by, path, body in (
        ("clerk", "/v1/parties/buyer/facts", facts),
        ("office", "/v1/programmes", PROGRAMME),
        ("office", "/v1/programmes", OPEN),
        ("buyer", "/v1/programmes/open/claims", None),
    ):
        assert (await market.ask("POST", path, by=by, json=body)).status_code == 201
    mine = (await market.ask("GET", "/v1/listings", by="seller")).json()["items"][0]["id"]
    found, wanted = [], []
    for code, by, asked, body in MET:
        method, path = asked.format(listing=mine).split()
        answer = await market.ask(method, path, by=by, json=body)
        found.append((asked, body, code_of(answer)))
        wanted.append((asked, body, (PROBLEMS[code].status, str(code))))
    assert found == wanted


def test_every_refusal_is_met_or_said_to_be_out_of_reach() -> None:
    met = {code for code, *_ in MET}
    assert met.isdisjoint(OUT_OF_REACH)
    assert met | OUT_OF_REACH.keys() == {*Rejection, *VenueRejection}


async def agree(door: Door, agreement: Json) -> None:
    """Have an agreement proposed by the clerk and signed by both offices."""
    proposed = await door.ask("POST", "/v1/agreements", by="clerk", json=agreement)
    assert (proposed.status_code, proposed.json()["state"]) == (201, "draft")
    digest = {"digest": proposed.json()["digest"]}
    path = f"/v1/agreements/{agreement['id']}/{agreement['version']}/sign"
    first = await door.ask("POST", path, by="office", json=digest)
    assert (first.json()["state"], first.json()["waits_for"]) == ("waiting", [HORINGER])
    last = await door.ask("POST", path, by="far-office", json=digest)
    assert (last.json()["state"], last.json()["waits_for"]) == ("coming", [])
    keys = [signature["key"] for signature in last.json()["signatures"]]
    assert keys == [door.tokens[office].split("_")[1] for office in ("office", "far-office")]


async def test_a_quarter_is_agreed_once_and_a_document_recorded_once(market: Door) -> None:
    await market.admit("far-office", Role.REGION, region=HORINGER)
    await agree(market, AGREEMENT)
    await market.at("2027-03-05T00:00:00Z")
    for month in ("2026-11", "2026-12"):
        await market.ask("POST", f"/v1/periods/{month}/close", by="clerk")
    quarter = (await market.ask("GET", QUARTER, by="office")).json()
    assert (quarter["closed"], quarter["agreed"]) == (True, False)
    assert hashlib.sha256(quarter["canonical"].encode()).hexdigest() == quarter["digest"]
    figures = [{"kind": one["kind"], "region": one["region"], "fen": 0} for one in quarter["figures"]]
    body = {"figures": figures, "digest": quarter["digest"]}
    backwards = {**body, "figures": figures[::-1]}
    document = {"region": SHANGHAI, "kind": "tax", "amount_fen": 7, "reference": "document 7"}
    asked = [
        (("office", "confirm", backwards), (422, "figures_invalid")),
        (("office", "confirm", body), (200, "")),
        (("far-office", "dispute", {"reason": "not ours"}), (200, "")),
        (("far-office", "confirm", body), (200, "")),
        (("far-office", "dispute", {"reason": "too late"}), (409, "quarter_agreed")),
        (("office", "recognise", document), (200, "")),
        (("clerk", "recognise", document), (409, "recognised_already")),
    ]
    for (by, verb, sent), wanted in asked:
        answer = await market.ask("POST", f"{QUARTER}/{verb}", by=by, json=sent)
        assert code_of(answer) == wanted, (by, verb)
    stands = (await market.ask("GET", QUARTER, by="clerk")).json()
    (tax,) = [one for one in stands["figures"] if (one["kind"], one["region"]) == ("tax", SHANGHAI)]
    assert (tax["computed_fen"], tax["agreed_fen"], tax["recognised_fen"]) == (0, 0, 7)
    assert (tax["agreed_less_computed_fen"], tax["recognised_less_agreed_fen"]) == (0, 7)
    assert [word["word"] for word in stands["words"]] == ["confirmed", "confirmed"]


async def test_months_are_closed_in_their_order_and_closing_again_reports(market: Door) -> None:
    await market.at("2027-03-05T00:00:00Z")
    first, again = [await market.ask("POST", "/v1/periods/2026-11/close", by="clerk") for _ in "12"]
    assert first.json() == again.json()
    late = await market.ask("POST", "/v1/power/pue", by="seller", json=PUE | {"period": "2026-11"})
    assert code_of(late) == (409, "declared_too_late")
    contract = CONTRACT | {"begins": "2026-11-30T00:00:00+08:00", "ends": "2027-06-01T00:00:00+08:00"}
    opened = (await market.ask("POST", "/v1/contracts", by="clerk", json=contract)).json()["id"]
    prices = EXAMPLES["agree_prices"]["request"] | {"begins": "2026-11-30T01:00:00+08:00"}
    closed = await market.ask("POST", f"/v1/contracts/{opened}/prices", by="clerk", json=prices)
    assert code_of(closed) == (409, "period_closed")
    skipped = await market.ask("POST", "/v1/periods/2027-01/close", by="clerk")
    assert code_of(skipped) == (409, "period_out_of_order")
    listed = (await market.ask("GET", "/v1/periods", by="buyer")).json()
    assert [(period["period"], period["status"]) for period in listed] == [("2026-11", "closed")]


async def test_a_listing_is_priced_by_steps_and_amended(market: Door) -> None:
    steps = [{"price_micro_yuan_per_card_hour": 8 * YUAN}, *STEPS]
    offered = await market.ask("POST", "/v1/listings", by="seller", json=listing(asks={"spot": steps}))
    assert [step["price_micro_yuan_per_card_hour"] for step in offered.json()["asks"]["spot"]] == [
        8 * YUAN,
        9 * YUAN,
    ]
    path = f"/v1/listings/{offered.json()['id']}"
    amended = await market.ask("PATCH", path, by="seller", json={"cards": 8, "asks": ASKS})
    assert (amended.json()["cards"], list(amended.json()["asks"])) == (8, ["on_demand"])
    off_grid = [{"since": "2026-12-01T00:00:01Z", "price_micro_yuan_per_card_hour": 1}]
    refused = await market.ask("PATCH", path, by="seller", json={"asks": {"spot": off_grid}})
    assert refused.json()["errors"][0]["pointer"] == "/asks/spot/0/since"
    nothing = await market.ask("PATCH", path, by="seller", json={"asks": {}})
    assert code_of(nothing) == (422, "missing_field")


async def test_an_order_says_chips_and_places_in_other_words(market: Door) -> None:
    """A list of chips is weighed by the catalogue, and a latency is every region within it."""
    body = order(chips=[H100, "nvidia-a100-80g"], regions=None, latency={"from": SHANGHAI, "max_ms": 60})
    placed = (await market.ask("POST", "/v1/orders", by="buyer", json=body)).json()
    assert placed["chips"] == {H100: 1000, "nvidia-a100-80g": 315}
    assert {SHANGHAI, HORINGER} < set(placed["regions"])
    assert [lease["chip"] for lease in placed["leases"]] == [H100]
    nowhere = order(regions=None, latency={"from": "999999", "max_ms": 60})
    refused = await market.ask("POST", "/v1/orders", by="buyer", json=nowhere)
    assert (code_of(refused), refused.json()["errors"][0]["pointer"]) == (
        (422, "unknown_region"),
        "/latency/from",
    )


async def test_a_resting_order_is_amended(market: Door) -> None:
    cheap = order(limit_micro_yuan_per_card_hour=YUAN)
    resting = (await market.ask("POST", "/v1/orders", by="buyer", json=cheap)).json()
    path = f"/v1/orders/{resting['id']}"
    smaller = await market.ask("PATCH", path, by="buyer", json={"cards": 4, "least_cards": 2})
    assert (smaller.json()["cards"], smaller.json()["least_cards"]) == (4, 2)
    alone = await market.ask("PATCH", path, by="buyer", json={"least_cards": 2})
    assert code_of(alone) == (422, "missing_field")
    sooner = await market.ask("PATCH", path, by="buyer", json={"deadline": "2026-11-30T12:00:00Z"})
    assert sooner.json()["window"]["end"] == "2026-11-30T12:00:00Z"
    dearer = {"limit_micro_yuan_per_card_hour": 10 * YUAN}
    filled = await market.ask("PATCH", path, by="buyer", json=dearer)
    assert (filled.json()["status"], len(filled.json()["leases"])) == ("filled", 1)
    huge = {"limit_micro_yuan_per_card_hour": 10**12, "cards": 1_000_000}
    assert code_of(await market.ask("PATCH", path, by="buyer", json=huge)) == (422, "notional_too_large")
