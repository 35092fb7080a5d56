"""The one reader of JSON bodies and query parameters: what could be read in two ways is refused, not guessed.

A body is read with a length limit and a deadline, scanned for what parsers disagree about (duplicate keys, depth, NaN),
then validated by a strict model, which sees the raw bytes and so the exact types. No input raises anything but
`ProblemError`.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from litestar import Request
from litestar.exceptions import ClientException, InternalServerException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from web.problems import FAULTS_MAX, PROBLEMS, DoorRejection, Fault, ProblemError, unknown_id
from web.session import Connection

BODY_MAX = 64 * 1024  # bytes of an ordinary body
BATCH_BODY_MAX = 4 * 1024 * 1024  # bytes of a batch of usage: 10,000 records with long names
DEPTH_MAX = 32
PARAMETERS_MAX = 32

# A text that is never closed reaches to the end, so that each byte is looked at once: were it no text, every escaped
# quote in it would be tried as a beginning.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_SHOWABLE = re.compile(r"[A-Za-z0-9_.@-]{1,64}\Z")
_ID = re.compile(r"[A-Za-z0-9._:@-]{1,100}\Z")
_INTEGER = re.compile(r"(?:0|-?[1-9][0-9]{0,18})\Z")


class Body(BaseModel):
    """A JSON object as it must be: every type exact, no field that is not known."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, validate_by_name=False)


class StrictRequest(Request[Any, Any, Any]):
    """A request whose body, where its handler wants one, is a JSON object that is the handler's model exactly."""

    async def body(self) -> bytes:
        """The body, once it is all there. It is never empty: every body that is asked for is an object."""
        _check_media_type(self.headers)
        raw = await self._arrived()
        if not raw:
            raise ProblemError(DoorRejection.MALFORMED_JSON, "The body is empty.")
        return raw

    async def _arrived(self) -> bytes:
        try:
            async with asyncio.timeout(self.app.state.settings.body_seconds):
                return await super().body()
        except TimeoutError:
            raise _hanging_up(DoorRejection.REQUEST_TOO_SLOW, "The body did not arrive in time.") from None
        except RequestEntityTooLarge:
            most = self.route_handler.resolve_request_max_body_size()
            raise _hanging_up(DoorRejection.BODY_TOO_LARGE, f"At most {most} bytes are read here.") from None
        except (InternalServerException, ClientException):
            # The framework's words for a connection that was closed, and for a length that is no number.
            raise _hanging_up(DoorRejection.MALFORMED_REQUEST, "The body did not arrive whole.") from None

    async def json(self) -> Body:
        """The body as its handler's model."""
        field = self.route_handler.parsed_data_field
        assert field is not None, "only a handler that asks for a body reads one"
        return read_model(field.annotation, await self.body())


def read_model(model: type[Body], raw: bytes) -> Body:
    """A body as the model, or a `ProblemError` that names its faults, as many as are told."""
    document = scan(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        faults = [_fault(document, one) for one in details[:FAULTS_MAX]]
        raise ProblemError(faults[0].code, faults[0].detail, faults) from None


async def strict_address(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard: ids look like ids, and every parameter is known, stands once, and is written in the one way read here."""
    if not all(_ID.match(part) for part in connection.path_params.values()):
        raise unknown_id()
    asked = _parameters(connection.scope["query_string"])
    known = {
        definition.kwarg_definition.name or name: definition
        for name, definition in handler.parsed_fn_signature.parameters.items()
        if isinstance(definition.kwarg_definition, QueryParameter)
    }
    names = [name for name, _ in asked]
    for name, value in asked:
        if name not in known:
            raise ProblemError(DoorRejection.UNKNOWN_PARAMETER, f"Parameters here are: {_listed(known)}.")
        if names.count(name) > 1:
            raise ProblemError(DoorRejection.DUPLICATE_PARAMETER, f"Give {name} once.")
        if known[name].annotation is int and _INTEGER.match(value) is None:
            raise ProblemError(DoorRejection.INVALID_PARAMETER, f"{name} is a whole number.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _parameters(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except ValueError:
        raise ProblemError(
            DoorRejection.MALFORMED_REQUEST, "The query is not UTF-8, or has too many parts."
        ) from None


def _check_media_type(headers: Mapping[str, str]) -> None:
    """JSON says that it is JSON. A form of another site can't say so without asking us first."""
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower()
    is_json = media_type.strip().lower() == "application/json"
    if not is_json or charset not in {"", "charset=utf-8", 'charset="utf-8"'}:
        raise ProblemError(DoorRejection.UNSUPPORTED_MEDIA_TYPE)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(DoorRejection.UNSUPPORTED_MEDIA_TYPE, headers={"Accept-Encoding": "identity"})


def _hanging_up(code: DoorRejection, detail: str) -> ProblemError:
    """A problem after which nothing more is read: what is left of the body would be taken for another request."""
    return ProblemError(code, detail, headers={"Connection": "close"})


def scan(raw: bytes) -> Any:
    """Refuse what parsers disagree about, and return the document, whose numbers are left out."""
    _check_depth(raw)
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_leave_out,
            parse_float=_leave_out,
        )
    except ValueError:
        raise ProblemError(DoorRejection.MALFORMED_JSON) from None


def _check_depth(raw: bytes) -> None:
    """Count brackets outside strings, before anything recurses into them."""
    depth = 0
    for byte in _STRINGS.sub(b"", raw).translate(None, delete=_NOT_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > DEPTH_MAX:
            raise ProblemError(DoorRejection.TOO_DEEP, f"At most {DEPTH_MAX} levels are read.")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ProblemError(DoorRejection.DUPLICATE_KEY)
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise ProblemError(DoorRejection.MALFORMED_JSON, "JSON has no NaN and no Infinity.")


def _leave_out(_: str) -> None:
    """Numbers are for the model to read: a huge one costs nothing here."""


_CODES = {
    "missing": DoorRejection.MISSING_FIELD,
    "extra_forbidden": DoorRejection.UNKNOWN_FIELD,
    "json_invalid": DoorRejection.MALFORMED_JSON,
    "model_type": DoorRejection.MALFORMED_JSON,
    "greater_than": DoorRejection.OUT_OF_RANGE,
    "greater_than_equal": DoorRejection.OUT_OF_RANGE,
    "less_than": DoorRejection.OUT_OF_RANGE,
    "less_than_equal": DoorRejection.OUT_OF_RANGE,
    "string_too_short": DoorRejection.OUT_OF_RANGE,
    "string_too_long": DoorRejection.OUT_OF_RANGE,
    "too_short": DoorRejection.TOO_FEW_ITEMS,
    "too_long": DoorRejection.TOO_MANY_ITEMS,
    "string_pattern_mismatch": DoorRejection.INVALID_VALUE,
    "enum": DoorRejection.INVALID_VALUE,
    "literal_error": DoorRejection.INVALID_VALUE,
}


def _fault(document: Any, error: ErrorDetails) -> Fault:
    """What pydantic found, in our words. Its own kinds of `wrong type` all end in `_type`."""
    kind = error["type"]
    code = _CODES.get(kind) or (kind if kind in PROBLEMS else DoorRejection.WRONG_TYPE)
    if kind == "model_type" and error["loc"]:
        code = DoorRejection.WRONG_TYPE
    detail = "There is no such field here" if kind == "extra_forbidden" else error["msg"]
    return Fault(_pointer(document, error["loc"]), str(code), f"{detail}.")


def _pointer(document: Any, location: tuple[int | str, ...]) -> str:
    """Where that is in the document. Names of models that pydantic tried on the way are not part of it."""
    pointer, here, last = "", document, len(location) - 1
    for n, part in enumerate(location):
        inside = isinstance(here, dict) and isinstance(part, str) and part in here
        if inside or (isinstance(here, list) and isinstance(part, int) and part < len(here)):
            here = here[part]
        elif n < last:
            continue
        if not _SHOWABLE.match(str(part)):
            break
        pointer += f"/{part}"
    return pointer
