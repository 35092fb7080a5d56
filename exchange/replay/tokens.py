"""Reads the trace of token requests, moves it into the span, and plans the contracts under which it is metered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from exchange.replay.assumptions import Assumptions
from exchange.replay.planned import PlannedBuyer, PlannedSeller, PlannedTokenContract
from exchange.replay.tables import Row, read_rows, read_text
from exchange.replay.trace import DAY_S
from settlement.money import Fen

FOLDER = "azure-llm-2023"
FILES = {"code": "AzureLLMInferenceTrace_code.csv", "conv": "AzureLLMInferenceTrace_conv.csv"}
COLUMNS = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
TRACE_DAY = date(2023, 11, 16)
EPOCH = date(1970, 1, 1)
# Seconds and their fraction apart: the trace writes seven digits, where a datetime holds six.
TIMESTAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class TokenUse:
    """One request: when it was made, in whole UTC seconds rounded down, and the tokens it read and wrote."""

    at_s: int
    input_tokens: int
    output_tokens: int


def shift_days(assumptions: Assumptions) -> int:
    """By how many whole days the requests are moved, so that hours of the day stay what they were."""
    first_day = assumptions.start_s // DAY_S
    return first_day + assumptions.token_day - (TRACE_DAY - EPOCH).days


def read_token_trace(folder: Path, assumptions: Assumptions) -> Mapping[str, tuple[TokenUse, ...]]:
    """The requests of each stream by time. `folder` holds the data sets' own folders. Raises TraceError."""
    shift_s = shift_days(assumptions) * DAY_S
    uses = {}
    for stream, name in FILES.items():
        rows = read_rows(f"{FOLDER}/{name}", read_text(folder / FOLDER / name), COLUMNS)
        uses[stream] = tuple(sorted((_use(row, shift_s) for row in rows), key=lambda use: use.at_s))
    return uses


def contracts_of(
    buyers: Sequence[PlannedBuyer], sellers: Sequence[PlannedSeller], assumptions: Assumptions
) -> tuple[PlannedTokenContract, ...]:
    """A contract for each stream: code between the first buyer and seller, conversation between the last ones."""
    prices = {
        "code": (assumptions.code_input_micro, assumptions.code_output_micro),
        "conv": (assumptions.conv_input_micro, assumptions.conv_output_micro),
    }
    parties = {"code": (buyers[0], sellers[0]), "conv": (buyers[-1], sellers[-1])}
    return tuple(
        PlannedTokenContract(
            stream=stream,
            buyer=buyer.code,
            seller=seller.code,
            source=buyer.region,
            destination=seller.region,
            input_price=prices[stream][0],
            output_price=prices[stream][1],
            budget_fen=Fen(assumptions.token_budget_fen),
        )
        for stream, (buyer, seller) in parties.items()
    )


def _use(row: Row, shift_s: int) -> TokenUse:
    return TokenUse(
        at_s=_instant(row) + shift_s,
        input_tokens=row.integer("ContextTokens"),
        output_tokens=row.integer("GeneratedTokens"),
    )


def _instant(row: Row) -> int:
    text = row.text("TIMESTAMP")
    match = TIMESTAMP.fullmatch(text)
    try:
        at = datetime.fromisoformat(match[1]) if match else None
    except ValueError:
        at = None
    if at is None:
        raise row.fault(f"TIMESTAMP should be like 2023-11-16 18:17:03.9799600, not {text!r}.")
    return int(at.replace(tzinfo=UTC).timestamp())
