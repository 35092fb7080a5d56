"""Rating, worked by hand: tariffs that change, packages in their order, and credits that add up."""

import pytest

from settlement.meters import Meter, gross_of
from settlement.money import BasisPoints, Fen
from settlement.rating import after_credits, breaches, deduct, rate
from settlement.rating.packages import Quota
from settlement.rating.service_credits import (
    Breach,
    Credit,
    CreditReason,
    Interruption,
    ServicePromise,
)
from settlement.rating.tokens import Tokens, TokenTariff, TokenUse

YUAN = 1_000_000  # micro-yuan
SPRING = TokenTariff(1, 0, 100, 2 * YUAN, YUAN // 2, 8 * YUAN)
SUMMER = TokenTariff(2, 100, None, 1 * YUAN, YUAN // 4, 4 * YUAN)

SPOT = ServicePromise(
    ladder=(
        (BasisPoints(9500), BasisPoints(10_000)),
        (BasisPoints(9900), BasisPoints(2500)),
        (BasisPoints(9990), BasisPoints(1000)),
    ),
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


def test_what_was_not_kept_is_credited_one_after_the_other() -> None:
    broken = breaches(SPOT, 3 * HOURS, 20, Interruption(3 * HOURS, notice=60))
    found = after_credits(Fen(3_00), broken)
    assert found.charged == 1_94
    assert found.credits == (
        Credit(CreditReason.RUN_TOO_SHORT, BasisPoints(2000), Fen(60)),
        Credit(CreditReason.NOTICE_TOO_SHORT, BasisPoints(1000), Fen(24)),
        Credit(CreditReason.NOT_AVAILABLE, BasisPoints(1000), Fen(22)),
    )


def test_promises_that_were_kept_cost_nothing() -> None:
    assert breaches(SPOT, 4 * HOURS, 0, Interruption(4 * HOURS, notice=120)) == ()
    assert breaches(SPOT, 4 * HOURS, 0, None) == ()
    assert breaches(ServicePromise(), 4 * HOURS, 4 * HOURS, Interruption(0, 0)) == ()


@pytest.mark.parametrize(
    ("down", "charged"), [(0, 100_00), (100, 100_00), (101, 90_00), (1000, 90_00), (1001, 75_00), (5001, 0)]
)
def test_a_ladder_of_credits_is_climbed_down(down: int, charged: int) -> None:
    assert after_credits(Fen(100_00), breaches(SPOT, 100_000, down, None)).charged == charged


def test_half_a_fen_of_a_credit_goes_to_the_seller() -> None:
    half = (Breach(CreditReason.NOT_AVAILABLE, BasisPoints(5000)),)
    assert after_credits(Fen(3), half).charged == 2
    assert after_credits(Fen(1), half) == after_credits(Fen(1), ())
