"""Plans the market that a replay or the bench trades, from real traces or the project's small ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from exchange.replay.assumptions import Assumptions
from exchange.replay.offers import read_offers
from exchange.replay.plan import plan_market
from exchange.replay.planned import MarketPlan
from exchange.replay.reference import reference_offers, reference_tokens, reference_trace
from exchange.replay.sellers import Tokens
from exchange.replay.stats import Shape, shape_of_jobs
from exchange.replay.tokens import read_token_trace
from exchange.replay.trace import read_job_trace

Trace = Annotated[
    Path | None,
    typer.Option(
        "--trace",
        metavar="DIR",
        show_default=False,
        help="The folder that holds the data sets' own folders. Without it the project's small made-up trace is taken.",
    ),
]
Scale = Annotated[int | None, typer.Option(min=1, metavar="N", show_default=False, help="How many orders.")]


@dataclass(frozen=True, slots=True)
class Market:
    """A market before anybody trades: its plan, its requests for tokens, and the shape of the trace it is made of."""

    plan: MarketPlan
    uses: Tokens
    shape: Shape
    left_out: Mapping[str, int]


def market_of(folder: Path | None, assumptions: Assumptions, scale: int | None) -> Market:
    """The market that the traces in a folder make of `scale` orders, or of as many as they have jobs.

    Raises `TraceError` or `AssumptionError`.
    """
    if folder is None:
        trace, offers, uses = reference_trace(), reference_offers(), reference_tokens(assumptions)
    else:
        trace, offers, uses = (
            read_job_trace(folder),
            read_offers(folder),
            read_token_trace(folder, assumptions),
        )
    plan = plan_market(trace, offers, assumptions, scale)
    return Market(plan, uses, shape_of_jobs(trace.jobs), trace.left_out)
