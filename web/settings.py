"""What the web part of a venue can be told by whoever runs it."""

from dataclasses import dataclass, field

from settlement.gateways.webhooks import WebhookSettings


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`secret` signs the page cookie: whoever knows it can sign in as anybody, so it is never shown.

    `secure_cookies` is for a venue behind TLS: browsers then send the cookie over TLS only.
    `body_seconds` is how long the body of a request may take to arrive; the server hangs up a second later.
    `webhook` is by what news of Stripe are known; without it, none are heard.
    """

    secret: str = field(repr=False)
    secure_cookies: bool = False
    body_seconds: float = 8
    webhook: WebhookSettings | None = None
