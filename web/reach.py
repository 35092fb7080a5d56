"""Whose statements a caller may see, at the door and on pages alike."""

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
