"""Plays pickled worlds from standard input and prints the SHA-256 of all that the kernel answers.

Run by itself, so that a test can give each run another seed for Python's own hashes.
"""

import hashlib
import pickle
import sys
from collections.abc import Iterable, Sequence

from matching.market import Market
from matching.rules import apply
from matching.terms import ChipCode, RegionCode, Seq
from tests.matching.strategies import World


def fingerprint(chips: Sequence[ChipCode], regions: Sequence[RegionCode], worlds: Iterable[World]) -> str:
    digest = hashlib.sha256()
    for world in worlds:
        market = Market(frozenset(chips), frozenset(regions), world.terms)
        for number, command in enumerate(world.commands, 1):
            digest.update(repr(apply(market, Seq(number), command)).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(fingerprint(*pickle.load(sys.stdin.buffer)))
