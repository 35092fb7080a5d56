"""Whose statements a caller sees, through whichever door it comes."""

from exchange.persistence.queries.statements import Reach
from exchange.state import Role
from web.session import Caller


def reach_of(caller: Caller) -> Reach:
    """Whose statements a caller may see."""
    return Reach(
        party=caller.party,
        region=caller.region if Role.REGION in caller.roles else None,
        everything=Role.CLERK in caller.roles,
    )
