"""Turns whatever goes wrong behind a route into a problem document, and marks every answer with what it needs.

An outage is not an error of ours: a database that is gone, or a writer that has stopped, is a 503 with a sentence that
says what to do. Anything unforeseen is logged with its traceback and answered without it.
"""

import logging
import secrets
from typing import Any

from litestar import Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Message, Scope

from exchange.bus import BusyError, ClosingError, DifferentCommandError, HaltedError
from exchange.jobs import RefusedError
from exchange.persistence.chains import KeyRefusedError, UnknownMeterError
from exchange.persistence.decisions import DecidedError, NotBillableError
from exchange.persistence.errors import OUTAGES, DatabaseUnavailable, explain
from exchange.persistence.turn import JobAtWorkError
from exchange.persistence.usage import SignatureNeededError
from web.problems import MEDIA_TYPE, DoorRejection, Problem, ProblemError

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, no script within a page, and no page of ours in a frame."""

WITH_STRIPE = (
    CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'self' https://js.stripe.com").replace(
        "connect-src 'self'", "connect-src 'self' https://api.stripe.com"
    )
    + "; frame-src https://js.stripe.com https://hooks.stripe.com"
)
"""For the page where a buyer pays by Stripe's form, which is a frame of Stripe's: https://docs.stripe.com/security/guide."""

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_log = logging.getLogger("suanli.web")


def failed(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The answer to a request that failed."""
    problem = noted(request, error)
    return Response(
        problem.document(request_id(request.scope)),
        status_code=problem.kind.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


def noted(request: Request[Any, Any, Any], error: Exception) -> ProblemError:
    """The problem that an exception stands for, logged where somebody has to look at it."""
    problem = problem_of(error)
    if problem.code == DoorRejection.INTERNAL_ERROR:
        _log.error("request %s failed", request_id(request.scope), exc_info=error)
    elif problem.code == DoorRejection.DATABASE_UNAVAILABLE:
        _log.error("request %s: %s", request_id(request.scope), explain(error))
    return problem


def problem_of(error: Exception) -> ProblemError:
    """The problem that an exception stands for."""
    match error:
        case ProblemError():
            return error
        case RefusedError():
            return ProblemError(error.rejection.code, error.rejection.explain)
        case JobAtWorkError():
            return ProblemError(DoorRejection.JOB_AT_WORK, f"{error} Wait for its end, then look.")
        case DifferentCommandError():
            return ProblemError(DoorRejection.IDEMPOTENCY_KEY_REUSED, "Take a new key for a new request.")
        case SignatureNeededError():
            return ProblemError(DoorRejection.SIGNATURE_NEEDED, str(error))
        case UnknownMeterError():
            return ProblemError(DoorRejection.UNKNOWN_METER, str(error))
        case KeyRefusedError():
            return ProblemError(DoorRejection.METER_KEY_REFUSED, str(error))
        case NotBillableError():
            return ProblemError(DoorRejection.NOT_BILLABLE, str(error))
        case DecidedError():
            return ProblemError(DoorRejection.ALREADY_CLOSED, str(error))
        case BusyError():
            return _later(
                DoorRejection.BUSY, "Send the same request again in a moment, with the same key.", 1
            )
        case ClosingError():
            return _later(DoorRejection.CLOSING, "Send the same request again once it is back.", 10)
        case HaltedError():
            return _later(
                DoorRejection.HALTED,
                "The outcome is unknown: send the same request again, with the same key, once it is back.",
                10,
            )
        case HTTPException():
            return _of_http(error)
        case _ if isinstance(error, (DatabaseUnavailable, *OUTAGES)):
            return _later(DoorRejection.DATABASE_UNAVAILABLE, "Send the same request again in a moment.", 10)
        case _:
            return ProblemError(DoorRejection.INTERNAL_ERROR, "It is written down under this request's id.")


def request_id(scope: Scope) -> str:
    """A name for this request, the same in its answer and in the log."""
    known: str = scope["state"].setdefault("request_id", new_request_id())
    return known


def new_request_id() -> str:
    """A name for a request that has none yet."""
    return f"req_{secrets.token_hex(8)}"


async def mark_answer(message: Message, scope: Scope) -> None:
    """Put on every answer, problems included, what browsers and callers need to know of it."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["X-Request-Id"] = request_id(scope)
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if scope["path"].startswith("/v1/"):
        headers.setdefault("Cache-Control", "no-store")
    if scope["state"].get("replayed"):
        headers["Idempotent-Replayed"] = "true"


def _of_http(error: HTTPException) -> ProblemError:
    """What the framework refuses: addresses that lead nowhere, and parameters that it can't read."""
    match error:
        case NotFoundException():
            return ProblemError(DoorRejection.NOT_FOUND)
        case MethodNotAllowedException():
            return ProblemError(DoorRejection.METHOD_NOT_ALLOWED, headers=error.headers)
        case RequestEntityTooLarge():
            return ProblemError(DoorRejection.BODY_TOO_LARGE)
        case _ if error.status_code >= 500:
            return ProblemError(DoorRejection.INTERNAL_ERROR)
        case _ if isinstance(error.extra, list):
            names = sorted({str(fault["key"]) for fault in error.extra if "key" in fault})
            return ProblemError(DoorRejection.INVALID_PARAMETER, f"{' and '.join(names)} can't be used so.")
        case _:
            return ProblemError(DoorRejection.MALFORMED_REQUEST)


def _later(code: DoorRejection, detail: str, seconds: int) -> ProblemError:
    return ProblemError(code, detail, headers={"Retry-After": str(seconds)})
