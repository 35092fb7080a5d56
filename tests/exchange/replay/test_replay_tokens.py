"""Token requests: exact totals, fractions of seven digits, and whole days of shift."""

from pathlib import Path

import pytest

from exchange.replay.assumptions import DEFAULTS, assume
from exchange.replay.tables import TraceError
from exchange.replay.tokens import FILES, FOLDER, TokenUse, read_token_trace, shift_days
from tests.paths import data_dir, require

HEADINGS = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
NOON_S = 12 * 3_600


def write(folder: Path, row: str) -> Path:
    (folder / FOLDER).mkdir()
    for name in FILES.values():
        (folder / FOLDER / name).write_text(f"{HEADINGS}2023-11-16 12:00:00.9999999,3,4\r\n{row}")
    return folder


def test_the_real_trace_has_the_known_totals() -> None:
    uses = read_token_trace(require(data_dir(), "public data sets"), DEFAULTS)
    totals = {
        stream: (len(found), sum(use.input_tokens for use in found), sum(use.output_tokens for use in found))
        for stream, found in uses.items()
    }
    assert totals == {"code": (8_819, 18_059_974, 245_896), "conv": (19_366, 22_361_870, 4_088_665)}
    day = DEFAULTS.start_s + DEFAULTS.token_day * 86_400
    for found in uses.values():
        instants = [use.at_s - day for use in found]
        assert instants == sorted(instants)
        assert 18 * 3_600 + 15 * 60 <= instants[0] < instants[-1] < 19 * 3_600 + 15 * 60


def test_fractions_are_cut_and_days_are_whole(tmp_path: Path) -> None:
    uses = read_token_trace(write(tmp_path, "2023-11-16 11:59:59,1,2"), assume({"token-day": "0"}))
    assert uses["code"] == (
        TokenUse(DEFAULTS.start_s + NOON_S - 1, 1, 2),
        TokenUse(DEFAULTS.start_s + NOON_S, 3, 4),
    )
    later = assume({"starts": "2026-01-01T06:15:00+08:00", "token-day": "2"})
    assert shift_days(later) == shift_days(assume({"token-day": "1"}))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("yesterday,1,2", f"{FOLDER}/{FILES['code']}, line 3: TIMESTAMP should be like"),
        ("2023-11-31 12:00:00.0000000,1,2", "line 3: TIMESTAMP should be like"),
        ("2023-11-16 12:00:00.0000000,1,-2", "line 3: GeneratedTokens should be a whole number"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: str, sentence: str) -> None:
    with pytest.raises(TraceError) as caught:
        read_token_trace(write(tmp_path, row), DEFAULTS)
    assert sentence in str(caught.value)
