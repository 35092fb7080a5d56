"""Disputes at the gateway, and the chargebacks that are booked of them: by news of one, or by the gateway's own lines."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from exchange.chargebacks.commands import BookChargeback, ReinstateChargeback
from exchange.commands import Command
from exchange.names import PartyId
from settlement.gateways.gateway import Dispute, Gateway
from settlement.gateways.saga import Movements
from settlement.money import Fen
from settlement.payments import Movement, MovementState, TopUp
from settlement.reconciliation import Difference, DifferenceKind

_log = logging.getLogger("suanli.payments")

CHARGEBACK = "chargeback-"
"""How the ids begin by which the venue is told of a dispute: the dispute's id follows."""


@dataclass(frozen=True, slots=True)
class ChargingBack:
    """Asks the gateway how a dispute stands, and tells the venue. Asked again, it books nothing again.

    `look_again` asks how a movement stands, so that a payment is booked before its dispute; `tell` gives the venue a
    command under an id of its own, which means it for ever.
    """

    gateway: Gateway
    movements: Movements
    look_again: Callable[[str], Awaitable[None]]
    tell: Callable[[str, Command], Awaitable[None]]

    async def look_at(self, name: str) -> Dispute | None:
        """Book what a dispute has come to, and give it; None where it is not ours, or can't be booked yet."""
        dispute = await self.gateway.dispute(name)
        topup = None if dispute is None else await self._topup(dispute)
        if dispute is None or topup is None:
            _log.warning("the dispute %s is of no payment of ours that is booked", name)
            return None
        for told in commands_of(dispute, topup):
            await self.tell(*told)
        if dispute.net:
            _log.warning(
                "the dispute %s has taken %s fen: answer it on the gateway's pages", name, -dispute.net
            )
        return dispute

    async def stand(self, differences: Sequence[Difference]) -> dict[str, Dispute]:
        """The disputes that the gateway's lines tell of, by name, each booked by now: whose news was lost is made up for."""
        names = sorted({one.about for one in differences if one.kind is DifferenceKind.DISPUTED})
        looked = [await self.look_at(name) for name in names]
        return {dispute.id: dispute for dispute in looked if dispute is not None}

    async def _topup(self, dispute: Dispute) -> Movement | None:
        """The top-up that had brought the payment, once it is booked."""
        await self.look_again(dispute.movement)
        plan, _, n = dispute.movement.rpartition("/")
        movements = await self.movements.of(plan)
        found = next((one for one in movements if str(one.n) == n), None)
        if found is None or not isinstance(found.instruction, TopUp) or found.reference != dispute.payment:
            return None
        booked = found.told and found.state in {MovementState.SUCCEEDED, MovementState.RECONCILED}
        return found if booked else None


def commands_of(dispute: Dispute, topup: Movement) -> Iterator[tuple[str, Command]]:
    """What the venue is told of a dispute, each under its id."""
    assert isinstance(topup.instruction, TopUp), "only what was paid in is taken back"
    party, name = PartyId(topup.instruction.party), f"{CHARGEBACK}{dispute.id}"
    if dispute.withdrawn:
        yield name, BookChargeback(dispute.id, party, topup.id, dispute.withdrawn)
    if dispute.reinstated:
        yield f"{name}-won", ReinstateChargeback(dispute.id, party, dispute.reinstated)


def unexplained(
    differences: Sequence[Difference], stand: dict[str, Dispute], booked: dict[str, Fen]
) -> tuple[Difference, ...]:
    """The differences, but for disputes of which the ledger has as much as the gateway."""
    return tuple(
        one
        for one in differences
        if one.kind is not DifferenceKind.DISPUTED
        or one.about not in stand
        or stand[one.about].net != booked.get(one.about)
    )
