"""The web application: routes, the exchange that they ask, and what every answer has in common."""

from importlib import import_module
from importlib.util import find_spec

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from exchange.app import Exchange
from web.api.routes import api
from web.failures import failed, mark_answer
from web.pages.engine import static_files, template_config
from web.settings import WebSettings
from web.strict import BODY_MAX


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


def pages() -> list[ControllerRouterHandler]:
    """Everything for people: the storefront, the sellers' console and the desks."""
    rooms = [f"web.{room}.routes" for room in ("storefront", "console", "desks")]
    return [handler for room in rooms if find_spec(room) for handler in import_module(room).HANDLERS]
