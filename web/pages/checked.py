"""Forms checked by the same strict models as programs' bodies, so that no rule is written twice."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from web.pages.fields import MistakeCode, Reader
from web.problems import ProblemError
from web.strict import Body, read_model

In = TypeVar("In", bound=Body)
Made = TypeVar("Made")

_BOUND = re.compile(r"Input should be (less|greater) than or equal to (\d{1,18})\.\Z")

FieldOf = Callable[[Sequence[str]], str]
"""From the parts of a JSON pointer to the field of the form where that is asked for."""


def checked(
    asked: Reader, model: type[In], body: Mapping[str, object], made: Callable[[In], Made], field_of: FieldOf
) -> Made | None:
    """What `made` makes of a body that the model accepts; else None, with what is wrong noted at its field.

    A body of which something could not even be read is not looked at.
    """
    if asked.mistakes:
        return None
    try:
        return made(cast(In, read_model(model, json.dumps(body).encode())))
    except ProblemError as problem:
        for fault in problem.faults:
            _note(asked, field_of(fault.pointer.split("/")[1:]), fault.detail)
        if not problem.faults:
            asked.wrong(field_of([]), MistakeCode.REFUSED, problem.detail)
        return None


def _note(asked: Reader, name: str, detail: str) -> None:
    """Note a fault of the model at its field; a bound is said in the words of forms."""
    bound = _BOUND.match(detail)
    if bound is None:
        asked.wrong(name, MistakeCode.REFUSED, detail)
    else:
        code = MistakeCode.TOO_LARGE if bound[1] == "less" else MistakeCode.TOO_SMALL
        asked.wrong(name, code, f"{int(bound[2]):,}")


def field_named(names: Mapping[str, str], otherwise: str) -> FieldOf:
    """Fields by the longest beginning of a pointer that has a name here; else by its first part, or `otherwise`."""

    def field_of(parts: Sequence[str]) -> str:
        for length in range(len(parts), 0, -1):
            name = names.get("/".join(parts[:length]))
            if name is not None:
                return name
        return parts[0] if parts else otherwise

    return field_of
