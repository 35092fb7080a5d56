"""A gateway beside the venue's bank: what goes to an account at a bank goes by its files, all else by the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass

from settlement.gateways.bank_gateway import BankGateway
from settlement.gateways.gateway import Dispute, Gateway, Outcome
from settlement.payments import BankTransfer, Movement
from settlement.reconciliation import BookLine, GatewayPayout


@dataclass(frozen=True, slots=True)
class BesideBank:
    """Each movement is asked of whoever carries it out, and the books are those of both."""

    gateway: Gateway
    bank: BankGateway

    async def carry_out(self, movement: Movement) -> Outcome:
        """Do what the movement says, once for each key."""
        return await self._whose(movement).carry_out(movement)

    async def look_up(self, movement: Movement) -> Outcome | None:
        """What has become of the movement."""
        return await self._whose(movement).look_up(movement)

    async def dispute(self, name: str) -> Dispute | None:
        """How a dispute stands: at the gateway, since a transfer to a bank has none."""
        return await self.gateway.dispute(name)

    async def payouts(self, since: int) -> Sequence[GatewayPayout]:
        """What the gateway has paid to the venue's own bank since a second."""
        return await self.gateway.payouts(since)

    async def book_lines(self, since: int) -> Sequence[BookLine]:
        """The gateway's lines since a second, and of the bank's those with a code of ours: it has others, and we ask nothing of them."""
        of_bank = await self.bank.book_lines(since)
        return [
            *await self.gateway.book_lines(since),
            *(line for line in of_bank if line.reference != line.id),
        ]

    def _whose(self, movement: Movement) -> Gateway:
        return self.bank if isinstance(movement.instruction, BankTransfer) else self.gateway
