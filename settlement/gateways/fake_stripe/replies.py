"""Answers of the fake: a status, headers and a document; and its refusals in Stripe's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
"""A JSON object as it goes over the wire: what is in it, its reader decides."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is sent."""

    status: int
    document: Document
    headers: Mapping[str, str] = field(default_factory=dict)


class ReplyError(Exception):
    """A refusal. `is_kept` tells whether it is remembered under an idempotency key: only once a request has begun."""

    def __init__(self, reply: Reply, *, is_kept: bool) -> None:
        super().__init__(reply.document["error"]["message"])
        self.reply = reply
        self.is_kept = is_kept


def invalid(message: str, code: str, param: str | None = None) -> ReplyError:
    """A request that can't be read: it has not begun."""
    return ReplyError(_error(400, "invalid_request_error", message, code, param), is_kept=False)


def forbidden(message: str, code: str, status: int = 400) -> ReplyError:
    """A request that was read, and is against the rules."""
    return ReplyError(_error(status, "invalid_request_error", message, code), is_kept=True)


def missing(kind: str, identity: str) -> ReplyError:
    """Something that isn't there."""
    return forbidden(f"No such {kind}: '{identity}'", "resource_missing", 404)


def declined(code: str) -> ReplyError:
    """A card that its bank has refused."""
    return ReplyError(_error(402, "card_error", "Your card was declined.", code), is_kept=True)


def key_reused() -> ReplyError:
    """An idempotency key that stands for another request."""
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with."
    )
    return ReplyError(_error(400, "idempotency_error", message, "idempotency_key_in_use"), is_kept=False)


def unauthenticated() -> ReplyError:
    """No key, or one that isn't in force."""
    return ReplyError(
        _error(401, "invalid_request_error", "Invalid API Key provided.", "api_key"), is_kept=False
    )


def conflict() -> Reply:
    """Another request with this key is at work."""
    message = "There is currently another in-progress request using this Idempotent Key."
    return _error(409, "idempotency_error", message, "idempotency_key_in_use")


def too_many() -> Reply:
    """More requests than Stripe takes in a second."""
    return _error(429, "invalid_request_error", "Too many requests.", "rate_limit")


def broken() -> Reply:
    """Stripe has made a mistake. It asks not to be asked again under the same key, which would repeat this answer."""
    failed = _error(500, "api_error", "An unknown error occurred.", "api_error")
    return Reply(failed.status, failed.document, {"Stripe-Should-Retry": "false"})


def _error(status: int, kind: str, message: str, code: str, param: str | None = None) -> Reply:
    error = {
        "type": kind,
        "code": code,
        "message": message,
        "doc_url": f"https://stripe.com/docs/error-codes/{code}",
    }
    return Reply(status, {"error": error if param is None else {**error, "param": param}})
