"""Bringing movements to their end: each step is written down before it is asked, so that money moves exactly once.

Whoever is killed, at whatever point, has left behind how far it had got. The next one first asks the gateway what has
become of the movement. Only where the gateway has nothing of it is the request repeated, under the key that was written
down; once that key is too old to be sure of, it is not repeated any more, and has failed.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol, assert_never

from settlement.gateways.gateway import (
    Gateway,
    NoAnswer,
    NotNow,
    Outcome,
    Pending,
    Refused,
    Returned,
    Succeeded,
)
from settlement.payments import NEVER_ARRIVED, Instruction, Movement, MovementState, Turn, planned
from settlement.reconciliation import BookLine, Reconciliation, reconcile, reconcile_payouts


class StaleError(Exception):
    """Somebody else has changed the movement meanwhile: read it again."""


class Movements(Protocol):
    """Where movements are written down. What was written is there after any crash."""

    async def plan(self, movements: Sequence[Movement]) -> None:
        """Write a plan down whole; one that is written down already stays as it is."""
        ...

    async def of(self, plan: str) -> Sequence[Movement]:
        """The movements of a plan, in order."""
        ...

    async def about(self, lines: Sequence[BookLine], since: int) -> Sequence[Movement]:
        """Movements that lines of the gateway are about, and those since a second that are done and not reconciled."""
        ...

    async def write(self, before: Movement, after: Movement) -> None:
        """Write down what became of a movement. Raises `StaleError` where it is not as it was `before`."""
        ...


Book = Callable[[Movement], Awaitable[None]]
"""Tells the venue's books how a movement has ended, after that is written down. Told twice, they book it once."""


class Saga:
    """Brings plans to their end at one gateway. `now` tells seconds since 1970."""

    def __init__(self, gateway: Gateway, movements: Movements, book: Book, now: Callable[[], int]) -> None:
        self._gateway = gateway
        self._movements = movements
        self._book = book
        self._now = now

    async def plan(self, name: str, *instructions: Instruction) -> None:
        """Write a plan down; from now on it will be carried out. The same name again changes nothing."""
        await self._movements.plan(planned(name, *instructions))

    async def run(self, plan: str) -> Outcome | None:
        """Carry a plan on, as far as it goes now. Gives what the gateway said last, None if it wasn't asked.

        Raises `StaleError` where another process works on the plan, and `ContradictionError` where the gateway says
        what can't be.
        """
        outcome = None
        for found in await self._movements.of(plan):
            movement = await self._told(found)
            if not movement.is_done:
                movement, outcome = await self._carry_on(movement)
            if movement.state not in {MovementState.SUCCEEDED, MovementState.RECONCILED}:
                break
        return outcome

    async def look_again(self, plan: str, n: int) -> Movement:
        """Ask how a movement stands, also one that is done: something may have come back. For news of a gateway."""
        movement = await self._told((await self._movements.of(plan))[n])
        if movement.state is MovementState.PLANNED:
            return movement
        outcome = await self._gateway.look_up(movement)
        return movement if outcome is None else await self._note(movement, outcome)

    async def reconcile(self, since: int) -> Reconciliation:
        """Set what is written down beside the gateway's books since a second, and write down what they agree about."""
        lines = await self._gateway.book_lines(since)
        found = reconcile(await self._movements.about(lines, since), lines)
        payouts = reconcile_payouts(await self._gateway.payouts(since))
        for movement in found.agreed:
            if movement.state is MovementState.SUCCEEDED:
                await self._movements.write(movement, movement.after(Turn.RECONCILE))
        return replace(found, differences=(*found.differences, *payouts))

    async def _carry_on(self, movement: Movement) -> tuple[Movement, Outcome]:
        """Ask the gateway: for the first time, or what became of it, or again."""
        if movement.state is MovementState.PLANNED:
            sent = movement.sent(self._now())
            await self._movements.write(movement, sent)
            movement, outcome = sent, await self._gateway.carry_out(sent)
        else:
            outcome = await self._what_became_of(movement)
        return await self._note(movement, outcome), outcome

    async def _what_became_of(self, movement: Movement) -> Outcome:
        found = await self._gateway.look_up(movement)
        if found is not None:
            return found
        if movement.reference is not None:
            # It was there, so it is not lost: we ask with another account's key, say.
            return NotNow(f"The gateway has nothing under {movement.reference} any more.")
        if movement.key_holds(self._now()):
            return await self._gateway.carry_out(movement)
        return Refused(
            NEVER_ARRIVED, "The gateway has nothing of it, and a request that old can't arrive any more."
        )

    async def _note(self, movement: Movement, outcome: Outcome) -> Movement:
        """Write down what the gateway said, and tell the books of an end.

        An end that was told before it was written down could be followed by another one, after a crash in between.
        """
        after = noted(movement, outcome)
        if after != movement:
            await self._movements.write(movement, after)
        return await self._told(after)

    async def _told(self, movement: Movement) -> Movement:
        if not movement.is_untold:
            return movement
        await self._book(movement)
        told = replace(movement, told=True)
        await self._movements.write(movement, told)
        return told


def noted(movement: Movement, outcome: Outcome) -> Movement:
    """A movement after what the gateway said of it. Raises `ContradictionError` where that can't be."""
    match outcome:
        case Succeeded(reference):
            return movement.after(Turn.SUCCEED, reference)
        case Pending(reference):
            return movement.after(Turn.ACCEPT, reference)
        case Refused(code):
            return movement.after(Turn.FAIL, why=code)
        case Returned(reference, code):
            # What came back before we knew that it was done has failed, as far as we are concerned.
            was_done = movement.is_done and movement.state is not MovementState.FAILED
            return movement.after(Turn.RETURN if was_done else Turn.FAIL, reference, code)
        case NoAnswer():
            return movement if movement.is_done else movement.after(Turn.LOSE)
        case NotNow():
            return movement
        case unknown:
            assert_never(unknown)
