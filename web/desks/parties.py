"""The clerk's parties: admitting them, giving them keys, and booking what they paid in."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.names import PartyId
from exchange.parties.commands import IssueKey, RevokeKey
from exchange.persistence.queries.desk import keys_of
from exchange.persistence.queries.ledger import balances_by_owner
from exchange.persistence.queries.parties import balances, parties, party_of
from exchange.rejections import Rejected
from exchange.state import Role
from settlement.ledger.chart import AccountKind
from web.bodies.parties import DepositIn, PartyIn
from web.pages.checked import checked, field_named
from web.pages.fields import MistakeCode, Reader
from web.pages.routing import PageRequest, give, leaf, not_here, page, sent_form
from web.session import Caller, new_key

ROWS = 100
SHOWN = (AccountKind.AVAILABLE, AccountKind.HELD, AccountKind.PAYABLE)

_field_of = field_named({}, otherwise="id")


@get("/clerk/parties")
async def parties_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Every party with its balances, newest first, and the form that admits another."""
    return await _parties(request, exchange, caller, Reader({}), None)


@post("/clerk/parties")
async def register_party(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Admit a party."""
    asked = Reader(await sent_form(request))
    wanted = {"id": asked.words("id"), "name": asked.words("name"), "region": asked.text("region")}
    roles = asked.many("roles")
    if not roles:
        asked.wrong("roles", MistakeCode.NONE_TICKED)
    group = {"group": asked.text("group")} if asked.text("group") else {}
    command = checked(asked, PartyIn, {**wanted, "roles": roles, **group}, PartyIn.command, _field_of)
    if command is None:
        return await _parties(request, exchange, caller, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _parties(request, exchange, caller, asked, answer.rejection)
    return Redirect(f"/clerk/parties/{command.party.id}?admitted=1", status_code=303)


@get("/clerk/parties/{party_id:str}")
async def party_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    party_id: FromPath[str],
) -> Template:
    """One party: its balances, its keys, and the form that books a deposit."""
    done = next((what for what in ("admitted", "booked", "revoked") if what in request.query_params), "")
    return await _party(exchange, caller, party_id, Reader({}), None, done=done)


@post("/clerk/parties/{party_id:str}/deposits")
async def book_deposit(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    party_id: FromPath[str],
) -> Template | Redirect:
    """Book what a party has paid in."""
    asked = Reader(await sent_form(request))
    wanted = {
        "party": party_id,
        "amount_fen": asked.fen("amount_fen"),
        "reference": asked.words("reference"),
    }
    command = checked(asked, DepositIn, wanted, DepositIn.command, _field_of)
    if command is None:
        return await _party(exchange, caller, party_id, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _party(exchange, caller, party_id, asked, answer.rejection)
    return Redirect(f"/clerk/parties/{party_id}?booked=1", status_code=303)


@post("/clerk/parties/{party_id:str}/keys")
async def issue_key(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    party_id: FromPath[str],
) -> Template:
    """Give a party a key, and show it this once: the page is the answer itself, and is kept nowhere."""
    sent = Reader(await sent_form(request))
    made = new_key()
    answer = await give(exchange, caller, sent, IssueKey(PartyId(party_id), made.key, made.digest))
    token = made.token if answer.rejection is None else ""
    return await _party(exchange, caller, party_id, Reader({}), answer.rejection, token=token)


@post("/clerk/parties/{party_id:str}/keys/{key:str}/revoke")
async def revoke_key(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    party_id: FromPath[str],
    key: FromPath[str],
) -> Template | Redirect:
    """End a key at once."""
    sent = Reader(await sent_form(request))
    answer = await give(exchange, caller, sent, RevokeKey(PartyId(party_id), key))
    if answer.rejection is not None:
        return await _party(exchange, caller, party_id, Reader({}), answer.rejection)
    return Redirect(f"/clerk/parties/{party_id}?revoked=1", status_code=303)


async def _parties(
    request: PageRequest, exchange: Exchange, caller: Caller, asked: Reader, rejection: Rejected | None
) -> Template:
    begins = leaf(request)
    found = await parties(exchange.readers, begins.seq if begins else None, ROWS + 1)
    return page(
        "clerk/parties.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        rows=found[:ROWS],
        older=found[ROWS - 1].seq if len(found) > ROWS else None,
        owned=await balances_by_owner(exchange.readers, SHOWN),
        kinds=SHOWN,
        asked=asked,
        rejection=rejection,
        roles=list(Role),
        catalogue=exchange.catalogue,
    )


async def _party(
    exchange: Exchange,
    caller: Caller,
    party_id: str,
    asked: Reader,
    rejection: Rejected | None,
    *,
    done: str = "",
    token: str = "",
) -> Template:
    admitted = await party_of(exchange.readers, party_id)
    if admitted is None:
        raise not_here()
    owned = await balances(exchange.readers, party_id)
    return page(
        "clerk/party.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        party=admitted.party,
        owned={kind: owned.get(kind, 0) for kind in SHOWN},
        keys=await keys_of(exchange.readers, party_id),
        asked=asked,
        rejection=rejection,
        done=done,
        token=token,
        catalogue=exchange.catalogue,
    )
