"""The web application: routes, the exchange that they ask, and what every answer has in common."""

from litestar import Litestar
from litestar.di import Provide

from exchange.app import Exchange
from exchange.clock import wall_clock
from exchange.marketdata.days import IndexDays
from exchange.marketdata.history import History
from exchange.payments import Payments
from web.api.routes import api
from web.console.routes import HANDLERS as CONSOLE
from web.desks.routes import HANDLERS as DESKS
from web.documents.pages import HANDLERS as DOCUMENTS
from web.failures import mark_answer
from web.pages.board import Board, BookStand
from web.pages.engine import static_files, template_config
from web.pages.routing import answered
from web.settings import WebSettings
from web.storefront.market import AHEAD_HOURS
from web.storefront.routes import HANDLERS as STOREFRONT
from web.strict import BODY_MAX


def create_app(exchange: Exchange, settings: WebSettings, payments: Payments | None = None) -> Litestar:
    """Put the application together. It keeps what it was asked last of the market: what it knows, it asks the exchange.

    Without other `payments`, money comes in by the files of a bank.
    """
    payments = payments or Payments(exchange, None, wall_clock)
    board, week_board = Board(exchange), Board(exchange, AHEAD_HOURS * 3600)
    book_stand, history = BookStand(exchange), History(exchange.readers)
    index = IndexDays(exchange.readers, exchange.catalogue)
    app = Litestar(
        route_handlers=[api(), static_files(), *STOREFRONT, *CONSOLE, *DESKS, *DOCUMENTS],
        dependencies={
            "exchange": Provide(lambda: exchange, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "board": Provide(lambda: board, sync_to_thread=False),
            "week_board": Provide(lambda: week_board, sync_to_thread=False),
            "book_stand": Provide(lambda: book_stand, sync_to_thread=False),
            "history": Provide(lambda: history, sync_to_thread=False),
            "payments": Provide(lambda: payments, sync_to_thread=False),
            "index": Provide(lambda: index, sync_to_thread=False),
        },
        exception_handlers={Exception: answered},
        before_send=[mark_answer],
        request_max_body_size=BODY_MAX,
        template_config=template_config(),
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    app.state.exchange, app.state.settings = exchange, settings
    return app
