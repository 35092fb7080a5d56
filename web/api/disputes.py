"""Meters that sign, and disputes: what was found in a batch, and how it is ended."""

import re

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.names import PartyId
from exchange.persistence.chains import standings_of
from exchange.persistence.decisions import Decision, Outcome
from exchange.persistence.queries.disputes import (
    StoredDispute,
    chain_around,
    dispute_of,
    disputes_of,
    link_of,
    records_of,
)
from exchange.rejections import VenueRejection
from exchange.state import Role
from web.api.asking import CommandId, Cursor, Limit, known, page, seq_after
from web.bodies.common import Page
from web.bodies.disputes import (
    RECORDS_MAX,
    ChainLinkOut,
    DecideIn,
    DisputeDetail,
    DisputeOut,
    MeterKeyIn,
    MeterOut,
    WithdrawIn,
)
from web.problems import ProblemError, unknown_id
from web.session import Caller, may

sellers = [may(Role.SELLER)]
concerned = [may(Role.BUYER, Role.SELLER, Role.CLERK)]
deciders = [may(Role.BUYER, Role.CLERK)]

_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,17})\Z", re.ASCII)


@post("/meters", guards=sellers)
async def register_meter(
    data: JSONBody[MeterKeyIn],
    caller: NamedDependency[Caller],
    command_id: NamedDependency[CommandId],  # noqa: ARG001 - asked of every request that changes something
    exchange: NamedDependency[Exchange],
) -> MeterOut:
    """Register the public key of a meter. From your first one on, all that you report has to be signed.

    The same key again changes nothing. Another one takes over from a number on that the meter has not come to.
    """
    key = bytes.fromhex(data.public_key)
    standing = await exchange.metering.register_key(caller.party, data.meter, key, data.since)
    return MeterOut.of(caller.party, standing)


@get("/meters", guards=sellers)
async def list_meters(caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]) -> list[MeterOut]:
    """Your meters that sign, and where the chain of each has come to."""
    return [MeterOut.of(caller.party, one) for one in await standings_of(exchange.readers, caller.party)]


@get("/meters/{meter:str}/chain/{sequence:str}", guards=sellers)
async def get_link(
    meter: FromPath[str],
    sequence: FromPath[str],
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
) -> ChainLinkOut:
    """The link of one number of your meter's chain: what the next number is tied to."""
    found = await link_of(exchange.readers, caller.party, meter, number_in(sequence))
    return ChainLinkOut.of(known(found))


@get("/disputes", guards=concerned)
async def list_disputes(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DisputeOut]:
    """Your disputes, or for the clerk everybody's, the newest first."""
    rows = await disputes_of(exchange.readers, _whose(caller), seq_after(cursor), limit + 1)
    return page(rows, limit, lambda dispute: (dispute.id, str(dispute.id)), DisputeOut.of)


@get("/disputes/{dispute_id:str}", guards=concerned)
async def get_dispute(
    dispute_id: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> DisputeDetail:
    """One dispute, with its first hundred records and the chain around them."""
    return await _detail(exchange, await concerned_by(exchange, _whose(caller), dispute_id))


@post("/disputes/{dispute_id:str}/withdraw", guards=sellers, status_code=HTTP_200_OK)
async def withdraw_dispute(
    dispute_id: FromPath[str],
    data: JSONBody[WithdrawIn],
    caller: NamedDependency[Caller],
    command_id: NamedDependency[CommandId],  # noqa: ARG001 - asked of every request that changes something
    exchange: NamedDependency[Exchange],
) -> DisputeDetail:
    """Take your disputed records back. Until their late window is over your meter can still report the slots."""
    dispute = await concerned_by(exchange, caller.party, dispute_id)
    if dispute.seller != caller.party:
        raise unknown_id()
    await end(exchange, caller, dispute, Outcome.WITHDRAWN, data.note)
    return await _detail(exchange, await concerned_by(exchange, caller.party, dispute_id))


@post("/disputes/{dispute_id:str}/decide", guards=deciders, status_code=HTTP_200_OK)
async def decide_dispute(
    dispute_id: FromPath[str],
    data: JSONBody[DecideIn],
    caller: NamedDependency[Caller],
    command_id: NamedDependency[CommandId],  # noqa: ARG001 - asked of every request that changes something
    exchange: NamedDependency[Exchange],
) -> DisputeDetail:
    """End a dispute: the buyer may agree to pay, the clerk may bill or reject. The next run settles what is billed."""
    dispute = await concerned_by(exchange, _whose(caller), dispute_id)
    outcome = Outcome.BILLED if data.decision == "bill" else Outcome.REJECTED
    agrees = dispute.buyer == caller.party and outcome is Outcome.BILLED and not data.counts
    if Role.CLERK not in caller.roles and not (agrees and dispute.is_said):
        raise ProblemError(
            VenueRejection.NOT_ALLOWED, "You may agree to pay for what a meter has reported to you."
        )
    await end(exchange, caller, dispute, outcome, data.note, data.by_number())
    return await _detail(exchange, await concerned_by(exchange, _whose(caller), dispute_id))


async def concerned_by(exchange: Exchange, party: PartyId | None, dispute_id: str) -> StoredDispute:
    """A dispute of a party, or anybody's where none is named."""
    return known(await dispute_of(exchange.readers, party, number_in(dispute_id)))


def number_in(text: str) -> int:
    """The number that a part of an address is."""
    if _NUMBER.match(text) is None:
        raise unknown_id()
    return int(text)


async def end(
    exchange: Exchange,
    caller: Caller,
    dispute: StoredDispute,
    outcome: Outcome,
    note: str | None,
    counts: dict[int, tuple[int, ...]] | None = None,
) -> None:
    """End a dispute in the caller's name."""
    decision = Decision(dispute.id, dispute.seller, outcome, caller.party, counts or {}, note or "")
    await exchange.metering.decide(decision)


async def _detail(exchange: Exchange, dispute: StoredDispute) -> DisputeDetail:
    records = await records_of(exchange.readers, dispute, RECORDS_MAX)
    chain = await chain_around(exchange.readers, dispute)
    return DisputeDetail.of(dispute, records, chain, exchange.terms)


def _whose(caller: Caller) -> PartyId | None:
    """Whose disputes a caller sees: its own; None, everybody's, for the clerk."""
    return None if Role.CLERK in caller.roles else caller.party


HANDLERS = [
    register_meter,
    list_meters,
    get_link,
    list_disputes,
    get_dispute,
    withdraw_dispute,
    decide_dispute,
]
