"""The reference data are what their rule makes, and make a market of their own."""

from importlib.resources import files

import pytest

from exchange.catalogue.catalogue import load_catalogue
from exchange.replay.assumptions import DEFAULTS
from exchange.replay.reference import reference_offers, reference_tokens, reference_trace
from exchange.replay.stats import shape_of_jobs
from tests.exchange.replay.reference_rule import TABLES


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_what_their_rule_makes(name: str) -> None:
    table = files("exchange.replay") / "reference" / name
    assert table.read_text(encoding="utf-8") == TABLES[name]()


def test_the_reference_trace_has_the_shape_it_should() -> None:
    trace = reference_trace()
    shape = shape_of_jobs(trace.jobs)
    assert shape.jobs == 400
    assert 700 < shape.under_an_hour_milli < 900
    assert shape.longest_share_milli > 700
    assert all(job.created_s + job.seconds <= trace.span_s for job in trace.jobs)


def test_every_chip_is_in_the_catalogue_and_has_a_price() -> None:
    chips = load_catalogue().chips
    offered = {offer.chip_id for offer in reference_offers().offers}
    trace = reference_trace()
    named = {chip for job in trace.jobs for chip in job.chips} | {node.chip for node in trace.nodes}
    assert named == offered <= set(chips)


def test_the_token_requests_lie_on_the_assumed_day() -> None:
    day = DEFAULTS.start_s + DEFAULTS.token_day * 86_400
    uses = reference_tokens(DEFAULTS)
    assert {stream: len(found) for stream, found in uses.items()} == {"code": 20, "conv": 40}
    assert all(day <= use.at_s < day + 86_400 for found in uses.values() for use in found)
