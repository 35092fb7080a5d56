"""Voucher programmes: what a region's government pays for, for whom, up to which limits, as dated data.

Rules differ from city to city by buyer, seller, chip, product, date and cap, and change every year. So a programme is
a value that its issuer publishes, and no rule of any city stands in code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from settlement.money import WHOLE, BasisPoints, Fen
from settlement.terms import VoucherMode
from settlement.vouchers.parties import BuyerSize


class ProductLine(StrEnum):
    """What is bought, as programmes tell it apart."""

    COMPUTE = "compute"
    MODEL_SERVICE = "model_service"
    """Tokens of a model that somebody else runs."""
    CORPUS = "corpus"
    """Data to train models with."""
    STORAGE = "storage"
    NETWORK = "network"
    SECURITY = "security"


class ChipOrigin(StrEnum):
    """Where the chip was designed."""

    DOMESTIC = "domestic"
    FOREIGN = "foreign"


class Evidence(StrEnum):
    """What has to be shown before the government pays."""

    CONTRACT = "contract"
    INVOICE = "invoice"
    PAYMENT = "payment"
    """Proof that the whole price was paid."""
    USAGE = "usage"
    """The signed record of what was really used."""
    AUDIT = "audit"
    """The report of a third party."""


class BudgetSpan(StrEnum):
    """For how long a budget has to last."""

    WHOLE_PROGRAMME = "whole_programme"
    CALENDAR_YEAR = "calendar_year"


class ProblemCode(StrEnum):
    """Why a programme cannot be used."""

    NOTHING_COVERED = "nothing_covered"
    """A programme pays for something."""
    RATE_OUT_OF_RANGE = "rate_out_of_range"
    """A rate is above nothing and at most the whole price."""
    LIMIT_NEGATIVE = "limit_negative"
    """A cap or budget is not below nothing."""
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    """A programme is valid for at least a second."""
    STACKS_WITH_ITSELF = "stacks_with_itself"
    """A programme subsidises a contract once."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a programme, and the field where it is."""

    code: ProblemCode
    field: str


@dataclass(frozen=True, slots=True)
class Buyers:
    """Who may use a programme. A field that is empty asks nothing.

    `regions` are those in which the buyer may be registered, parts of them included.
    """

    regions: tuple[str, ...] = ()
    sizes: tuple[BuyerSize, ...] = ()
    industries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """The rate for a product line, on chips of an origin; None is any origin, or no chip at all."""

    product: ProductLine
    origin: ChipOrigin | None
    rate_bp: BasisPoints


@dataclass(frozen=True, slots=True)
class Programme:
    """One version of a region's voucher programme. Instants are UTC seconds; None is no limit.

    Of `coverage` the first that fits decides. `yearly_cap` is for one buyer and calendar year, `budget` for all buyers.
    A contract has one subsidy, unless each of two programmes names the other in `stacks_with`.
    """

    id: str
    version: int
    issuer: str
    buyers: Buyers
    coverage: tuple[Coverage, ...]
    mode: VoucherMode
    valid_from: int
    valid_to: int | None
    per_order_cap: Fen | None = None
    yearly_cap: Fen | None = None
    budget: Fen | None = None
    budget_span: BudgetSpan = BudgetSpan.WHOLE_PROGRAMME
    sellers_unrelated: bool = True
    stacks_with: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def rate_of(self, product: ProductLine, origin: ChipOrigin | None) -> BasisPoints | None:
        """The rate at which a purchase is covered, or None where it is not."""
        for covered in self.coverage:
            if covered.product is product and covered.origin in (None, origin):
                return covered.rate_bp
        return None

    def problems(self) -> list[Problem]:
        """Say everything that is wrong with a programme; an empty list means that it can be published."""
        return list(self._problems())

    def _problems(self) -> Iterator[Problem]:
        if not self.coverage:
            yield Problem(ProblemCode.NOTHING_COVERED, "coverage")
        if any(not 0 < covered.rate_bp <= WHOLE for covered in self.coverage):
            yield Problem(ProblemCode.RATE_OUT_OF_RANGE, "coverage")
        limits = {"per_order_cap": self.per_order_cap, "yearly_cap": self.yearly_cap, "budget": self.budget}
        for name, limit in limits.items():
            if limit is not None and limit < 0:
                yield Problem(ProblemCode.LIMIT_NEGATIVE, name)
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            yield Problem(ProblemCode.ENDS_BEFORE_IT_BEGINS, "valid_to")
        if self.id in self.stacks_with:
            yield Problem(ProblemCode.STACKS_WITH_ITSELF, "stacks_with")
