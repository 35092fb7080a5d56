"""What a signature is over: a value's canonical JSON, and the SHA-256 of that.

Canonical is UTF-8 without spaces, keys in the order of the alphabet, every field there. Whoever has the value can make
the digest again, in any language.
"""

import hashlib
import json
from dataclasses import asdict

from settlement.agreements import PairAgreement
from settlement.quarters import QuarterFigures


def canonical(value: PairAgreement | QuarterFigures) -> bytes:
    """The bytes that a signature is over."""
    return json.dumps(asdict(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def digest_of(value: PairAgreement | QuarterFigures) -> str:
    """The SHA-256 that a signature names, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()
