"""The examples of the OpenAPI document are a story, and the venue answers it word for word."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.handlers import HTTPRouteHandler
from pydantic import TypeAdapter

from tests.paths import PROJECT
from tests.web.house import Door
from web.api.openapi import answer_of, body_of, examples, file_of, operation_id
from web.api.routes import HANDLERS, described

pytestmark = pytest.mark.anyio

Json = Any
HANDLER: dict[str, HTTPRouteHandler] = {
    operation_id(handler): handler for handlers in HANDLERS.values() for handler in handlers
}
SHOWN = {
    "key": "0123456789ab",
    "token": f"sk_0123456789ab_{'0123456789abcdef' * 4}",
    "logged_at": "2026-11-30T00:00:05.123456Z",
    "opened_at": "2026-12-02T20:00:05.123456Z",
    "ended_at": "2026-12-02T20:00:06.123456Z",
    "trade": "0123456789abcdef",
    "inputs_sha256": "0123456789abcdef" * 4,
}
"""What differs from run to run, and what stands for it."""
TRADE = re.compile(r"[0-9a-f]{16}")
"""The id of a trade, which hangs on the log up to it, and so on the venue's keys."""


async def test_the_venue_answers_as_the_examples_say(door: Door) -> None:
    """With SUANLI_WRITE_EXAMPLES set, what it answers is written down as the examples."""
    told = [step async for step in live(door, examples())]
    if os.environ.get("SUANLI_WRITE_EXAMPLES"):
        text = json.dumps(told, indent=2, ensure_ascii=False)
        (PROJECT / "web/api/examples.json").write_text(f"{text}\n")
    assert told == examples()


async def live(door: Door, story: list[Json]) -> Any:
    """Go through a story; each step comes back with what the venue answered."""
    issued = ""
    for step in story:
        if "now" in step:
            await door.at(step["now"])
            yield step
            continue
        handler = HANDLER[step["operation"]]
        path = {**step.get("path", {})}
        if path.get("key") == SHOWN["key"]:
            path["key"] = issued
        answer = await door.ask(
            next(iter(handler.http_methods)),
            f"/v1{min(handler.paths).replace(':str', '')}".format(**path),
            by=step.get("by", ""),
            key=step["key"],
            params=step.get("query"),
            json=step.get("request"),
        )
        assert answer.status_code == handler.status_code, (step, answer.text)
        if step["operation"] == "issue_key":
            issued = answer.json()["key"]
            door.tokens.setdefault(path["party_id"], answer.json()["token"])
        if file_of(handler) is not None:
            assert answer.headers["content-type"].partition(";")[0] == file_of(handler)
            yield {**step, "response": beginning_of(answer.content)}
            continue
        response = shown(answer.json() if answer.content else None)
        yield {**step, "response": few_of(response, step["few"]) if "few" in step else response}


def beginning_of(file: bytes) -> str:
    """The first line of a file: what kind of file it is, or the names of its columns."""
    return file.splitlines()[0].decode("utf-8-sig")


def shown(value: Json) -> Json:
    """A value with what differs from run to run put right."""
    if isinstance(value, dict):
        told = {name: SHOWN.get(name, shown(part)) for name, part in value.items()}
        return told | {"id": SHOWN["trade"]} if TRADE.fullmatch(str(value.get("id"))) else told
    return [shown(part) for part in value] if isinstance(value, list) else value


def few_of(value: Json, few: int) -> Json:
    """The first few of a long list, or of each in an answer that has several."""
    if isinstance(value, dict):
        return {name: part[:few] if isinstance(part, list) else part for name, part in value.items()}
    return value[:few]


def test_every_operation_has_an_example_that_fits_it() -> None:
    asked = {step["operation"]: step for step in reversed(examples()) if "operation" in step}
    assert asked.keys() == HANDLER.keys()
    for operation, step in asked.items():
        handler = HANDLER[operation]
        answer = str if file_of(handler) else answer_of(handler)
        TypeAdapter(answer).validate_json(json.dumps(step["response"]))
        body = body_of(handler)
        assert (body is None) == ("request" not in step)
        if body is not None:
            body.model_validate_json(json.dumps(step["request"]))


async def test_the_document_is_served_and_leads_nowhere_in_vain(door: Door) -> None:
    document = (await door.ask("GET", "/v1/openapi.json")).json()
    assert document == json.loads(json.dumps(described()))
    assert document["openapi"] == "3.1.0"
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert {operation["operationId"] for operation in operations} == HANDLER.keys()
    for operation in operations:
        assert operation["summary"].endswith("."), operation["operationId"]
        for content in contents(operation):
            assert content["example"] is not None, operation["operationId"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"] or (
            reference == "#/components/responses/Problem"
        )


def contents(operation: Json) -> Iterator[Json]:
    """The JSON that an operation reads and answers."""
    for part in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from part.get("content", {}).values()


def references(value: Json) -> Iterator[str]:
    """Every `$ref` in a document."""
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        value = list(value.values())
    for part in value if isinstance(value, list) else []:
        yield from references(part)
