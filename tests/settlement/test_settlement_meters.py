"""From what was measured to a gross in fen, by hand."""

from settlement.meters import Meter, billable_of, gross_of
from settlement.money import Fen
from tests.settlement.bookkeeping import refused

YUAN = 1_000_000  # in micro-yuan, as prices are quoted


def test_eight_cards_for_an_hour_at_twelve_yuan_fifty() -> None:
    card_seconds = 8 * 3_600
    assert gross_of(card_seconds * 12_500_000, Meter.CARD_SECONDS.divisor) == 100_00


def test_a_million_tokens_at_two_yuan() -> None:
    assert gross_of(1_000_000 * 2 * YUAN, Meter.INPUT_TOKENS.divisor) == 2_00
    assert gross_of(1_000_000 * 2 * YUAN, Meter.OUTPUT_TOKENS.divisor) == 2_00


def test_a_million_small_calls_are_worth_something_together() -> None:
    call = 20 * 20_000  # twenty tokens at 0.02 yuan a million: four hundred-thousandths of a fen
    assert gross_of(call, Meter.INPUT_TOKENS.divisor) == 0
    assert gross_of(call * 1_000_000, Meter.INPUT_TOKENS.divisor) == 40


def test_a_sum_beyond_64_bits_is_exact() -> None:
    assert gross_of(24 * 10**18, Meter.INPUT_TOKENS.divisor) == 24_000_000_00
    assert 24 * 10**18 > 2**63


def test_corrections_that_outweigh_usage_are_a_credit() -> None:
    assert gross_of(-3_000_000 * 2 * YUAN, Meter.INPUT_TOKENS.divisor) == -6_00


def test_what_was_lost_is_not_billed() -> None:
    assert billable_of(Fen(100_00), contracted=86_400, lost=0) == 100_00
    assert billable_of(Fen(100_00), contracted=86_400, lost=21_600) == 75_00
    assert billable_of(Fen(100_00), contracted=86_400, lost=86_400) == 0


def test_half_a_fen_goes_to_the_seller() -> None:
    assert billable_of(Fen(1), contracted=2, lost=1) == 1


def test_no_more_is_lost_than_was_contracted() -> None:
    assert refused(lambda: billable_of(Fen(100), contracted=10, lost=11))
    assert refused(lambda: billable_of(Fen(100), contracted=10, lost=-1))
    assert refused(lambda: billable_of(Fen(100), contracted=0, lost=0))
