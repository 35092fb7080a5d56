"""The pages that explain the venue's answers: where the `type` of a problem document leads."""

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from exchange.rejections import VenueRejection
from matching.terms import Rejection as MarketRejection
from web.pages.advice import ADVICE
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
