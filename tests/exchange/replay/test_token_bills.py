"""Bills for token requests: rounded once a line, whatever the requests are; and the price list as it is read."""

import gzip
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.replay.assumptions import DEFAULTS
from exchange.replay.model_prices import FILE, FOLDER, ModelPrice, read_model_prices
from exchange.replay.tables import TraceError
from exchange.replay.token_bills import PICO_PER_FEN, token_bill
from exchange.replay.tokens import TokenUse, read_token_trace
from tests.paths import data_dir, require

uses = st.builds(TokenUse, st.just(0), st.integers(0, 100_000), st.integers(0, 10_000))
streams = st.dictionaries(st.sampled_from(["code", "conv"]), st.lists(uses, max_size=30), min_size=1)
prices = st.builds(ModelPrice, st.just("m"), st.integers(1, 10**8), st.integers(1, 10**8))


@given(streams, prices)
def test_a_bill_is_off_by_half_a_fen_a_line_at_most(
    requests: dict[str, list[TokenUse]], price: ModelPrice
) -> None:
    bill = token_bill(requests, price)
    exact = sum(
        Fraction(use.input_tokens * price.input_price + use.output_tokens * price.output_price, 10**10)
        for stream in requests.values()
        for use in stream
    )
    assert Fraction(bill.exact, PICO_PER_FEN) == exact
    assert 2 * abs(Fraction(bill.billed) - exact) <= bill.lines


def test_requests_below_half_a_fen_are_given_away_if_each_is_rounded() -> None:
    cheap = ModelPrice("cheap", 355_000, 1_420_000)
    bill = token_bill({"conv": [TokenUse(0, 1_000, 100)] * 1_000}, cheap)
    assert (bill.exact, bill.billed, bill.by_request) == (497_000_000_000, 50, 0)
    assert bill.astray_milli == -1_000


def test_the_real_requests_at_a_real_price() -> None:
    folder = require(data_dir(), "public data sets")
    known = {price.model: price for price in read_model_prices(folder, DEFAULTS)}
    price = known["deepseek/deepseek-v4-pro"]
    assert (price.input_price, price.output_price) == (9_372_000, 28_116_000)
    bill = token_bill(read_token_trace(folder, DEFAULTS), price)
    tokens_in, tokens_out = 18_059_974 + 22_361_870, 245_896 + 4_088_665
    exact = Decimal(tokens_in) * Decimal("1.32e-6") + Decimal(tokens_out) * Decimal("3.96e-6")
    assert Decimal(bill.exact) == exact * Decimal("7.1") * 10**12
    assert (bill.requests, bill.lines) == (28_185, 4)
    assert bill.by_request < bill.billed


def _listed(folder: Path, content: bytes) -> Path:
    (folder / FOLDER).mkdir()
    (folder / FOLDER / FILE).write_bytes(content)
    return folder


def test_a_model_without_both_prices_is_left_out(tmp_path: Path) -> None:
    listed = b"""{
        "b": {"input_cost_per_token": 1.32e-06, "output_cost_per_token": 1},
        "a": {"input_cost_per_token": 1e-09, "output_cost_per_token": 2e-6},
        "free": {"input_cost_per_token": 0, "output_cost_per_token": 0},
        "pictures": {"input_cost_per_token": 1e-06}, "odd": {"input_cost_per_token": true}, "note": "none"
    }"""
    known = read_model_prices(_listed(tmp_path, gzip.compress(listed)), DEFAULTS)
    assert known == (ModelPrice("a", 7_100, 14_200_000),)  # a dollar for each token of b is out of all bounds


@pytest.mark.parametrize(
    "content", [b"not packed", gzip.compress(b"{", mtime=0), gzip.compress(b"[1]", mtime=0)]
)
def test_a_bad_price_list_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TraceError, match=FILE):
        read_model_prices(_listed(tmp_path, content), DEFAULTS)


def test_a_missing_price_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=FOLDER):
        read_model_prices(tmp_path, DEFAULTS)
