"""Quantiles of what was traded, by volume and exactly: always a price that somebody paid."""

from collections.abc import Iterable


def weighted_quantile(points: Iterable[tuple[int, int]], share: int, of: int) -> int:
    """The lowest price at or below which at least `share / of` of the volume was traded.

    `points` are prices with their volumes, in any order, at least one of them with a volume. There is no
    interpolation, so with `1 / 2` of two equal volumes it is the lower of their prices.
    """
    ordered = sorted(points)
    wanted = share * sum(volume for _, volume in ordered)
    traded = 0
    for price, volume in ordered:
        traded += volume
        if traded * of >= wanted:
            return price
    raise AssertionError("the last price has all of the volume at or below it")
