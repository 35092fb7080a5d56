"""Made-up tapes for tests of what is worked out from the tape."""

from hypothesis import strategies as st

from exchange.catalogue.instruments import Instrument
from exchange.persistence.projections.tape import PricedBy
from exchange.persistence.queries.tape import Parted, Trade, TradeId
from matching.terms import ChipCode, OwnerGroup, RegionCode, Slot, Tier, Window

HERE_FIRM = Instrument(ChipCode("nvidia-h100-80g"), RegionCode("150100"), Tier.ON_DEMAND)


def trade(
    number: int, slot: int, cards: int, slots: int, cost: int, instrument: Instrument = HERE_FIRM
) -> Trade:
    """A trade, which begins in the slot in which it is granted."""
    inside = Window(Slot(slot), Slot(slot + slots))
    return Trade(TradeId(f"{number:016x}"), number, instrument, cards, inside, cost, PricedBy.ASK, Slot(slot))


def parted(one: Trade, buyer: str, seller: str) -> Parted:
    """A trade between two groups."""
    return Parted(one, OwnerGroup(buyer), OwnerGroup(seller))


@st.composite
def tapes(draw: st.DrawFn, slots: int = 400) -> list[Trade]:
    """Up to forty trades in the order of the tape, within so many slots."""
    times = sorted(draw(st.lists(st.integers(0, slots - 1), max_size=40)))
    found = []
    for number, slot in enumerate(times, start=1):
        cards, length = draw(st.integers(1, 6)), draw(st.integers(1, 5))
        found.append(trade(number, slot, cards, length, draw(st.integers(0, 10**7)) * cards))
    return found
