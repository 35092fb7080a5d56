"""A file of usage is read whole or not at all, and the same file makes the same batches."""

from pathlib import Path

import pytest

from web.cli.buyer import read_job
from web.cli.talk import Failure
from web.cli.usage_file import read_usage

HEADER = "meter,sequence,lease,slot,delivered_card_seconds"
ROW = "m,1,lse-1,2026-01-01T00:00:00+08:00,28800"


def file(folder: Path, text: str) -> Path:
    path = folder / "usage.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_file_becomes_the_records_that_the_api_takes(tmp_path: Path) -> None:
    read = read_usage(file(tmp_path, f"{HEADER}\n{ROW}\nm,2,lse-1,2026-01-01T01:00:00+08:00,0\n"))
    assert read.kind == "deliveries"
    assert read.records[0] == {
        "meter": "m",
        "sequence": 1,
        "lease": "lse-1",
        "slot": "2026-01-01T00:00:00+08:00",
        "delivered_card_seconds": 28800,
    }
    assert read.lines == [2, 3]


def test_json_lines_are_told_by_their_brace(tmp_path: Path) -> None:
    line = (
        '{"meter": "m", "sequence": 7, "contract": "tkc-1", "at": "2026-01-01T00:00:01Z", '
        '"input_tokens": 5, "output_tokens": 0}'
    )
    read = read_usage(file(tmp_path, f"{line}\n\n{line.replace('7', '8')}\n"))
    assert read.kind == "tokens"
    assert [record["sequence"] for record in read.records] == [7, 8]
    assert read.lines == [1, 3]


def test_the_same_file_makes_the_same_batches_and_another_one_others(tmp_path: Path) -> None:
    rows = "\n".join(f"m,{n},lse-1,2026-01-01T00:00:00+08:00,0" for n in range(10_001))
    first = read_usage(file(tmp_path, f"{HEADER}\n{rows}\n"))
    keys = [(key, place, len(batch)) for key, place, batch in first.batches()]
    assert [(place, size) for _, place, size in keys] == [(0, 10_000), (10_000, 1)]
    assert keys == [
        (key, place, len(batch)) for key, place, batch in read_usage(tmp_path / "usage.csv").batches()
    ]
    other = read_usage(file(tmp_path, f"{HEADER}\n{ROW}\n"))
    assert {key for key, _, _ in other.batches()}.isdisjoint(key for key, _, _ in keys)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no records"),
        (f"{HEADER}\n", "no records"),
        ("meter,sequence\nm,1\n", "should have the columns"),
        (f"{HEADER}\n{ROW}\n{ROW.replace('28800', '-1')}\n", "line 3: delivered_card_seconds"),
        (f"{HEADER}\n{ROW.replace('28800', '1.5')}\n", "line 2: delivered_card_seconds"),
        (f"{HEADER}\n{ROW.replace('+08:00', '')}\n", "line 2: slot"),
        (f"{HEADER}\n{ROW},extra\n", "line 2: 6 values, but 5 columns"),
        (f"{HEADER}\nm,1\n", "line 2: 2 values, but 5 columns"),
        (f"{HEADER},sequence\n{ROW},2\n", "has a column twice"),
        (f"{HEADER}\n{ROW.replace(',1,', ',' + '9' * 5000 + ',')}\n", "line 2: sequence"),
        (f"{HEADER}\n{ROW.replace('lse-1', 'l' * 200_000)}\n", "line 2: field larger"),
        (f'{HEADER}\n"m{ROW}\n', "line 2: unexpected end"),
        ('{"meter": 1\n', "line 1: not one JSON object"),
        ('{"meter": "m", "sequence": 1, "sequence": 2}\n', "line 1: not one JSON object .duplicate_key"),
        ('{"meter": ' + "[" * 100_000 + "\n", "line 1: not one JSON object .too_deep"),
        ('{"meter": ' + "9" * 5000 + "}\n", "line 1: not one JSON object .Exceeds"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_read(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Failure, match=said):
        read_usage(file(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="can't be read"):
        read_usage(tmp_path / "nothing.csv")
    (tmp_path / "photo.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Failure, match="no text in UTF-8"):
        read_usage(tmp_path / "photo.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "malformed_json"),
        ("[1]", "one JSON object"),
        ('{"version": 1, "version": 2}', "duplicate_key"),
        ('{"version": ' + "[" * 100_000, "too_deep"),
        ('{"version": ' + "9" * 5000 + "}", "Exceeds"),
    ],
)
def test_a_body_that_could_be_read_in_two_ways_is_not_sent(tmp_path: Path, text: str, said: str) -> None:
    """Such as an agreement's, an order's or a quarter's figures."""
    with pytest.raises(Failure, match=said):
        read_job(str(file(tmp_path, text)))
