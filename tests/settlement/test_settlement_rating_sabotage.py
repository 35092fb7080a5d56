"""Bugs planted in rating: each must break the law that is there for it."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

import pytest

from settlement.money import WHOLE, BasisPoints, Fen, Tie, two_way
from settlement.rating import packages, service_credits, tokens
from settlement.rating.packages import Quota
from settlement.rating.service_credits import AvailabilityTerms, Credited, Interruption, InterruptionTerms
from settlement.rating.tokens import Tokens, TokenTariff, TokenUse
from tests.settlement import rating_laws as laws
from tests.settlement.law import UNTIL_IT_BREAKS
from tests.settlement.planting import Bug, named

sound_interruption = service_credits.after_interruption
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


def forget_the_notice(gross: Fen, interruption: Interruption, terms: InterruptionTerms) -> Credited:
    return sound_interruption(gross, replace(interruption, notice=terms.notice), terms)


def charge_within_grace(gross: Fen, interruption: Interruption, terms: InterruptionTerms) -> Credited:
    return sound_interruption(gross, interruption, replace(terms, grace=-1))


def take_the_highest_step(terms: AvailabilityTerms, due: int, down: int) -> BasisPoints:
    missed = [credit for promised, credit in terms.ladder if (due - down) * WHOLE < promised * due]
    return missed[-1] if missed else BasisPoints(0)


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
    Bug("take_off", give_half_a_fen_to_the_buyer, laws.half_a_fen_of_a_credit_goes_to_the_seller),
    Bug("after_interruption", forget_the_notice, laws.an_interruption_is_charged_by_the_rules),
    Bug("after_interruption", charge_within_grace, laws.an_interruption_is_charged_by_the_rules),
)


@pytest.mark.parametrize("bug", BUGS, ids=named)
def test_a_planted_bug_breaks_its_law(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.must_break_its_law(monkeypatch)


def test_the_wrong_step_of_a_ladder_breaks_its_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AvailabilityTerms, "credit_bp", take_the_highest_step)
    with pytest.raises(AssertionError):
        laws.an_outage_is_credited_by_the_lowest_step_that_was_missed(UNTIL_IT_BREAKS)


def test_a_quota_that_never_ends_breaks_its_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.Quota, "covers", lambda quota, at: quota.valid_from <= at)
    with pytest.raises(AssertionError):
        laws.a_period_is_deducted_as_token_by_token(UNTIL_IT_BREAKS)
