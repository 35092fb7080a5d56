"""Carries out pickled commands from standard input and prints the SHA-256 of all that comes of them.

Run by itself, so that a test can give each run another seed for Python's own hashes.
"""

import hashlib
import pickle
import sys
from collections.abc import Iterable

from exchange.checks.decisions import picture
from exchange.commands import Envelope
from exchange.core import step
from exchange.persistence.codec import encode
from matching.terms import Seq
from tests.exchange.house import empty_state


def fingerprint(envelopes: Iterable[Envelope]) -> str:
    digest, state = hashlib.sha256(), empty_state()
    for number, envelope in enumerate(envelopes, 1):
        for event, entries in step(state, Seq(number), envelope):
            digest.update(repr((encode(event), entries)).encode())
    digest.update(repr(picture(state)).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(fingerprint(pickle.load(sys.stdin.buffer)))
