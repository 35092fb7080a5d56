"""A quote as a buyer reads it: what was found in the words of the form, what would cure it, and what it promises."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from exchange.app import Exchange
from exchange.orders.commands import PlaceOrder, Quoted
from exchange.persistence.queries.market import Clock
from exchange.persistence.queries.parties import balances
from exchange.quoting.quote import FoundLeg, Quote
from exchange.rejections import VenueRejection
from matching.explaining import Barrier
from matching.quoting import Step
from matching.terms import Block, Milli, Price, Rejection, Seq, Tier, Work
from settlement.ledger.chart import AccountKind
from settlement.money import WHOLE, ceil_div, round_half_away
from web.bodies.progress import Progress, progress_with, slots_of
from web.pages.fields import MistakeCode, Reader
from web.problems import DoorRejection, ProblemError
from web.session import Caller
from web.storefront.cures import Offer, offers, telling

_PROMISE = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})\Z", re.ASCII)

REFUSED_AT: Mapping[str, str] = {
    Rejection.UNKNOWN_CHIP: "chip",
    Rejection.UNKNOWN_REGION: "region",
    Rejection.BAD_QUANTITY: "least",
    Rejection.EMPTY_WINDOW: "deadline",
    Rejection.WINDOW_TOO_SHORT: "deadline",
    VenueRejection.PRICE_OFF_TICK: "limit",
    VenueRejection.WINDOW_IN_THE_PAST: "deadline",
    VenueRejection.WINDOW_TOO_FAR: "deadline",
    VenueRejection.UNKNOWN_VOUCHER: "voucher",
    VenueRejection.VOUCHER_REFUSED: "voucher",
}
"""The field of the form in which each refusal of the venue can be mended; any other can't be met there."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A quote as a buyer reads it.

    `limit` is the buyer's, in micro-yuan by the hour, or None while none is given: then `least_limit` is the lowest at
    which what was found would be had. `progress` is how much of the job was found, and `available` what the buyer has
    to spend. Where nothing was found, `barriers` tell why, and `offers` what would cure it.
    """

    order: PlaceOrder
    quote: Quote
    limit: int | None
    least_limit: int | None
    progress: Progress
    available: int
    barriers: tuple[Barrier, ...]
    offers: tuple[Offer, ...]

    @property
    def short(self) -> int:
        """What is missing for the hold, in fen."""
        return max(0, self.quote.order_held - self.available)

    @property
    def covered(self) -> int:
        """What vouchers cover of what was found, in fen."""
        return sum(one.covered for one in self.quote.vouchers)

    @property
    def size(self) -> int:
        """All that is asked for: cards of a block, card-slots of work."""
        shape = self.order.shape
        return shape.most if isinstance(shape, Block) else shape.amount

    @property
    def whole(self) -> int:
        """All that is asked for, in thousandths of a card or a card-slot, as what fills it is counted."""
        return 1000 * self.size

    @property
    def counted(self) -> list[str]:
        """The chips of which one card counts as one."""
        return [code for code, weight in self.order.chips.items() if weight == 1000]

    @property
    def promise(self) -> str:
        """What the quote promises, as the review sends it with the order: nothing where nothing was found."""
        found = self.quote.found
        return "" if found is None else f"{self.quote.version}.{found.cost}.{found.filled}"

    def average(self, step: Step) -> int:
        """Micro-yuan that a reference card costs in a slot at another size or limit, to the nearest."""
        return round_half_away(step.cost * 1000, step.filled * slots_of(self.order.shape))


def promised(text: str) -> Quoted | None:
    """The promise that a review has sent, if it has sent one."""
    if not text:
        return None
    read = _PROMISE.match(text)
    if read is None:
        raise ProblemError(DoorRejection.MALFORMED_REQUEST, "Open the page again, and send its form.")
    return Quoted(Seq(int(read[1])), int(read[2]), Milli(int(read[3])))


async def priced_for(
    exchange: Exchange, caller: Caller, asked: Reader, order: PlaceOrder, clock: Clock
) -> Priced:
    """What a form's order would get. Where the venue would refuse it, that is noted in `asked` at its field."""
    quote = await exchange.quotes.quote(caller.party, order)
    if quote.refusal is not None:
        asked.wrong(REFUSED_AT[quote.refusal.code], MistakeCode.REFUSED, quote.refusal.explain)
    owned = await balances(exchange.readers, caller.party)
    found, why = quote.found, quote.explanation
    limit = clock.hourly(order.limit) if asked.text("limit") else None
    return Priced(
        order=order,
        quote=quote,
        limit=limit,
        least_limit=await _least_limit(exchange, caller, quote, order, clock) if limit is None else None,
        progress=progress_with(order, () if found is None else found.legs),
        available=owned.get(AccountKind.AVAILABLE, 0),
        barriers=() if why is None else tuple(telling(why)),
        offers=() if why is None else tuple(offers(why.cures, asked, order, exchange, clock)),
    )


async def _least_limit(
    exchange: Exchange, caller: Caller, quote: Quote, order: PlaceOrder, clock: Clock
) -> int | None:
    """The lowest limit by the hour within which what was found lies, rounded up to the next whole fen.

    Whoever would take cards from other interruptible leases has to outbid them, so there the limit is tried: it may
    help nobody.
    """
    if quote.found is None:
        return None
    tick = clock.terms.price_tick
    per_slot = max(_least_for(leg, order) for leg in quote.found.legs)
    if quote.interrupts and order.tier is Tier.SPOT:
        per_slot = ceil_div(per_slot * (WHOLE + clock.terms.market.outbid_bp), WHOLE)
        outbids = replace(order, limit=Price(ceil_div(per_slot, tick) * tick))
        if (await exchange.quotes.quote(caller.party, outbids)).found is None:
            return None
    return clock.hourly(ceil_div(per_slot, tick) * tick)


def _least_for(leg: FoundLeg, order: PlaceOrder) -> int:
    """The lowest limit per slot within which a leg lies: that of a block on its average, that of work in each slot."""
    if isinstance(order.shape, Work):
        return ceil_div(max(run.price for run in leg.runs) * 1000, order.chips[leg.chip])
    one_card = sum(len(run.window) * run.price for run in leg.runs)
    return ceil_div(one_card * 1000, len(leg.window) * order.chips[leg.chip])
