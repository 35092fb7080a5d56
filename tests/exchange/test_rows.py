"""Rows on their way into the database: one statement can touch a row once, so what comes later is merged."""

import msgspec
import pytest

from exchange.holds import order_hold
from exchange.persistence.projections.project import project
from exchange.persistence.rows import Row, Rows
from exchange.persistence.tables import house, market
from matching.terms import Block, Shape, Split, Work
from tests.exchange.house import House


def written(rows: Rows) -> list[tuple[str, list[Row]]]:
    """What is done to which table, and with which rows."""
    return [
        (sql.split(" (")[0].split(" SET")[0], msgspec.json.decode(json)) for sql, json in rows.statements()
    ]


KEY: Row = {"party": "bay", "key": "laptop", "digest": "ab", "revoked": False}
REVOKED: Row = {"party": "bay", "key": "laptop", "revoked": True}
ORDER: Row = {"id": "ord-1", "status": "open", "held": 5}


def test_a_row_takes_later_changes_along() -> None:
    rows = Rows()
    rows.add(market.orders, dict(ORDER))
    rows.change(market.orders, {"id": "ord-1", "status": "resting"})
    rows.change(market.orders, {"id": "ord-1", "held": 0})
    assert written(rows) == [("INSERT INTO orders", [{"id": "ord-1", "status": "resting", "held": 0}])]


def test_a_row_that_is_put_takes_later_changes_along() -> None:
    rows = Rows()
    rows.put(house.api_keys, dict(KEY))
    rows.change(house.api_keys, REVOKED)
    assert written(rows) == [("INSERT INTO api_keys", [{**KEY, "revoked": True}])]


def test_a_row_that_is_put_undoes_earlier_changes() -> None:
    rows = Rows()
    rows.change(house.api_keys, REVOKED)
    rows.put(house.api_keys, dict(KEY))
    assert written(rows) == [("INSERT INTO api_keys", [KEY])]


def test_changes_of_the_same_columns_are_one_statement() -> None:
    rows = Rows()
    for name in ("ord-1", "ord-2"):
        rows.change(market.orders, {"id": name, "status": "filled", "held": 0})
    rows.change(market.orders, {"id": "ord-3", "status": "resting"})
    assert written(rows) == [
        ("UPDATE orders t", [{"id": f"ord-{n}", "status": "filled", "held": 0} for n in (1, 2)]),
        ("UPDATE orders t", [{"id": "ord-3", "status": "resting"}]),
    ]


def test_nothing_is_no_statement() -> None:
    assert written(Rows()) == []


@pytest.mark.parametrize("shape", [Work(6, 2), Block(1, 6, 2, Split.SELLERS)])
def test_an_order_that_got_a_part_holds_the_rest(shape: Shape) -> None:
    house, rows = House(), Rows()
    house.offer(cards=2, window=(0, 2))
    house.place(shape=shape)
    for seq, _, happened in house.log:
        for event, _ in happened:
            project(rows, seq, bytes(32), event)
    ((name, order),) = house.state.orders.items()
    (stored,) = rows.tables[market.orders].added.values()
    assert (stored["id"], stored["status"], stored["held"]) == (name, "resting", order.held)
    assert order.held < order_hold(house.state.market.orders[name].terms, house.state.rules)
