"""A buyer pays by Stripe's form, for which a stand-in is served that our policy lets load; and takes its money back."""

import re

from playwright.sync_api import Route, expect

from exchange.names import PartyId
from exchange.parties.commands import Deposit
from exchange.persistence.queries.parties import balances
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from tests.web.browser.conftest import Site, Visit

STRIPE = """
window.Stripe = (key) => ({
  elements: ({ clientSecret }) => {
    const told = {};
    const mount = (place) => {
      const frame = Object.assign(document.createElement("iframe"), { src: "https://js.stripe.com/form", title: key });
      frame.addEventListener("load", () => told.ready());
      place.append(frame);
    };
    return { clientSecret, create: () => ({ on: (what, tell) => { told[what] = tell; }, mount }) };
  },
  confirmPayment: async ({ elements, confirmParams }) => {
    const answer = await (await fetch("https://api.stripe.com/" + elements.clientSecret)).text();
    if (answer !== "paid") return { error: { message: answer } };
    location.href = confirmParams.return_url;
    return new Promise(() => {});
  },
});
"""


def test_a_top_up_is_paid_by_stripes_form_and_taken_back(visit: Visit, site: Site) -> None:
    cards, asked = ["pm_card_visa_chargeDeclined", "alipay"], []

    def in_stripes_place(route: Route) -> None:
        asked.append(url := route.request.url)
        if url.startswith("https://api.stripe.com/"):
            intent = url.rpartition("/")[2].partition("_secret")[0]
            paid = site.made_up.pay(intent, cards.pop(0))
            body = "paid" if paid else "Your card was declined."
            route.fulfill(body=body, headers={"Access-Control-Allow-Origin": "*"})
        elif url.endswith("/v3/"):
            route.fulfill(body=STRIPE, content_type="text/javascript")
        else:
            route.fulfill(body="<p>A form of Stripe's</p>", content_type="text/html")

    def available() -> int:
        return site.run(balances(site.exchange.readers, "buyer-4")).get(AccountKind.AVAILABLE, 0)

    site.run(site.exchange.as_venue("by-hand", Deposit(PartyId("buyer-4"), Fen(50), "slip 1")))
    before, buyer = available(), visit().sign_in("buyer-4").open("/account/top-up")
    buyer.context.route(re.compile("^https://"), in_stripes_place)
    page = buyer.page
    page.get_by_label("Amount in yuan").fill("1250.50")
    page.get_by_role("button", name="Ask for the top-up").click()
    pay = page.get_by_role("button", name="Pay ¥1,250.50")
    pay.click()
    expect(page.get_by_text("Your card was declined.")).to_be_visible()
    assert available() == before
    pay.click()
    expect(page.get_by_role("status")).to_contain_text("paid, and yours to spend")
    assert available() == before + 1250_50
    buyer.open("/account").page.get_by_role("link", name="Withdraw").click()
    page.get_by_label("Amount in yuan").fill("1251.00")
    withdraw = page.get_by_role("button", name="Withdraw")
    withdraw.click()
    expect(page.get_by_text("name an account at your bank")).to_be_visible()
    page.get_by_label("Account at your bank").fill("6222021234567891")
    withdraw.click()
    expect(page.get_by_role("status")).to_contain_text("The withdrawal is begun")
    to_bank, to_card, *_ = page.get_by_role("row").all()[1:]
    expect(to_bank).to_contain_text("On its way")
    expect(to_card).to_contain_text("Back by your top-up")
    expect(to_card).to_contain_text("¥1,250.50")
    assert available() == before - 50
    assert {url.split("/")[2] for url in asked} == {"js.stripe.com", "api.stripe.com"}
    buyer.faults = [
        fault
        for fault in buyer.faults
        if not re.match(r"asked elsewhere: https://(js|api)\.stripe\.com/|.* 422 ", fault)
    ]
