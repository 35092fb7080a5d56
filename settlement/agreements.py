"""Pair agreements: the dated, versioned terms under which two or more regions share what a lease brings.

An agreement is data that the regions sign, never a constant: no national rule fixes the shares. Its
terms are not edited; other terms are another version, and an open-ended one ends where that begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from settlement.money import WHOLE, BasisPoints


class ProblemCode(StrEnum):
    """Why the terms of an agreement cannot be used."""

    TOO_FEW_PARTIES = "too_few_parties"
    """An agreement has a source and a destination."""
    PARTY_REPEATED = "party_repeated"
    """A region stands in an agreement once."""
    WRONG_NUMBER_OF_SHARES = "wrong_number_of_shares"
    """Every party has its share of every kind, if only of nothing."""
    SHARE_NEGATIVE = "share_negative"
    """Nobody's share is less than nothing."""
    SHARES_NOT_WHOLE = "shares_not_whole"
    """The shares of a kind add up to 10,000 basis points."""
    VALUE_ADDED_OUT_OF_RANGE = "value_added_out_of_range"
    """Value added lies between nothing and the whole of net revenue."""
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    """An agreement is in force for at least a second."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an agreement, and the field where it is."""

    code: ProblemCode
    field: str

    def __str__(self) -> str:
        return f"{self.field}: {self.code}"


@dataclass(frozen=True, slots=True)
class Shares:
    """What each party may count as its own of each kind, in the order of the parties; a kind adds up to 10,000."""

    revenue: tuple[BasisPoints, ...]
    tax: tuple[BasisPoints, ...]
    gdp: tuple[BasisPoints, ...]
    carbon: tuple[BasisPoints, ...] = ()
    """Empty where the parties have agreed nothing about emissions."""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """One version of the terms between regions (F7).

    Parties are region codes (GB/T 2260): the source, where the buyer is registered, first; the destination, where
    the capacity stands, last; any regions of transit between. In force from `valid_from` until before `valid_to`,
    both in UTC seconds; None is open-ended. `value_added_bp` is the part of net revenue that counts towards GDP.
    """

    id: str
    version: int
    parties: tuple[str, ...]
    valid_from: int
    valid_to: int | None
    shares: Shares
    value_added_bp: BasisPoints

    @property
    def source(self) -> str:
        return self.parties[0]

    @property
    def destination(self) -> str:
        return self.parties[-1]

    def covers(self, instant: int) -> bool:
        """Is the agreement in force at this instant (UTC seconds)?"""
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)

    def overlaps(self, other: "PairAgreement") -> bool:
        """Could one order, by its source, destination and instant, fall under both?"""
        same_pair = (self.source, self.destination) == (other.source, other.destination)
        # Two spans meet exactly when one of them holds the other's beginning.
        return same_pair and (self.covers(other.valid_from) or other.covers(self.valid_from))

    def problems(self) -> list[Problem]:
        """Say everything that is wrong with the terms; an empty list means that they can be signed."""
        return [*self._problems_of_parties(), *self._problems_of_shares(), *self._problems_of_scope()]

    def _problems_of_parties(self) -> Iterator[Problem]:
        if len(self.parties) < 2:
            yield Problem(ProblemCode.TOO_FEW_PARTIES, "parties")
        if len(set(self.parties)) < len(self.parties):
            yield Problem(ProblemCode.PARTY_REPEATED, "parties")

    def _problems_of_shares(self) -> Iterator[Problem]:
        kinds = {"revenue": self.shares.revenue, "tax": self.shares.tax, "gdp": self.shares.gdp}
        if self.shares.carbon:
            kinds["carbon"] = self.shares.carbon
        for kind, shares in kinds.items():
            if len(shares) != len(self.parties):
                yield Problem(ProblemCode.WRONG_NUMBER_OF_SHARES, kind)
            if any(share < 0 for share in shares):
                yield Problem(ProblemCode.SHARE_NEGATIVE, kind)
            if sum(shares) != WHOLE:
                yield Problem(ProblemCode.SHARES_NOT_WHOLE, kind)

    def _problems_of_scope(self) -> Iterator[Problem]:
        if not 0 <= self.value_added_bp <= WHOLE:
            yield Problem(ProblemCode.VALUE_ADDED_OUT_OF_RANGE, "value_added_bp")
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            yield Problem(ProblemCode.ENDS_BEFORE_IT_BEGINS, "valid_to")
