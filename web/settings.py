"""What the web part of a venue can be told by whoever runs it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from settlement.gateways.webhooks import WebhookSettings

MadeUpForm = Callable[[str, str], bool]
"""Has a payment of the demo made in one of its ways, and says whether it was."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`secret` signs the page cookie: whoever knows it can sign in as anybody, so it is never shown.

    `secure_cookies` is for a venue behind TLS: browsers then send the cookie over TLS only.
    `body_seconds` is how long the body of a request may take to arrive; the server hangs up a second later.
    `webhook` is by what news of Stripe are known; without it, none are heard. With Stripe's
    `publishable_key`, buyers pay by Stripe's form on a page; `made_up_form` stands in for it in the demo.
    """

    secret: str = field(repr=False)
    secure_cookies: bool = False
    body_seconds: float = 8
    webhook: WebhookSettings | None = None
    publishable_key: str | None = None
    made_up_form: MadeUpForm | None = None

    @property
    def takes_payments(self) -> bool:
        """Whether buyers pay at a page."""
        return self.publishable_key is not None or self.made_up_form is not None
