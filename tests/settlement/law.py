"""What a law is: a claim about everything that its strategies can draw, checked as thoroughly as it is told.

`test_settlement_laws.py` requires every law of the kernel as it is; `test_settlement_sabotage.py` plants bugs and requires
the law that is there for each of them to break.
"""

from collections.abc import Callable
from functools import wraps
from typing import Protocol

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

# The same examples on every run: a broken law is a fact to be debugged, not an event to be waited for.
THOROUGHLY = settings(
    max_examples=150, deadline=None, database=None, derandomize=True, report_multiple_bugs=False
)
# Whoever only asks whether a law breaks needs no smallest counterexample.
UNTIL_IT_BREAKS = settings(THOROUGHLY, phases=[Phase.explicit, Phase.generate])


class Law(Protocol):
    """Raises what the claim raises, for the first example found against it."""

    __name__: str

    def __call__(self, how: settings) -> None: ...


def law(*strategies: st.SearchStrategy[object]) -> Callable[[Callable[..., None]], Law]:
    """Make a law of a claim: a function that asserts something about one example from each strategy."""

    def enact(claim: Callable[..., None]) -> Law:
        @wraps(claim)
        def check(how: settings) -> None:
            how(given(*strategies)(claim))()

        return check

    return enact
