"""The gateway of a venue: Stripe where there is a key for it, a Stripe of our own in the demo, or the bank's files."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from exchange.clock import wall_clock
from exchange.config import Settings
from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import FakeStripe
from settlement.gateways.fake_stripe.objects import PaymentIntent
from settlement.gateways.fake_stripe.post import Post
from settlement.gateways.fake_stripe.transport import InProcess
from settlement.gateways.gateway import SellersGateway
from settlement.gateways.stripe_gateway import StripeGateway, StripeSettings, connected, stripe_client
from settlement.gateways.webhooks import WebhookSettings
from web.settings import MadeUpForm

LIVE = ("sk_live_", "rk_live_")  # how keys begin that move real money
POST_SECONDS = 2  # until the venue is told


@dataclass(frozen=True, slots=True)
class Till:
    """How money comes in: the gateway, None for the bank's files, by what its webhooks are known, and where buyers pay."""

    gateway: SellersGateway | None = None
    webhook: WebhookSettings | None = None
    publishable_key: str | None = None
    made_up_form: MadeUpForm | None = None


@asynccontextmanager
async def till_of(settings: Settings) -> AsyncIterator[Till]:
    """What the settings say: Stripe, in the mode of its key, or the bank's files."""
    if settings.stripe_key is None or settings.stripe_webhook_secret is None:
        yield Till()
        return
    stripe = StripeSettings(settings.stripe_key, settings.stripe_address)
    async with connected(stripe) as gateway:
        live = settings.stripe_key.startswith(LIVE)
        webhook = WebhookSettings(settings.stripe_webhook_secret, live=live)
        yield Till(gateway, webhook, settings.stripe_publishable_key)


class MadeUpStripe:
    """A Stripe of our own, at which buyers pay by a form of its own. No money moves anywhere."""

    def __init__(self) -> None:
        # A demo that is kept meets another Stripe at each start, which knows nothing of the one before.
        self._fake = FakeStripe(wall_clock, name=secrets.token_hex(4))
        self._post = Post(self._fake.books, f"whsec_{secrets.token_hex(16)}")
        gateway = StripeGateway(stripe_client(StripeSettings(self._fake.key), InProcess(self._fake)))
        self.till = Till(gateway, WebhookSettings(self._post.secret), made_up_form=self.pay)

    def pay(self, intent: str, card: str) -> bool:
        """Let a buyer pay by one of Stripe's test cards, or say that it is declined. What is paid stays paid."""
        with self._fake.lock:
            waits = self._fake.books.get(PaymentIntent, intent).status == "requires_payment_method"
            paid = acts.pay(self._fake.books, intent, card) if waits else None
        return paid is None or paid.status == "succeeded"

    async def keep_telling(self, address: str) -> None:
        """Tell the venue at this address what happens, until cancelled."""
        async with httpx.AsyncClient(base_url=address) as client:
            while True:
                for letter in self._post.deliver():
                    signed = {"Stripe-Signature": letter.signature}
                    await client.post("/v1/webhooks/stripe", content=letter.body, headers=signed)
                await asyncio.sleep(POST_SECONDS)
