"""Rating: what use costs before it is a statement line, by dated tariffs, packages, and credits for what was not kept."""

from settlement.rating.packages import deduct
from settlement.rating.service_credits import after_credits, breaches
from settlement.rating.tokens import rate

__all__ = ["after_credits", "breaches", "deduct", "rate"]
