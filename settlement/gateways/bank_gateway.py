"""The gateway by a bank's files: the way without Stripe.

A buyer transfers money with a code in the remark, and the venue pays by a file that its bank carries out. What has come of
either is known when a statement was taken in; until then it is pending.
"""

from collections.abc import Sequence
from typing import Protocol

from settlement.gateways.bank_file import (
    FileError,
    FileFault,
    FileFaultCode,
    PaymentOrder,
    StatementLine,
    code_of,
    is_account,
    payment_file,
    read_statement,
)
from settlement.gateways.gateway import Dispute, Outcome, Pending, Refused, Returned, Succeeded
from settlement.money import Fen
from settlement.payments import BankTransfer, Movement, Refund, TopUp, Transfer, moved
from settlement.reconciliation import BookLine, GatewayPayout, LineKind


class BankBook(Protocol):
    """What is kept for the bank: orders under their keys, numbered files of them, and statement lines for ever."""

    async def queue(self, order: PaymentOrder) -> None:
        """Keep an order for the next file. One with this key that is there already stays as it is."""
        ...

    async def order(self, key: str) -> PaymentOrder | None:
        """The order under a key."""
        ...

    async def seal(self) -> int | None:
        """Put all orders that are in no file yet into one, and give its number; None where there are none."""
        ...

    async def sealed(self, number: int) -> Sequence[PaymentOrder]:
        """The orders of a file, in the order in which they were queued."""
        ...

    async def add(self, lines: Sequence[StatementLine]) -> None:
        """Keep lines whose references are new. All of them or none."""
        ...

    async def lines(self, references: Sequence[str]) -> Sequence[StatementLine]:
        """The lines under these references of the bank."""
        ...

    async def lines_of(self, code: str) -> Sequence[StatementLine]:
        """The lines with our code in the remark, oldest first."""
        ...

    async def lines_since(self, second: int) -> Sequence[StatementLine]:
        """The lines that were booked since, oldest first."""
        ...


class BankGateway:
    """A gateway for top-ups, refunds and transfers. Nothing is set aside or taken back by a bank's files.

    Its reference of a movement is the code in the remark, on both sides.
    """

    def __init__(self, book: BankBook) -> None:
        self._book = book

    async def carry_out(self, movement: Movement) -> Outcome:
        """Queue an order for the next file, or wait for a buyer's transfer with the movement's code."""
        match movement.instruction:
            case TopUp():
                return Pending(code_of(movement.id))
            case Transfer(party, account, amount) | BankTransfer(party, account, amount):
                return await self._queue(movement, account, party, amount)
            case Refund(party, payment, amount):
                paid = await self._book.lines_of(payment)
                account = paid[0].account if paid else ""
                return await self._queue(movement, account, party, amount)
            case _:
                return Refused("not_offered", "A bank's files can't do that.")

    async def _queue(self, movement: Movement, account: str, name: str, amount: Fen) -> Outcome:
        if not is_account(account):
            return Refused("bad_account", "There is no account that it could be paid to.")
        code = code_of(movement.id)
        await self._book.queue(PaymentOrder(movement.key, code, account, name, amount))
        return Pending(code)

    async def look_up(self, movement: Movement) -> Outcome | None:
        """What the statements say of it. An amount that differs is left to reconciliation, which names it."""
        code, amount = code_of(movement.id), moved(movement.instruction)
        lines = await self._book.lines_of(code)
        done = next((line for line in lines if line.amount == amount), None)
        back = next((line for line in lines if line.amount == -amount), None)
        match done, back:
            case StatementLine(), None:
                return Succeeded(code)
            case StatementLine(), StatementLine():
                return Returned(code, "sent_back")
            case _ if isinstance(movement.instruction, TopUp):
                return Pending(code)
            case _:
                return None if await self._book.order(movement.key) is None else Pending(code)

    async def dispute(self, name: str) -> Dispute | None:  # noqa: ARG002 - as the protocol asks
        """None: a transfer that has come in is not taken back."""
        return None

    async def payouts(self, since: int) -> Sequence[GatewayPayout]:  # noqa: ARG002 - as the protocol asks
        """None: the money is at the venue's bank already."""
        return ()

    async def book_lines(self, since: int) -> Sequence[BookLine]:
        """The statements as book lines. What was sent back is told as such, not as a payment."""
        lines, met = [], dict[str, Fen]()
        for line in await self._book.lines_since(since):
            about = line.code or line.bank_reference
            kind = LineKind.PAYMENT if line.amount > 0 else LineKind.TRANSFER
            if met.get(about) == -line.amount:
                kind = LineKind.REFUND_FAILURE
            met.setdefault(about, line.amount)
            lines.append(BookLine(line.bank_reference, kind, line.amount, Fen(0), about))
        return lines

    async def amounts(self, references: Sequence[str]) -> dict[str, Fen]:
        """What the statements have under these references of the bank."""
        return {line.bank_reference: line.amount for line in await self._book.lines(references)}

    async def next_file(self) -> tuple[int, bytes] | None:
        """A file with every order that is in none yet, and its number; None where there is nothing to pay."""
        number = await self._book.seal()
        return None if number is None else (number, payment_file(await self._book.sealed(number)))

    async def file(self, number: int) -> bytes | None:
        """A file as it was made: the same bytes however often it is asked for. None where no such file was made."""
        orders = await self._book.sealed(number)
        return payment_file(orders) if orders else None

    async def take_in(self, content: bytes) -> list[StatementLine]:
        """Take a statement in, and give the lines that are new. The same file again, or one that overlaps, adds nothing.

        Raises `FileError`, also where a reference of the bank now stands for another line: then nothing is taken in.
        """
        read = read_statement(content)
        known = {
            line.bank_reference: line for line in await self._book.lines([one.bank_reference for one in read])
        }
        faults = [
            FileFault(n, FileFaultCode.REFERENCE_REUSED, "bank_reference")
            for n, line in enumerate(read, start=2)
            if known.get(line.bank_reference, line) != line
        ]
        if faults:
            raise FileError(faults)
        new = [line for line in read if line.bank_reference not in known]
        await self._book.add(new)
        return new
