"""Plays pickled worlds from standard input and prints the SHA-256 of all that the kernel answers, quotes included.

Run by itself, so that a test can give each run another seed for Python's own hashes.
"""

import hashlib
import pickle
import sys
from collections.abc import Iterable, Sequence
from random import Random

from matching.explaining import why_not
from matching.market import Market
from matching.quoting import quote
from matching.rules import apply
from matching.terms import ChipCode, RegionCode, Seq
from tests.matching.quote_laws import WEIGHTS, orders_for
from tests.matching.strategies import World


def fingerprint(chips: Sequence[ChipCode], regions: Sequence[RegionCode], worlds: Iterable[World]) -> str:
    digest = hashlib.sha256()
    for world in worlds:
        market = Market(frozenset(chips), frozenset(regions), world.terms)
        for number, command in enumerate(world.commands, 1):
            digest.update(repr(apply(market, Seq(number), command)).encode())
        for asked in orders_for(world, market, Random(len(world.commands))):
            digest.update(repr(quote(market, asked, Seq(0))).encode())
            digest.update(repr(why_not(market, asked, WEIGHTS)).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(fingerprint(*pickle.load(sys.stdin.buffer)))
