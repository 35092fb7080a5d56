"""What a buyer may ask of the venue; amending and cancelling are asked of the market, in its own words."""

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.names import VoucherId
from matching.commands import AmendOrder, CancelOrder
from matching.terms import (
    ChipCode,
    Milli,
    OnPreempt,
    Preference,
    Price,
    RegionCode,
    Seq,
    Shape,
    Tier,
    TimeInForce,
    Window,
)


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a quote promised: so much, at `cost` micro-yuan, when the log stood at `version`.

    `filled` is in thousandths of the reference card; of work, in those of a card-slot.
    """

    version: Seq
    cost: int
    filled: Milli


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Ask for capacity. The limit is in micro-yuan per reference card and slot; the words are those of `matching.terms.Order`.

    With `quoted` it is placed only if it gets at once what the quote said, for no more. `vouchers` are used in their
    order; `any` alone lets the venue pick one.
    """

    tier: Tier
    chips: Mapping[ChipCode, int]
    regions: tuple[RegionCode, ...]
    window: Window
    limit: Price
    shape: Shape
    prefer: Preference = Preference.CHEAPEST
    tif: TimeInForce = TimeInForce.GTC
    on_preempt: OnPreempt = OnPreempt.REQUEUE
    home: RegionCode | None = None
    mbps_per_card: int = 0
    quoted: Quoted | None = None
    vouchers: tuple[VoucherId, ...] = ()


OrderCommand = PlaceOrder | AmendOrder | CancelOrder
