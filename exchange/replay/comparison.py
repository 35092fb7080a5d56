"""Ways of dealing out the same capacity to the same orders, side by side, as tables of the report."""

from collections.abc import Mapping, Sequence
from typing import Any

from exchange.replay.assumptions import HOUR_S, SLOT_S, WHOLE
from exchange.replay.fragmentation import fragmentation
from exchange.replay.planned import MarketPlan
from exchange.replay.pricing import Valleys
from exchange.replay.scoring import NOTHING, Kind, Outcome, Score, deferred, most_surplus, scores
from exchange.replay.uses import Use
from matching.terms import RegionCode

MARKET, PLAIN = "full market", "first seller that fits"
Dealt = Mapping[str, Sequence[Use]]
"""What each policy dealt out, by its name."""
Rows = list[dict[str, Any]]


def policies(plan: MarketPlan, dealt: Dealt) -> Rows:
    """What came of all orders, and the surplus beside that of the plain policy and beside what nothing could exceed."""
    found = {policy: sum(scores(plan, uses).values(), NOTHING) for policy, uses in dealt.items()}
    most = most_surplus(plan)
    return [
        {
            "policy": policy,
            **_outcome(score),
            "surplus_micro_yuan": score.surplus,
            "of_plain_milli": _milli(score.surplus, found[PLAIN].surplus),
            "of_the_bound_milli": _milli(score.surplus, most),
            "surplus_of_filled_micro_yuan": score.surplus_of_filled,
        }
        for policy, score in found.items()
    ]


def kinds(plan: MarketPlan, dealt: Dealt) -> Rows:
    """The same for orders of each kind, as far as there are any."""
    found = {policy: scores(plan, uses) for policy, uses in dealt.items()}
    return [
        {
            "orders": kind,
            "policy": policy,
            **_outcome(by_kind[kind]),
            "surplus_micro_yuan": by_kind[kind].surplus,
        }
        for kind in Kind
        for policy, by_kind in found.items()
        if by_kind[kind].asked
    ]


def off_peak(plan: MarketPlan, dealt: Dealt, valleys: Mapping[RegionCode, Valleys]) -> Rows:
    """How much of the load that could wait ran while power was cheap."""
    found = {policy: deferred(plan, uses, valleys) for policy, uses in dealt.items()}
    return [
        {
            "policy": policy,
            "card_hours": _card_hours(load.card_slots),
            "off_peak_card_hours": _card_hours(load.off_peak),
            "off_peak_milli": _milli(load.off_peak, load.card_slots),
        }
        for policy, load in found.items()
    ]


def fragments(plan: MarketPlan, dealt: Dealt) -> Rows:
    """How broken up free capacity was, by chip. A chip that was never free has no row."""
    found = {policy: fragmentation(plan, uses) for policy, uses in dealt.items()}
    chips = dict.fromkeys(listing.chip for listing in plan.listings)
    return [
        {
            "chip": chip,
            "policy": policy,
            "days_with_free_cards": by_chip[chip].days,
            "broken_milli": by_chip[chip].broken_milli,
            "unsellable_milli": by_chip[chip].unsellable_milli,
        }
        for chip in sorted(chips)
        for policy, by_chip in found.items()
        if chip in by_chip
    ]


def _outcome(score: Score) -> dict[str, int]:
    return {
        **{outcome.replace(" ", "_"): score.outcomes[outcome] for outcome in Outcome},
        "card_hours_asked": _card_hours(score.asked // WHOLE),
        "card_hours_served": _card_hours(score.served // WHOLE),
    }


def _card_hours(card_slots: int) -> int:
    return card_slots * SLOT_S // HOUR_S


def _milli(part: int, whole: int) -> int:
    return part * WHOLE // whole if whole else 0
