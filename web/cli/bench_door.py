"""The door through which `suanli bench` places orders: a venue's own server and client, in one process."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from exchange.app import Exchange
from exchange.bench import Place
from exchange.names import PartyId
from exchange.orders.commands import PlaceOrder
from exchange.parties.commands import IssueKey
from exchange.state import VenueTerms
from matching.terms import Shape, Work
from web.app import create_app
from web.bodies.fields import price_per_hour, utc
from web.client import Client, Json
from web.server import serving
from web.session import new_key
from web.settings import WebSettings


@asynccontextmanager
async def door(exchange: Exchange, party: PartyId) -> AsyncIterator[Place]:
    """Serve the venue on this machine, and place orders there in the name of a party."""
    key, token, digest = new_key()
    await exchange.as_venue(f"key-{key}", IssueKey(party, key, digest))
    app = create_app(exchange, WebSettings(secret=secrets.token_hex(32)))
    async with serving(app, port=0) as url, Client(url, token) as client:

        async def place(order: PlaceOrder) -> object:
            return await client.place_order(_body(order, exchange.terms))

        yield place


def _body(order: PlaceOrder, terms: VenueTerms) -> Json:
    """An order as it is asked for over HTTP."""
    return {
        "tier": order.tier,
        "chips": dict(order.chips),
        "regions": list(order.regions),
        "window": {
            "start": utc(terms.instant_of(order.window.start)).isoformat(),
            "end": utc(terms.instant_of(order.window.end)).isoformat(),
        },
        **_shape(order.shape, terms.slot_seconds // 60),
        "limit_micro_yuan_per_card_hour": price_per_hour(terms, order.limit),
        "prefer": order.prefer,
        "time_in_force": order.tif,
        "on_preempt": order.on_preempt,
        "home": order.home,
        "mbps_per_card": order.mbps_per_card,
    }


def _shape(shape: Shape, slot_minutes: int) -> Json:
    if isinstance(shape, Work):
        return {
            "work_card_minutes": shape.amount * slot_minutes,
            "rate_cards": shape.rate,
            "all_at_once": shape.whole,
        }
    return {
        "cards": shape.most,
        "least_cards": shape.least,
        "duration_minutes": shape.slots * slot_minutes,
        "split": shape.split,
    }
