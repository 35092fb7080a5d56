"""The rules of the house: adopting terms, and letting time pass."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from exchange.orders.events import Told
from exchange.orders.telling import released, tell
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import State, VenueTerms
from exchange.venue.commands import AdoptTerms, Tick, VenueCommand
from exchange.venue.events import TermsAdopted, VenueEvent
from exchange.vouchers.events import VoucherExpired
from exchange.vouchers.rules import expired
from matching.commands import SetLink
from matching.commands import Tick as MarketTick
from matching.rules import decide
from matching.terms import Rejection as MarketRejection
from matching.terms import Seq, Tier
from settlement.money import WHOLE
from settlement.rating.service_credits import ServicePromise

SLOT_LENGTHS = (
    900,
    1800,
    3600,
)  # seconds: a quarter, half or whole hour, so that no slot straddles a tariff hour


def decide_venue(
    state: State, seq: Seq, command: VenueCommand
) -> Iterator[VenueEvent | Told | VoucherExpired | Rejected]:
    """What a command about the house itself makes happen."""
    match command:
        case AdoptTerms():
            yield from adopt_terms(state, command)
        case Tick():
            yield from tick(state, seq, command)
        case SetLink():
            yield from set_link(state, seq, command)
        case _:
            assert_never(command)


def adopt_terms(state: State, command: AdoptTerms) -> Iterator[TermsAdopted | Rejected]:
    """Open the venue, or change its rates from now on."""
    terms = command.terms
    problem = _problem(terms)
    if problem is not None:
        yield rejected(VenueRejection.TERMS_INVALID, problem)
    elif state.terms is not None and state.terms.slot_seconds != terms.slot_seconds:
        yield rejected(
            VenueRejection.SLOT_LENGTH_FIXED,
            f"Slots are {state.terms.slot_seconds} s long since the venue opened: another length needs another venue.",
        )
    elif state.terms is not None and (broken := _broken_promise(state.terms, terms)) is not None:
        yield rejected(VenueRejection.TERMS_INVALID, broken)
    else:
        yield TermsAdopted(terms)


def tick(state: State, seq: Seq, command: Tick) -> Iterator[Told | VoucherExpired | Rejected]:
    """Let time pass: what is too late leaves the books, and its money is free again."""
    market, now = state.market, state.rules.slot_of(command.now)
    ending = dict.fromkeys(market.leases[number].order.id for number in market.lease_ends.due(now + 1))
    for told in tell(state, decide(market, seq, MarketTick(now))):
        yield told
        if isinstance(told, Rejected):
            return
    for order in ending:
        yield from released(state, order)
    yield from expired(state)


def set_link(state: State, seq: Seq, command: SetLink) -> Iterator[Told | Rejected]:
    """Say how much bandwidth there is from one region to another; orders that waited for it seek again."""
    for told in tell(state, decide(state.market, seq, command)):
        yield LINK_REFUSALS.get(told.code, told) if isinstance(told, Rejected) else told


LINK_REFUSALS = {
    refusal.code: refusal
    for refusal in (
        rejected(
            MarketRejection.BAD_QUANTITY, "A link leads to another region, and its bandwidth is not negative."
        ),
        rejected(
            MarketRejection.BELOW_COMMITTED,
            "Leases use more bandwidth than that: wait until they end, or set at least what they use.",
        ),
    )
}
"""The market's refusals of a link, in words for a link: for a listing they speak of cards."""


def _broken_promise(known: VenueTerms, terms: VenueTerms) -> str | None:
    """What open orders, open listings and closed periods rely on can't be taken back."""
    if terms.lot_max != known.lot_max:
        return "The largest lot is fixed: open orders hold what its lots can cost."
    if not known.vat_rates_bp.keys() <= terms.vat_rates_bp.keys():
        return "Every catalogue line stays: open listings are taxed under it."
    if terms.late_window_seconds > known.late_window_seconds:
        return "The late window never grows: slots whose window has closed are settled as lost."
    if terms.utc_offset_seconds != known.utc_offset_seconds:
        return "The offset from UTC is fixed: each period begins where the last one ended."
    return None


def _problem(terms: VenueTerms) -> str | None:
    if terms.slot_seconds not in SLOT_LENGTHS:
        return f"A slot lasts one of {', '.join(map(str, SLOT_LENGTHS))} seconds."
    if min(terms.lot_max, terms.horizon_slots, terms.late_window_seconds) < 1:
        return "The largest lot, the horizon and the late window are at least 1."
    rates = (*terms.vat_rates_bp.values(), terms.fee.rate_bp, terms.fee.vat_rate_bp)
    if not terms.vat_rates_bp or not all(0 <= rate <= WHOLE for rate in rates):
        return "Name at least one catalogue line; every rate lies between 0 and 10,000 basis points."
    if (
        not 0 <= terms.market.grace <= terms.market.notice
        or terms.market.notice < 1
        or terms.market.outbid_bp < 0
    ):
        return "The notice is at least a slot and no shorter than the grace, and nobody outbids by less than nothing."
    if abs(terms.utc_offset_seconds) > 14 * 3600 or terms.utc_offset_seconds % terms.slot_seconds:
        return "The offset from UTC is at most 14 hours, and a whole number of slots."
    return _promise_problem(terms.promises)


def _promise_problem(promises: Mapping[Tier, ServicePromise]) -> str | None:
    for tier, promise in promises.items():
        steps = [step for step, _ in promise.ladder]
        given = [credit for _, credit in promise.ladder]
        rates = (*steps, *given, promise.minimum_run_credit_bp, promise.notice_credit_bp)
        if not all(0 <= rate <= WHOLE for rate in rates) or min(promise.minimum_run, promise.notice) < 0:
            return "What is promised is not negative; every rate lies between 0 and 10,000 basis points."
        if steps != sorted(set(steps)) or given != sorted(given, reverse=True):
            return "Each step of a ladder stands once, the lowest first, and a lower step never credits less than a higher one."
        if tier is Tier.ON_DEMAND and (promise.minimum_run or promise.notice):
            return "On-demand leases are never taken back: a minimum run and a notice are promised of spot alone."
    return None
