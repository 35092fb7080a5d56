"""The desks by hand: parties, keys and money, closing a month, and regions that find their shares add up."""

import re

import pytest

from exchange.names import Instant
from exchange.persistence.queries.regions import agreements, shared_figures, shared_lines, shared_periods
from exchange.venue.commands import Tick
from settlement.ledger.chart import AccountKind
from tests.web import seed
from tests.web.pages.conftest import Browser, Venue

pytestmark = pytest.mark.anyio

CONTRACT = {"begins": "2026-12-05T00:00", "input": "1.25", "cached_input": "0.125", "output": "4"}
HOSTILE = """<script>alert("1")</script> & 'quoted' {7 * 7} %s"""


async def once(browser: Browser, path: str, n: int = 0) -> str:
    return (await browser.get(path)).page.values()["once"][n]


async def test_a_party_is_admitted_gets_a_key_and_money(empty: Venue) -> None:
    clerk = await empty.as_party("clerk-1")
    form: dict[str, str | list[str]] = {"id": "buyer-9", "name": "Buyer 9", "region": "310000"}
    form |= {"roles": ["buyer", "seller"], "group": ""}
    visit = await clerk.send("/clerk/parties", **form, once=await once(clerk, "/clerk/parties"))
    assert visit.location == "/clerk/parties/buyer-9?admitted=1"
    path = "/clerk/parties/buyer-9"
    assert "It has no key yet" in (await clerk.get(visit.location)).page.text
    given = await once(clerk, path, -1)
    issued = await clerk.send(f"{path}/keys", once=given)
    token = re.search(r"sk_[0-9a-f]{12}_[0-9a-f]{64}", issued.html)
    assert token is not None
    assert issued.headers["cache-control"] == "no-store"
    assert token[0] not in (await clerk.get(path)).html
    again = await clerk.send(f"{path}/keys", once=given)
    assert again.status == 422
    assert "sk_" not in again.html
    newcomer = empty.browser()
    assert (await newcomer.send("/sign-in", key=token[0], next="/account")).location == "/account"
    booked = await clerk.send(
        f"{path}/deposits", amount_fen="1,250.5", reference="slip 7", once=await once(clerk, path)
    )
    assert booked.status == 303
    assert "¥1,250.50" in (await newcomer.get("/account")).page.text
    key = token[0].split("_")[1]
    revoked = await clerk.send(f"{path}/keys/{key}/revoke", once=await once(clerk, path, 1))
    assert revoked.location.endswith("?revoked=1")
    assert (await newcomer.get("/account")).status == 303


async def test_hostile_names_are_shown_as_they_are(empty: Venue) -> None:
    clerk = await empty.as_party("clerk-1")
    form = {"id": "odd-1", "name": HOSTILE, "region": "310000", "roles": "region"}
    visit = await clerk.send("/clerk/parties", **form, once=await once(clerk, "/clerk/parties"))
    assert visit.status == 303
    for path in ("/clerk/parties", "/clerk/parties/odd-1"):
        page = await clerk.get(path)
        assert HOSTILE in page.page.text.replace(" ", " ")
        assert "<script>alert" not in page.html
    wrong = await clerk.send(
        "/clerk/parties", **{**form, "id": HOSTILE}, once=await once(clerk, "/clerk/parties")
    )
    assert wrong.status == 422
    assert wrong.page.values()["id"] == [HOSTILE]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"id": ""}, "Fill this in."),
        ({"id": "Not An Id"}, "String should match pattern"),
        ({"id": "clerk-1"}, "party_exists"),
        ({"name": "a\u202eb"}, "Leave out control, zero-width and direction characters."),
        ({"name": "x" * 201}, "String should have at most 200 characters."),
        ({"roles": []}, "Tick at least one."),
        ({"roles": ["king"]}, "Input should be"),
        ({"region": "999999"}, "unknown_region"),
        ({"region": ""}, "String should match pattern"),
    ],
)
async def test_a_party_that_can_t_be_admitted(
    calm: Venue, changed: dict[str, str | list[str]], sentence: str
) -> None:
    clerk = await calm.as_party("clerk-1")
    form: dict[str, str | list[str]] = {"id": "buyer-9", "name": "Buyer 9", "region": "310000"}
    form |= {"roles": ["buyer"], **changed}
    visit = await clerk.send("/clerk/parties", **form, once=await once(clerk, "/clerk/parties"))
    assert visit.status == 422
    assert sentence in visit.page.text
    assert visit.page.values()["name"] == [form["name"]]


@pytest.mark.parametrize("amount", ["", "0", "-5", "1.234", "ten", "99999999999999999", "1e5", "٣"])
async def test_a_deposit_that_can_t_be_booked(calm: Venue, amount: str) -> None:
    clerk = await calm.as_party("clerk-1")
    path = "/clerk/parties/buyer-1"
    visit = await clerk.send(
        f"{path}/deposits", amount_fen=amount, reference="slip", once=await once(clerk, path)
    )
    assert visit.status == 422
    assert visit.page.values()["amount_fen"] == [amount]
    assert visit.page.values()["reference"] == ["slip"]


async def test_a_month_is_looked_at_closed_and_can_t_be_closed_again(venue: Venue) -> None:
    clerk = await venue.as_party("clerk-1")
    early = await clerk.send("/clerk/periods/2026-11/close")
    assert early.status == 422
    assert "period_not_over" in early.page.text
    await venue.exchange.as_venue("december", Tick(Instant(seed.at("2026-12-05 00:00"))))
    overview = await clerk.get("/clerk")
    assert "2026-11 is over and can be closed" in overview.page.text
    plan = await clerk.get("/clerk/periods/2026-11")
    assert "Closing can't be undone" in plan.page.text
    later = await clerk.get("/clerk/periods/2026-12")
    assert "Not its turn" in later.page.text
    done = await clerk.send("/clerk/periods/2026-11/close")
    assert done.location == "/clerk/periods/2026-11?closed=1"
    result = await clerk.get(done.location)
    assert "2026-11 is closed" in result.page.text
    assert "Statements and lines agree to the fen" in result.page.text
    again = await clerk.send("/clerk/periods/2026-11/close")
    assert again.status == 303
    assert "Sums to zero" in (await clerk.get("/clerk/ledger")).page.text
    assert (await clerk.get("/clerk/periods/last-month")).status == 404
    out_of_turn = await clerk.send("/clerk/periods/2026-10/close")
    assert out_of_turn.status == 303, "a period that is closed is reported as it is"


async def test_the_first_month_of_a_venue(empty: Venue) -> None:
    clerk = await empty.as_party("clerk-1")
    assert "The next month to close is 2026-11" in (await clerk.get("/clerk")).page.text
    assert "2026-11 is the next" in (await clerk.get("/clerk/periods/2026-10")).page.text
    refused = await clerk.send("/clerk/periods/2026-10/close")
    assert (refused.status, "period_unknown" in refused.page.text) == (422, True)


async def test_a_region_s_shares_add_up_from_the_line_to_the_ledger(calm: Venue) -> None:
    readers = calm.exchange.readers
    (pair,) = await agreements(readers, seed.QINGYANG)
    named = [f"{pair.id}/{pair.version}"]
    figures = await shared_figures(readers, named)
    (period,) = await shared_periods(readers, named)
    lines = await shared_lines(readers, named[0], period.period, ("", -1), 10_000)
    assert len(lines) == period.lines > 0
    bases = {
        AccountKind.REVENUE: period.net,
        AccountKind.TAX: period.local_retained,
        AccountKind.GDP: period.gdp_base,
    }
    for kind, base in bases.items():
        shares = {one.region: one.amount for one in figures if one.kind is kind}
        assert sum(shares.values()) == base
        for region, amount in shares.items():
            of_lines = [
                dict(
                    {AccountKind.REVENUE: line.revenue, AccountKind.TAX: line.tax, AccountKind.GDP: line.gdp}[
                        kind
                    ]
                )
                for line in lines
            ]
            assert sum(line[region] for line in of_lines) == amount
    for office in ("office-qingyang", "office-shanghai"):
        page = (await (await calm.as_party(office)).get("/region")).page
        assert "The ledger and the statements agree to the fen" in page.text
        assert "not a tax filing, not official statistics" in page.text
    detail = await (await calm.as_party("office-qingyang")).get("/region/agreements/pair-1/1/2026-10")
    assert "Together" in detail.page.text


async def test_the_lines_of_a_period_come_in_pages(calm: Venue) -> None:
    readers = calm.exchange.readers
    seen: list[tuple[str, int]] = []
    after = ("", -1)
    while page := await shared_lines(readers, "pair-1/1", "2026-10", after, 5):
        seen += [(line.statement, line.n) for line in page]
        after = seen[-1]
    assert len(seen) == len(set(seen)) > 10
    office = await calm.as_party("office-qingyang")
    for wrong in ("x", "run-1/lse-1.x", ".9", "run-1/lse-1.999999999999"):
        assert (await office.get("/region/agreements/pair-1/1/2026-10", after=wrong)).status == 200


async def test_other_prices_of_a_contract_begin(venue: Venue) -> None:
    clerk = await venue.as_party("clerk-1")
    (path,) = {link for link in (await clerk.get("/clerk")).page.links() if "/contracts/" in link}
    sent = await clerk.send(f"{path}/prices", once=await once(clerk, path), **CONTRACT)
    assert (sent.status, sent.location) == (303, f"{path}?agreed=1")
    text = (await clerk.get(sent.location)).page.text
    assert "The prices are registered" in text
    assert "2 Later" in text
    assert "¥0.1250" in text
    assert (await clerk.get("/clerk/contracts/tkc-1")).status == 404


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"input": "0.1234567"}, "at most six decimals"),
        ({"output": ""}, "Fill in"),
        ({"output": "10001"}, "At most 10,000."),
        ({"begins": "soon"}, "Choose a day and a time"),
        ({"begins": "2026-10-01T00:00"}, "contract_invalid"),
        ({"begins": "2026-12-05T00:07"}, "contract_invalid"),
    ],
)
async def test_prices_that_can_not_begin_are_told(
    calm: Venue, changed: dict[str, str], sentence: str
) -> None:
    clerk = await calm.as_party("clerk-1")
    (path,) = {link for link in (await clerk.get("/clerk")).page.links() if "/contracts/" in link}
    visit = await clerk.send(f"{path}/prices", once=await once(clerk, path), **(CONTRACT | changed))
    assert visit.status == 422
    assert sentence in visit.page.text
    assert visit.page.values()["output"] == [(CONTRACT | changed)["output"]]


async def test_tables_of_power_and_carbon_are_adopted(venue: Venue, empty: Venue) -> None:
    clerk = await empty.as_party("clerk-1")
    assert "No tables are adopted" in (await clerk.get("/clerk/power")).page.text
    form = {"version": "2026-12", "once": await once(clerk, "/clerk/power")}
    assert (await clerk.send("/clerk/power", **form)).location == "/clerk/power?adopted=1"
    assert "version 2026-12" in (await clerk.get("/clerk/power?adopted=1")).page.text
    assert "by the tables of version 2026-12" in (await clerk.get("/clerk")).page.text
    clerk = await venue.as_party("clerk-1")
    text = (await clerk.get("/clerk/power")).page.text
    assert "Adopting them again changes no figure" in text
    assert "GEC-2026-10-0002" in text
    for name, told in (("2026-11", "tables_exist"), ("two words", "Please look at 1 field")):
        visit = await clerk.send("/clerk/power", version=name, once=await once(clerk, "/clerk/power"))
        assert (visit.status, told in visit.page.text) == (422, True), visit.page.text


async def test_a_package_of_tokens_is_added_to_a_contract(venue: Venue) -> None:
    clerk = await venue.as_party("clerk-1")
    (path,) = {link for link in (await clerk.get("/clerk")).page.links() if "/contracts/" in link}
    form = {"tokens": "5,000,000", "price": "12.50", "package_begins": "2026-12-05T00:00"}
    form |= {"package_ends": "2026-12-20T00:00"}
    for changed, sentence in (
        ({"tokens": "1.5"}, "whole number"),
        ({"price": "1.005"}, "at most two decimals"),
        ({"package_ends": "2026-12-04T00:00"}, "This was not carried out"),
    ):
        visit = await clerk.send(f"{path}/packages", once=await once(clerk, path, 1), **(form | changed))
        assert (visit.status, sentence in visit.page.text) == (422, True), visit.page.text
    sent = await clerk.send(f"{path}/packages", once=await once(clerk, path, 1), **form)
    assert (sent.status, sent.location) == (303, f"{path}?added=1")
    text = (await clerk.get(sent.location)).page.text
    assert "The package is added" in text
    assert "5,000,000" in text
