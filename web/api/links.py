"""Links: the bandwidth between regions, for everybody to read, and for the clerk to set."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.persistence.queries.links import links
from exchange.state import Role
from web.api.asking import Submit
from web.bodies.links import LinkIn, LinkOut
from web.session import may


@get("/links")
async def list_links(exchange: NamedDependency[Exchange]) -> list[LinkOut]:
    """Every link. Between two regions without one there is no bandwidth for orders that need some."""
    return [LinkOut.of(link) for link in await links(exchange.readers)]


@post("/links", guards=[may(Role.CLERK)], status_code=HTTP_200_OK)
async def set_link(data: JSONBody[LinkIn], submit: NamedDependency[Submit]) -> LinkOut:
    """Say how much bandwidth a link has from now on: never less than leases use. Orders that wait for it seek again."""
    command = data.command()
    await submit(command)
    return LinkOut(command.home, command.region, command.mbps)


HANDLERS = [list_links, set_link]
