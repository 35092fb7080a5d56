"""Inputs that nobody means well with, and the answer that each must get: data, which test_nasty.py sends."""

import json
from typing import NamedTuple

from tests.web.house import order

JSON = "application/json"
ORDER = json.dumps(order()).encode()


class Body(NamedTuple):
    """A body for POST /v1/orders."""

    name: str
    raw: bytes
    status: int
    code: str


class Head(NamedTuple):
    """Headers in place of the usual ones, with a body that would do."""

    name: str
    headers: dict[str, str]
    status: int
    code: str


class Address(NamedTuple):
    """Something to GET, as it stands in the request line."""

    path: str
    status: int
    code: str


class Bytes(NamedTuple):
    """What is written to the socket."""

    name: str
    raw: bytes
    status: int
    code: str


def put(field: str, value: str | bytes) -> bytes:
    """An order with a field's value replaced by other JSON text, or with that field added."""
    text = value if isinstance(value, bytes) else value.encode()
    document = {**order(), field: "@"}
    return json.dumps(document).encode().replace(b'"@"', text)


def promised(field: str, value: object) -> bytes:
    """An order with a promise that is better than what it gets, with another value of one of its fields."""
    promise = {"version": 1, "cost_micro_yuan": 1, "filled_milli": 8_000, field: value}
    return json.dumps(order(quoted=promise)).encode()


def work(field: str, value: object, limit: int = 10_000_000) -> bytes:
    """An order for work with another value of a field."""
    shape = {"cards": None, "duration_minutes": None, "work_card_minutes": 600, "rate_cards": 4, field: value}
    return json.dumps({**order(limit_micro_yuan_per_card_hour=limit), **shape}).encode()


def window(start: str, end: str = '"2026-12-01T00:00:00Z"') -> bytes:
    return put("window", f'{{"start": {start}, "end": {end}}}')


def nested(depth: int, opening: bytes, closing: bytes) -> bytes:
    return opening * depth + closing * depth


LIMIT_MAX = 10**12
MALFORMED = (400, "malformed_json")
WRONG_TYPE = (422, "wrong_type")
RANGE = (422, "out_of_range")
VALUE = (422, "invalid_value")
TIME = (422, "invalid_time")

BODIES = [
    # JSON that is none
    Body("empty", b"", *MALFORMED),
    Body("blank", b"   ", *MALFORMED),
    Body("null", b"null", *MALFORMED),
    Body("list", b"[]", *MALFORMED),
    Body("text", b'"order"', *MALFORMED),
    Body("number", b"5", *MALFORMED),
    Body("true", b"true", *MALFORMED),
    Body("truncated", ORDER[:-1], *MALFORMED),
    Body("truncated in a text", ORDER[:30], *MALFORMED),
    Body("two documents", ORDER + ORDER, *MALFORMED),
    Body("trailing comma", b'{"tier": "spot",}', *MALFORMED),
    Body("single quotes", b"{'tier': 'spot'}", *MALFORMED),
    Body("comment", b"{} // order", *MALFORMED),
    Body("XML", b"<order/>", *MALFORMED),
    Body("form", b"tier=spot&cards=8", *MALFORMED),
    Body("invalid UTF-8", put("tier", b'"\xff\xfe"'), *MALFORMED),
    Body("overlong UTF-8", put("tier", b'"\xc0\xaf"'), *MALFORMED),
    Body("surrogate in UTF-8", put("tier", b'"\xed\xa0\x80"'), *MALFORMED),
    Body("byte order mark", b"\xef\xbb\xbf" + ORDER, *MALFORMED),
    Body("UTF-16", json.dumps(order()).encode("utf-16"), *MALFORMED),
    Body("UTF-32", json.dumps(order()).encode("utf-32"), *MALFORMED),
    Body("lone surrogate", put("tier", '"\\ud800"'), *MALFORMED),
    Body("lone low surrogate", put("tier", '"\\udc00x"'), *MALFORMED),
    Body("raw control character", put("tier", b'"spot\x01"'), *MALFORMED),
    Body("raw NUL", put("tier", b'"spot\x00"'), *MALFORMED),
    Body("NaN", put("cards", "NaN"), *MALFORMED),
    Body("Infinity", put("cards", "Infinity"), *MALFORMED),
    Body("minus Infinity", put("cards", "-Infinity"), *MALFORMED),
    Body("leading zero", put("cards", "08"), *MALFORMED),
    Body("leading plus", put("cards", "+8"), *MALFORMED),
    Body("hexadecimal", put("cards", "0x8"), *MALFORMED),
    Body("5,000 digits", put("cards", "9" * 5000), *MALFORMED),
    Body("key twice", ORDER[:-1] + b', "cards": 999}', 400, "duplicate_key"),
    Body("key twice within", put("chips", '{"a": 1, "a": 2}'), 400, "duplicate_key"),
    Body("key twice, once escaped", ORDER[:-1] + b', "\\u0063ards": 999}', 400, "duplicate_key"),
    Body("33 lists", nested(33, b"[", b"]"), 400, "too_deep"),
    Body("500 lists", nested(500, b"[", b"]"), 400, "too_deep"),
    Body("30,000 lists", nested(30_000, b"[", b"]"), 400, "too_deep"),
    Body("10,000 objects", nested(10_000, b'{"a":', b"}"), 400, "too_deep"),
    Body("30,000 lists never closed", b"[" * 30_000, 400, "too_deep"),
    Body("30,000 escaped quotes never closed", b'{"' + b'\\"' * 30_000, *MALFORMED),
    Body("60,000 quotes", b'"' * 60_000, *MALFORMED),
    Body("a backslash at the end of a text", b'{"tier": "spot\\', *MALFORMED),
    Body(
        "brackets after an escaped backslash", b'{"\\\\": ' + nested(33, b"[", b"]") + b"}", 400, "too_deep"
    ),
    Body("4,000 unknown fields", put("chips", json.dumps({f"f-{n}": "" for n in range(4_000)})), *WRONG_TYPE),
    Body("brackets in a text are none", put("tier", f'"{"[" * 500}"'), *VALUE),
    # fields
    Body("no field", b"{}", 422, "missing_field"),
    Body("one field missing", ORDER.replace(b'"cards": 8, ', b""), 422, "missing_field"),
    Body("unknown field", put("discount", "1"), 422, "unknown_field"),
    Body("somebody else's field", put("party", '"rival"'), 422, "unknown_field"),
    Body("a column of ours", put("held", "0"), 422, "unknown_field"),
    Body("another case", put("Cards", "8"), 422, "unknown_field"),
    Body(
        "the inner name of a field", put("latency", '{"home": "310000", "max_ms": 9}'), 422, "missing_field"
    ),
    Body("prototype", put("__proto__", "{}"), 422, "unknown_field"),
    Body("empty name", put("", "1"), 422, "unknown_field"),
    # types
    Body("whole number as text", put("cards", '"8"'), *WRONG_TYPE),
    Body("whole number with a point", put("cards", "8.0"), *WRONG_TYPE),
    Body("whole number with an exponent", put("cards", "8e0"), *WRONG_TYPE),
    Body("number beyond floats", put("cards", "1e400"), *WRONG_TYPE),
    Body("number near the end of floats", put("cards", "1e308"), *WRONG_TYPE),
    Body("true for a number", put("cards", "true"), *WRONG_TYPE),
    Body("null for a number", put("limit_micro_yuan_per_card_hour", "null"), *WRONG_TYPE),
    Body("null for a field that may be left out", put("cards", "null"), 422, "missing_field"),
    Body("list for a number", put("cards", "[8]"), *WRONG_TYPE),
    Body("object for a number", put("cards", '{"$gt": 0}'), *WRONG_TYPE),
    Body("number for a text", put("tier", "1"), *VALUE),
    Body("text for an object", put("window", '"now"'), *WRONG_TYPE),
    Body("list for an object", put("window", "[]"), *WRONG_TYPE),
    Body("number for a map", put("chips", "5"), *WRONG_TYPE),
    # numbers
    Body("zero", put("cards", "0"), *RANGE),
    Body("minus zero", put("cards", "-0"), *RANGE),
    Body("minus one", put("cards", "-1"), *RANGE),
    Body("2^63", put("cards", str(2**63)), *RANGE),
    Body("2^64", put("limit_micro_yuan_per_card_hour", str(2**64)), *RANGE),
    Body("400 digits", put("cards", "9" * 400), *RANGE),
    Body("money as text", put("limit_micro_yuan_per_card_hour", '"10.005"'), *WRONG_TYPE),
    Body("money with a comma", put("limit_micro_yuan_per_card_hour", '"1,000"'), *WRONG_TYPE),
    Body("full-width digits", put("cards", '"\uff11\uff10"'), *WRONG_TYPE),
    Body("Devanagari digits", put("cards", '"१०"'), *WRONG_TYPE),
    Body("weight of nothing", put("chips", '{"nvidia-h100-80g": 0}'), *RANGE),
    Body("price between ticks", put("limit_micro_yuan_per_card_hour", "10000001"), 422, "price_off_tick"),
    Body(
        "price times quantity",
        ORDER.replace(b'"cards": 8', b'"cards": 1000000').replace(b"10000000", b"999999990000"),
        422,
        "notional_too_large",
    ),
    Body("card-minutes without an end", put("work_card_minutes", str(10**15)), *RANGE),
    Body("bandwidth below nothing", put("mbps_per_card", "-1"), *RANGE),
    Body("bandwidth without an end", put("mbps_per_card", str(2**64)), *RANGE),
    # promises
    Body("a promise as a number", put("quoted", "5"), *WRONG_TYPE),
    Body("a promise of nothing", put("quoted", "{}"), 422, "missing_field"),
    Body("a promise without a size", promised("filled_milli", None), *WRONG_TYPE),
    Body("a promise with more to it", promised("total_fen", 100), 422, "unknown_field"),
    Body("a promised cost as text", promised("cost_micro_yuan", "288000000"), *WRONG_TYPE),
    Body("a promised cost with a point", promised("cost_micro_yuan", 288e6), *WRONG_TYPE),
    Body("a promised cost below nothing", promised("cost_micro_yuan", -1), *RANGE),
    Body("a promised cost without an end", promised("cost_micro_yuan", 10**18 + 1), *RANGE),
    Body("a promise at 2^63", promised("version", 2**63), *RANGE),
    Body("a promise at no place", promised("version", True), *WRONG_TYPE),
    Body("a promised size of 400 digits", promised("filled_milli", 10**400), *RANGE),
    Body("a promise that was never made", promised("version", 0), 409, "quote_passed"),
    # shapes
    Body("a block and work", put("work_card_minutes", "600"), 422, "one_of"),
    Body("a block that takes all at once", put("all_at_once", "false"), 422, "one_of"),
    Body(
        "neither a block nor work",
        ORDER.replace(b'"cards": 8, "duration_minutes": 240, ', b""),
        422,
        "missing_field",
    ),
    Body("work without a rate", work("rate_cards", None), 422, "missing_field"),
    Body("work in parts", work("all_at_once", "half"), *WRONG_TYPE),
    Body("work off the grid", work("work_card_minutes", 90), 422, "off_grid"),
    Body("work that is split", work("split", "regions"), 422, "one_of"),
    Body(
        "work that nobody can pay",
        work("work_card_minutes", 60 * 10**9, LIMIT_MAX),
        422,
        "notional_too_large",
    ),
    Body("a way to split that there is not", put("split", '"chips"'), *VALUE),
    Body("a way to go on that there is not", put("on_preempt", '"wait"'), *VALUE),
    Body("bandwidth from nowhere", put("mbps_per_card", "100"), 422, "missing_field"),
    Body("a home that is nowhere", put("home", '"999999"'), 422, "unknown_region"),
    # lists
    Body("no chip", put("chips", "{}"), 422, "too_few_items"),
    Body("no chip in a list", put("chips", "[]"), 422, "too_few_items"),
    Body("no region", put("regions", "[]"), 422, "too_few_items"),
    Body("201 regions", put("regions", json.dumps(["150100"] * 201)), 422, "too_many_items"),
    Body("201 chips", put("chips", json.dumps([f"chip-{n}" for n in range(201)])), 422, "too_many_items"),
    # texts
    Body("unknown tier", put("tier", '"SPOT"'), *VALUE),
    Body("tier and a line break", put("tier", '"spot\\n"'), *VALUE),
    Body("region and a line break", put("regions", '["150100\\n"]'), *VALUE),
    Body("region in full width", put("regions", '["\uff11\uff15\uff10\uff11\uff10\uff10"]'), *VALUE),
    Body("chip with NUL", put("chips", '["nvidia-h100-80g\\u0000"]'), *VALUE),
    Body("chip as SQL", put("chips", '["\'; DROP TABLE orders; --"]'), *VALUE),
    Body("chip of a kilobyte", put("chips", f'["{"a" * 1024}"]'), *VALUE),
    Body("chip that nobody makes", put("chips", '["acme-9000"]'), 422, "unknown_chip"),
    Body("chip that nobody makes, weighed", put("chips", '{"acme-9000": 1000}'), 422, "unknown_chip"),
    Body("region that is nowhere", put("regions", '["999999"]'), 422, "unknown_region"),
    Body("regions and latency", put("latency", '{"from": "310000", "max_ms": 9}'), 422, "one_of"),
    Body("neither regions nor latency", put("regions", "null"), 422, "one_of"),
    # times
    Body("no zone", window('"2026-11-30T00:00:00"'), 422, "timezone_required"),
    Body("seconds since 1970", window("1796000000"), *WRONG_TYPE),
    Body("seconds since 1970 as text", window('"1796000000"'), *TIME),
    Body("midnight as 24:00", window('"2026-11-30T24:00:00Z"'), *TIME),
    Body("leap second", window('"2026-11-30T23:59:60Z"'), *TIME),
    Body("no such day", window('"2026-11-31T00:00:00Z"'), *TIME),
    Body("year 1", window('"0001-01-01T00:00:00+23:59"'), *RANGE),
    Body("year 9999", window('"9999-12-31T23:59:59-23:59"'), *RANGE),
    Body("year 2019", window('"2019-12-31T23:00:00Z"'), *RANGE),
    Body("offset of a day", window('"2026-11-30T00:00:00+24:00"'), *TIME),
    Body("small z", window('"2026-11-30T00:00:00z"'), *TIME),
    Body("blank for T", window('"2026-11-30 00:00:00Z"'), *TIME),
    Body("fraction of a second", window('"2026-11-30T00:00:00.5Z"'), *TIME),
    Body("no seconds", window('"2026-11-30T00:00Z"'), *TIME),
    Body("zone by name", window('"2026-11-30T00:00:00 Asia/Shanghai"'), *TIME),
    Body("time and a line break", window('"2026-11-30T00:00:00Z\\n"'), *TIME),
    Body("full-width time", window('"\uff12\uff10\uff12\uff16-11-30T00:00:00Z"'), *TIME),
    Body("off the grid", window('"2026-11-30T00:30:00Z"'), 422, "off_grid"),
    Body("a second off the grid", window('"2026-11-30T00:00:01Z"'), 422, "off_grid"),
    Body("half an hour long", put("duration_minutes", "90"), 422, "off_grid"),
    Body("window of nothing", window('"2026-12-01T00:00:00Z"'), 422, "empty_window"),
    Body("window backwards", window('"2026-12-02T00:00:00Z"'), 422, "empty_window"),
    Body("window too short", window('"2026-11-30T21:00:00Z"'), 422, "window_too_short"),
    Body(
        "window in the past",
        window('"2026-11-01T00:00:00Z"', '"2026-11-02T00:00:00Z"'),
        422,
        "window_in_the_past",
    ),
    Body(
        "window of 70 years",
        window('"2026-11-30T00:00:00Z"', '"2096-11-30T00:00:00Z"'),
        422,
        "window_too_far",
    ),
    # sizes
    Body("64 KiB and a byte", b" " * (64 * 1024 + 1 - len(ORDER)) + ORDER, 413, "body_too_large"),
    Body("a megabyte", b'{"tier": "' + b"x" * 1_000_000 + b'"}', 413, "body_too_large"),
]

TEXTS = [
    ("NUL", "a\0b", "invalid_character"),
    ("line break", "a\nb", "invalid_character"),
    ("carriage return", "a\rb", "invalid_character"),
    ("tab", "a\tb", "invalid_character"),
    ("next line", "a\x85b", "invalid_character"),
    ("line separator", "a\u2028b", "invalid_character"),
    ("right-to-left override", "a\u202eb", "invalid_character"),
    ("isolate", "a\u2066b", "invalid_character"),
    ("zero-width space", "a\u200bb", "invalid_character"),
    ("zero-width joiner", "a\u200db", "invalid_character"),
    ("byte order mark", "a\ufeffb", "invalid_character"),
    ("private use", "a\ue000b", "invalid_character"),
    ("blank", "   ", "invalid_value"),
    ("empty", "", "invalid_value"),
    ("201 characters", "a" * 201, "out_of_range"),
    ("1,000 joined emoji", "👩‍🚀" * 1_000, "out_of_range"),
    ("combining marks", "a" + "\u0301" * 10_000, "out_of_range"),
]
"""Names for a party, as (what it is, the name, the code that refuses it)."""

READABLE = ["青浦智算中心", "O'Brien & Söhne <b>", "'; DROP TABLE parties; --", "=HYPERLINK(1)", "100 % _ \\"]
"""Names that are taken and come back as they are: whoever shows them must escape them."""

HEADS = [
    Head("no type", {"Content-Type": ""}, 415, "unsupported_media_type"),
    Head("plain text", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    Head("form", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
    Head("multipart", {"Content-Type": "multipart/form-data; boundary=x"}, 415, "unsupported_media_type"),
    Head("XML", {"Content-Type": "application/xml"}, 415, "unsupported_media_type"),
    Head("MessagePack", {"Content-Type": "application/x-msgpack"}, 415, "unsupported_media_type"),
    Head("JSON with a suffix", {"Content-Type": "application/json5"}, 415, "unsupported_media_type"),
    Head("JSON in Latin-1", {"Content-Type": f"{JSON}; charset=latin-1"}, 415, "unsupported_media_type"),
    Head("gzip", {"Content-Type": JSON, "Content-Encoding": "gzip"}, 415, "unsupported_media_type"),
    Head("br", {"Content-Type": JSON, "Content-Encoding": "br"}, 415, "unsupported_media_type"),
    Head("no key", {"Authorization": ""}, 401, "unauthenticated"),
    Head("another scheme", {"Authorization": "Basic YTpi"}, 401, "unauthenticated"),
    Head("no token", {"Authorization": "Bearer"}, 401, "unauthenticated"),
    Head(
        "a token of nobody", {"Authorization": f"Bearer sk_0123456789ab_{'0' * 64}"}, 401, "unauthenticated"
    ),
    Head("a token in another form", {"Authorization": "Bearer '; --"}, 401, "unauthenticated"),
    Head("no Idempotency-Key", {"Idempotency-Key": ""}, 400, "idempotency_key_invalid"),
    Head("a long Idempotency-Key", {"Idempotency-Key": "k" * 65}, 400, "idempotency_key_invalid"),
    Head("10 KiB of Idempotency-Key", {"Idempotency-Key": "k" * 10_240}, 400, "idempotency_key_invalid"),
    Head("blank in the Idempotency-Key", {"Idempotency-Key": "a b"}, 400, "idempotency_key_invalid"),
    Head("path as Idempotency-Key", {"Idempotency-Key": "../../etc"}, 400, "idempotency_key_invalid"),
    Head("another method in a header", {"X-HTTP-Method-Override": "DELETE"}, 201, ""),
    Head("a charset", {"Content-Type": f'{JSON}; charset="UTF-8"'}, 201, ""),
    Head("identity", {"Content-Encoding": "identity"}, 201, ""),
]

PARAMETER = (422, "invalid_parameter")
ADDRESSES = [
    Address("/v1/orders?limit=10&limit=20", 400, "duplicate_parameter"),
    Address("/v1/orders?depth=10", 400, "unknown_parameter"),
    Address("/v1/orders?Limit=10", 400, "unknown_parameter"),
    Address("/v1/orders?token=sk_1", 400, "unknown_parameter"),
    Address("/v1/orders?=10", 400, "unknown_parameter"),
    Address("/v1/orders?limit=+5", *PARAMETER),
    Address("/v1/orders?limit=%2B5", *PARAMETER),
    Address("/v1/orders?limit=1_0", *PARAMETER),
    Address("/v1/orders?limit=%205", *PARAMETER),
    Address("/v1/orders?limit=%EF%BC%91%EF%BC%90", *PARAMETER),
    Address("/v1/orders?limit=", *PARAMETER),
    Address("/v1/orders?limit=1.5", *PARAMETER),
    Address("/v1/orders?limit=1.0", *PARAMETER),
    Address("/v1/orders?limit=1e1", *PARAMETER),
    Address("/v1/orders?limit=010", *PARAMETER),
    Address("/v1/orders?limit=0x10", *PARAMETER),
    Address("/v1/orders?limit=0", *PARAMETER),
    Address("/v1/orders?limit=-1", *PARAMETER),
    Address("/v1/orders?limit=201", *PARAMETER),
    Address(f"/v1/orders?limit={2**64}", *PARAMETER),
    Address(f"/v1/orders?limit={'9' * 5000}", *PARAMETER),
    Address("/v1/orders?cursor=", *PARAMETER),
    Address("/v1/orders?cursor=abc", *PARAMETER),
    Address("/v1/orders?cursor=%00", *PARAMETER),
    Address("/v1/orders?cursor=%F0%9F%91%BB", *PARAMETER),
    Address("/v1/orders?cursor=LTEgb3JkLTE", *PARAMETER),  # a place before the first
    Address(f"/v1/orders?cursor={'A' * 4000}", *PARAMETER),
    Address("/v1/orders?limit=%ff", 400, "malformed_request"),
    Address("/v1/orders?" + "&".join(f"p{n}=1" for n in range(400)), 400, "malformed_request"),
    Address("/v1/orders/%00", 404, "unknown_id"),
    Address("/v1/orders/%FF", 404, "unknown_id"),
    Address("/v1/orders/ord-1%0A", 404, "unknown_id"),
    Address("/v1/orders/ord-1%27%20OR%201=1", 404, "unknown_id"),
    Address(f"/v1/orders/{'a' * 3000}", 404, "unknown_id"),
    Address("/v1/orders/..%2f..%2fetc%2fpasswd", 404, "not_found"),
    Address("/v1/..%2f..%2fetc%2fpasswd", 404, "not_found"),
    Address("/v1/nothing", 404, "not_found"),
    Address("/v1", 404, "not_found"),
    Address("/v1/instruments/nvidia-h100-80g@150100/gold/depth", 404, "unknown_id"),
    Address("/v1/instruments/nvidia-h100-80g@999999/spot/depth", 404, "unknown_id"),
    Address("/v1/instruments/nvidia-h100-80g@150100/spot/depth?start=now", *PARAMETER),
    Address("/v1/instruments/nvidia-h100-80g@150100/spot/depth?start=2026-11-30T00:30:00Z", *PARAMETER),
    Address("/v1/instruments/nvidia-h100-80g@150100/spot/depth?end=2020-01-01T00:00:00Z", *PARAMETER),
    Address("/v1/instruments/nvidia-h100-80g@150100/spot/depth?end=2100-01-01T00:00:00Z", *PARAMETER),
    Address("/v1/depth/gold", 404, "unknown_id"),
    Address("/v1/depth/spot?region=999999", *PARAMETER),
    Address("/v1/trades?chip=abacus", *PARAMETER),
    Address("/v1/trades?tier=gold", *PARAMETER),
    Address("/v1/trades?start=2026-11-30T00:00:00", *PARAMETER),
]

HOST = b"Host: venue\r\n"
BAD = (400, "malformed_request")
SECRET = b"do-not-repeat-this"


def get(*headers: bytes, path: bytes = b"/v1/health", version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET %s %s\r\n%s\r\n" % (path, version, b"".join(headers))


def post(*headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /v1/orders HTTP/1.1\r\n%s%s\r\n%s" % (HOST, b"".join(headers), body)


SOCKET = [
    Bytes("a request", get(HOST), 200, ""),
    Bytes("HTTP/1.0 without Host", get(version=b"HTTP/1.0"), 200, ""),
    Bytes(
        "two lengths",
        post(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", body=b"0\r\n\r\n"),
        *BAD,
    ),
    Bytes("two Content-Lengths", post(b"Content-Length: 2\r\n", b"Content-Length: 3\r\n", body=b"{}"), *BAD),
    Bytes("negative length", post(b"Content-Length: -2\r\n"), *BAD),
    Bytes("signed length", post(b"Content-Length: +2\r\n", body=b"{}"), *BAD),
    Bytes("unknown coding", post(b"Transfer-Encoding: xchunked\r\n"), *BAD),
    Bytes("coding after chunked", post(b"Transfer-Encoding: chunked, identity\r\n"), *BAD),
    Bytes("chunk of 2^68", post(b"Transfer-Encoding: chunked\r\n", body=b"fffffffffffffffff\r\n"), *BAD),
    Bytes("chunk that is no number", post(b"Transfer-Encoding: chunked\r\n", body=b"5x\r\n"), *BAD),
    Bytes("no Host", get(), *BAD),
    Bytes("two Hosts", get(HOST, HOST), *BAD),
    Bytes("two keys", get(HOST, b"Authorization: Bearer a\r\n", b"authorization: Bearer b\r\n"), *BAD),
    Bytes("two ids", get(HOST, b"Idempotency-Key: a\r\n", b"Idempotency-Key: a\r\n"), *BAD),
    Bytes("two media types", get(HOST, b"Content-Type: text/plain\r\n", b"Content-Type: a/b\r\n"), *BAD),
    Bytes("Host with a blank", get(b"Host: a b\r\n"), *BAD),
    Bytes("bare line feeds", b"GET /v1/health HTTP/1.1\nHost: venue\n\n", *BAD),
    Bytes("folded header", get(HOST, b"A: b\r\n c\r\n"), *BAD),
    Bytes("blank before the colon", get(HOST, b"A : b\r\n"), *BAD),
    Bytes("NUL in a header", get(HOST, b"A: \0b\r\n"), *BAD),
    Bytes("bare carriage return", get(HOST, b"A: b\rC: d\r\n"), *BAD),
    Bytes("no method", b" /v1/health HTTP/1.1\r\n" + HOST + b"\r\n", *BAD),
    Bytes("unknown method", b"FETCH /v1/health HTTP/1.1\r\n" + HOST + b"\r\n", *BAD),
    Bytes("unknown version", get(HOST, version=b"HTTP/9.9"), *BAD),
    Bytes("HTTP/0.9", b"GET /v1/health\r\n\r\n", *BAD),
    Bytes("HTTP/2 by force", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", *BAD),
    Bytes("TLS", bytes.fromhex("16030100f5010000f10303") + bytes(64), *BAD),
    Bytes("CONNECT", b"CONNECT venue:80 HTTP/1.1\r\n" + HOST + b"\r\n", *BAD),
    Bytes("byte above 127 in the path", get(HOST, path=b"/v1/\xff"), *BAD),
    Bytes("TRACE", b"TRACE /v1/health HTTP/1.1\r\n" + HOST + b"\r\n", 405, "method_not_allowed"),
    Bytes("OPTIONS for all", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 404, "not_found"),
    Bytes("WebSocket", get(HOST, b"Connection: Upgrade\r\n", b"Upgrade: websocket\r\n"), 200, ""),
    Bytes("100 KiB of header", get(HOST, b"A: " + SECRET * 6_000 + b"\r\n"), 431, "headers_too_large"),
    Bytes("a header without an end", get(HOST)[:-2] + b"A: " + b"a" * 300_000, 431, "headers_too_large"),
    Bytes("5,000 headers", get(HOST, *[b"A: b\r\n"] * 5_000), 431, "headers_too_large"),
    Bytes("101 headers", get(HOST, *[b"A: b\r\n"] * 100), 431, "headers_too_large"),
    Bytes("70 KB of address", get(HOST, path=b"/v1/health?" + SECRET * 4_000), 414, "url_too_long"),
    Bytes("an address without an end", b"GET /" + b"a" * 300_000, 414, "url_too_long"),
]
