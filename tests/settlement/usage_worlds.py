"""Usage that is hard to sum: beyond 64 bits, below zero, cancelling, under names of all kinds, and full of holes."""

from collections.abc import Iterator
from random import Random

from settlement.meters import Meter
from settlement.usage.records import Record

WHALE = 2**63 - 1
TOO_MUCH = [Record("whale", "s", Meter.CARD_SECONDS, WHALE, WHALE, WHALE, "m/1")] * 2
"""Each record is within 38 digits, and the two together are not."""
NAMES = ("lse-1", "lse-10", "合同-7", "it's", 'a "b"', "tab\tand\nline", "", "ß", "Z", "z", "\U0001f600")


def hard() -> list[Record]:
    """What has been got wrong by some engine or another."""
    return [
        Record("whale", "s", Meter.CARD_SECONDS, WHALE, WHALE, WHALE, "m/1"),
        Record("whale", "t", Meter.CARD_SECONDS, -WHALE, 0, WHALE, "m/2"),
        *[Record("many", "s", Meter.INPUT_TOKENS, 2**61, 2**61, 3, f"m/{n}") for n in range(9)],
        Record("odd", "s", Meter.OUTPUT_TOKENS, 2**53 + 1, 2**53 + 1, 1, "m/3"),
        Record("odd", "s", Meter.CACHED_INPUT_TOKENS, 1, 1, 1, "m/3"),
        Record("back", "s", Meter.INPUT_TOKENS, 7, 7, 10**7, "m/4"),
        Record("back", "s", Meter.INPUT_TOKENS, -7, -7, 10**7, "m/5"),
        Record("below", "s", Meter.INPUT_TOKENS, -3_000_000, -3_000_000, 2_000_000, "m/6"),
        *[Record("alike", "s", Meter.CARD_SECONDS, 3_600, 0, 12_500_000, "") for _ in range(3)],
        *[Record(name, name, Meter.CARD_SECONDS, n, n, n, "m/7") for n, name in enumerate(NAMES)],
    ]


def drawn(seed: int, count: int = 2_000) -> list[Record]:
    """Records by chance: few subjects and segments, so that each has many, and every twentieth a correction."""
    chance = Random(seed)
    return [_drawn(chance, number) for number in range(count)]


def _drawn(chance: Random, number: int) -> Record:
    contracted = chance.randrange(2 ** chance.choice((4, 12, 40, 62)))
    delivered = contracted if chance.random() < 0.9 else contracted // 2
    sign = -1 if chance.random() < 0.05 else 1
    return Record(
        subject=f"lse-{chance.randrange(30)}",
        segment=f"2026-0{chance.randrange(1, 4)}/{chance.randrange(2)}",
        meter=chance.choice(list(Meter)),
        contracted=sign * contracted,
        delivered=sign * delivered,
        price=chance.randrange(2 ** chance.choice((1, 24, 50))),
        source=f"m/{number}",
    )


def holed() -> Iterator[tuple[object, ...]]:
    """A record for each column that every sum needs, in which it is missing."""
    sound = Record("lse-1", "s", Meter.CARD_SECONDS, 1, 1, 1, "m/1")
    for n in range(6):
        yield (*sound[:n], None, *sound[n + 1 :])
