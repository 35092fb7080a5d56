"""Addresses as the client writes them, and answers as it reads them: a value of the API's own type, or a problem."""

import secrets
from typing import TypeVar
from urllib.parse import quote

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


def new_command_id() -> str:
    """An id for one request. Whoever may have to send it again keeps its own instead."""
    return f"client-{secrets.token_hex(16)}"


def part(name: str) -> str:
    """A name as one part of an address, whatever it is made of."""
    return quote(name, safe="") or "-"


def quarter_at(source: str, destination: str, quarter: str) -> str:
    """The address of a pair's quarter."""
    return f"/v1/pairs/{part(source)}/{part(destination)}/{part(quarter)}"


def parts(name: str) -> str:
    """A name of two parts, such as an instrument's, as it stands in an address."""
    first, _, second = name.partition("/")
    return f"{part(first)}/{part(second)}"
