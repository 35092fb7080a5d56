"""Pair agreements as they are recorded and answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from exchange.agreements.commands import RecordAgreement
from settlement.agreements import PairAgreement, Shares
from settlement.money import BasisPoints
from web.bodies.fields import BasisPointsField, IdField, Instant, RegionField, utc
from web.strict import Body

PARTIES_MAX = 10

SharesField = Annotated[list[BasisPointsField], Field(min_length=2, max_length=PARTIES_MAX)]


class AgreementIn(Body):
    """One version of what two or more regions have agreed: the source first, the destination last.

    Shares are basis points in the order of the parties; those of one kind add up to 10,000. Without `valid_to` it is
    open-ended.
    """

    id: IdField
    version: Annotated[int, Field(ge=1, le=10_000)]
    parties: Annotated[list[RegionField], Field(min_length=2, max_length=PARTIES_MAX)]
    valid_from: Instant
    valid_to: Instant | None = None
    revenue_shares_bp: SharesField
    tax_shares_bp: SharesField
    gdp_shares_bp: SharesField
    carbon_shares_bp: SharesField | None = None
    value_added_bp: BasisPointsField

    def command(self) -> RecordAgreement:
        """The command that this asks for."""
        return RecordAgreement(
            PairAgreement(
                id=self.id,
                version=self.version,
                parties=tuple(self.parties),
                valid_from=self.valid_from,
                valid_to=self.valid_to,
                shares=Shares(
                    revenue=rates(self.revenue_shares_bp),
                    tax=rates(self.tax_shares_bp),
                    gdp=rates(self.gdp_shares_bp),
                    carbon=rates(self.carbon_shares_bp or []),
                ),
                value_added_bp=BasisPoints(self.value_added_bp),
            )
        )


@dataclass(frozen=True, slots=True)
class AgreementOut:
    """An agreement as it was recorded. Agreements are never edited: other terms are another version."""

    id: str
    version: int
    parties: list[str]
    valid_from: datetime
    valid_to: datetime | None
    revenue_shares_bp: list[int]
    tax_shares_bp: list[int]
    gdp_shares_bp: list[int]
    carbon_shares_bp: list[int]
    value_added_bp: int

    @classmethod
    def of(cls, agreement: PairAgreement) -> "AgreementOut":
        """An agreement as it is stored."""
        return cls(
            id=agreement.id,
            version=agreement.version,
            parties=list(agreement.parties),
            valid_from=utc(agreement.valid_from),
            valid_to=None if agreement.valid_to is None else utc(agreement.valid_to),
            revenue_shares_bp=list(agreement.shares.revenue),
            tax_shares_bp=list(agreement.shares.tax),
            gdp_shares_bp=list(agreement.shares.gdp),
            carbon_shares_bp=list(agreement.shares.carbon),
            value_added_bp=agreement.value_added_bp,
        )


def rates(shares: list[int]) -> tuple[BasisPoints, ...]:
    """Shares as the kernel has them."""
    return tuple(BasisPoints(share) for share in shares)
