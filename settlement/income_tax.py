"""Enterprise income tax: what goes to the centre, and what the places of a head office and its branches get of the rest.

The shares of a head office and its branches in several provinces are those of 财预 2012, no. 40; the division with the
centre, 60:40, is the policy of the acceptance cases (F6, F8). Both are data: another rule is another `HeadOfficeRule`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from settlement.money import Fen, Tie, largest_remainder, two_way

CENTRAL_PERCENT = 60


@dataclass(frozen=True, slots=True)
class HeadOfficeRule:
    """How the local part of a company's income tax is divided, in percent; each group adds up to 100.

    `head`, `branches` and `pool` are the parts of the head office's place, of the places of all branches together, and
    of what is pooled and redistributed. `revenue`, `wages` and `assets` weigh a branch among the branches.
    """

    head: int
    branches: int
    pool: int
    revenue: int
    wages: int
    assets: int


RULE_OF_2012 = HeadOfficeRule(head=25, branches=50, pool=25, revenue=35, wages=35, assets=30)
"""财预 2012, no. 40, for companies with branches in several provinces."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch and its three factors, those of the year before, each in any one unit for all branches."""

    region: str
    revenue: int
    wages: int
    assets: int


@dataclass(frozen=True, slots=True)
class IncomeTaxShares:
    """A company's income tax divided: `branches` is what each branch's place gets, in their order, by `weights`."""

    central: Fen
    local: Fen
    head: Fen
    all_branches: Fen
    pool: Fen
    weights: tuple[Fraction, ...]
    branches: tuple[Fen, ...]


def split_income_tax(payable: Fen) -> tuple[Fen, Fen]:
    """Divide income tax between the central and the local treasury, an odd fen to the centre (F6)."""
    central, local = two_way(payable, CENTRAL_PERCENT, 100, Tie.FIRST)
    return Fen(central), Fen(local)


def share_income_tax(
    payable: Fen, branches: Sequence[Branch], rule: HeadOfficeRule = RULE_OF_2012
) -> IncomeTaxShares:
    """Divide the income tax of a company with branches (F8).

    Assessed once a year and not refunded line by line, so the parts are by largest remainder.
    """
    central, local = split_income_tax(payable)
    head, all_branches, pool = largest_remainder(local, (rule.head, rule.branches, rule.pool))
    weights = branch_weights(branches, rule)
    scale = lcm(*(weight.denominator for weight in weights))
    parts = largest_remainder(all_branches, [int(weight * scale) for weight in weights])
    return IncomeTaxShares(
        central, local, Fen(head), Fen(all_branches), Fen(pool), weights, tuple(map(Fen, parts))
    )


def branch_weights(branches: Sequence[Branch], rule: HeadOfficeRule) -> tuple[Fraction, ...]:
    """Weigh each branch by its part of the revenue, wages and assets of all; exact, so that it can be checked."""
    factors = (
        (rule.revenue, [branch.revenue for branch in branches]),
        (rule.wages, [branch.wages for branch in branches]),
        (rule.assets, [branch.assets for branch in branches]),
    )
    # What no branch has any of weighs nothing, and the other factors weigh as much more.
    told = [(percent, amounts) for percent, amounts in factors if sum(amounts)]
    assert told, "branches are weighed by something that they have"
    percents = sum(percent for percent, _ in told)
    return tuple(
        sum(
            (Fraction(percent * amounts[n], percents * sum(amounts)) for percent, amounts in told), Fraction()
        )
        for n in range(len(branches))
    )
