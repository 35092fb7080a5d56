"""Shares to begin with: what a rule about something near would give the parties of an agreement."""

from settlement.income_tax import RULE_OF_2012, HeadOfficeRule
from settlement.money import WHOLE, BasisPoints, largest_remainder


def shares_of_rule(parties: int, rule: HeadOfficeRule = RULE_OF_2012) -> tuple[BasisPoints, ...]:
    """The first party as a head office's place and the others as those of its branches, in basis points.

    Of 25, 50 and 25 per cent (财预 2012, no. 40) the last is pooled and handed out by the Ministry of Finance, who is no
    party here: so head office and branches stand as 25 to 50. One branch has all three factors to itself; several are
    taken as alike, until somebody weighs them (`settlement.income_tax.branch_weights`).
    """
    assert parties >= 2, "an agreement has a source and a destination"
    branches = parties - 1
    weights = (rule.head * branches, *[rule.branches] * branches)
    return tuple(BasisPoints(share) for share in largest_remainder(WHOLE, weights))
