"""Voucher programmes of any kind, for tests that ask a venue for anything."""

from typing import Any

from hypothesis import strategies as st

from exchange.promises import Claim
from settlement.money import BasisPoints, Fen
from settlement.terms import VoucherMode
from settlement.vouchers.programme import Buyers, ChipOrigin, Coverage, ProductLine, Programme
from tests.exchange.house import EAST

amounts = st.sampled_from([1, 99, 3_33, 50_00, 900_00])
caps = st.sampled_from([None, None, Fen(2_00), Fen(77)])
rates = st.sampled_from([BasisPoints(3000), BasisPoints(10_000), BasisPoints(9_900), BasisPoints(1)])
cards = st.builds(Coverage, st.just(ProductLine.COMPUTE), st.sampled_from([None, None, *ChipOrigin]), rates)
tokens = st.builds(Coverage, st.just(ProductLine.MODEL_SERVICE), st.none(), rates)
coverages = st.tuples(st.lists(cards, min_size=1, max_size=2), st.lists(tokens, max_size=1))
programmes = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["city", "district"]),
        "coverage": coverages.map(lambda both: (*both[0], *both[1])),
        "mode": st.sampled_from(VoucherMode),
        "per_order_cap": caps,
        "yearly_cap": caps,
        "budget": st.sampled_from([None, None, Fen(500_00)]),
        "stacks_with": st.sampled_from([(), ("city",), ("district",)]),
        "claim": st.none() | st.builds(Claim, amounts.map(Fen), st.sampled_from([3600, 90_000])),
    }
)


def programme_of(draft: dict[str, Any], version: int, now: int) -> Programme:
    """The programme that a draft stands for, in force from now on."""
    return Programme(
        id=draft["id"],
        version=version,
        issuer=EAST,
        buyers=Buyers(),
        coverage=draft["coverage"],
        mode=draft["mode"],
        valid_from=now,
        valid_to=None,
        per_order_cap=draft["per_order_cap"],
        yearly_cap=draft["yearly_cap"],
        budget=draft["budget"],
        stacks_with=draft["stacks_with"],
    )
