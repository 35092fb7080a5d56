"""The pages that explain: how the index is made, and the answers to which the `type` of a problem document leads."""

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from exchange.marketdata.index import METHOD
from exchange.rejections import VenueRejection
from matching.terms import Rejection as MarketRejection
from web.pages.advice import ADVICE
from web.pages.method import STEPS
from web.pages.routing import page
from web.problems import PROBLEMS, DoorRejection
from web.session import Caller


@dataclass(frozen=True, slots=True)
class Explained:
    """One code with all that is known of it; `advice` has code between backticks."""

    code: str
    status: int
    title: str
    advice: str


@get("/docs/problems")
async def problems_page(caller: NamedDependency[Caller | None]) -> Template:
    """Every way in which the venue says no, each under an anchor of its own."""
    return page("docs/problems.html", caller, groups=_GROUPS)


@get("/docs/index-method")
async def index_method_page(caller: NamedDependency[Caller | None]) -> Template:
    """How the price index is made."""
    return page("docs/index-method.html", caller, steps=STEPS, method=METHOD)


def _explained(kinds: type[DoorRejection | MarketRejection | VenueRejection]) -> list[Explained]:
    return [
        Explained(str(code), kind.status, kind.title, ADVICE[code])
        for code, kind in PROBLEMS.items()
        if isinstance(code, kinds)
    ]


_GROUPS: Mapping[str, list[Explained]] = {
    "market": _explained(MarketRejection),
    "venue": _explained(VenueRejection),
    "door": _explained(DoorRejection),
}
"""In the order of `docs/rejections.md`."""
