"""What a closed period would have come to under other shares, as it is asked and answered."""

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field, StringConstraints

from settlement.agreements import PairAgreement, Shares
from settlement.money import BasisPoints
from settlement.what_if import Compared, Comparison
from web.bodies.agreements import SharesField, rates
from web.bodies.fields import BasisPointsField, IdField
from web.strict import Body

LABEL = "Accounting under the agreement: not a tax filing, not official statistics."

MonthField = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}$")]


class WhatIfIn(Body):
    """A closed month under an agreement, and the shares to try: basis points in the order of its parties."""

    agreement: IdField
    version: Annotated[int, Field(ge=1, le=10_000)]
    period: MonthField
    revenue_shares_bp: SharesField
    tax_shares_bp: SharesField
    gdp_shares_bp: SharesField
    value_added_bp: BasisPointsField

    def other(self, agreement: PairAgreement) -> PairAgreement:
        """The agreement with the terms to try in place of its own."""
        shares = Shares(
            revenue=rates(self.revenue_shares_bp),
            tax=rates(self.tax_shares_bp),
            gdp=rates(self.gdp_shares_bp),
            carbon=agreement.shares.carbon,
        )
        return replace(agreement, shares=shares, value_added_bp=BasisPoints(self.value_added_bp))


@dataclass(frozen=True, slots=True)
class ComparedOut:
    """One kind of figure: what there was to share and each party's part, as settled and under the shares to try."""

    settled_base_fen: int
    other_base_fen: int
    settled_fen: list[int]
    other_fen: list[int]
    difference_fen: list[int]

    @classmethod
    def of(cls, compared: Compared) -> "ComparedOut":
        """One kind as it was compared."""
        return cls(
            settled_base_fen=compared.settled.base,
            other_base_fen=compared.other.base,
            settled_fen=list(compared.settled.parts),
            other_fen=list(compared.other.parts),
            difference_fen=list(compared.differences),
        )


@dataclass(frozen=True, slots=True)
class WhatIfOut:
    """Both sides of a closed month. Parts are in the order of the parties; nothing was changed."""

    label: str
    parties: list[str]
    revenue: ComparedOut
    tax: ComparedOut
    gdp: ComparedOut

    @classmethod
    def of(cls, agreement: PairAgreement, comparison: Comparison) -> "WhatIfOut":
        """A comparison between the parties of an agreement."""
        revenue, tax, gdp = map(ComparedOut.of, comparison)
        return cls(LABEL, list(agreement.parties), revenue, tax, gdp)
