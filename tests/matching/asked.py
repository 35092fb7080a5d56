"""What an order asks for, in numbers, and what it is called when it comes back."""

from matching.terms import Block, Order, OrderId, Work


def asked(order: Order) -> int:
    """What an order asks for at most, in thousandths: of cards for a block, of card-slots for work."""
    return (order.shape.most if isinstance(order.shape, Block) else order.shape.amount) * 1000


def least(order: Order) -> int:
    if isinstance(order.shape, Block):
        return order.shape.least * 1000
    return asked(order) if order.shape.whole else 1


def is_whole(order: Order) -> bool:
    return isinstance(order.shape, Work) and order.shape.whole


def next_life(order: OrderId) -> OrderId:
    """The id under which a displaced order comes back."""
    name, mark, life = order.rpartition(".r")
    again = f"{name}.r{int(life) + 1}" if mark and life.isdecimal() else f"{order}.r1"
    return OrderId(again)
