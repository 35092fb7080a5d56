"""The evidence behind the use of vouchers in a statement: gathered for whoever pays, as JSON or as a table."""

from exchange.app import Exchange
from exchange.names import VENUE
from exchange.persistence.queries import vouchers as queries
from exchange.persistence.queries.billed import billed_by
from exchange.persistence.queries.parties import names_of
from exchange.persistence.queries.refunds import refunds_of
from exchange.persistence.queries.statements import Reach, statement_of
from exchange.state import Role
from web.documents.evidence import EvidenceOut
from web.documents.invoice import invoice_data
from web.session import Caller


async def evidence_of(exchange: Exchange, caller: Caller, statement_id: str) -> EvidenceOut | None:
    """The pack of a statement in which vouchers were used, if the caller has to do with it."""
    readers = exchange.readers
    uses = await queries.uses_of(readers, statement=statement_id)
    if not uses or not _concerns(caller, uses):
        return None
    statement = await statement_of(readers, Reach(VENUE, everything=True), statement_id)
    assert statement is not None, "whatever was used stands in a statement"
    parties = (statement.buyer, statement.seller)
    facts = [one for party in parties for one in (await queries.facts_of(readers, party))[:1]]
    logged = await queries.logged_behind(readers, statement.id)
    if caller.roles.isdisjoint({Role.CLERK, Role.REGION}):
        facts = [one for one in facts if one.party == caller.party]
        logged = [one for one in logged if one.kind != "OrderAccepted" or caller.party == statement.buyer]
    versions = {f"{one.terms.id}/{one.terms.version}": one.terms for one in await queries.programmes(readers)}
    asked = dict.fromkeys(what for use in uses for what in versions[use.programme].evidence)
    invoice = invoice_data(
        statement,
        await billed_by(readers, statement.id),
        await refunds_of(readers, [statement.id]),
        await names_of(readers, parties),
        exchange.catalogue,
    )
    return EvidenceOut.of(
        tuple(asked),
        statement,
        uses,
        facts,
        logged,
        await queries.metered_of(readers, statement.id),
        invoice,
    )


def _concerns(caller: Caller, uses: list[queries.StoredUse]) -> bool:
    if Role.CLERK in caller.roles:
        return True
    if Role.REGION in caller.roles and any(use.issuer == caller.region for use in uses):
        return True
    return any(caller.party in (use.buyer, use.seller) for use in uses)
