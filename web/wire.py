"""Answers of the venue as the client reads them: a value of the API's own type, or the problem that it is."""

from typing import TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from web.problems import DoorRejection, Problem, ProblemError

T = TypeVar("T")


def read(answer: httpx.Response, kind: type[T]) -> T:
    """An answer as its type; a refusal is raised."""
    refuse(answer)
    return TypeAdapter(kind).validate_json(answer.content)


def refuse(answer: httpx.Response) -> None:
    """Raise the problem that an answer is, if it is one."""
    if answer.is_success:
        return
    try:
        problem = TypeAdapter(Problem).validate_json(answer.content)
    except ValidationError:
        detail = f"Something that is not a venue answered {answer.status_code} at {answer.url.host}."
        raise ProblemError(DoorRejection.INTERNAL_ERROR, detail) from None
    raise ProblemError(problem.code, problem.detail, problem.errors)
