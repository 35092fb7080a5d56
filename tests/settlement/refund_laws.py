"""The laws of refunds: whatever is taken off in whatever steps, no fen is lost and nobody pays for another."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

from hypothesis import strategies as st

from settlement import refunds, statement
from settlement.agreements import PairAgreement, Shares
from settlement.money import WHOLE, BasisPoints, Fen
from settlement.statement import Line
from settlement.terms import FeeBase, FeeTerms, TaxTerms, Terms, VoucherMode, VoucherTerms
from tests.settlement import laws, oracle, worlds
from tests.settlement.law import law


@dataclass(frozen=True, slots=True)
class Order:
    """A charge, and what is taken off it one after the other: in all at most the charge."""

    gross: Fen
    refunds: tuple[int, ...]
    terms: Terms


@st.composite
def orders_under(draw: st.DrawFn, terms: st.SearchStrategy[Terms]) -> Order:
    """An order that is refunded in full half of the time."""
    amounts = draw(st.lists(st.integers(0, 40) | st.integers(0, 10**12), max_size=5))
    rest = draw(st.just(0) | st.integers(0, 500))
    return Order(Fen(sum(amounts) + rest), tuple(amounts), draw(terms))


# With income tax, input VAT and largest remainder also, which give up some laws but not these.
orders = orders_under(worlds.terms)
refundable_orders = orders_under(worlds.refundable_terms)


def deltas_of(order: Order, amounts: Sequence[int]) -> list[Line]:
    """What each refund takes back, told from what stands and not from the remaining gross."""
    standing = statement.statement_line(order.gross, order.terms)
    deltas = []
    for amount in amounts:
        deltas.append(refunds.refund(standing, Fen(amount), order.terms))
        standing = refunds.total([standing, deltas[-1]])
    return deltas


def left_of(order: Order, amounts: Sequence[int]) -> Line:
    charge = statement.statement_line(order.gross, order.terms)
    return refunds.total([charge, *deltas_of(order, amounts)])


@law(orders)
def a_refund_is_the_formula(order: Order) -> None:
    gross: int = order.gross
    for amount, delta in zip(order.refunds, deltas_of(order, order.refunds), strict=True):
        assert asdict(delta) == oracle.taken_back(gross, amount, order.terms)
        gross -= amount


@law(orders)
def refunds_end_alike_in_any_order_and_in_one(order: Order) -> None:
    remaining = Fen(order.gross - sum(order.refunds))
    end = statement.statement_line(remaining, order.terms)
    for path in (order.refunds, order.refunds[::-1], (sum(order.refunds),)):
        assert left_of(order, path) == end


@law(orders)
def a_refund_conserves(order: Order) -> None:
    assert all(statement.imbalances(delta) == [] for delta in deltas_of(order, order.refunds))


@law(refundable_orders)
def a_full_refund_leaves_nothing(order: Order) -> None:
    rest = order.gross - sum(order.refunds)
    assert not any(laws.by_name(left_of(order, (*order.refunds, rest))).values())


@law(refundable_orders)
def a_refund_gives_nobody_more(order: Order) -> None:
    for delta in deltas_of(order, order.refunds):
        risen = {name for name, fen in laws.by_name(delta).items() if fen > 0}
        assert risen <= laws.may_stray(order.terms)


@law(orders)
def a_refund_returns_to_buyer_and_vouchers_what_its_line_says(order: Order) -> None:
    gross: int = order.gross
    for amount, delta in zip(order.refunds, deltas_of(order, order.refunds), strict=True):
        found = refunds.returned(Fen(gross), Fen(amount), order.terms.vouchers)
        assert found.to_buyer == -delta.buyer_pays_now_fen
        assert sum(found.to_vouchers) == -delta.voucher_fen
        later = [voucher.mode is VoucherMode.REIMBURSE_BUYER for voucher in order.terms.vouchers]
        at_once = [fen for fen, so in zip(found.to_vouchers, later, strict=True) if not so]
        assert found.to_buyer + sum(at_once) == amount
        assert min(found.to_buyer, *found.to_vouchers, 0) == 0
        gross -= amount


def many_refunds(sequences: int, chance: Random) -> None:
    """Refund as many orders in random steps, as the specification's figure of 20,000 was reached: in plain integers.

    An error that shows once in thousands of sequences is beyond the examples of a law.
    """
    for _ in range(sequences):
        order = an_order(chance)
        standing = statement.statement_line(order.gross, order.terms)
        for amount in order.refunds:
            delta = refunds.refund(standing, Fen(amount), order.terms)
            assert statement.imbalances(delta) == [], order
            wrong = {name: fen for name, fen in laws.by_name(delta).items() if fen > 0}
            assert wrong.keys() <= laws.may_stray(order.terms), (order, wrong)
            assert all(fen <= 1 for fen in wrong.values()), (order, wrong)
            standing = refunds.total([standing, delta])
        assert not any(laws.by_name(standing).values()), order


def an_order(chance: Random) -> Order:
    """An order as it may come: two to four regions, a voucher half of the time, refunded to the last fen."""
    gross = chance.choice((chance.randint(0, 300), chance.randint(0, 10**9)))
    cuts = sorted(chance.randint(0, gross) for _ in range(chance.randint(0, 6)))
    steps = [after - before for before, after in zip([0, *cuts], [*cuts, gross], strict=True)]
    parties = ("shanghai", "zhengzhou", "lanzhou", "qingyang")[: chance.randint(2, 4)]
    shares = Shares(*(some_shares(chance, len(parties)) for _ in range(3)))
    terms = Terms(
        vat_rate_bp=BasisPoints(chance.choice((0, 100, 300, 600, 900, 1300))),
        fee=FeeTerms(BasisPoints(chance.randint(0, 1000)), chance.choice(list(FeeBase)), BasisPoints(600)),
        tax=TaxTerms(),
        agreement=PairAgreement("A-1", 1, parties, 0, None, shares, BasisPoints(chance.randint(0, WHOLE))),
        vouchers=(a_voucher(chance),) if chance.random() < 0.5 else (),
    )
    return Order(Fen(gross), tuple(steps), terms)


def some_shares(chance: Random, parties: int) -> tuple[BasisPoints, ...]:
    cuts = sorted(chance.randint(0, WHOLE) for _ in range(parties - 1))
    return tuple(
        BasisPoints(after - before) for before, after in zip([0, *cuts], [*cuts, WHOLE], strict=True)
    )


def a_voucher(chance: Random) -> VoucherTerms:
    cap = chance.choice((None, Fen(chance.randint(0, 10**8))))
    return VoucherTerms("v", BasisPoints(chance.randint(0, 5000)), chance.choice(list(VoucherMode)), cap)
