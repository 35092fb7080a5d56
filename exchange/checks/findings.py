"""What a check has looked at and what it found."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from exchange.persistence.errors import OUTAGES

DIFFERENCES_MAX = 100  # told by one check: whoever finds so many needs no more to begin with


@dataclass(slots=True)
class Findings:
    """What one check says, how much it has looked at, and what is not as it says: a line each, naming the thing."""

    name: str
    what: str
    examined: int = 0
    differences: list[str] = field(default_factory=list)
    left_out: int = 0

    def tell(self, difference: str) -> None:
        """Something is not as it should be."""
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(difference)
        else:
            self.left_out += 1

    def compare(self, thing: str, expected: object, got: object) -> None:
        """Tell of a thing that is not what it should be."""
        if expected != got:
            self.tell(f"{thing}: expected {expected}, got {got}")


def unequal(what: str, expected: object, got: object) -> tuple[str, ...]:
    """The fault of a thing that is not what it should be; none, if it is."""
    return () if expected == got else (f"{what}: expected {expected}, got {got}",)


@contextmanager
def telling(findings: Findings) -> Iterator[None]:
    """Make what breaks a check a finding of it: what is stored may be anything, and the other checks go on.

    A database that can't be reached is no finding: then nothing can be said.
    """
    try:
        yield
    except OUTAGES:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever a broken venue makes of a check is told
        findings.tell(f"it could not be checked to its end: {fault!r}")
