"""What the routes share: giving a command, finding what was asked for, and leafing through pages."""

import base64
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, NewType, TypeVar

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter
from pydantic import TypeAdapter, ValidationError

from exchange.app import Exchange
from exchange.bus import Answer
from exchange.commands import Command, Envelope
from exchange.events import Event
from exchange.state import VenueTerms
from matching.terms import Rejection, Slot
from web.bodies.common import Page
from web.bodies.fields import Instant
from web.problems import DoorRejection, ProblemError, unknown_id
from web.session import Caller

Found = TypeVar("Found")
Shown = TypeVar("Shown")
Happened = TypeVar("Happened", bound=Event)

CommandId = NewType("CommandId", str)

PAGE_MAX = 200
DAYS_MAX = 366
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX, description="How many at most.")]
Cursor = Annotated[str | None, QueryParameter(description="`next` of the page before.")]
Days = Annotated[int, QueryParameter(ge=1, le=DAYS_MAX, description="How many days, up to that one.")]
Place = tuple[int, str]
"""Where something stands among all of its kind: the command that made it, and its id."""

KEY_PATTERN = "^[A-Za-z0-9._:-]{1,64}$"
_TIME: TypeAdapter[int] = TypeAdapter(Instant)
_KEY = re.compile(KEY_PATTERN.replace("$", r"\Z"))
_DAY = re.compile(r"20\d\d-\d\d-\d\d\Z", re.ASCII)
_CURSOR = re.compile(r"([1-9][0-9]{0,17}) ([A-Za-z0-9._:/-]{1,200})\Z")

IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]


@dataclass(frozen=True, slots=True)
class Submit:
    """Gives a command in the caller's name, under the id that the caller has chosen for it."""

    exchange: Exchange
    caller: Caller
    command_id: CommandId
    notes: dict[str, Any]

    async def __call__(self, command: Command) -> Answer:
        """What came of it, after its commit; a refusal is raised as a problem."""
        answer = await self.exchange.bus.submit(Envelope(self.caller.party, self.command_id, command))
        self.notes["replayed"] = answer.replayed
        if answer.rejection is not None:
            raise ProblemError(answer.rejection.code, answer.rejection.explain)
        return answer

    async def about(self, command: Command) -> Answer:
        """What came of a command about something that the caller is known to have: it may have ended already."""
        try:
            return await self(command)
        except ProblemError as refusal:
            if refusal.code != Rejection.UNKNOWN_ID:
                raise
            raise ProblemError(
                DoorRejection.ALREADY_CLOSED, "Nothing of it can be changed any more."
            ) from None


def command_id(idempotency_key: IdempotencyKey = None) -> CommandId:
    """Dependency: the caller's own id for what it asks."""
    if idempotency_key is None:
        raise ProblemError(
            DoorRejection.IDEMPOTENCY_KEY_REQUIRED,
            "Send an Idempotency-Key that you have never sent before; to try again, send the same.",
        )
    if _KEY.match(idempotency_key) is None:
        raise ProblemError(DoorRejection.IDEMPOTENCY_KEY_INVALID, "It is 1 to 64 of A-Z a-z 0-9 . _ : and -.")
    return CommandId(idempotency_key)


def submit(
    request: Request[Caller, Any, Any],
    exchange: NamedDependency[Exchange],
    command_id: NamedDependency[CommandId],
) -> Submit:
    """Dependency: the way to the writer for one request that changes something."""
    return Submit(exchange, request.user, command_id, request.scope["state"])


def happened(answer: Answer, kind: type[Happened]) -> Happened:
    """The event of this kind that a command is known to make."""
    return next(event for event in answer.events if isinstance(event, kind))


def known(found: Found | None) -> Found:
    """What was found, or the refusal of an id that means nothing to the caller."""
    if found is None:
        raise unknown_id()
    return found


def place_after(cursor: str | None) -> Place | None:
    """Where the page before ended, or None for the first page."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"==").decode("ascii")
    except ValueError:
        text = ""
    read = _CURSOR.match(text)
    if read is None:
        raise ProblemError(DoorRejection.INVALID_PARAMETER, "Take the cursor from `next` of the page before.")
    return int(read[1]), read[2]


def seq_after(cursor: str | None) -> int | None:
    """Where the page before ended, among things of which a command makes one."""
    place = place_after(cursor)
    return None if place is None else place[0]


def one_of(name: str, text: str, known: Collection[str]) -> str:
    """A code in a parameter of the address."""
    if text not in known:
        raise ProblemError(DoorRejection.INVALID_PARAMETER, f"{name} is no code that is known here.")
    return text


def day_given(day: str | None) -> date | None:
    """The day that a parameter of the address names, if there is one."""
    asked = None if day is None else day_in(day)
    if day is not None and asked is None:
        raise ProblemError(DoorRejection.INVALID_PARAMETER, "day: a day reads like 2026-11-30.")
    return asked


def day_in(text: str) -> date | None:
    """The day that a text names, or None where it is none."""
    try:
        return date.fromisoformat(text) if _DAY.match(text) else None
    except ValueError:
        return None


def slot_asked(name: str, text: str, terms: VenueTerms) -> Slot:
    """The slot that begins at a time in a parameter of the address."""
    try:
        instant = _TIME.validate_python(text)
    except ValidationError as fault:
        raise ProblemError(DoorRejection.INVALID_PARAMETER, f"{name}: {fault.errors()[0]['msg']}.") from None
    if instant % terms.slot_seconds:
        minutes = terms.slot_seconds // 60
        raise ProblemError(DoorRejection.INVALID_PARAMETER, f"{name}: slots begin every {minutes} minutes.")
    return terms.slot_of(instant)


def page(
    rows: Sequence[Found], limit: int, place: Callable[[Found], Place], shown: Callable[[Found], Shown]
) -> Page[Shown]:
    """A page from `limit + 1` rows: the one too many says that another page follows."""
    items = rows[:limit]
    more = len(rows) > limit
    return Page([shown(row) for row in items], _cursor(place(items[-1])) if more else None)


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place[0]} {place[1]}".encode()).decode().rstrip("=")
