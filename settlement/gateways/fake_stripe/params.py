"""Parameters as Stripe reads them: a form, checked against the library's own description of each request."""

import re
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NoReturn, NotRequired, Required, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from stripe._request_options import RequestOptions

from settlement.gateways.fake_stripe.replies import ReplyError, invalid

Form = dict[str, Any]
"""What a form says: texts, and forms within it. Any, since what is in it is read by its description alone."""

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_TRUTHS = {"true": True, "false": False}


def read_form(text: str) -> Form:
    """A form with its brackets resolved: `metadata[a]=b` is `{"metadata": {"a": "b"}}`."""
    form: Form = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        read = _KEY.match(key)
        if read is None:
            raise invalid(f"Invalid parameter name: {key}", "parameter_invalid", key)
        *path, last = [read[1], *re.findall(r"\[([^\[\]]*)\]", read[2])]
        here = form
        for part in path:
            here = here.setdefault(part, {})
        here[last] = value
    return form


def checked(form: Form, request: Any, prefix: str = "") -> Form:
    """The form by its TypedDict: every field known and of its type, none missing that is required.

    Raises `ReplyError`, as Stripe answers. Any, since no type says "a TypedDict class".
    """
    kinds = _kinds(request)
    for name in form:
        if name not in kinds:
            raise invalid(
                f"Received unknown parameter: {prefix}{name}", "parameter_unknown", f"{prefix}{name}"
            )
    for name in request.__required_keys__ & kinds.keys():
        if form.get(name, "") == "":
            raise invalid(f"Missing required param: {prefix}{name}.", "parameter_missing", f"{prefix}{name}")
    return {name: _value(value, kinds[name], f"{prefix}{name}") for name, value in form.items()}


@cache
def _kinds(request: Any) -> Mapping[str, Any]:
    """The fields of a request with their types, without the library's own options."""
    own = {
        name: kind
        for name, kind in request.__annotations__.items()
        if name not in RequestOptions.__annotations__
    }
    holder = type("Holder", (), {"__annotations__": own, "__module__": request.__module__})
    return get_type_hints(holder)


def _is_request(kind: Any) -> bool:
    """Whether a type is a TypedDict; the library makes its own by typing_extensions, which `typing` does not know."""
    return hasattr(kind, "__required_keys__")


def _value(value: Any, kind: Any, name: str) -> Any:
    """A value by its type. A choice that the library leaves open is closed here: only the values that it names."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {NotRequired, Required}:
        return _value(value, parts[0], name)
    if origin in {Union, types.UnionType}:
        return _one_of(value, parts, name)
    if origin is Literal:
        fits = isinstance(value, str) and value in parts
        return value if fits else _refuse(value, name)
    if origin is dict and isinstance(value, dict):
        return {key: _value(inner, parts[1], f"{name}[{key}]") for key, inner in value.items()}
    if origin is list and isinstance(value, dict):
        return [_value(inner, parts[0], f"{name}[{key}]") for key, inner in value.items()]
    if _is_request(kind) and isinstance(value, dict):
        return checked(value, kind, f"{name}.")
    if isinstance(value, str):
        return _scalar(value, kind, name)
    return _refuse(value, name)


def _one_of(value: Any, kinds: tuple[Any, ...], name: str) -> Any:
    """A value that may be one of several types: the types of its shape are tried, named choices before any text."""
    named = [kind for kind in kinds if get_origin(kind) is Literal]
    kinds = tuple(kind for kind in kinds if not (named and kind is str))
    nested = [
        kind
        for kind in kinds
        if isinstance(value, dict) == (_is_request(kind) or get_origin(kind) in {dict, list})
    ]
    if not nested:
        return _refuse(value, name)
    for kind in nested[:-1]:
        try:
            return _value(value, kind, name)
        except ReplyError:
            continue
    return _value(value, nested[-1], name)


def _scalar(value: str, kind: Any, name: str) -> str | int | bool:
    if kind is int and _INTEGER.match(value):
        return int(value)
    if kind is bool and value in _TRUTHS:
        return _TRUTHS[value]
    return value if kind is str else _refuse(value, name)


def _refuse(value: Any, name: str) -> NoReturn:
    raise invalid(f"Invalid {name}: {value!r}", "parameter_invalid", name)
