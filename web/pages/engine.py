"""The template engine with everything that templates may call, and the files that pages load."""

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.datastructures.headers import CacheControlHeader
from litestar.handlers import BaseRouteHandler
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.router import Router
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

from exchange.state import Role
from settlement.ledger.chart import LedgerAccount
from web.pages import formats
from web.problems import DoorRejection, ProblemError
from web.session import Connection

WEB = Path(__file__).parent.parent
STATIC = WEB / "static"
YEAR = 365 * 24 * 3600  # seconds: a static file's address changes with what is in it

FILTERS = (
    formats.yuan,
    formats.unit_price,
    formats.agreed_price,
    formats.micro_yuan,
    formats.plain_yuan,
    formats.plain_price,
    formats.count,
    formats.short_count,
    formats.basis_points,
    formats.milli,
    formats.thousandths,
    formats.share_of,
    formats.card_hours,
    formats.measured,
    formats.per,
    formats.hours,
    formats.plain_hours,
    formats.local,
    formats.local_short,
    formats.local_seconds,
    formats.local_day,
    formats.local_field,
    formats.weekday,
    formats.utc,
    formats.utc_short,
    formats.machine_time,
)


def environment() -> Environment:
    """Jinja as the pages use it: everything escaped, and a name that is missing is a fault, not a blank."""
    jinja = Environment(
        loader=FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters.update({written.__name__: written for written in FILTERS})
    jinja.globals.update(static=static_address, Role=Role, NOTHING=formats.NOTHING, account=LedgerAccount)
    return jinja


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """What the application needs to render pages."""
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment()))


def static_files() -> Router:
    """The stylesheet, the scripts and their licences, from this machine and nowhere else.

    Only names that are there at the start are served: the file system is asked about no other, whatever it makes of them.
    """
    names = frozenset(
        f"/{file.relative_to(STATIC).as_posix()}" for file in STATIC.rglob("*") if file.is_file()
    )

    async def known_file(connection: Connection, _: BaseRouteHandler) -> None:
        if str(connection.path_params["file_path"]) not in names:
            raise ProblemError(DoorRejection.NOT_FOUND)

    kept = CacheControlHeader(public=True, immutable=True, max_age=YEAR)
    return create_static_files_router(
        path="/static", directories=[STATIC], cache_control=kept, guards=[known_file]
    )


@cache
def static_address(name: str) -> str:
    """Where a static file is served; a browser that has another version asks anew."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"
