"""The form of a settlement case: every key that an input may have, and which keys an input has beside them."""

from collections.abc import Iterator, Mapping
from typing import NotRequired, TypedDict


class FeeInput(TypedDict):
    rate_bp: int
    base: str
    vat_rate_bp: int


class SharesInput(TypedDict, total=False):
    revenue: list[int]
    tax: list[int]
    gdp: list[int]
    carbon: list[int]


class PairInput(TypedDict):
    id: str
    parties: list[str]
    shares_bp: SharesInput
    value_added_bp: int
    method: NotRequired[str]


class SurchargeInput(TypedDict, total=False):
    urban: int
    education: int
    local_education: int


class TaxInput(TypedDict, total=False):
    input_vat_fen: int
    cit_payable_fen: int
    surcharge_bp: SurchargeInput


class VoucherInput(TypedDict):
    """A voucher; without a cap or a balance, or with null, there is no such limit."""

    id: NotRequired[str]
    rate_bp: int
    per_order_cap_fen: NotRequired[int | None]
    balance_fen: NotRequired[int | None]
    mode: NotRequired[str]


class InterruptionInput(TypedDict):
    contract_seconds: int
    lost_seconds: int


class UsageEvent(TypedDict):
    """One measurement; `repeat: n` stands for n distinct events of this size."""

    id: str
    qty: int
    price_micro_yuan_per_million: int
    repeat: NotRequired[int]


class LineInput(TypedDict, total=False):
    """What one statement line may ask for."""

    vat_rate_bp: int
    fee: FeeInput
    pair: PairInput
    tax: TaxInput
    voucher: VoucherInput
    gross_fen: int
    usage: list[UsageEvent]
    interruption: InterruptionInput


class BranchInput(TypedDict):
    region: str
    revenue: int
    wages: int
    assets: int


class HeadBranchInput(TypedDict):
    cit_payable_fen: int
    branches: list[BranchInput]


class SplitsInput(TypedDict):
    total: int
    weights: list[int]


class CarbonInput(TypedDict):
    it_wh: int
    pue_milli: int
    ef_mg_per_kwh: int
    green_certificates_mwh: NotRequired[int]


class CaseInput(LineInput, total=False):
    """What a case may ask for: a line, lines, or what is settled beside them."""

    multi: list[LineInput]
    """Lines settled one by one; what a line does not say itself it takes from the case (F10)."""
    refunds: list[int]
    """What is taken off the gross of the one line, one after the other (F11)."""
    head_branch: HeadBranchInput
    splits: SplitsInput
    carbon: CarbonInput


PARTS: Mapping[str, type] = {
    "fee": FeeInput,
    "pair": PairInput,
    "shares_bp": SharesInput,
    "tax": TaxInput,
    "surcharge_bp": SurchargeInput,
    "voucher": VoucherInput,
    "interruption": InterruptionInput,
    "usage": UsageEvent,
    "multi": LineInput,
    "head_branch": HeadBranchInput,
    "branches": BranchInput,
    "splits": SplitsInput,
    "carbon": CarbonInput,
}
"""The form of what stands under a key, be it one or a list of them."""


def unknown_keys(given: Mapping[str, object], form: type = CaseInput, path: str = "input") -> Iterator[str]:
    """Name, by its path, whatever an input asks for that no form has."""
    for key, value in given.items():
        here = f"{path}.{key}"
        if key not in form.__annotations__:
            yield here
        elif key in PARTS:
            # Some names stand for a part in one place and for plain numbers in another.
            listed = value if isinstance(value, list) else [value]
            for n, part in enumerate(listed):
                if isinstance(part, Mapping):
                    place = f"{here}[{n}]" if isinstance(value, list) else here
                    yield from unknown_keys(part, PARTS[key], place)
