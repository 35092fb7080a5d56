"""Stripe's webhooks: proven to be from Stripe, to be meant for us, and to be of now; then typed.

The library's own check lets through what is dated in the future, what is of test mode, and the same event twice.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import stripe

from settlement.gateways.news import (
    AccountChanged,
    Disputed,
    GatewayEvent,
    MovementChanged,
    News,
    PaidOut,
    Unrecognised,
)
from settlement.gateways.stripe_gateway import LABEL
from settlement.money import Fen

WINDOW_SECONDS = 300
"""How far a signature's time may lie from ours, in either direction."""

BODY_MAX = 256 * 1024


class WebhookFault(StrEnum):
    """Why a webhook is refused."""

    BAD_SIGNATURE = "bad_signature"
    TOO_OLD = "too_old"
    IN_THE_FUTURE = "in_the_future"
    WRONG_MODE = "wrong_mode"
    WRONG_ACCOUNT = "wrong_account"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """`secret` is the endpoint's. `live` says whether real money is meant: events of the other mode are refused.

    `accounts` are those whose events are meant for us, beside the venue's own: the sellers'.
    """

    secret: str = field(repr=False)
    live: bool = False
    accounts: frozenset[str] = frozenset()


def read_webhook(
    body: bytes, signature: str | None, now: int, settings: WebhookSettings
) -> GatewayEvent | WebhookFault:
    """The event in a raw body, or why it is refused. No input raises anything."""
    signed_at = _signed_at(body, signature, settings.secret)
    if signed_at is None:
        return WebhookFault.BAD_SIGNATURE
    if signed_at < now - WINDOW_SECONDS:
        return WebhookFault.TOO_OLD
    if signed_at > now + WINDOW_SECONDS:
        return WebhookFault.IN_THE_FUTURE
    try:
        told = json.loads(body)
        if told["livemode"] is not settings.live:
            return WebhookFault.WRONG_MODE
        if told.get("account") not in {None, *settings.accounts}:
            return WebhookFault.WRONG_ACCOUNT
        return GatewayEvent(
            str(told["id"]),
            int(told["created"]),
            str(told["type"]),
            _news(told["type"], told["data"]["object"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return WebhookFault.UNREADABLE


def _signed_at(body: bytes, signature: str | None, secret: str) -> int | None:
    """When the body was signed with the secret, in seconds; None where it was not. Age is ours to judge."""
    if len(body) > BODY_MAX or not signature or not secret.strip():
        return None
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeError):
        return None
    # As the library reads it, which takes the first of several.
    parts = (part.split("=", 2) for part in signature.split(","))
    return next(int(part[1]) for part in parts if part[0] == "t")


def _news(kind: str, about: Mapping[str, Any]) -> News:
    """What an event says to us. Any, since it is JSON: whoever sent it is proven, and each field is checked by its use."""
    noun, _, verb = kind.rpartition(".")
    label = (about.get("metadata") or {}).get(LABEL)
    if noun in {"payment_intent", "refund", "transfer"} and label:
        return MovementChanged(str(label))
    match noun:
        case "account" if verb == "updated":
            payable = (about.get("capabilities") or {}).get("transfers") == "active"
            return AccountChanged(str(about["id"]), payable)
        case "charge.dispute":
            return Disputed(
                str(about["id"]),
                str(about["payment_intent"]),
                Fen(int(about["amount"])),
                str(about["status"]),
            )
        case "payout":
            return PaidOut(str(about["id"]), Fen(int(about["amount"])), str(about["status"]))
        case _:
            return Unrecognised(kind)
