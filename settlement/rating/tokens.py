"""Token tariffs: dated prices for what a model reads, reads again and writes, and the exact sums they make.

Nothing is rounded here. A sum is in pico-yuan and becomes fen once, on its line (`meters.gross_of`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens a model read anew, read from its cache, and wrote: three counts, each with a price of its own."""

    input: int
    cached_input: int
    output: int

    @classmethod
    def reported(cls, prompt: int, cached: int, completion: int) -> "Tokens":
        """Read what model servers report: a prompt with its cached part in it, and what was written."""
        assert 0 <= cached <= prompt, "what was cached is a part of the prompt"
        return cls(prompt - cached, cached, completion)

    @property
    def total(self) -> int:
        return self.input + self.cached_input + self.output

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            self.input + other.input, self.cached_input + other.cached_input, self.output + other.output
        )

    def __sub__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            self.input - other.input, self.cached_input - other.cached_input, self.output - other.output
        )


@dataclass(frozen=True, slots=True)
class TokenUse:
    """Tokens used at an instant (UTC seconds). `id` counts once: the meter and its sequence number."""

    id: str
    at: int
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class TokenTariff:
    """One version of a tariff: micro-yuan per million tokens, from `valid_from` until before `valid_to` (UTC seconds)."""

    version: int
    valid_from: int
    valid_to: int | None
    input_price: int
    cached_input_price: int
    output_price: int

    def covers(self, instant: int) -> bool:
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """What each kind of token costs, in micro-yuan per million of them, VAT included."""

    input: int
    cached_input: int
    output: int

    def tariff(self, version: int, valid_from: int) -> TokenTariff:
        """A version of a contract's prices: in force until the next one begins."""
        return TokenTariff(version, valid_from, None, self.input, self.cached_input, self.output)


@dataclass(frozen=True, slots=True)
class RatedTokens:
    """What is billed as lines of one tariff version: its tokens, and each count times its price, in pico-yuan."""

    tariff: TokenTariff
    tokens: Tokens

    @property
    def input_sum(self) -> int:
        return self.tokens.input * self.tariff.input_price

    @property
    def cached_input_sum(self) -> int:
        return self.tokens.cached_input * self.tariff.cached_input_price

    @property
    def output_sum(self) -> int:
        return self.tokens.output * self.tariff.output_price


def rate(uses: Iterable[TokenUse], tariffs: Sequence[TokenTariff]) -> list[RatedTokens]:
    """Sum use by the tariff in force when it happened, in order of versions. Raises LookupError where none was.

    Use that comes late keeps the tariff of its own instant; a change within a period makes two entries.
    """
    sums: dict[int, RatedTokens] = {}
    for use in distinct(uses):
        tariff = in_force(tariffs, use.at)
        before = sums.get(tariff.version, RatedTokens(tariff, Tokens(0, 0, 0)))
        sums[tariff.version] = RatedTokens(tariff, before.tokens + use.tokens)
    return [sums[version] for version in sorted(sums)]


def in_force(tariffs: Iterable[TokenTariff], instant: int) -> TokenTariff:
    """Find the tariff of an instant; of versions that overlap the newest."""
    known = [tariff for tariff in tariffs if tariff.covers(instant)]
    if not known:
        raise LookupError(f"no tariff is in force at {instant}")
    return max(known, key=lambda tariff: tariff.version)


def distinct(uses: Iterable[TokenUse]) -> list[TokenUse]:
    """Of several with one id the first counts."""
    found: dict[str, TokenUse] = {}
    for use in uses:
        found.setdefault(use.id, use)
    return list(found.values())
