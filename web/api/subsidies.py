"""What regions pay for vouchers: the clerk books it when the bank has it, and the region reads what is booked."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from exchange.app import Exchange
from exchange.persistence.queries.subsidies import subsidies_of, subsidy_under
from exchange.state import Role
from exchange.subsidies.events import SubsidyPaid, SubsidyRepaid
from web.api.asking import Submit, happened, known
from web.api.vouchers import own_programme
from web.bodies.subsidies import RepaymentIn, SubsidyIn, SubsidyOut
from web.session import Caller, may


@post("/programmes/{programme_id:str}/payments", guards=[may(Role.CLERK)])
async def book_subsidy(
    programme_id: FromPath[str],
    data: JSONBody[SubsidyIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> SubsidyOut:
    """Book what a region has paid for vouchers that were used: sellers and buyers have it at once.

    Never more than is owed for the period, and each reference of the bank once.
    """
    paid = happened(await submit(data.command(programme_id)), SubsidyPaid)
    booked = known(await subsidy_under(exchange.readers, paid.issuer, paid.reference))
    return SubsidyOut.of(booked, exchange.terms)


@post("/programmes/{programme_id:str}/repayments", guards=[may(Role.CLERK)])
async def repay_subsidy(
    programme_id: FromPath[str],
    data: JSONBody[RepaymentIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> SubsidyOut:
    """Book that a region has back what it had paid for lines which were refunded since, where it owes nothing more."""
    repaid = happened(await submit(data.command(programme_id)), SubsidyRepaid)
    booked = known(await subsidy_under(exchange.readers, repaid.issuer, repaid.reference))
    return SubsidyOut.of(booked, exchange.terms)


@get("/programmes/{programme_id:str}/payments", guards=[may(Role.REGION, Role.CLERK)])
async def list_subsidies(
    programme_id: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> list[SubsidyOut]:
    """What was paid for a programme of your region, and given back of that, the newest first; the clerk reads all."""
    programme = known(await own_programme(exchange, caller, programme_id))
    booked = await subsidies_of(exchange.readers, programme.terms.id)
    return [SubsidyOut.of(one, exchange.terms) for one in booked]


HANDLERS = [book_subsidy, repay_subsidy, list_subsidies]
