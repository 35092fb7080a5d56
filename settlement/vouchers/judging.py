"""Judging an application: what a programme grants, or everything that stands against it and what to do about each.

The same function answers at the quote, at the order and at settlement. What it grants goes into the statement as
`VoucherTerms`; what has to be shown before the government pays is `Evidence`, collected later.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from settlement.money import NOTHING, Fen
from settlement.statement import voucher_of
from settlement.terms import VoucherTerms
from settlement.vouchers.parties import Party, lies_within, related
from settlement.vouchers.programme import Buyers, ChipOrigin, Evidence, ProductLine, Programme
from settlement.vouchers.uses import NOTHING_USED, Standing


class RefusalCode(StrEnum):
    """Why a programme grants nothing."""

    NOT_YET_VALID = "not_yet_valid"
    NO_LONGER_VALID = "no_longer_valid"
    REGION_NOT_ELIGIBLE = "region_not_eligible"
    SIZE_NOT_ELIGIBLE = "size_not_eligible"
    INDUSTRY_NOT_ELIGIBLE = "industry_not_eligible"
    RELATED_PARTIES = "related_parties"
    PRODUCT_NOT_COVERED = "product_not_covered"
    CHIP_ORIGIN_NOT_COVERED = "chip_origin_not_covered"
    ALREADY_SUBSIDISED = "already_subsidised"
    YEARLY_CAP_REACHED = "yearly_cap_reached"
    BUDGET_SPENT = "budget_spent"
    BALANCE_SPENT = "balance_spent"
    PRICE_TOO_SMALL = "price_too_small"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that stands against an application: a stable code, and a sentence that says what to do."""

    code: RefusalCode
    sentence: str


@dataclass(frozen=True, slots=True)
class Application:
    """A purchase for which a voucher is asked. `at` is UTC seconds, `gross` the price with VAT in fen.

    `seller` is None while nobody knows who it will be. `contract` is the key under which a contract is subsidised once,
    whoever claims: buyer or seller. `origin` is None where nothing is bought that has a chip.
    """

    buyer: Party
    seller: Party | None
    contract: str
    product: ProductLine
    origin: ChipOrigin | None
    gross: Fen
    at: int
    standing: Standing = NOTHING_USED


@dataclass(frozen=True, slots=True)
class Grant:
    """What a programme covers of a price, in fen, and the terms under which a statement covers it again.

    `amount` is of the price as it is asked; the statement takes it of the price as it is settled. `evidence` has to be
    shown before the government pays.
    """

    amount: Fen
    voucher: VoucherTerms
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Everything that stands against an application, so that it can all be put right at once."""

    refusals: tuple[Refusal, ...]


def judge(programme: Programme, application: Application) -> Grant | Refused:
    """Say what a programme grants of a purchase, or why nothing."""
    refusals = (
        *buyer_refusals(programme, application.buyer, application.at),
        *_of_seller(programme, application),
        *_of_purchase(programme, application),
        *_of_limits(programme, application),
    )
    if refusals:
        return Refused(refusals)
    voucher = voucher_terms(programme, application)
    amount = voucher_of(left_to_pay(application), voucher)
    if not amount:
        return Refused((Refusal(RefusalCode.PRICE_TOO_SMALL, "Nothing is left to cover: order more."),))
    return Grant(amount, voucher, programme.evidence)


def buyer_refusals(programme: Programme, buyer: Party, at: int) -> tuple[Refusal, ...]:
    """What stands against a buyer at an instant, whatever it buys: nothing where it may be given a voucher."""
    return (*_of_time(programme, at), *_of_buyer(programme.buyers, buyer))


def voucher_terms(programme: Programme, application: Application) -> VoucherTerms:
    """The terms that a statement needs: the rate of this purchase, and what is left of every cap."""
    rate = programme.rate_of(application.product, application.origin)
    assert rate is not None, "what is not covered is refused"
    standing = application.standing
    left = _least(_left(programme.budget, standing.spent), standing.balance)
    return VoucherTerms(
        id=f"{programme.id}/{programme.version}",
        rate_bp=rate,
        mode=programme.mode,
        per_order_cap=programme.per_order_cap,
        yearly_left=_left(programme.yearly_cap, standing.used_this_year),
        balance=left,
    )


def left_to_pay(application: Application) -> Fen:
    """The price less what other programmes cover of it: a voucher never covers the same fen twice."""
    return Fen(application.gross - sum(subsidy.covered for subsidy in application.standing.subsidies))


def missing_evidence(programme: Programme, shown: Collection[Evidence]) -> tuple[Evidence, ...]:
    """What still has to be shown before the government pays."""
    return tuple(evidence for evidence in programme.evidence if evidence not in shown)


def _of_time(programme: Programme, at: int) -> Iterator[Refusal]:
    if at < programme.valid_from:
        yield Refusal(RefusalCode.NOT_YET_VALID, "The programme has not begun: order after it begins.")
    if programme.valid_to is not None and at >= programme.valid_to:
        yield Refusal(
            RefusalCode.NO_LONGER_VALID, "The programme has ended: look for the one that follows it."
        )


def _of_buyer(buyers: Buyers, buyer: Party) -> Iterator[Refusal]:
    if buyers.regions and not any(lies_within(buyer.region, area) for area in buyers.regions):
        yield Refusal(
            RefusalCode.REGION_NOT_ELIGIBLE,
            f"Only buyers registered in {_any_of(buyers.regions)} are eligible: "
            f"ask for a programme of {buyer.region}.",
        )
    if buyers.sizes and buyer.size not in buyers.sizes:
        yield Refusal(
            RefusalCode.SIZE_NOT_ELIGIBLE,
            f"Only enterprises of size {_any_of(buyers.sizes)} are eligible: choose a programme for {buyer.size} ones.",
        )
    if buyers.industries and buyer.industry not in buyers.industries:
        yield Refusal(
            RefusalCode.INDUSTRY_NOT_ELIGIBLE,
            f"Only {_any_of(buyers.industries)} is eligible: choose a programme for {buyer.industry}.",
        )


def _of_seller(programme: Programme, application: Application) -> Iterator[Refusal]:
    seller = application.seller
    if programme.sellers_unrelated and seller is not None and related(application.buyer, seller):
        yield Refusal(
            RefusalCode.RELATED_PARTIES,
            "Buyer and seller belong together: buy from a seller that shares no owner with you.",
        )


def _of_purchase(programme: Programme, application: Application) -> Iterator[Refusal]:
    product, origin = application.product, application.origin
    covered = [coverage for coverage in programme.coverage if coverage.product is product]
    if not covered:
        lines = _any_of(dict.fromkeys(coverage.product for coverage in programme.coverage))
        yield Refusal(
            RefusalCode.PRODUCT_NOT_COVERED, f"Only {lines} is covered: order the rest without this voucher."
        )
    elif programme.rate_of(product, origin) is None:
        origins = _any_of(dict.fromkeys(coverage.origin or "" for coverage in covered))
        yield Refusal(
            RefusalCode.CHIP_ORIGIN_NOT_COVERED, f"Only {origins} chips are covered: choose one of those."
        )
    for subsidy in application.standing.subsidies:
        agreed = subsidy.programme in programme.stacks_with and programme.id in subsidy.stacks_with
        if not agreed:
            yield Refusal(
                RefusalCode.ALREADY_SUBSIDISED,
                f"The contract is subsidised by {subsidy.programme}: a contract has one subsidy, so keep the better one.",
            )


def _of_limits(programme: Programme, application: Application) -> Iterator[Refusal]:
    standing = application.standing
    if _left(programme.yearly_cap, standing.used_this_year) == NOTHING:
        yield Refusal(
            RefusalCode.YEARLY_CAP_REACHED,
            "You have used this year's part: ask again in the next calendar year.",
        )
    if _left(programme.budget, standing.spent) == NOTHING:
        yield Refusal(RefusalCode.BUDGET_SPENT, "The budget is spent: ask the issuer when there is more.")
    if standing.balance is not None and standing.balance <= 0:
        yield Refusal(RefusalCode.BALANCE_SPENT, "The voucher is used up: apply for another.")


def _left(limit: Fen | None, used: Fen) -> Fen | None:
    return None if limit is None else max(NOTHING, Fen(limit - used))


def _least(*limits: Fen | None) -> Fen | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _any_of(words: Collection[str]) -> str:
    return " or ".join(words)
