"""What the fake has in its books: every thing by its id, every line of money, every event, oldest first."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import stripe

from settlement.gateways.fake_stripe.objects import BalanceTransaction, Event, Resource, document
from settlement.gateways.fake_stripe.replies import forbidden, missing
from settlement.money import WHOLE, round_half_away

R = TypeVar("R", bound=Resource)


@dataclass(slots=True)
class Books:
    """The books of one platform. `fee_bp` of each payment is Stripe's own, and `now` tells seconds since 1970.

    `name` is in every id: books with another name know none of these.
    """

    now: Callable[[], int]
    fee_bp: int
    name: str = "fake"
    things: dict[str, Resource] = field(default_factory=dict)
    lines: list[BalanceTransaction] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    sellers: dict[str, int] = field(default_factory=dict)
    paid_out: dict[str, list[str]] = field(default_factory=dict)
    _count: int = 0

    def new_id(self, prefix: str) -> str:
        """An id that nothing has."""
        self._count += 1
        return f"{prefix}_{self.name}{self._count:08}"

    def add(self, thing: R) -> R:
        """Keep a thing that has an id."""
        self.things[getattr(thing, "id")] = thing  # noqa: B009 - links alone have none, and they are not kept
        return thing

    def get(self, kind: type[R], identity: str) -> R:
        """A thing by its id. Raises `ReplyError` where there is none of the kind."""
        thing = self.things.get(identity)
        if not isinstance(thing, kind):
            raise missing(kind.object, identity)
        return thing

    def all(self, kind: type[R]) -> list[R]:
        """Everything of a kind, the newest first as Stripe lists it."""
        return [thing for thing in reversed(self.things.values()) if isinstance(thing, kind)]

    @property
    def balance(self) -> int:
        """What stands on the venue's account, in fen."""
        return sum(line.net for line in self.lines)

    def line(self, kind: str, category: str, amount: int, source: str | None, *, fee: int = 0) -> str:
        """Book a line, and give its id. Raises `ReplyError` for money that isn't there."""
        if kind in {"refund", "transfer", "payout"} and self.balance + amount < 0:
            raise forbidden(
                "You have insufficient available funds in your Stripe account.", "balance_insufficient"
            )
        line = BalanceTransaction(
            id=self.new_id("txn"),
            created=self.now(),
            available_on=self.now(),
            amount=amount,
            fee=fee,
            net=amount - fee,
            type=kind,
            reporting_category=category,
            source=source,
        )
        self.lines.append(line)
        self.add(line)
        return line.id

    def fee_of(self, amount: int) -> int:
        """What Stripe takes of a payment."""
        return round_half_away(amount * self.fee_bp, WHOLE)

    def happened(self, kind: str, thing: Resource, account: str | None = None) -> None:
        """Tell of an event, with the thing as it stands now."""
        told = Event(
            id=self.new_id("evt"),
            created=self.now(),
            type=kind,
            data={"object": document(replace(thing))},
            api_version=stripe.api_version or "",
            account=account,
        )
        self.events.append(told)
        self.add(told)
