"""The method of the index in words, which `docs/index-method.md` has, too: a test compares them."""

from collections.abc import Sequence
from typing import NamedTuple

from exchange.marketdata.index import DEVIATIONS, HALF, METHOD, PAIRS_MIN, TRADES_MIN

assert (METHOD, HALF) == ("1", 2), "the words below are of this method"


class Step(NamedTuple):
    """A part of the method: code stands between backticks."""

    name: str
    rule: str


STEPS: Sequence[Step] = (
    Step(
        "Resource",
        "A chip at a tier: in a region, in a hub of the national network, or everywhere (`all`). And `standard@all`: all chips "
        "at a tier, in standard card-hours",
    ),
    Step(
        "Day",
        "A trade belongs to the day, at the venue's offset from UTC, in which the venue's clock stood when it was granted, "
        "whenever its lease begins. Only days that are over have values",
    ),
    Step(
        "Rows",
        "Every trade of the tape that day, as it was granted: what becomes of a lease later changes nothing. A block over "
        "several listings is a trade for each",
    ),
    Step(
        "Volume",
        "Card-seconds times the thousandths that a card counts: 1,000, or for `standard@all` its chip's weight in the catalogue",
    ),
    Step(
        "Price of a row",
        "Its cost times 3,600,000 over its volume, in micro-yuan per card-hour, VAT included, rounded half away from zero",
    ),
    Step(
        "Pairs",
        "Buyer and seller, each by its group: parties that are related count as one, and parties of one group never trade "
        "with each other. Pairs are numbered from 1 for each resource and day, in the order of the tape",
    ),
    Step(
        "Enough",
        f"There are at least {TRADES_MIN} rows (`too_few_trades`) of at least {PAIRS_MIN} pairs (`too_few_pairs`), and no pair "
        "has half of the volume or more (`one_pair_dominates`). Otherwise the day has no value: the first of these is the "
        "reason. Without any row it is `no_trades`",
    ),
    Step("Median", "The lowest price at or below which at least half of the volume was traded"),
    Step(
        "Band",
        f"{DEVIATIONS} times the median of the distances from the median, taken in the same way; or half of the median, "
        "rounded down, if that is more",
    ),
    Step(
        "Outliers",
        "A row whose price is further from the median than the band is left out, and told. What is left must be enough again",
    ),
    Step(
        "Value",
        "The cost of what is left times 3,600,000 over its volume, rounded half away from zero, once",
    ),
    Step(
        "Days without a value",
        "They stay without one. The value of another day is never put in their place",
    ),
    Step(
        "Digest",
        "SHA-256 over lines that each end with a line feed: `method resource day`, then for each row, in the order of the tape, "
        "`trade volume cost pair`, where `trade` is its id there",
    ),
)
