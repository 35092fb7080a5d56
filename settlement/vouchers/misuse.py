"""Checks for misuse, over what was really used: they trust no judgement that was made before.

What they look for is in the programmes' own rules: a seller that belongs to the buyer, a second subsidy on a contract,
and a voucher that was turned into money by way of a refund.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from settlement.money import Fen
from settlement.refunds import Returned, returned
from settlement.terms import VoucherTerms
from settlement.vouchers.parties import related
from settlement.vouchers.programme import Programme
from settlement.vouchers.uses import Use


class MisuseCode(StrEnum):
    """What a voucher must not be used for."""

    RELATED_PARTIES = "related_parties"
    SECOND_SUBSIDY = "second_subsidy"
    PAID_OUT = "paid_out"


@dataclass(frozen=True, slots=True)
class Misuse:
    """Something that was found: the use or contract, a stable code, and a sentence that says what to do."""

    subject: str
    code: MisuseCode
    sentence: str


@dataclass(frozen=True, slots=True)
class RefundMade:
    """A refund as it was paid: `amount` off a `gross`, in fen, under the vouchers that the line was settled with."""

    contract: str
    gross: Fen
    amount: Fen
    vouchers: tuple[VoucherTerms, ...]
    paid: Returned


def misuses(
    programmes: Mapping[str, Programme], uses: Sequence[Use], refunds: Iterable[RefundMade]
) -> list[Misuse]:
    """Find every misuse. `programmes` are by their id."""
    return [*_related(programmes, uses), *_second_subsidies(programmes, uses), *_paid_out(refunds)]


def _related(programmes: Mapping[str, Programme], uses: Iterable[Use]) -> Iterator[Misuse]:
    for use in uses:
        if programmes[use.programme].sellers_unrelated and related(use.buyer, use.seller):
            yield Misuse(
                use.id,
                MisuseCode.RELATED_PARTIES,
                f"{use.buyer.id} and {use.seller.id} belong together: take back {use.covered} fen.",
            )


def _second_subsidies(programmes: Mapping[str, Programme], uses: Iterable[Use]) -> Iterator[Misuse]:
    by_contract: dict[str, list[Use]] = {}
    for use in uses:
        if use.covered:
            by_contract.setdefault(use.contract, []).append(use)
    for contract, its in by_contract.items():
        for first, second in combinations(its, 2):
            if not _agree(programmes[first.programme], programmes[second.programme]):
                yield Misuse(
                    contract,
                    MisuseCode.SECOND_SUBSIDY,
                    f"{first.id} and {second.id} subsidise one contract: take back {second.covered} fen.",
                )


def _agree(one: Programme, other: Programme) -> bool:
    return other.id in one.stacks_with and one.id in other.stacks_with


def _paid_out(refunds: Iterable[RefundMade]) -> Iterator[Misuse]:
    for made in refunds:
        fair = returned(made.gross, made.amount, made.vouchers)
        missing = sum(fair.to_vouchers) - sum(made.paid.to_vouchers)
        kept = max(made.paid.to_buyer - fair.to_buyer, missing)
        if kept > 0:
            yield Misuse(
                made.contract,
                MisuseCode.PAID_OUT,
                f"{kept} fen of a voucher became the buyer's money: return them to the voucher.",
            )
