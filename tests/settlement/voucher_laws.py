"""The laws of voucher programmes: what is granted is what the rules say, and no history of grants breaks a limit."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from settlement import statement
from settlement.money import BasisPoints, Fen
from settlement.refunds import Returned, returned
from settlement.terms import VoucherMode, VoucherTerms
from settlement.vouchers import judging, misuse, parties, uses
from settlement.vouchers.judging import Application, Grant, RefusalCode
from settlement.vouchers.misuse import RefundMade
from settlement.vouchers.parties import BuyerSize, Party
from settlement.vouchers.programme import (
    BudgetSpan,
    Buyers,
    ChipOrigin,
    Coverage,
    Evidence,
    ProductLine,
    Programme,
)
from settlement.vouchers.uses import Standing, Subsidy, Use
from tests.settlement import worlds
from tests.settlement.law import law

IDS = ("city", "district", "park")
NEW_YEAR = int((datetime(2026, 1, 1, tzinfo=UTC) - timedelta(hours=8)).timestamp())  # in Beijing
DAY = 86_400
WHOLE_PRICE = BasisPoints(10_000)

# Much has to fit together before anything is granted, so worlds are thrown by the dozen and not drawn one by one.
seeds = st.integers(0, 2**32)
WORLDS = 20


def worlds_of(seed: int) -> Iterator[Random]:
    chance = Random(seed)
    return (chance for _ in range(WORLDS))


def a_limit(chance: Random) -> Fen | None:
    return chance.choice((None, Fen(chance.randint(0, 3000))))


def some_ids(chance: Random) -> tuple[str, ...]:
    return tuple(chance.sample(IDS, chance.randint(0, 2)))


def a_company(chance: Random) -> Party:
    return Party(
        id=chance.choice(("blue", "green", "red", "white")),
        region=chance.choice(("310000", "310118", "330100", "331000")),
        size=chance.choice((BuyerSize.SMALL, BuyerSize.LARGE)),
        industry=chance.choice(("software", "mining")),
        controllers=frozenset(chance.sample(("wang", "li", "zhao", "blue"), chance.choice((0, 0, 1)))),
    )


def a_programme(chance: Random) -> Programme:
    return Programme(
        id=chance.choice(IDS),
        version=1,
        issuer="310000",
        buyers=some_buyers(chance),
        coverage=tuple(a_coverage(chance) for _ in range(chance.randint(1, 3))),
        mode=chance.choice(list(VoucherMode)),
        valid_from=NEW_YEAR - 2 * DAY,
        valid_to=chance.choice((None, NEW_YEAR + 2 * DAY)),
        per_order_cap=a_limit(chance),
        yearly_cap=a_limit(chance),
        budget=a_limit(chance),
        budget_span=chance.choice(list(BudgetSpan)),
        sellers_unrelated=chance.random() < 0.5,
        stacks_with=some_ids(chance),
        evidence=tuple(chance.sample(list(Evidence), 2)),
    )


def some_buyers(chance: Random) -> Buyers:
    return Buyers(
        regions=chance.choice(((), ("310000",), ("330000", "310118"), ("330100",))),
        sizes=chance.choice(((), (), (BuyerSize.SMALL,))),
        industries=chance.choice(((), (), ("software",))),
    )


def a_coverage(chance: Random) -> Coverage:
    return Coverage(
        product=chance.choice((ProductLine.COMPUTE, ProductLine.COMPUTE, ProductLine.MODEL_SERVICE)),
        origin=chance.choice((None, *ChipOrigin)),
        rate_bp=BasisPoints(chance.randint(1, 10_000)),
    )


def an_application(chance: Random) -> Application:
    return Application(
        buyer=a_company(chance),
        seller=a_company(chance),
        contract=f"c{chance.randint(1, 9)}",
        product=chance.choice((ProductLine.COMPUTE, ProductLine.MODEL_SERVICE, ProductLine.STORAGE)),
        origin=chance.choice((None, *ChipOrigin)),
        gross=Fen(chance.choice((chance.randint(0, 20), chance.randint(0, 4000)))),
        at=NEW_YEAR + chance.choice((chance.randint(-3 * DAY, 3 * DAY), chance.randint(-DAY // 2, DAY // 2))),
        standing=Standing(
            used_this_year=Fen(chance.randint(0, 1500)),
            spent=Fen(chance.randint(0, 1500)),
            balance=a_limit(chance),
            subsidies=tuple(a_subsidy(chance) for _ in range(chance.choice((0, 0, 1, 2)))),
        ),
    )


def seller_of(asked: Application) -> Party:
    """The seller: in these worlds somebody always is."""
    assert asked.seller is not None
    return asked.seller


def a_subsidy(chance: Random) -> Subsidy:
    return Subsidy(chance.choice(IDS), Fen(chance.randint(0, 300)), some_ids(chance))


def plain(programme: Programme) -> Programme:
    """Ask nothing of buyers and sellers, so that limits come to matter."""
    return replace(programme, buyers=Buyers(), sellers_unrelated=False)


@law(seeds)
def what_is_granted_is_what_the_rules_say(seed: int) -> None:
    for chance in worlds_of(seed):
        programme = a_programme(chance)
        compare_with_the_rules(chance.choice((programme, plain(programme))), an_application(chance))


def compare_with_the_rules(programme: Programme, asked: Application) -> None:
    match judging.judge(programme, asked):
        case Grant(amount=amount, evidence=evidence):
            assert expected_refusals(programme, asked) == set()
            assert amount == expected_amount(programme, asked) > 0
            assert evidence == programme.evidence
        case refused:
            codes = {refusal.code for refusal in refused.refusals}
            too_small = {RefusalCode.PRICE_TOO_SMALL}
            assert codes == (expected_refusals(programme, asked) or too_small)
            assert codes != too_small or expected_amount(programme, asked) == 0


def expected_refusals(programme: Programme, asked: Application) -> set[RefusalCode]:
    """Every rule as one condition."""
    buyers, buyer, standing = programme.buyers, asked.buyer, asked.standing
    owners = {buyer.id, *buyer.controllers}, {seller_of(asked).id, *seller_of(asked).controllers}
    covered = [one.product for one in programme.coverage]
    wrong = {
        RefusalCode.NOT_YET_VALID: asked.at < programme.valid_from,
        RefusalCode.NO_LONGER_VALID: programme.valid_to is not None and programme.valid_to <= asked.at,
        RefusalCode.REGION_NOT_ELIGIBLE: bool(buyers.regions)
        and not any(int(buyer.region) in codes_within(area) for area in buyers.regions),
        RefusalCode.SIZE_NOT_ELIGIBLE: buyers.sizes not in ((), (buyer.size,)),
        RefusalCode.INDUSTRY_NOT_ELIGIBLE: buyers.industries not in ((), (buyer.industry,)),
        RefusalCode.RELATED_PARTIES: programme.sellers_unrelated and bool(owners[0] & owners[1]),
        RefusalCode.PRODUCT_NOT_COVERED: asked.product not in covered,
        RefusalCode.CHIP_ORIGIN_NOT_COVERED: asked.product in covered
        and expected_rate(programme, asked) == 0,
        RefusalCode.ALREADY_SUBSIDISED: not all(
            other.programme in programme.stacks_with and programme.id in other.stacks_with
            for other in standing.subsidies
        ),
        RefusalCode.YEARLY_CAP_REACHED: standing.used_this_year >= without_limit(programme.yearly_cap),
        RefusalCode.BUDGET_SPENT: standing.spent >= without_limit(programme.budget),
        RefusalCode.BALANCE_SPENT: standing.balance == 0,
    }
    return {code for code, so in wrong.items() if so}


def codes_within(area: str) -> range:
    """All region codes of a province or city."""
    code = int(area)
    return range(code, code + (10_000 if code % 10_000 == 0 else 100))


def expected_rate(programme: Programme, asked: Application) -> int:
    fitting = [
        one.rate_bp
        for one in programme.coverage
        if one.product == asked.product and (one.origin is None or one.origin == asked.origin)
    ]
    return fitting[0] if fitting else 0


def expected_amount(programme: Programme, asked: Application) -> int:
    standing = asked.standing
    price = asked.gross - sum(other.covered for other in standing.subsidies)
    return max(
        0,
        min(
            price * expected_rate(programme, asked) // 10_000,
            without_limit(programme.per_order_cap),
            without_limit(programme.yearly_cap) - standing.used_this_year,
            without_limit(programme.budget) - standing.spent,
            without_limit(standing.balance),
        ),
    )


def without_limit(cap: Fen | None) -> int:
    return 10**30 if cap is None else cap


@law(seeds)
def the_statement_covers_what_was_granted(seed: int) -> None:
    for chance in worlds_of(seed):
        asked = an_application(chance)
        alone = replace(asked, standing=replace(asked.standing, subsidies=()))
        match judging.judge(plain(a_programme(chance)), alone):
            case Grant(amount=amount, voucher=voucher):
                assert statement.vouchers_of(asked.gross, (voucher,)) == (amount,)
                # Less is delivered than was ordered: less is covered, and never more.
                assert statement.voucher_of(Fen(chance.randint(0, asked.gross)), voucher) <= amount


@dataclass(frozen=True, slots=True)
class Claim:
    """An application to one of the programmes; some of what is granted is returned later, in hundredths."""

    programme: int
    application: Application
    returned_percent: int


def some_claims(chance: Random, most: int) -> list[Claim]:
    return [
        Claim(chance.randint(0, 2), an_application(chance), chance.choice((0, 0, 30, 100)))
        for _ in range(chance.randint(0, most))
    ]


def an_offer(chance: Random) -> list[Programme]:
    """Three programmes with ids of their own, which ask nothing of the buyer but share contracts and limits."""
    return [
        replace(
            plain(a_programme(chance)), id=name, coverage=(Coverage(ProductLine.COMPUTE, None, WHOLE_PRICE),)
        )
        for name in IDS
    ]


@law(seeds)
def no_history_of_grants_breaks_a_limit(seed: int) -> None:
    for chance in worlds_of(seed):
        look_for_broken_limits(an_offer(chance), some_claims(chance, 15))


def look_for_broken_limits(offer: list[Programme], made: list[Claim]) -> None:
    history, prices = granted(offer, made)
    by_id = {one.id: one for one in offer}
    yearly: Counter[tuple[str, str, bool]] = Counter()
    budget: Counter[tuple[str, bool]] = Counter()
    contract: Counter[str] = Counter()
    for use in history:
        programme, later = by_id[use.programme], use.at >= NEW_YEAR
        yearly[use.programme, use.buyer.id, later] += use.covered
        budget[use.programme, later and programme.budget_span is BudgetSpan.CALENDAR_YEAR] += use.covered
        contract[use.contract] += use.covered
        assert use.covered <= without_limit(programme.per_order_cap)
    assert all(used <= without_limit(by_id[name].yearly_cap) for (name, _, _), used in yearly.items())
    assert all(used <= without_limit(by_id[name].budget) for (name, _), used in budget.items())
    assert all(used <= prices[name] for name, used in contract.items())
    assert misuse.misuses(by_id, history, ()) == []


def granted(offer: list[Programme], made: list[Claim]) -> tuple[list[Use], dict[str, Fen]]:
    """Judge claims one after the other, each by what was granted before; a contract has the price it has first."""
    history: list[Use] = []
    prices: dict[str, Fen] = {}
    for n, claim in enumerate(made):
        programme, asked = offer[claim.programme], claim.application
        asked = replace(asked, gross=prices.setdefault(asked.contract, asked.gross))
        standing = uses.standing_of(programme, asked.buyer.id, asked.contract, asked.at, history, offer)
        match judging.judge(programme, replace(asked, standing=standing)):
            case Grant(amount=amount):
                kept = Fen(amount * (100 - claim.returned_percent) // 100)
                history.append(
                    Use(str(n), programme.id, asked.contract, asked.buyer, seller_of(asked), asked.at, kept)
                )
    return history, prices


@law(seeds)
def misuse_is_found_wherever_it_is(seed: int) -> None:
    for chance in worlds_of(seed):
        offer = [replace(one, sellers_unrelated=chance.random() < 0.5) for one in an_offer(chance)]
        look_for_misuse(offer, some_claims(chance, 8))


def look_for_misuse(offer: list[Programme], made: list[Claim]) -> None:
    """Nothing was judged here: all is used that was asked for."""
    history = [
        Use(
            str(n),
            offer[one.programme].id,
            one.application.contract,
            one.application.buyer,
            seller_of(one.application),
            one.application.at,
            one.application.gross,
        )
        for n, one in enumerate(made)
    ]
    by_id = {one.id: one for one in offer}
    found = Counter((one.subject, str(one.code)) for one in misuse.misuses(by_id, history, ()))
    expected: Counter[tuple[str, str]] = Counter()
    for n, use in enumerate(history):
        programme = by_id[use.programme]
        shared = {use.buyer.id, *use.buyer.controllers} & {use.seller.id, *use.seller.controllers}
        expected[use.id, "related_parties"] += bool(programme.sellers_unrelated and shared)
        for other in history[:n]:
            both = other.contract == use.contract and other.covered > 0 and use.covered > 0
            agreed = (
                other.programme in programme.stacks_with
                and use.programme in by_id[other.programme].stacks_with
            )
            expected[use.contract, "second_subsidy"] += both and not agreed
    assert found == +expected


@law(st.integers(1, 10_000), st.integers(0, 100), worlds.stacks, st.integers(-50, 50), st.integers(-50, 50))
def what_a_refund_kept_from_a_voucher_is_found(
    gross: int, percent: int, vouchers: tuple[VoucherTerms, ...], more: int, less: int
) -> None:
    amount = Fen(gross * percent // 100)
    fair = returned(Fen(gross), amount, vouchers)
    first, *others = fair.to_vouchers
    paid = Returned(Fen(fair.to_buyer + more), (Fen(first - less), *others))
    made = RefundMade("c1", Fen(gross), amount, vouchers, paid)
    assert bool(misuse.misuses({}, (), [made])) == (more > 0 or less > 0)


@law(seeds)
def belonging_together_is_mutual(seed: int) -> None:
    for chance in worlds_of(seed):
        one, other = a_company(chance), a_company(chance)
        assert parties.related(one, other) == parties.related(other, one)
        assert parties.related(one, one)
