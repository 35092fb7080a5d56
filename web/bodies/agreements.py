"""Pair agreements as they are proposed, signed and answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from exchange.agreements.commands import ProposeAgreement
from exchange.persistence.queries.agreements import Version
from settlement.agreements import PairAgreement, Shares
from settlement.money import BasisPoints
from settlement.sign_off import canonical
from web.bodies.fields import BasisPointsField, IdField, Instant, RegionField, TextField, utc
from web.strict import Body

PARTIES_MAX = 10

DigestField = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="A SHA-256 in hexadecimal.")
]
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

    def command(self) -> ProposeAgreement:
        """The command that this asks for."""
        return ProposeAgreement(
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


class SignIn(Body):
    """What you sign: the SHA-256 of the canonical terms as you have read them."""

    digest: DigestField


class DeclineIn(Body):
    """Why you don't sign."""

    reason: TextField


@dataclass(frozen=True, slots=True)
class SignatureOut:
    """Who signed for a region, with which key, when by the venue's clock, and over which digest."""

    region: str
    party: str
    key: str
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class EndingOut:
    """When a version was declined or withdrawn; by whom it was declined, and why."""

    at: datetime
    region: str | None
    party: str | None
    key: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class AgreementOut:
    """A version of an agreement, its terms, and how it stands. Agreements are never edited: other terms are another version.

    `valid_to` is where it ends as things stand. `canonical` has the terms as they were proposed: `digest` is its SHA-256,
    and what the signatures are over.
    """

    id: str
    version: int
    state: str
    parties: list[str]
    valid_from: datetime
    valid_to: datetime | None
    revenue_shares_bp: list[int]
    tax_shares_bp: list[int]
    gdp_shares_bp: list[int]
    carbon_shares_bp: list[int]
    value_added_bp: int
    proposed_by: str
    proposed_at: datetime
    canonical: str
    digest: str
    signatures: list[SignatureOut]
    waits_for: list[str]
    ended: EndingOut | None

    @classmethod
    def of(cls, version: Version, now: int) -> "AgreementOut":
        """A version as it stands at an instant."""
        agreement, ended = version.agreement, version.ended
        return cls(
            id=agreement.id,
            version=agreement.version,
            state=version.state(now),
            parties=list(agreement.parties),
            valid_from=utc(agreement.valid_from),
            valid_to=None if version.valid_to is None else utc(version.valid_to),
            revenue_shares_bp=list(agreement.shares.revenue),
            tax_shares_bp=list(agreement.shares.tax),
            gdp_shares_bp=list(agreement.shares.gdp),
            carbon_shares_bp=list(agreement.shares.carbon),
            value_added_bp=agreement.value_added_bp,
            proposed_by=version.proposed_by,
            proposed_at=utc(version.proposed_at),
            canonical=canonical(agreement).decode(),
            digest=version.digest,
            signatures=[
                SignatureOut(one.region, one.party, one.key, utc(one.at), one.digest)
                for one in version.signatures
            ],
            waits_for=version.waits_for,
            ended=None
            if ended is None
            else EndingOut(
                utc(ended.at),
                ended.region or None,
                ended.party or None,
                ended.key or None,
                ended.reason or None,
            ),
        )


def rates(shares: list[int]) -> tuple[BasisPoints, ...]:
    """Shares as the kernel has them."""
    return tuple(BasisPoints(share) for share in shares)
