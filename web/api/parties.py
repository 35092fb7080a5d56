"""Parties, their keys and deposits, which are the clerk's; and everybody's own balance."""

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from exchange.app import Exchange
from exchange.bus import DifferentCommandError
from exchange.names import PartyId
from exchange.parties.commands import IssueKey, RevokeKey
from exchange.parties.events import Deposited, PartyRegistered
from exchange.persistence.queries.commands import outcome_of
from exchange.persistence.queries.parties import balances, has_key, parties, party_of
from exchange.state import Role
from settlement.ledger.chart import AccountKind
from web.api.asking import Cursor, Limit, Submit, happened, known, page, seq_after
from web.bodies.common import Page
from web.bodies.parties import BalanceOut, DepositIn, DepositOut, KeyOut, PartyIn, PartyOut
from web.session import Caller, may, new_key

clerks = [may(Role.CLERK)]


@post("/parties", guards=clerks)
async def create_party(
    data: JSONBody[PartyIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> PartyOut:
    """Admit a party under an id that nobody has had."""
    registered = happened(await submit(data.command()), PartyRegistered)
    return PartyOut.of(known(await party_of(exchange.readers, registered.party.id)))


@get("/parties", guards=clerks)
async def list_parties(
    exchange: NamedDependency[Exchange], limit: Limit = 50, cursor: Cursor = None
) -> Page[PartyOut]:
    """Every party, the newest first."""
    rows = await parties(exchange.readers, seq_after(cursor), limit + 1)
    return page(rows, limit, lambda one: (one.seq, one.party.id), PartyOut.of)


@get("/parties/{party_id:str}", guards=clerks)
async def get_party(party_id: FromPath[str], exchange: NamedDependency[Exchange]) -> PartyOut:
    """One party."""
    return PartyOut.of(known(await party_of(exchange.readers, party_id)))


@post("/parties/{party_id:str}/keys", guards=clerks)
async def issue_key(
    party_id: FromPath[str], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> KeyOut:
    """Issue a key. Its token is told in this answer and never again, because only its SHA-256 is kept.

    Each try makes a new secret, so a second request with the same Idempotency-Key can't repeat the first one's
    token: it answers with the key that was issued and a null token. If the token was lost on its way, end that key
    and issue another.
    """
    key, token, digest = new_key()
    try:
        await submit(IssueKey(PartyId(party_id), key, digest))
    except DifferentCommandError:
        outcome = await outcome_of(exchange.readers, submit.caller.party, submit.command_id)
        match outcome.command if outcome is not None else None:
            case IssueKey(party, issued, _) if party == party_id:
                submit.notes["replayed"] = True
                return KeyOut(party, issued, None)
            case _:
                raise
    return KeyOut(party_id, key, token)


@delete("/parties/{party_id:str}/keys/{key:str}", guards=clerks)
async def revoke_key(
    party_id: FromPath[str],
    key: FromPath[str],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> None:
    """End a key: it opens nothing from the next request on. Ending it once more is no fault."""
    known(await has_key(exchange.readers, party_id, key) or None)
    await submit(RevokeKey(PartyId(party_id), key))


@post("/deposits", guards=clerks)
async def deposit(data: JSONBody[DepositIn], submit: NamedDependency[Submit]) -> DepositOut:
    """Book money that a party has paid in."""
    answer = await submit(data.command())
    booked = happened(answer, Deposited)
    return DepositOut(booked.party, booked.amount, booked.reference, answer.seq)


@get("/balance", guards=[may()])
async def get_balance(caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]) -> BalanceOut:
    """What is owed to you, and for a region's office what its region counts."""
    own = await balances(exchange.readers, caller.party)
    counted = await balances(exchange.readers, caller.region) if Role.REGION in caller.roles else {}
    return BalanceOut(
        party=caller.party,
        available_fen=own.get(AccountKind.AVAILABLE, 0),
        held_fen=own.get(AccountKind.HELD, 0),
        payable_fen=own.get(AccountKind.PAYABLE, 0),
        revenue_fen=counted.get(AccountKind.REVENUE, 0),
        tax_fen=counted.get(AccountKind.TAX, 0),
        gdp_fen=counted.get(AccountKind.GDP, 0),
        carbon_g=counted.get(AccountKind.CARBON, 0),
    )


HANDLERS = [
    create_party,
    list_parties,
    get_party,
    issue_key,
    revoke_key,
    deposit,
    get_balance,
]
