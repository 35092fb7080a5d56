"""What things cost: real offers as prices of each chip, and asks that follow the valley hours of a region."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from exchange.catalogue.catalogue import Catalogue
from exchange.catalogue.localtime import local_time
from exchange.catalogue.tariffs import TariffCode, TariffPeriod, period_at
from exchange.replay.assumptions import SLOT_S, WHOLE, AssumptionError, Assumptions
from exchange.replay.offers import TIER_OF, ChipMapping, Offers
from exchange.replay.planned import Steps
from exchange.replay.tables import TraceError
from matching.terms import ChipCode, RegionCode, Tier

FEN = 10_000  # micro-yuan


def whole_fen(micro_yuan: int) -> int:
    """The nearest price in whole fen, at least one."""
    return max(1, (2 * micro_yuan + FEN) // (2 * FEN)) * FEN


@dataclass(frozen=True, slots=True)
class ChipPrices:
    """The real prices of a chip in yuan, cheapest first. One of the tiers may have none, never both."""

    on_demand: tuple[int, ...]
    spot: tuple[int, ...]
    spot_share_milli: int

    def reference(self, tier: Tier) -> int:
        """What the chip usually costs: the median, the lower of two; or a share of the other tier's."""
        match tier:
            case Tier.ON_DEMAND:
                return _median(self.on_demand) if self.on_demand else self._from_spot(_median(self.spot))
            case Tier.SPOT:
                return _median(self.spot) if self.spot else self._to_spot(_median(self.on_demand))

    def draw(self, share_milli: int, rng: Random) -> tuple[int, int]:
        """(on-demand, spot) of one seller: real offers among the cheapest, a missing one as a share of the other."""
        firm, loose = (_drawn(prices, share_milli, rng) for prices in (self.on_demand, self.spot))
        if firm is None:
            assert loose is not None, "a chip has a price in one tier at least"
            return self._from_spot(loose), loose
        return firm, self._to_spot(firm) if loose is None else loose

    def _to_spot(self, on_demand: int) -> int:
        return whole_fen(on_demand * self.spot_share_milli // WHOLE)

    def _from_spot(self, spot: int) -> int:
        return whole_fen(spot * WHOLE // self.spot_share_milli)


def prices_of(mapping: ChipMapping, offers: Offers, assumptions: Assumptions) -> ChipPrices:
    """The prices of a chip. Raises TraceError when no offer is for it or what stands in for it."""
    found: dict[Tier, list[int]] = {tier: [] for tier in Tier}
    for offer in offers.offers:
        if offer.chip_id in mapping.offered:
            found[TIER_OF[offer.kind]].append(offer.micro_yuan(assumptions.usd_cny_micro))
    if not any(found.values()):
        raise TraceError(
            f"{offers.source} has no offer of {', '.join(mapping.offered)}, which would price {mapping.trace}. "
            "Use a snapshot that has one."
        )
    firm, loose = (tuple(sorted(found[tier])) for tier in (Tier.ON_DEMAND, Tier.SPOT))
    return ChipPrices(firm, loose, assumptions.spot_share_milli)


@dataclass(frozen=True, slots=True)
class Valleys:
    """When power is cheap in a region: instants at which it begins or ceases to be, from the first instant on."""

    turns: tuple[tuple[int, bool], ...]

    def discounted(self, price: int, discount_milli: int) -> Steps:
        """A price over time, lower while power is cheap."""
        cheap = whole_fen(price * (WHOLE - discount_milli) // WHOLE)
        if cheap == price:
            return ((self.turns[0][0], price),)
        return tuple((instant, cheap if valley else price) for instant, valley in self.turns)


def valleys_of(
    region: RegionCode, start_s: int, end_s: int, catalogue: Catalogue, assumptions: Assumptions
) -> Valleys:
    """The valley hours of a region between two instants, by its own calendar or the assumed one."""
    place = catalogue.regions[region]
    calendar = place.tariff or catalogue.calendars.get(TariffCode(assumptions.tariff))
    if calendar is None:
        known = ", ".join(catalogue.calendars)
        raise AssumptionError(f"tariff should be one of {known}, not {assumptions.tariff!r}.")
    turns: list[tuple[int, bool]] = []
    for instant in range(start_s, end_s, SLOT_S):
        local = local_time(datetime.fromtimestamp(instant, UTC), place.zone)
        valley = period_at(calendar, local) is TariffPeriod.VALLEY
        if not turns or turns[-1][1] != valley:
            turns.append((instant, valley))
    return Valleys(tuple(turns))


def valleys_in(
    regions: Iterable[RegionCode], opens: tuple[int, int], catalogue: Catalogue, assumptions: Assumptions
) -> dict[RegionCode, Valleys]:
    """The valley hours of several regions, from the first instant of `opens` to the second."""
    return {region: valleys_of(region, *opens, catalogue, assumptions) for region in dict.fromkeys(regions)}


def lowest_ask(steps: Steps) -> int:
    """The least that any hour costs."""
    return min(price for _, price in steps)


def best_chip(chips: Iterable[ChipCode], catalogue: Catalogue) -> ChipCode:
    """The chip by which the others are weighed: the heaviest, of equals the first by code."""
    return min(chips, key=lambda chip: (-catalogue.chips[chip].weight_milli, chip))


def _median(prices: tuple[int, ...]) -> int:
    return prices[(len(prices) - 1) // 2]


def _drawn(prices: tuple[int, ...], share_milli: int, rng: Random) -> int | None:
    if not prices:
        return None
    return rng.choice(prices[: max(1, len(prices) * share_milli // WHOLE)])
