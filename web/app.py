"""The web application: routes, the exchange that they ask, and what every answer has in common."""

from litestar import Litestar, Router
from litestar.di import Provide

from exchange.app import Exchange
from web.api import (
    agreements,
    commands,
    contracts,
    leases,
    listings,
    market,
    orders,
    parties,
    periods,
    statements,
    usage,
)
from web.api.asking import command_id, submit
from web.failures import failed, mark_answer
from web.pages.engine import static_files, template_config
from web.session import caller
from web.settings import WebSettings
from web.strict import BODY_MAX, StrictRequest, strict_address

NOUNS = (
    market,
    parties,
    listings,
    orders,
    leases,
    usage,
    contracts,
    agreements,
    periods,
    statements,
    commands,
)


def create_app(exchange: Exchange, settings: WebSettings) -> Litestar:
    """Put the application together. It holds no state of its own: what it knows, it asks the exchange."""
    app = Litestar(
        route_handlers=[api(), static_files(), *pages()],
        dependencies={
            "exchange": Provide(lambda: exchange, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
        },
        exception_handlers={Exception: failed},
        before_send=[mark_answer],
        request_max_body_size=BODY_MAX,
        template_config=template_config(),
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    app.state.exchange, app.state.settings = exchange, settings
    return app


def api() -> Router:
    """Everything under /v1: strict in what it reads, problem documents in what it refuses."""
    return Router(
        "/v1",
        route_handlers=[handler for noun in NOUNS for handler in noun.HANDLERS],
        guards=[strict_address],
        request_class=StrictRequest,
        dependencies={
            "caller": Provide(caller, sync_to_thread=False),
            "command_id": Provide(command_id, sync_to_thread=False),
            "submit": Provide(submit, sync_to_thread=False),
        },
    )


def pages() -> list[ControllerRouterHandler]:
    """Everything for people: the storefront, the sellers' console and the desks."""
    rooms = [f"web.{room}.routes" for room in ("storefront", "console", "desks")]
    return [handler for room in rooms if find_spec(room) for handler in import_module(room).HANDLERS]
