"""The clerk in whose name the command line acts: a party of the venue, with a key that is kept in the folder."""

from pathlib import Path

from exchange.app import Exchange
from exchange.commands import Command, Envelope
from exchange.jobs import RefusedError
from exchange.names import VENUE, PartyId
from exchange.parties.commands import IssueKey, RegisterParty
from exchange.state import Party, Role
from matching.terms import OwnerGroup, RegionCode
from web.cli.folder import clerk_token, keep_clerk_token
from web.session import caller_with_token, new_key

CLERK = PartyId("clerk")
_HOME = RegionCode("110000")  # every party is registered somewhere; nothing follows from it for a clerk


async def token_of_clerk(exchange: Exchange, folder: Path) -> str:
    """The token that the folder keeps if it still opens this venue, or else a new one, which it keeps from now on."""
    token = clerk_token(folder)
    caller = None if token is None else await caller_with_token(exchange, token)
    if token is not None and caller is not None and caller.party == CLERK:
        return token
    await _appoint(exchange)
    token = await issue_token(exchange, CLERK)
    keep_clerk_token(folder, token)
    return token


async def issue_token(exchange: Exchange, party: PartyId) -> str:
    """A new key for a party, given out by the clerk."""
    key, token, digest = new_key()
    await _ask(exchange, CLERK, f"key/{key}", IssueKey(party, key, digest))
    return token


async def _appoint(exchange: Exchange) -> None:
    """See that there is a clerk."""
    if CLERK not in exchange.engine.state.parties:
        clerk = Party(CLERK, "Settlement clerk", frozenset({Role.CLERK}), _HOME, OwnerGroup(CLERK))
        await _ask(exchange, VENUE, "appoint-clerk", RegisterParty(clerk))


async def _ask(exchange: Exchange, by: PartyId, command_id: str, command: Command) -> None:
    answer = await exchange.bus.submit(Envelope(by, command_id, command))
    if answer.rejection is not None:
        raise RefusedError(answer.rejection)
