"""The laws of rating: tariffs, packages and credits, held against what they mean token by token and rule by rule."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from hypothesis import strategies as st

from settlement.meters import Meter, gross_of
from settlement.money import BasisPoints, Fen
from settlement.rating import packages, service_credits, tokens
from settlement.rating.packages import Deducted, Quota
from settlement.rating.service_credits import Breach, CreditReason, Interruption, ServicePromise
from settlement.rating.tokens import Tokens, TokenTariff, TokenUse
from tests.settlement import oracle, worlds
from tests.settlement.law import law

KINDS = ("output", "input", "cached_input")
"""In the order in which a quota covers them."""

instants = st.integers(0, 12)
seeds = st.integers(0, 2**32)


# Tariffs

prices = st.integers(0, 10**9)
many_tokens = st.builds(Tokens, *([st.integers(-(10**12), 10**15)] * 3))
# Versions follow one another at 4 and 8, and the last is open-ended.
tariffs = st.tuples(*([st.tuples(prices, prices, prices)] * 3)).map(
    lambda three: [TokenTariff(n, 4 * n, 4 * n + 4 if n < 2 else None, *three[n]) for n in range(3)]
)
many_uses = st.lists(
    st.builds(TokenUse, id=st.sampled_from("abcdefgh"), at=instants, tokens=many_tokens), max_size=8
)


@law(many_uses, tariffs)
def use_is_rated_by_the_tariff_of_its_instant_and_once(
    uses: list[TokenUse], known: list[TokenTariff]
) -> None:
    first = {use.id: use for use in reversed(uses)}.values()
    exact = Fraction(0)
    for use in first:
        tariff = known[min(use.at // 4, 2)]
        exact += use.tokens.input * tariff.input_price
        exact += use.tokens.cached_input * tariff.cached_input_price
        exact += use.tokens.output * tariff.output_price
    rated = tokens.rate(uses, known)
    assert sum(one.input_sum + one.cached_input_sum + one.output_sum for one in rated) == exact
    assert [one.tariff.version for one in rated] == sorted({min(use.at // 4, 2) for use in first})


@law(st.lists(st.integers(1, 10**6), min_size=1, max_size=50), st.integers(1, 10**7))
def small_uses_are_not_rounded_away(counts: list[int], price: int) -> None:
    tariff = TokenTariff(1, 0, None, price, price, price)
    uses = [TokenUse(str(n), 0, Tokens(count, 0, 0)) for n, count in enumerate(counts)]
    (rated,) = tokens.rate(uses, [tariff])
    exact = Fraction(sum(counts) * price, 10**10)
    assert abs(gross_of(rated.input_sum, Meter.INPUT_TOKENS.divisor) - exact) <= oracle.HALF


# Packages


@dataclass(frozen=True, slots=True)
class Month:
    """Small uses and small quotas, so that every quota comes to matter."""

    uses: list[TokenUse]
    quotas: list[Quota]


def months(seed: int) -> Iterator[Month]:
    """Much has to fit together before a quota is used up, so months are thrown by the dozen."""
    chance = Random(seed)
    for _ in range(12):
        uses = [
            TokenUse(f"u{n}", chance.randint(0, 12), Tokens(*(chance.randint(0, 6) for _ in range(3))))
            for n in range(chance.randint(0, 6))
        ]
        yield Month(uses, [a_quota(chance, f"q{n}") for n in range(chance.randint(0, 4))])


def a_quota(chance: Random, name: str) -> Quota:
    begins, ends = chance.randint(0, 6), chance.choice((None, chance.randint(0, 13), chance.randint(0, 13)))
    return Quota(name, chance.randint(0, 20), begins, ends, free=chance.random() < 0.4)


@law(seeds)
def a_period_is_deducted_as_token_by_token(seed: int) -> None:
    for month in months(seed):
        found = packages.deduct(month.uses, month.quotas)
        left, paid = token_by_token(month.uses, month.quotas)
        assert {quota.id: quota.left for quota in found.quotas} == left
        assert {use.id: use.tokens for use in found.payable} == paid


def token_by_token(uses: list[TokenUse], given: list[Quota]) -> tuple[dict[str, int], dict[str, Tokens]]:
    """Each token by itself looks for the best quota: free before bought, then the first to end, then by name."""
    left = {quota.id: quota.left for quota in given}
    paid: dict[str, Tokens] = {}
    for use in sorted(uses, key=lambda use: (use.at, use.id)):
        unpaid = dict.fromkeys(KINDS, 0)
        for token in [kind for kind in KINDS for _ in range(getattr(use.tokens, kind))]:
            able = [
                (not quota.free, end_of(quota), quota.id)
                for quota in given
                if left[quota.id] > 0 and quota.valid_from <= use.at < end_of(quota)
            ]
            if able:
                left[min(able)[2]] -= 1
            else:
                unpaid[token] += 1
        if any(unpaid.values()):
            paid[use.id] = Tokens(**unpaid)
    return left, paid


def end_of(quota: Quota) -> int:
    return 10**9 if quota.valid_to is None else quota.valid_to


@law(seeds)
def every_token_is_free_or_in_a_package_or_paid(seed: int) -> None:
    for month in months(seed):
        found = packages.deduct(month.uses, month.quotas)
        for use in month.uses:
            parts = [one.tokens for one in found.taken if one.use == use.id]
            parts += [one.tokens for one in found.payable if one.id == use.id]
            assert sum(parts, Tokens(0, 0, 0)) == use.tokens
        for before, after in zip(month.quotas, found.quotas, strict=True):
            its = [one.tokens.total for one in found.taken if one.quota == before.id]
            assert after == replace(before, left=before.left - sum(its))
            assert after.left >= 0
            assert all(its)


@law(seeds, st.integers(0, 3), st.integers(1, 10))
def a_larger_quota_never_makes_anybody_pay_more(seed: int, which: int, more: int) -> None:
    for month in months(seed):
        larger = [
            replace(one, left=one.left + more) if n == which else one for n, one in enumerate(month.quotas)
        ]
        assert unpaid(packages.deduct(month.uses, larger)) <= unpaid(
            packages.deduct(month.uses, month.quotas)
        )


def unpaid(found: Deducted) -> int:
    return sum(use.tokens.total for use in found.payable)


# Credits

seconds = st.integers(0, 12)
ladders = st.lists(st.tuples(worlds.rates, worlds.rates), max_size=5).map(
    # The less is available, the more is credited.
    lambda steps: tuple(
        zip(sorted(p for p, _ in steps), sorted((c for _, c in steps), reverse=True), strict=True)
    )
)
service_promises = st.builds(
    ServicePromise,
    ladder=ladders,
    minimum_run=seconds,
    minimum_run_credit_bp=worlds.rates,
    notice=seconds,
    notice_credit_bp=worlds.rates,
)
interruptions = st.none() | st.builds(Interruption, run=seconds, notice=seconds)
reasons_and_rates = st.lists(
    st.builds(Breach, st.sampled_from(CreditReason), worlds.rates | st.just(BasisPoints(5000))), max_size=3
).map(tuple)


@law(service_promises, interruptions, st.integers(1, 10**6), st.lists(worlds.rates, min_size=5, max_size=8))
def a_promise_is_broken_as_its_terms_say(
    promise: ServicePromise, interruption: Interruption | None, due: int, outages_bp: list[int]
) -> None:
    for down in [due * outage_bp // 10_000 for outage_bp in outages_bp]:
        found = service_credits.breaches(promise, due, down, interruption)
        assert [(one.reason, one.rate_bp) for one in found] == oracle.breaches(
            promise, due, down, interruption
        )


@law(worlds.grosses, reasons_and_rates)
def credits_come_off_what_is_left_and_half_a_fen_goes_to_the_seller(
    charge: Fen, broken: tuple[Breach, ...]
) -> None:
    found = service_credits.after_credits(charge, broken)
    expected = oracle.credited(charge, [(one.reason, one.rate_bp) for one in broken])
    assert (found.charged, [(one.reason, one.rate_bp, one.fen) for one in found.credits]) == expected


@law(worlds.grosses, reasons_and_rates)
def charge_and_credits_are_what_was_to_pay_and_mirror(charge: Fen, broken: tuple[Breach, ...]) -> None:
    found = service_credits.after_credits(charge, broken)
    assert found.charged + sum(one.fen for one in found.credits) == charge
    assert service_credits.after_credits(Fen(-charge), broken).charged == -found.charged
    assert all(0 < oracle.sign(charge) * one.fen <= abs(charge) for one in found.credits)


@law(worlds.totals.map(abs), service_promises, st.integers(1, 100), seconds, seconds, seconds)
def whoever_is_served_worse_is_not_charged_more(
    charge: int, promise: ServicePromise, due: int, down: int, run: int, notice: int
) -> None:
    down = min(down, due)
    served = (due, down, Interruption(run, notice))
    worse = (
        (due, min(due, down + 1), Interruption(run, notice)),
        (due, down, Interruption(max(0, run - 1), notice)),
        (due, down, Interruption(run, max(0, notice - 1))),
    )

    def charged(due: int, down: int, interruption: Interruption) -> Fen:
        broken = service_credits.breaches(promise, due, down, interruption)
        return service_credits.after_credits(Fen(charge), broken).charged

    assert all(charged(*other) <= charged(*served) for other in worse)
