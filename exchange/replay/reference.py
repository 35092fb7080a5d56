"""The project's own small trace, offers and token requests: what a replay shows where there is no data set."""

from collections.abc import Mapping
from importlib.resources import files

from exchange.replay.assumptions import Assumptions
from exchange.replay.model_prices import ModelPrice
from exchange.replay.offers import MICRO, Currency, Offer, OfferKind, Offers
from exchange.replay.tables import Row, read_rows
from exchange.replay.tokens import TokenUse
from exchange.replay.trace import DAY_S, Job, JobTrace, Urgency, chips_of, read_nodes

SPAN_S = 7 * DAY_S
JOB_COLUMNS = ("name", "created_s", "seconds", "cards", "chips", "urgency")
OFFER_COLUMNS = ("chip", "kind", "yuan_per_hour", "provider")
TOKEN_COLUMNS = ("stream", "at_s", "input_tokens", "output_tokens")


def reference_trace() -> JobTrace:
    """About four hundred jobs of one week. Their chips are codes of the catalogue."""
    jobs = [_job(row) for row in read_rows("jobs.csv", _text("jobs.csv"), JOB_COLUMNS)]
    jobs.sort(key=lambda job: (job.created_s, job.name))
    return JobTrace(tuple(jobs), read_nodes("nodes.csv", _text("nodes.csv")), {}, SPAN_S)


def reference_offers() -> Offers:
    """Round, illustrative prices for the chips of the reference trace."""
    offers = tuple(_offer(row) for row in read_rows("offers.csv", _text("offers.csv"), OFFER_COLUMNS))
    return Offers("reference offers (illustrative, not real prices)", offers, {})


def reference_tokens(assumptions: Assumptions) -> Mapping[str, tuple[TokenUse, ...]]:
    """A few token requests of each stream, on the assumed day of the span."""
    midnight_s = (assumptions.start_s // DAY_S + assumptions.token_day) * DAY_S
    uses: dict[str, list[TokenUse]] = {"code": [], "conv": []}
    for row in read_rows("tokens.csv", _text("tokens.csv"), TOKEN_COLUMNS):
        at_s = midnight_s + row.integer("at_s")
        uses[row.text("stream")].append(
            TokenUse(at_s, row.integer("input_tokens"), row.integer("output_tokens"))
        )
    return {stream: tuple(found) for stream, found in uses.items()}


def reference_model_prices(assumptions: Assumptions) -> tuple[ModelPrice, ...]:
    """What the two contracts of a replay are assumed to ask."""
    return (
        ModelPrice("the code contract", assumptions.code_input_micro, assumptions.code_output_micro),
        ModelPrice("the conversation contract", assumptions.conv_input_micro, assumptions.conv_output_micro),
    )


def _text(name: str) -> str:
    return (files("exchange.replay") / "reference" / name).read_text(encoding="utf-8")


def _job(row: Row) -> Job:
    return Job(
        name=row.text("name"),
        created_s=row.integer("created_s"),
        seconds=row.integer("seconds", 1),
        cards=row.integer("cards", 1),
        chips=chips_of(row, "chips"),
        urgency=row.member("urgency", Urgency),
    )


def _offer(row: Row) -> Offer:
    return Offer(
        chip_id=row.text("chip"),
        kind=row.member("kind", OfferKind),
        micro_per_hour=row.integer("yuan_per_hour", 1) * MICRO,
        currency=Currency.CNY,
        provider=row.text("provider"),
    )
