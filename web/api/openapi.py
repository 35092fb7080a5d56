"""Draws the OpenAPI document from the routes themselves: their words, their types, and an example of each."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import NoneType
from typing import Any, get_args, get_type_hints

from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from web.api.asking import KEY_PATTERN
from web.problems import MEDIA_TYPE, Problem

ABOUT = """
A market for compute power. Bodies are JSON, read strictly: exact types, known fields, no floats. Money is whole fen,
prices are whole micro-yuan per card-hour, times carry their offset from UTC.

Every request that changes something carries an `Idempotency-Key`. Sending the same request again with the same key
carries out nothing again: it is answered with the same status and `Idempotent-Replayed: true`, and with what the
request made, as that stands now.
The same key with another request is refused. A key is used up for ever, also by a request that was refused.

What is refused is answered with a problem document (RFC 9457) and a stable `code`.
"""

_PATH_PARAMETER = re.compile(r"\{(\w+):str\}")
_REFS = "#/components/schemas/{model}"

Json = dict[str, Any]


def document(prefix: str, handlers: Mapping[str, Sequence[HTTPRouteHandler]]) -> Json:
    """The OpenAPI 3.1 document of some handlers, by tag."""
    drawn = [(tag, handler) for tag, some in handlers.items() for handler in some]
    schemas, components = _schemas([handler for _, handler in drawn])
    paths: dict[str, Json] = {}
    for tag, handler in drawn:
        path = prefix + _PATH_PARAMETER.sub(r"{\1}", min(handler.paths))
        for method in handler.http_methods:
            paths.setdefault(path, {})[method.lower()] = _operation(tag, handler, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Suanli", "version": "1", "description": ABOUT.strip()},
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {
                "Problem": {
                    "description": "What was asked is refused.",
                    "content": {MEDIA_TYPE: {"schema": schemas["problem", "serialization"]}},
                }
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(handlers: Sequence[HTTPRouteHandler]) -> tuple[dict[tuple[str, JsonSchemaMode], Json], Json]:
    """The schema of each operation's body and answer, and the components that they refer to."""
    asked: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = []
    for handler in handlers:
        if (body := body_of(handler)) is not None:
            asked.append((operation_id(handler), "validation", TypeAdapter(body)))
        if file_of(handler) is None:
            asked.append((operation_id(handler), "serialization", TypeAdapter(answer_of(handler))))
    asked.append(("problem", "serialization", TypeAdapter(Problem)))
    schemas, components = TypeAdapter.json_schemas(asked, ref_template=_REFS)
    return schemas, components["$defs"]


def _operation(
    tag: str, handler: HTTPRouteHandler, schemas: Mapping[tuple[str, JsonSchemaMode], Json]
) -> Json:
    name, shown = operation_id(handler), _example(operation_id(handler))
    summary, _, description = (inspect.getdoc(handler.fn) or "").partition("\n\n")
    body = schemas.get((name, "validation"))
    media_type = file_of(handler)
    answer = {"type": "string"} if media_type else schemas[name, "serialization"]
    content = {media_type or "application/json": {"schema": answer, "example": shown.get("response")}}
    operation: Json = {
        "operationId": name,
        "tags": [tag],
        "summary": summary.replace("\n", " "),
        "description": description,
        "parameters": list(_parameters(handler, shown)),
        "responses": {
            str(handler.status_code): {
                "description": "Done.",
                **({} if answer_of(handler) is NoneType else {"content": content}),
            },
            "default": {"$ref": "#/components/responses/Problem"},
        },
        "security": [{"key": []}] if handler.guards else [],
    }
    if body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body, "example": shown["request"]}},
        }
    return operation


def _parameters(handler: HTTPRouteHandler, shown: Json) -> Iterator[Json]:
    """Parts of the path, of the query, and the Idempotency-Key where something changes."""
    hints = _hints(handler)
    for name in _PATH_PARAMETER.findall(min(handler.paths)):
        example = shown.get("path", {}).get(name)
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": example}
    for name, hint in hints.items():
        for marker in getattr(hint, "__metadata__", ()):
            if isinstance(marker, QueryParameter):
                yield {
                    "name": name,
                    "in": "query",
                    "description": marker.description,
                    "schema": _bounded(hint, marker),
                }
    if hints.keys() & {"submit", "command_id"}:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "Your own id for this request, new for each.",
            "schema": {"type": "string", "pattern": KEY_PATTERN},
            "example": shown.get("key"),
        }


def _bounded(hint: Any, marker: QueryParameter) -> Json:
    bounds = {"minimum": marker.ge, "maximum": marker.le}
    schema = TypeAdapter[Any](get_args(hint)[0]).json_schema()
    return schema | {name: bound for name, bound in bounds.items() if bound is not None}


def _hints(handler: HTTPRouteHandler) -> Json:
    return get_type_hints(handler.fn, include_extras=True)


def _example(operation: str) -> Json:
    """The first time that the story asks for an operation."""
    return next((step for step in examples() if step.get("operation") == operation), {})


def operation_id(handler: HTTPRouteHandler) -> str:
    """The name of an operation is that of its function."""
    return handler.fn.__name__


def body_of(handler: HTTPRouteHandler) -> Any:
    """The model of a handler's body, or None."""
    hint = _hints(handler).get("data")
    return None if hint is None else get_args(hint)[0]


def answer_of(handler: HTTPRouteHandler) -> Any:
    """The type of a handler's answer."""
    return _hints(handler)["return"]


def file_of(handler: HTTPRouteHandler) -> str | None:
    """The media type of a handler's answer where that is a file; of one, the beginning is the example."""
    return str(handler.media_type) if handler.media_type else None


@cache
def examples() -> list[Json]:
    """A story of requests and what they are answered, in order: a test lives it through."""
    story: list[Json] = json.loads((files("web.api") / "examples.json").read_text(encoding="utf-8"))
    return story
