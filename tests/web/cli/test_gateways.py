"""The gateway that a venue's settings choose, and the demo's made-up Stripe, over HTTP from end to end."""

import asyncio

import pytest

from exchange.app import running
from exchange.clock import wall_clock
from exchange.config import Settings
from exchange.payments import Payments
from settlement.gateways.fake_stripe.fake import FakeStripe
from settlement.gateways.fake_stripe.transport import serving as serving_stripe
from settlement.gateways.gateway import Pending
from settlement.gateways.stripe_gateway import StripeGateway
from settlement.money import Fen
from settlement.payments import TopUp, planned
from tests.web.house import Door
from web.app import create_app
from web.cli.gateways import MadeUpStripe, till_of
from web.client import Client
from web.server import serving
from web.settings import WebSettings

pytestmark = pytest.mark.anyio
librarys_own_way = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # to call httpx


async def test_without_a_key_money_comes_in_by_the_banks_files() -> None:
    async with till_of(Settings()) as till:
        assert (till.gateway, till.webhook) == (None, None)


@pytest.mark.parametrize(("key", "live"), [("sk_test_1", False), ("sk_live_1", True), ("rk_live_1", True)])
async def test_the_mode_is_that_of_the_key(key: str, *, live: bool) -> None:
    settings = Settings(stripe_key=key, stripe_webhook_secret="whsec_1")
    async with till_of(settings) as till:
        assert isinstance(till.gateway, StripeGateway)
        assert till.webhook is not None
        assert (till.webhook.live, till.webhook.secret) == (live, "whsec_1")


@librarys_own_way
async def test_a_key_alone_leads_to_the_server_that_is_set() -> None:
    fake = FakeStripe(wall_clock, key="sk_test_mode")
    with serving_stripe(fake) as address:
        settings = Settings(
            stripe_key="sk_test_mode", stripe_webhook_secret="whsec_1", stripe_address=address
        )
        async with till_of(settings) as till:
            assert till.gateway is not None
            asked = await till.gateway.carry_out(planned("topup", TopUp("ann-lab", Fen(500)))[0])
    assert isinstance(asked, Pending)
    assert asked.reference in fake.books.things


async def test_a_made_up_buyer_pays_by_the_form_and_the_venue_books_it(market: Door) -> None:
    made_up = MadeUpStripe()
    payments = Payments(market.exchange, made_up.till.gateway, wall_clock)
    app = create_app(market.exchange, WebSettings("for tests only", webhook=made_up.till.webhook), payments)
    async with serving(app, port=0) as address, Client(address, market.tokens["buyer"]) as buyer:
        asked = await buyer.top_up(77_700, "first")
        assert (asked.state, asked.client_secret is None) == ("pending", False)
        reference = str(asked.client_secret).partition("_secret")[0]
        assert not made_up.pay(reference, "pm_card_visa_chargeDeclined")
        assert made_up.pay(reference, "wechat_pay")
        async with asyncio.timeout(20), running(made_up.keep_telling(address), "made-up webhooks"):
            while (await buyer.top_up(77_700, "first")).state != "succeeded":  # noqa: ASYNC110 - another program is waited for
                await asyncio.sleep(0.05)
        assert (await buyer.balance()).available_fen == 10**9 + 77_700
