"""Reading a body takes time in proportion to its length, whatever stands in it."""

import time

import pytest

from web.bodies.usage import DeliveriesIn
from web.problems import FAULTS_MAX, ProblemError
from web.strict import BATCH_BODY_MAX, read_model

SECONDS = 10  # for the largest body; what grows with the square of the length would take minutes at the least

REPEATED = {
    "escaped quotes": b'\\"',
    "quotes": b'"',
    "backslashes": b"\\",
    "quotes and backslashes": b'"\\',
    "escapes": b"\\u0041",
    "halves of a character": b"\\ud800",
    "digits": b"9",
    "minus signs": b"-",
    "brackets in turn": b"[],",
    "line breaks": b"\n",
}
BEGINNINGS = {"text": b'{"', "records": b'{"records": ', "a text in records": b'{"records": ["'}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("repeated", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize("begins", BEGINNINGS.values(), ids=BEGINNINGS)
def test_the_largest_body_is_read_in_seconds(begins: bytes, repeated: bytes) -> None:
    body = begins + repeated * ((BATCH_BODY_MAX - len(begins)) // len(repeated))
    began = time.monotonic()
    with pytest.raises(ProblemError):
        read_model(DeliveriesIn, body)
    assert time.monotonic() - began < SECONDS


def test_no_more_faults_are_worked_out_than_are_told() -> None:
    body = b'{"records": [%s]}' % b", ".join([b'{"unknown": 1}'] * 10_000)
    with pytest.raises(ProblemError) as refused:
        read_model(DeliveriesIn, body)
    assert len(refused.value.faults) == FAULTS_MAX
