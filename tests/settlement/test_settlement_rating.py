"""Rating, worked by hand: tariffs that change, packages in their order, and credits that add up."""

from dataclasses import replace

import pytest

from settlement.meters import Meter, gross_of
from settlement.money import BasisPoints, Fen
from settlement.rating import after_interruption, after_outage, deduct, rate
from settlement.rating.packages import Quota
from settlement.rating.service_credits import (
    AvailabilityTerms,
    Credit,
    CreditReason,
    Interruption,
    InterruptionTerms,
)
from settlement.rating.tokens import Tokens, TokenTariff, TokenUse

YUAN = 1_000_000  # micro-yuan
SPRING = TokenTariff(1, 0, 100, 2 * YUAN, YUAN // 2, 8 * YUAN)
SUMMER = TokenTariff(2, 100, None, 1 * YUAN, YUAN // 4, 4 * YUAN)

SPOT = InterruptionTerms(
    grace=3600,
    minimum_run=4 * 3600,
    minimum_run_credit_bp=BasisPoints(2000),
    notice=120,
    notice_credit_bp=BasisPoints(1000),
)
HOURS = 3600


def test_a_prompt_from_the_cache_costs_less() -> None:
    read = Tokens.reported(prompt=1_000_000, cached=400_000, completion=100_000)
    assert read == Tokens(600_000, 400_000, 100_000)
    (rated,) = rate([TokenUse("m/1", 5, read)], [SPRING])
    divisor = Meter.INPUT_TOKENS.divisor
    sums = (rated.input_sum, rated.cached_input_sum, rated.output_sum)
    assert [gross_of(one, divisor) for one in sums] == [1_20, 20, 80]


def test_more_cannot_be_cached_than_was_read() -> None:
    with pytest.raises(AssertionError, match="part of the prompt"):
        Tokens.reported(prompt=3, cached=4, completion=0)


def test_a_change_of_tariff_makes_two_entries_and_late_use_keeps_its_own() -> None:
    uses = [TokenUse("m/2", 100, Tokens(10, 0, 0)), TokenUse("m/1", 99, Tokens(7, 0, 0))]
    assert [(one.tariff.version, one.tokens.input) for one in rate(uses, [SUMMER, SPRING])] == [
        (1, 7),
        (2, 10),
    ]


def test_without_a_tariff_nothing_is_guessed() -> None:
    with pytest.raises(LookupError, match="no tariff is in force at 100"):
        rate([TokenUse("m/1", 100, Tokens(1, 0, 0))], [SPRING])


def test_free_then_the_package_that_ends_first_then_pay_as_you_go() -> None:
    quotas = [
        Quota("for ever", 50, 0, None),
        Quota("may", 20, 0, 500),
        Quota("april", 10, 0, 400),
        Quota("ended", 99, 0, 10),
        Quota("welcome", 5, 0, 1000, free=True),
    ]
    found = deduct([TokenUse("m/1", 10, Tokens(30, 0, 60))], quotas)
    assert [(one.quota, one.tokens.output, one.tokens.input) for one in found.taken] == [
        ("welcome", 5, 0),
        ("april", 10, 0),
        ("may", 20, 0),
        ("for ever", 25, 25),
    ]
    assert found.payable == (TokenUse("m/1", 10, Tokens(5, 0, 0)),)
    assert [quota.left for quota in found.quotas] == [0, 0, 0, 99, 0]


def test_a_package_covers_nothing_before_it_is_bought() -> None:
    found = deduct([TokenUse("m/1", 10, Tokens(3, 0, 0))], [Quota("later", 9, 11, None)])
    assert (found.taken, found.payable[0].tokens.input) == ((), 3)


def test_a_correction_is_not_deducted_by_itself() -> None:
    with pytest.raises(AssertionError, match="merged before"):
        deduct([TokenUse("m/1", 10, Tokens(-3, 4, 0))], [Quota("p", 9, 0, None)])


def test_within_the_first_hour_nothing_is_charged() -> None:
    found = after_interruption(Fen(24_00), Interruption(24 * HOURS, HOURS, notice=0), SPOT)
    assert found.charged == 0
    assert found.credits == (
        Credit(CreditReason.NOT_DELIVERED, Fen(23_00)),
        Credit(CreditReason.WITHIN_GRACE, Fen(1_00)),
    )


def test_a_short_run_and_a_short_notice_are_credited_one_after_the_other() -> None:
    found = after_interruption(Fen(24_00), Interruption(24 * HOURS, 3 * HOURS, notice=60), SPOT)
    assert found.charged == 2_16
    assert [(one.reason, one.fen) for one in found.credits] == [
        (CreditReason.NOT_DELIVERED, 21_00),
        (CreditReason.RUN_TOO_SHORT, 60),
        (CreditReason.NOTICE_TOO_SHORT, 24),
    ]


def test_promises_that_were_kept_cost_nothing() -> None:
    found = after_interruption(Fen(24_00), Interruption(24 * HOURS, 4 * HOURS, notice=120), SPOT)
    assert (found.charged, found.credits) == (4_00, (Credit(CreditReason.NOT_DELIVERED, Fen(20_00)),))


@pytest.mark.parametrize(
    ("down", "charged"), [(0, 100_00), (100, 100_00), (101, 90_00), (1000, 90_00), (1001, 75_00), (5001, 0)]
)
def test_a_ladder_of_credits_is_climbed_down(down: int, charged: int) -> None:
    steps = ((9500, 10_000), (9900, 2500), (9990, 1000))
    terms = AvailabilityTerms(tuple((BasisPoints(p), BasisPoints(c)) for p, c in steps))
    assert after_outage(Fen(100_00), 100_000, down, terms).charged == charged


def test_half_a_fen_of_a_credit_goes_to_the_seller() -> None:
    half = replace(SPOT, minimum_run_credit_bp=BasisPoints(5000))
    assert after_interruption(Fen(2), Interruption(4, 2, notice=999), replace(half, grace=0)).charged == 1
