"""Figures are shown in yuan and per cent, exactly."""

from web.cli.figures import readable


def test_endings_become_headings_and_figures() -> None:
    row = {
        "seller": "a",
        "gross_fen": 123_456_789,
        "used_milli": 708,
        "ask_micro_yuan": 4_260_000,
        "orders": 6186,
    }
    assert readable([row]) == [
        {"seller": "a", "gross, ¥": "1,234,567.89", "used": "70.8 %", "ask, ¥": "4.26", "orders": "6,186"}
    ]


def test_small_and_negative_amounts_keep_their_fen() -> None:
    assert readable([{"left_fen": -5}, {"left_fen": 0}]) == [{"left, ¥": "-0.05"}, {"left, ¥": "0.00"}]
