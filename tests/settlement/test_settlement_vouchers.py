"""Voucher programmes: the examples of cities, worked by hand, and every refusal with what to do about it."""

from dataclasses import replace
from datetime import datetime

import pytest

from settlement.money import BasisPoints, Fen
from settlement.refunds import Returned
from settlement.terms import VoucherMode, VoucherTerms
from settlement.vouchers import PRESETS, judge, missing_evidence, misuses, standing_of
from settlement.vouchers.judging import Application, Grant, RefusalCode, Refused
from settlement.vouchers.misuse import MisuseCode, RefundMade
from settlement.vouchers.parties import BuyerSize, Party, lies_within, related
from settlement.vouchers.presets import BEIJING, HANGZHOU, QINGYANG, SHANGHAI_COMPUTE, YANGZHOU, Preset
from settlement.vouchers.programme import ChipOrigin as Chip
from settlement.vouchers.programme import Coverage, Evidence, ProblemCode, ProductLine, Programme
from settlement.vouchers.uses import BEIJING as BEIJING_TIME
from settlement.vouchers.uses import NOTHING_USED, Standing, Subsidy, Use, year_of


def beijing(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=BEIJING_TIME).timestamp())


LAB = Party("lab", "310118", BuyerSize.SMALL, "software", frozenset({"wang"}))
DATACENTRE = Party("datacentre", "621000", BuyerSize.LARGE, "computing", frozenset({"li"}))
ORDER = Application(
    buyer=LAB,
    seller=DATACENTRE,
    contract="2026-117",
    product=ProductLine.COMPUTE,
    origin=Chip.DOMESTIC,
    gross=Fen(10_000_00),
    at=beijing(2026, 3, 1),
)
DISTRICT = replace(
    SHANGHAI_COMPUTE,
    id="qingpu-compute",
    issuer="310118",
    coverage=(Coverage(ProductLine.COMPUTE, None, BasisPoints(10_000)),),
    stacks_with=("shanghai-compute",),
)


def granted(programme: Programme, asked: Application) -> int:
    found = judge(programme, asked)
    assert isinstance(found, Grant), found
    return found.amount


def refused(programme: Programme, asked: Application) -> list[RefusalCode]:
    found = judge(programme, asked)
    assert isinstance(found, Refused), found
    return [refusal.code for refusal in found.refusals]


def test_a_domestic_chip_is_covered_better_in_hangzhou() -> None:
    buyer = replace(LAB, region="330100")
    assert granted(HANGZHOU, replace(ORDER, buyer=buyer)) == 3_000_00
    assert granted(HANGZHOU, replace(ORDER, buyer=buyer, origin=Chip.FOREIGN)) == 2_000_00
    tokens = replace(ORDER, buyer=buyer, product=ProductLine.MODEL_SERVICE, origin=None)
    assert granted(HANGZHOU, tokens) == 3_000_00


def test_hangzhou_covers_eight_million_a_year_and_begins_anew() -> None:
    buyer = replace(LAB, region="330100")
    used = Use("u", HANGZHOU.id, "2025-9", buyer, DATACENTRE, beijing(2025, 12, 31, 23), Fen(7_999_999_00))
    asked = replace(ORDER, buyer=buyer, at=used.at)
    standing = standing_of(HANGZHOU, buyer.id, asked.contract, asked.at, [used], [HANGZHOU])
    assert granted(HANGZHOU, replace(asked, standing=standing)) == 1_00
    next_year = replace(asked, at=beijing(2026, 1, 1))
    standing = standing_of(HANGZHOU, buyer.id, asked.contract, next_year.at, [used], [HANGZHOU])
    assert standing == NOTHING_USED
    assert granted(HANGZHOU, replace(next_year, standing=standing)) == 3_000_00


def test_beijing_asks_for_an_industry_and_an_unrelated_seller() -> None:
    miner = replace(LAB, region="110000", industry="mining", controllers=frozenset({"li"}))
    at = beijing(2025, 3, 1)
    asked = replace(ORDER, buyer=miner, product=ProductLine.STORAGE, at=at)
    assert refused(BEIJING, asked) == [
        RefusalCode.INDUSTRY_NOT_ELIGIBLE,
        RefusalCode.RELATED_PARTIES,
        RefusalCode.PRODUCT_NOT_COVERED,
    ]
    assert granted(BEIJING, replace(ORDER, buyer=replace(LAB, region="110000"), at=at)) == 2_000_00
    assert refused(BEIJING, replace(ORDER, buyer=replace(LAB, region="110000"))) == [
        RefusalCode.NO_LONGER_VALID
    ]


def test_in_qingyang_the_supplier_claims_and_an_auditor_reports() -> None:
    found = judge(QINGYANG, ORDER)
    assert isinstance(found, Grant)
    assert (found.amount, found.voucher.mode) == (3_000_00, VoucherMode.CLAIMED_BY_SUPPLIER)
    shown = {Evidence.CONTRACT, Evidence.INVOICE, Evidence.PAYMENT}
    assert missing_evidence(QINGYANG, shown) == (Evidence.USAGE, Evidence.AUDIT)
    assert missing_evidence(QINGYANG, set(Evidence)) == ()


def test_buyer_and_supplier_cannot_both_claim() -> None:
    buyer = replace(LAB, region="321000")
    claimed = Use("u", QINGYANG.id, ORDER.contract, buyer, DATACENTRE, ORDER.at, Fen(3_000_00))
    standing = standing_of(YANGZHOU, buyer.id, ORDER.contract, ORDER.at, [claimed], [QINGYANG, YANGZHOU])
    asked = replace(ORDER, buyer=buyer, standing=standing)
    assert refused(YANGZHOU, asked) == [RefusalCode.ALREADY_SUBSIDISED]
    assert granted(YANGZHOU, replace(asked, standing=NOTHING_USED)) == 3_000_00


def test_a_contract_that_was_refunded_in_full_may_be_subsidised_anew() -> None:
    refunded = Use("u", QINGYANG.id, ORDER.contract, LAB, DATACENTRE, ORDER.at, Fen(0))
    standing = standing_of(SHANGHAI_COMPUTE, LAB.id, ORDER.contract, ORDER.at, [refunded], [QINGYANG])
    assert standing == NOTHING_USED


def test_city_and_district_together_cover_the_whole_rent_if_both_agree() -> None:
    city = replace(SHANGHAI_COMPUTE, stacks_with=("qingpu-compute",))
    both = Standing(subsidies=(Subsidy(city.id, Fen(3_000_00), city.stacks_with),))
    assert granted(DISTRICT, replace(ORDER, standing=both)) == 7_000_00
    one_sided = Standing(subsidies=(Subsidy(city.id, Fen(3_000_00), ()),))
    assert refused(DISTRICT, replace(ORDER, standing=one_sided)) == [RefusalCode.ALREADY_SUBSIDISED]


def test_what_is_left_of_budget_and_balance_is_granted_and_then_nothing() -> None:
    nearly = Standing(spent=Fen(600_000_000_00 - 5))
    assert granted(SHANGHAI_COMPUTE, replace(ORDER, standing=nearly)) == 5
    spent = Standing(spent=Fen(600_000_000_00), balance=Fen(0))
    assert refused(SHANGHAI_COMPUTE, replace(ORDER, standing=spent)) == [
        RefusalCode.BUDGET_SPENT,
        RefusalCode.BALANCE_SPENT,
    ]


def test_a_price_of_which_no_whole_fen_is_covered_is_too_small() -> None:
    assert granted(SHANGHAI_COMPUTE, replace(ORDER, gross=Fen(4))) == 1
    assert refused(SHANGHAI_COMPUTE, replace(ORDER, gross=Fen(3))) == [RefusalCode.PRICE_TOO_SMALL]


def test_every_refusal_says_what_to_do() -> None:
    nobody = replace(LAB, region="330100", size=BuyerSize.LARGE, industry="mining")
    strict = replace(
        HANGZHOU,
        buyers=replace(BEIJING.buyers, sizes=(BuyerSize.MICRO, BuyerSize.SMALL)),
        coverage=(Coverage(ProductLine.COMPUTE, Chip.DOMESTIC, BasisPoints(3000)),),
        budget=Fen(0),
        valid_to=beijing(2026, 1, 1),
    )
    standing = Standing(Fen(8_000_000_00), Fen(0), Fen(0), (Subsidy("other", Fen(1)),))
    asked = replace(ORDER, buyer=nobody, seller=nobody, origin=Chip.FOREIGN, standing=standing)
    told = [judge(strict, asked), judge(strict, replace(asked, at=0, product=ProductLine.NETWORK))]
    refusals = [refusal for one in told if isinstance(one, Refused) for refusal in one.refusals]
    assert {refusal.code for refusal in refusals} == set(RefusalCode) - {RefusalCode.PRICE_TOO_SMALL}
    for refusal in refusals:
        rule, _, advice = refusal.sentence.partition(": ")
        assert rule, refusal
        assert advice.endswith("."), refusal


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.programme.id)
def test_a_preset_can_be_published_and_says_where_it_is_from(preset: Preset) -> None:
    assert preset.programme.problems() == []
    assert all((preset.source, preset.dated, preset.note))


def test_presets_have_ids_of_their_own() -> None:
    assert len({preset.programme.id for preset in PRESETS}) == len(PRESETS) == 7


def test_a_programme_that_cannot_be_used_is_told_why() -> None:
    wrong = replace(
        BEIJING,
        coverage=(Coverage(ProductLine.COMPUTE, None, BasisPoints(10_001)),),
        per_order_cap=Fen(-1),
        valid_to=BEIJING.valid_from,
        stacks_with=(BEIJING.id,),
    )
    assert [(problem.code, problem.field) for problem in wrong.problems()] == [
        (ProblemCode.RATE_OUT_OF_RANGE, "coverage"),
        (ProblemCode.LIMIT_NEGATIVE, "per_order_cap"),
        (ProblemCode.ENDS_BEFORE_IT_BEGINS, "valid_to"),
        (ProblemCode.STACKS_WITH_ITSELF, "stacks_with"),
    ]
    assert [problem.code for problem in replace(BEIJING, coverage=()).problems()] == [
        ProblemCode.NOTHING_COVERED
    ]


def test_parties_belong_together_through_whoever_controls_both() -> None:
    sister = replace(DATACENTRE, id="sister", controllers=frozenset({"wang", "zhao"}))
    daughter = replace(DATACENTRE, id="daughter", controllers=frozenset({"lab"}))
    assert [related(LAB, other) for other in (DATACENTRE, sister, daughter, LAB)] == [False, True, True, True]


@pytest.mark.parametrize(
    ("region", "area", "within"),
    [
        ("310118", "310000", True),
        ("310000", "310118", False),
        ("330100", "330100", True),
        ("331000", "330100", False),
        ("330110", "330100", True),
        ("621000", "620000", True),
    ],
)
def test_a_district_lies_within_its_city(region: str, area: str, *, within: bool) -> None:
    assert lies_within(region, area) is within


def test_a_year_begins_in_beijing() -> None:
    assert year_of(beijing(2026, 1, 1)) == 2026
    assert year_of(beijing(2026, 1, 1) - 1) == 2025


def test_misuse_is_told_with_what_to_take_back() -> None:
    programmes = {one.id: one for one in (SHANGHAI_COMPUTE, QINGYANG)}
    friend = replace(DATACENTRE, controllers=frozenset({"wang"}))
    history = [
        Use("u1", SHANGHAI_COMPUTE.id, "c1", LAB, friend, ORDER.at, Fen(300)),
        Use("u2", QINGYANG.id, "c1", LAB, DATACENTRE, ORDER.at, Fen(200)),
    ]
    voucher = VoucherTerms("v", BasisPoints(3000), VoucherMode.DEDUCT_AT_CHECKOUT)
    cash = RefundMade("c2", Fen(1000), Fen(1000), (voucher,), Returned(Fen(1000), (Fen(0),)))
    found = misuses(programmes, history, [cash])
    assert [(one.subject, one.code) for one in found] == [
        ("u1", MisuseCode.RELATED_PARTIES),
        ("c1", MisuseCode.SECOND_SUBSIDY),
        ("c2", MisuseCode.PAID_OUT),
    ]
    assert [one.sentence.partition(": ")[2] for one in found] == [
        "take back 300 fen.",
        "take back 200 fen.",
        "return them to the voucher.",
    ]
