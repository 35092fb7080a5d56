"""Reads what model providers ask for tokens: public prices in dollars a token, as yuan of a whole number of millionths."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from exchange.replay.assumptions import Assumptions
from exchange.replay.tables import TraceError

FOLDER = "litellm-token-prices"
FILE = "model_prices_and_context_window_backup.json.gz"
INPUT, OUTPUT = "input_cost_per_token", "output_cost_per_token"
TOKENS = 1_000_000
PRICE_MAX = 10**12  # micro-yuan per million tokens: a yuan for one token


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """What a model's tokens cost, read and written, in micro-yuan per million."""

    model: str
    input_price: int
    output_price: int


def read_model_prices(folder: Path, assumptions: Assumptions) -> tuple[ModelPrice, ...]:
    """Every model that has both prices, by name. `folder` holds the data sets' own folders. Raises TraceError."""
    path = folder / FOLDER / FILE
    try:
        # A price such as 1.32e-06 is read as it is written: no float comes near it.
        known = json.loads(gzip.decompress(path.read_bytes()), parse_float=Decimal)
    except (OSError, EOFError) as fault:
        raise TraceError(f"{path} can't be read ({fault}). Name the folder that holds {FOLDER}.") from None
    except ValueError as fault:
        raise TraceError(f"{path} is not JSON: {fault}.") from None
    if not isinstance(known, dict):
        raise TraceError(f"{path} should be an object of models.")
    return tuple(sorted(_priced(known, assumptions), key=lambda price: price.model))


def _priced(known: Mapping[str, Any], assumptions: Assumptions) -> Iterator[ModelPrice]:
    for model, said in known.items():
        if isinstance(said, dict):
            prices = [_micro(said.get(cost), assumptions.usd_cny_micro) for cost in (INPUT, OUTPUT)]
            if prices[0] is not None and prices[1] is not None:
                yield ModelPrice(model, prices[0], prices[1])


def _micro(dollars: object, usd_cny_micro: int) -> int | None:
    """Dollars a token, as micro-yuan per million; to the nearest one, which is a millionth of a yuan for a million tokens."""
    if isinstance(dollars, bool) or not isinstance(dollars, int | Decimal):
        return None
    exact = Decimal(dollars) * usd_cny_micro * TOKENS
    if not 0 < exact < PRICE_MAX:
        return None
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
