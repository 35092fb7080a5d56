"""The only reading of the wall clock.

Everything else is told the time.
"""

import time

from exchange.names import Instant


def wall_clock() -> Instant:
    """Now, in whole seconds since 1970-01-01T00:00:00Z."""
    return Instant(int(time.time()))  # noqa: TID251 - this is the one place
