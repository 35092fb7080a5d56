"""The fake itself: a request in, an answer out, each POST once for its key, and faults where they were asked for."""

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import RLock
from urllib.parse import urlsplit

import stripe

from settlement.gateways.fake_stripe import replies
from settlement.gateways.fake_stripe.books import Books
from settlement.gateways.fake_stripe.params import checked, read_form
from settlement.gateways.fake_stripe.replies import Reply, ReplyError
from settlement.gateways.fake_stripe.routes import ROUTES, Route

KEY_SECONDS = 24 * 3600
"""How long a key is remembered: Stripe promises no longer, so the fake keeps it no longer."""

LATE_SECONDS = 300


class Fault(StrEnum):
    """What can go wrong with a request."""

    LOST_REQUEST = "lost_request"
    """The line breaks before the request arrives."""
    LATE_REQUEST = "late_request"
    """The line breaks, and the request arrives all the same: before the next one that changes something, or in minutes."""
    LOST_REPLY = "lost_reply"
    """The request is carried out, and the line breaks before the answer arrives."""
    CONFLICT = "conflict"
    """409: another request with the key is at work."""
    TOO_MANY = "too_many"
    """429: nothing was looked at."""
    BROKEN_BEFORE = "broken_before"
    """500, and nothing was done. The key keeps this answer."""
    BROKEN_AFTER = "broken_after"
    """500, and it was done all the same. The key keeps this answer."""


class LineBrokenError(Exception):
    """No answer: the line broke."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrives; header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str

    @property
    def path(self) -> str:
        """The address without its query."""
        return urlsplit(self.url).path

    @property
    def form(self) -> str:
        """The parameters, wherever they stand."""
        return urlsplit(self.url).query if self.method == "GET" else self.body

    @property
    def digest(self) -> bytes:
        """By which one request is told from another."""
        return hashlib.sha256(f"{self.method} {self.path}\n{self.form}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands under an idempotency key."""

    digest: bytes
    reply: Reply
    since: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that is on its way since a second."""

    request: Request
    at: int


class FakeStripe:
    """A platform at Stripe with its books. `faults` strike the next requests, one each; None lets one through."""

    def __init__(
        self, now: Callable[[], int], *, key: str = "sk_test_fake", fee_bp: int = 0, name: str = "fake"
    ) -> None:
        self.books = Books(now, fee_bp, name)
        self.faults: deque[Fault | None] = deque()
        self.requests: list[Request] = []
        self.lock = RLock()
        self.key = key
        self._kept: dict[str, Kept] = {}
        self._late: list[Sent] = []

    def answer(self, request: Request) -> Reply:
        """What Stripe answers. Raises `LineBrokenError` where nothing arrives."""
        with self.lock:
            self.requests.append(request)
            fault = self.faults.popleft() if self.faults else None
            self._let_late_ones_in(request)
            return self._struck(request, fault)

    def _let_late_ones_in(self, request: Request) -> None:
        """Nothing stays on its way for longer than minutes."""
        changes, arrived = request.method == "POST", self.books.now() - LATE_SECONDS
        late = [sent for sent in self._late if changes or sent.at <= arrived]
        self._late = [sent for sent in self._late if sent not in late]
        for sent in late:
            self._carry_out(sent.request)

    def _struck(self, request: Request, fault: Fault | None) -> Reply:
        match fault:
            case Fault.LOST_REQUEST:
                raise LineBrokenError(fault)
            case Fault.LATE_REQUEST:
                self._late += [Sent(request, self.books.now())] if request.method == "POST" else []
                raise LineBrokenError(fault)
            case Fault.LOST_REPLY:
                self._carry_out(request)
                raise LineBrokenError(fault)
            case Fault.CONFLICT:
                return replies.conflict()
            case Fault.TOO_MANY:
                return replies.too_many()
            case Fault.BROKEN_BEFORE:
                return self._keep(request, replies.broken())
            case Fault.BROKEN_AFTER:
                self._carry_out(request)
                return self._keep(request, replies.broken())
            case None:
                return self._carry_out(request)

    def _carry_out(self, request: Request) -> Reply:
        """The answer under the request's key, or a new one, which is kept under it."""
        kept = self._kept_under(request)
        try:
            if kept is not None and kept.digest != request.digest:
                raise replies.key_reused()
            if kept is not None:
                return Reply(
                    kept.reply.status,
                    kept.reply.document,
                    {**kept.reply.headers, "Idempotent-Replayed": "true"},
                )
            return self._keep(request, self._done(request))
        except ReplyError as refused:
            return self._keep(request, refused.reply) if refused.is_kept else refused.reply

    def _done(self, request: Request) -> Reply:
        """Carry it out now. Raises `ReplyError` for what is refused."""
        if request.headers.get("authorization") != f"Bearer {self.key}":
            raise replies.unauthenticated()
        if request.headers.get("stripe-version") != stripe.api_version:
            raise replies.invalid("Invalid Stripe API version.", "invalid_api_version")
        route, ids = self._route(request)
        form = checked(read_form(request.form), route.request)
        return Reply(200, route.act(self.books, ids, form))

    def _route(self, request: Request) -> tuple[Route, tuple[str, ...]]:
        for route in ROUTES:
            found = route.path.match(request.path)
            if found is not None and route.method == request.method:
                return route, found.groups()
        raise replies.missing("address", f"{request.method} {request.path}")

    def _kept_under(self, request: Request) -> Kept | None:
        kept = self._kept.get(request.headers.get("idempotency-key", ""))
        fresh = kept is not None and self.books.now() - kept.since < KEY_SECONDS
        return kept if fresh and request.method == "POST" else None

    def _keep(self, request: Request, reply: Reply) -> Reply:
        key = request.headers.get("idempotency-key")
        if key and request.method == "POST":
            self._kept[key] = Kept(request.digest, reply, self.books.now())
        return reply
