"""Depth is what a count of every slot by hand gives, a level at a time, and an order counts once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.catalogue.catalogue import load_catalogue
from exchange.catalogue.instruments import Instrument
from exchange.defaults import venue_terms
from exchange.marketdata import depth
from exchange.marketdata.depth import Books, Depth, instrument_depth, standard_depth
from exchange.names import PartyId
from exchange.persistence.queries.market import Clock, Offered, Sold, Waiting
from matching.capacity import FreeCards
from matching.curves import PriceCurve, flat
from matching.terms import ChipCode, ListingId, RegionCode, Slot, Tier, Window
from settlement.money import round_half_away

FIRM, SPOT = Tier.ON_DEMAND, Tier.SPOT
CHIP, OTHER = ChipCode("chip"), ChipCode("other")
HERE, THERE = RegionCode("621000"), RegionCode("310000")
HERE_FIRM = Instrument(CHIP, HERE, FIRM)
TERMS = venue_terms(load_catalogue(), datetime.fromisoformat("2026-11-30T00:00:00Z"))
WEIGHTS = {CHIP: 1000, OTHER: 500}


def window(start: int, end: int) -> Window:
    return Window(Slot(start), Slot(end))


def offered(
    cards: int,
    price: PriceCurve,
    *sold: tuple[int, int, int],
    lot: int = 1,
    shortest: int = 1,
    chip: ChipCode = CHIP,
    region: RegionCode = HERE,
    inside: Window | None = None,
) -> Offered:
    return Offered(
        id=ListingId(f"lst-{cards}"),
        party=PartyId("seller-1"),
        line="compute_service",
        chip=chip,
        region=region,
        window=inside or window(0, 100),
        cards=cards,
        lot=lot,
        min_slots=shortest,
        asks={FIRM: price},
        sold=tuple(Sold(window(start, end), taken) for start, end, taken in sold),
        status="open",
        seq=1,
    )


def order(limit: int, most: int, slots: int, inside: Window, **changed: object) -> Waiting:
    usual = Waiting(FIRM, {CHIP: 1000}, frozenset({HERE}), inside, limit, most, slots)
    return replace(usual, **changed)  # type: ignore[arg-type]  # the test knows the fields


def books(offers: Iterable[Offered] = (), waiting: Iterable[Waiting] = ()) -> Books:
    places: dict[tuple[ChipCode, RegionCode], list[Offered]] = {}
    for one in offers:
        places.setdefault((one.chip, one.region), []).append(one)
    return Books(Clock(TERMS, Slot(0)), places, list(waiting), WEIGHTS)


def test_what_is_free_for_the_whole_window_counts_in_whole_lots() -> None:
    one = offered(10, flat(7), (3, 5, 4), lot=4)
    two = offered(6, flat(7))
    three = offered(9, PriceCurve(((0, 1), (4, 11))), shortest=3)
    known = books([one, two, three])
    assert instrument_depth(known, HERE_FIRM, window(2, 6)).asks == ((6, 9, 9), (7, 10, 19))
    assert instrument_depth(known, HERE_FIRM, window(2, 4)).asks == ((7, 10, 10),)
    assert instrument_depth(known, HERE_FIRM, window(99, 101)).asks == ()
    assert instrument_depth(known, replace(HERE_FIRM, tier=SPOT), window(2, 6)).asks == ()


def test_an_order_counts_where_it_could_be_at_work_all_the_time() -> None:
    waiting = [order(9, 5, 4, window(0, 10)), order(9, 2, 4, window(0, 10)), order(12, 1, 6, window(4, 10))]
    known = books(waiting=waiting)
    assert instrument_depth(known, HERE_FIRM, window(5, 6)).bids == ((12, 1, 1), (9, 7, 8))
    assert instrument_depth(known, HERE_FIRM, window(4, 9)).bids == ((12, 1, 1),)
    assert instrument_depth(known, HERE_FIRM, window(2, 6)).bids == ((9, 7, 7),)
    assert instrument_depth(known, HERE_FIRM, window(2, 11)).bids == ()
    assert instrument_depth(known, replace(HERE_FIRM, region=THERE), window(5, 6)).bids == ()


def test_across_chips_a_card_counts_its_weight() -> None:
    half = offered(10, flat(6), chip=OTHER, region=THERE)
    known = books(
        [offered(3, flat(12)), half], [order(9, 4, 5, window(0, 9), chips={CHIP: 1000, OTHER: 900})]
    )
    assert standard_depth(known, FIRM, None, window(1, 2)).asks == ((12, 8_000, 8_000),)
    assert standard_depth(known, FIRM, THERE, window(1, 2)).asks == ((12, 5_000, 5_000),)
    # The order counts once, as `other`: there it pays 8.1 for half a standard card. It wants 4 / 0.9 of them, so 5.
    assert standard_depth(known, FIRM, None, window(1, 2)).bids == ((16, 2_500, 2_500),)
    assert standard_depth(known, FIRM, THERE, window(1, 2)).bids == ()
    assert standard_depth(known, SPOT, None, window(1, 2)) == Depth(window(1, 2), (), ())


def test_what_was_leased_before_cards_left_does_not_disturb_the_present() -> None:
    offer = offered(2, flat(9), (0, 10, 8), (5, 30, 1))
    assert depth.free_cards(offer, Slot(10)).least(10, 30) == 1


@st.composite
def offers(draw: st.DrawFn) -> Offered:
    begins, cards, lot = draw(st.integers(0, 3)), draw(st.integers(1, 12)), draw(st.integers(1, 3))
    sold = [
        (start, start + draw(st.integers(1, 4)), draw(st.integers(0, cards // 3)))
        for start in draw(st.lists(st.integers(begins, 8), max_size=3))
    ]
    prices = draw(st.lists(st.integers(0, 9), min_size=1, max_size=4))
    curve = PriceCurve(tuple((2 * n, price) for n, price in enumerate(prices)))
    chip, region = draw(st.sampled_from([CHIP, OTHER])), draw(st.sampled_from([HERE, THERE]))
    inside = window(begins, begins + draw(st.integers(1, 12)))
    shortest = draw(st.integers(1, 2))
    return offered(cards, curve, *sold, lot=lot, shortest=shortest, chip=chip, region=region, inside=inside)


WINDOWS = st.tuples(st.integers(0, 6), st.integers(1, 5)).map(lambda pair: window(pair[0], sum(pair)))


def counted_by_hand(known: Iterable[Offered], asked: Window, weights: dict[ChipCode, int]) -> dict[int, int]:
    """Thousandths of cards by price, slot by slot."""
    levels: dict[int, int] = {}
    slots = range(asked.start, asked.end)
    for one in known:
        if any(slot not in range(one.window.start, one.window.end) for slot in slots):
            continue
        taken = [sum(s.cards for s in one.sold if s.window.start <= slot < s.window.end) for slot in slots]
        lots = (one.cards - max(taken)) // one.lot
        steps = one.asks[FIRM].steps
        whole = sum(next(price for since, price in steps[::-1] if since <= slot) for slot in slots)
        if lots and len(slots) >= one.min_slots:
            price = round_half_away(1000 * whole, len(slots) * weights[one.chip])
            levels[price] = levels.get(price, 0) + lots * one.lot * weights[one.chip]
    return levels


@given(st.lists(offers(), max_size=5), WINDOWS)
def test_depth_is_what_is_counted_by_hand(known: list[Offered], asked: Window) -> None:
    agrees(known, asked)


def agrees(known: list[Offered], asked: Window) -> None:
    for region in (HERE, None):
        there = [one for one in known if region in {None, one.region}]
        found = standard_depth(books(known), FIRM, region, asked).asks
        assert {level.price: level.cards for level in found} == counted_by_hand(there, asked, WEIGHTS)
        assert [level.price for level in found] == sorted({level.price for level in found})
        assert [level.upto for level in found][-1:] == [sum(level.cards for level in found)][: len(found)]
    ours = [one for one in known if (one.chip, one.region) == (CHIP, HERE)]
    own = instrument_depth(books(known), HERE_FIRM, asked).asks
    assert {level.price: 1000 * level.cards for level in own} == counted_by_hand(ours, asked, WEIGHTS)


def test_the_count_by_hand_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever forgets what is leased is found out."""
    one = offered(6, flat(5), (2, 4, 1))
    agrees([one], window(1, 5))

    def unsold(offer: Offered, now: Slot) -> FreeCards:
        return FreeCards(max(offer.window.start, now), offer.window.end, offer.cards)

    monkeypatch.setattr(depth, "free_cards", unsold)
    with pytest.raises(AssertionError):
        agrees([one], window(1, 5))
