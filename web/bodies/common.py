"""What bodies of several nouns share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from exchange.state import VenueTerms
from matching.terms import Window
from web.bodies.fields import Instant, slot_at, utc
from web.strict import Body

T = TypeVar("T")


class WindowIn(Body):
    """A stretch of time from `start` up to, not including, `end`; both on the grid of slots."""

    start: Instant
    end: Instant

    def slots(self, terms: VenueTerms) -> Window:
        """The window in slots."""
        return Window(slot_at(terms, self.start, "/window/start"), slot_at(terms, self.end, "/window/end"))


@dataclass(frozen=True, slots=True)
class WindowOut:
    """A stretch of time from `start` up to, not including, `end`."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, window: Window, terms: VenueTerms) -> "WindowOut":
        """A window of slots."""
        return cls(utc(terms.instant_of(window.start)), utc(terms.instant_of(window.end)))


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of many, the newest first. `next` is the cursor of the page that follows; null on the last."""

    items: list[T]
    next: str | None
