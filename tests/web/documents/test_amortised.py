"""The price of a package over its use: whatever is used, late or not at all, every fen is borne once."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from exchange.names import Instant
from exchange.periods import Period, period_named
from exchange.persistence.queries.billed import BilledLine, BoughtPackage, Taking
from settlement.meters import Meter
from settlement.money import BasisPoints, Fen
from settlement.statement import statement_line
from tests.web.documents.made import TERMS, card_line, made
from web.documents.amortised import borne_by_use, expired

MONTHS = ("2026-09", "2026-10", "2026-11", "2026-12", "2027-01")
BEIJING = 8 * 3600


def month(name: str) -> Period:
    found = period_named(name, BEIJING)
    assert found is not None
    return found


def package(price: int, tokens: int, ends: int, takings: list[tuple[int, int]]) -> BoughtPackage:
    """One that was charged in the first month. A taking is the month of its run, and tokens."""
    figures = statement_line(Fen(price), replace(TERMS, agreement=None))
    bought = replace(card_line(0), meter=Meter.PACKAGES, quantity=1, package="pkg-1", figures=figures)
    statement, (line,) = made([bought], "tkc-1")
    taken = tuple(
        Taking(f"run-{of}/tkc-1", n, MONTHS[of], count) for n, (of, count) in enumerate(sorted(takings))
    )
    return BoughtPackage(
        BilledLine(statement, 1, line, BasisPoints(600), None),
        tokens,
        Instant(month(MONTHS[ends]).ends),
        taken,
    )


@st.composite
def packages(draw: st.DrawFn) -> BoughtPackage:
    """Any package, and takings of no more than it has: in the months until its end, and late in the one after."""
    tokens, ends = draw(st.integers(1, 10**6)), draw(st.integers(0, 3))
    left, takings = tokens, []
    for of in draw(st.lists(st.integers(0, ends + 1), max_size=8)):
        count = draw(st.integers(0, left))
        if count:
            takings.append((of, count))
            left -= count
    return package(draw(st.integers(1, 10**7)), tokens, ends, takings)


@given(packages())
def test_every_fen_of_a_package_is_borne_once(bought: BoughtPackage) -> None:
    """Each month knows what was taken until then, and what it has once said stays as it is."""
    figures = bought.line.line.figures
    net = vat = 0
    for name in MONTHS:
        known = replace(bought, taken=tuple(one for one in bought.taken if one.period <= name))
        borne = borne_by_use([known])
        parts = [borne[one.statement, one.n] for one in known.taken if one.period == name]
        assert all(part.net >= 0 and part.vat >= 0 for part in parts)
        part = expired(known, month(name))
        net += sum(one.net for one in parts) + part.net
        vat += sum(one.vat for one in parts) + part.vat
        assert 0 <= net <= figures.net_fen
        if bought.ends <= month(name).ends:
            assert (net, vat) == (figures.net_fen, figures.vat_fen)


def test_use_bears_its_part_and_the_rest_expires_when_it_ends() -> None:
    """A hundred yuan without VAT, for 3 tokens: one is used, one late, and one never."""
    bought = package(106_00, 3, 1, [(0, 1), (2, 1)])
    borne = borne_by_use([bought])
    assert [part.net for part in borne.values()] == [33_33, 33_33]
    known = replace(bought, taken=bought.taken[:1])
    assert [expired(known, month(name)).net for name in MONTHS[:2]] == [0, 66_67]
    assert [expired(bought, month(name)).net for name in MONTHS[2:4]] == [-33_33, 0]
