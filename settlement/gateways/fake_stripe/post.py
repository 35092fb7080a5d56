"""The fake's webhooks: every event as a signed letter, delivered once, twice, late or in any order."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import stripe

from settlement.gateways.fake_stripe.books import Books
from settlement.gateways.fake_stripe.objects import Event, document


@dataclass(frozen=True, slots=True)
class Letter:
    """A webhook as it arrives: the raw body, and the header that signs it."""

    event: str
    body: bytes
    signature: str


def letter(event: Event, secret: str, sent_at: int) -> Letter:
    """An event signed as Stripe signs it, at the time of sending: each try has a signature of its own."""
    body = json.dumps(document(event), indent=2)
    header = stripe.WebhookSignature.generate_signature_header(body, secret, sent_at)
    return Letter(event.id, body.encode(), header)


@dataclass(slots=True)
class Post:
    """What has to be delivered, in the order of events. Stripe promises neither that order nor one delivery only."""

    books: Books
    secret: str
    delivered: int = 0

    def waiting(self) -> list[Event]:
        """Events that nobody was told of yet."""
        return self.books.events[self.delivered :]

    def deliver(
        self, *, times: int = 1, order: Sequence[int] | None = None, sent_at: int | None = None
    ) -> Iterator[Letter]:
        """Letters for all that waits: `times` each, in an `order` given by places, signed now or at another time."""
        events = self.waiting()
        self.delivered += len(events)
        for place in range(len(events)) if order is None else order:
            for _ in range(times):
                yield letter(events[place], self.secret, self.books.now() if sent_at is None else sent_at)
