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

LIVE = ("sk_live_", "rk_live_")  # how keys begin that move real money
BUYERS_SECONDS = 2  # in which a made-up buyer has paid


@dataclass(frozen=True, slots=True)
class Till:
    """How money comes in: the gateway, None for the bank's files, and by what its webhooks are known."""

    gateway: SellersGateway | None = None
    webhook: WebhookSettings | None = None


@asynccontextmanager
async def till_of(settings: Settings) -> AsyncIterator[Till]:
    """What the settings say: Stripe, in the mode of its key, or the bank's files."""
    if settings.stripe_key is None or settings.stripe_webhook_secret is None:
        yield Till()
        return
    stripe = StripeSettings(settings.stripe_key, settings.stripe_address)
    async with connected(stripe) as gateway:
        live = settings.stripe_key.startswith(LIVE)
        yield Till(gateway, WebhookSettings(settings.stripe_webhook_secret, live=live))


class MadeUpStripe:
    """A Stripe of our own, at which every buyer pays at once. No money moves anywhere."""

    def __init__(self) -> None:
        self._fake = FakeStripe(wall_clock)
        self._post = Post(self._fake.books, f"whsec_{secrets.token_hex(16)}")
        gateway = StripeGateway(stripe_client(StripeSettings(self._fake.key), InProcess(self._fake)))
        self.till = Till(gateway, WebhookSettings(self._post.secret))

    async def keep_paying(self, address: str) -> None:
        """Let buyers pay what they have asked to, and tell the venue at this address, until cancelled."""
        async with httpx.AsyncClient(base_url=address) as client:
            while True:
                for intent in self._fake.books.all(PaymentIntent):
                    if intent.status == "requires_payment_method":
                        acts.pay(self._fake.books, intent.id)
                for letter in self._post.deliver():
                    signed = {"Stripe-Signature": letter.signature}
                    await client.post("/v1/webhooks/stripe", content=letter.body, headers=signed)
                await asyncio.sleep(BUYERS_SECONDS)
