"""Bugs planted in rating: each must break the law that is there for it."""

from collections.abc import Iterable
from itertools import groupby

import pytest

from settlement.money import WHOLE, BasisPoints, Fen, Tie, two_way
from settlement.rating import packages, service_credits, tokens
from settlement.rating.packages import Quota
from settlement.rating.service_credits import Breach, Credit, Credited, Interruption, ServicePromise
from settlement.rating.tokens import Tokens, TokenTariff, TokenUse
from tests.settlement import rating_laws as laws
from tests.settlement.law import UNTIL_IT_BREAKS
from tests.settlement.planting import Bug, named

sound_breaches = service_credits.breaches
sound_take_off = service_credits.take_off
sound_distinct = tokens.distinct


def keep_the_oldest_tariff(tariffs: Iterable[TokenTariff], instant: int) -> TokenTariff:
    known = [tariff for tariff in tariffs if tariff.valid_from <= instant]
    return min(known, key=lambda tariff: tariff.version)


def count_every_delivery(uses: Iterable[TokenUse]) -> list[TokenUse]:
    return list(uses)


def count_the_last_of_an_id(uses: Iterable[TokenUse]) -> list[TokenUse]:
    return sound_distinct(reversed(list(uses)))


def forget_all_but_the_first_of_a_row(uses: Iterable[TokenUse]) -> list[TokenUse]:
    return [next(same) for _, same in groupby(sound_distinct(uses), key=lambda use: use.tokens)]


def use_packages_first(quota: Quota) -> tuple[bool, bool, int, str]:
    return quota.free, quota.valid_to is None, quota.valid_to or 0, quota.id


def use_what_ends_last_first(quota: Quota) -> tuple[bool, bool, int, str]:
    return not quota.free, quota.valid_to is not None, -(quota.valid_to or 0), quota.id


def use_what_never_ends_first(quota: Quota) -> tuple[bool, int, str]:
    return not quota.free, quota.valid_to or 0, quota.id


def cover_the_cheapest_first(counted: Tokens, most: int) -> Tokens:
    cached = min(counted.cached_input, most)
    fresh = min(counted.input, most - cached)
    return Tokens(fresh, cached, min(counted.output, most - cached - fresh))


def cover_more_than_there_is(counted: Tokens, most: int) -> Tokens:
    return Tokens(counted.input, min(counted.cached_input, most), min(counted.output, most))


def give_half_a_fen_to_the_buyer(gross: Fen, rate_bp: BasisPoints) -> tuple[Fen, Fen]:
    charged, credit = two_way(gross, WHOLE - rate_bp, WHOLE, Tie.SECOND)
    return Fen(charged), Fen(credit)


def forget_the_notice(
    promise: ServicePromise, due: int, down: int, interruption: Interruption | None
) -> tuple[Breach, ...]:
    kept = None if interruption is None else Interruption(interruption.run, promise.notice)
    return sound_breaches(promise, due, down, kept)


def credit_who_kept_the_minimum_run(
    promise: ServicePromise, due: int, down: int, interruption: Interruption | None
) -> tuple[Breach, ...]:
    shorter = None if interruption is None else Interruption(interruption.run - 1, interruption.notice)
    return sound_breaches(promise, due, down, shorter)


def read_the_ladder_from_its_top(promise: ServicePromise, due: int, down: int) -> BasisPoints:
    missed = [credit for promised, credit in promise.ladder if (due - down) * WHOLE < promised * due]
    return missed[-1] if missed else BasisPoints(0)


def credit_who_was_as_available_as_promised(promise: ServicePromise, due: int, down: int) -> BasisPoints:
    missed = [credit for promised, credit in promise.ladder if (due - down) * WHOLE <= promised * due]
    return missed[0] if missed else BasisPoints(0)


def take_each_credit_off_the_whole(charge: Fen, broken: tuple[Breach, ...]) -> Credited:
    given = tuple(Credit(one.reason, one.rate_bp, sound_take_off(charge, one.rate_bp)[1]) for one in broken)
    return Credited(Fen(charge - sum(one.fen for one in given)), tuple(one for one in given if one.fen))


BUGS = (
    Bug("in_force", keep_the_oldest_tariff, laws.use_is_rated_by_the_tariff_of_its_instant_and_once),
    Bug("distinct", count_every_delivery, laws.use_is_rated_by_the_tariff_of_its_instant_and_once),
    Bug("distinct", count_the_last_of_an_id, laws.use_is_rated_by_the_tariff_of_its_instant_and_once),
    Bug("distinct", forget_all_but_the_first_of_a_row, laws.every_token_is_free_or_in_a_package_or_paid),
    Bug("_turn", use_packages_first, laws.a_period_is_deducted_as_token_by_token),
    Bug("_turn", use_what_ends_last_first, laws.a_period_is_deducted_as_token_by_token),
    Bug("_turn", use_what_never_ends_first, laws.a_period_is_deducted_as_token_by_token),
    Bug("first_tokens", cover_the_cheapest_first, laws.a_period_is_deducted_as_token_by_token),
    Bug("first_tokens", cover_more_than_there_is, laws.every_token_is_free_or_in_a_package_or_paid),
    Bug(
        "take_off",
        give_half_a_fen_to_the_buyer,
        laws.credits_come_off_what_is_left_and_half_a_fen_goes_to_the_seller,
    ),
    Bug(
        "after_credits",
        take_each_credit_off_the_whole,
        laws.credits_come_off_what_is_left_and_half_a_fen_goes_to_the_seller,
    ),
    Bug("breaches", forget_the_notice, laws.a_promise_is_broken_as_its_terms_say),
    Bug("breaches", credit_who_kept_the_minimum_run, laws.a_promise_is_broken_as_its_terms_say),
    Bug("availability_credit_bp", read_the_ladder_from_its_top, laws.a_promise_is_broken_as_its_terms_say),
    Bug(
        "availability_credit_bp",
        credit_who_was_as_available_as_promised,
        laws.a_promise_is_broken_as_its_terms_say,
    ),
)


@pytest.mark.parametrize("bug", BUGS, ids=named)
def test_a_planted_bug_breaks_its_law(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.must_break_its_law(monkeypatch)


def test_a_quota_that_never_ends_breaks_its_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.Quota, "covers", lambda quota, at: quota.valid_from <= at)
    with pytest.raises(AssertionError):
        laws.a_period_is_deducted_as_token_by_token(UNTIL_IT_BREAKS)
