"""Meters: how a measured quantity, summed exactly, becomes the gross of one statement line."""

from enum import StrEnum

from settlement.money import Fen, round_half_away

MICRO_YUAN_PER_FEN = 10_000
SECONDS_PER_HOUR = 3_600
TOKENS_PER_MILLION = 1_000_000


class Meter(StrEnum):
    """What is measured, and in which unit its price is quoted."""

    CARD_SECONDS = "card_seconds"
    """Seconds of one card made available; priced in micro-yuan per card-hour."""
    INPUT_TOKENS = "input_tokens"
    """Tokens read by a model; priced in micro-yuan per million."""
    CACHED_INPUT_TOKENS = "cached_input_tokens"
    """Tokens that a model had read before; priced in micro-yuan per million."""
    OUTPUT_TOKENS = "output_tokens"
    """Tokens written by a model; priced in micro-yuan per million."""
    PACKAGES = "packages"
    """Packages of tokens sold in advance; priced in micro-yuan each."""

    @property
    def priced_by(self) -> int:
        """How many units of quantity one price is for."""
        match self:
            case Meter.CARD_SECONDS:
                return SECONDS_PER_HOUR
            case Meter.INPUT_TOKENS | Meter.CACHED_INPUT_TOKENS | Meter.OUTPUT_TOKENS:
                return TOKENS_PER_MILLION
            case Meter.PACKAGES:
                return 1

    @property
    def divisor(self) -> int:
        """How many units of quantity times price make one fen."""
        return MICRO_YUAN_PER_FEN * self.priced_by


def gross_of(accumulated: int, divisor: int) -> Fen:
    """Turn an exact sum of quantity times price into fen, VAT included (F1).

    This is the only rounding between a meter and its line: rounding each event would bill a million small ones as
    nothing. The sum may exceed 64 bits, and is negative where corrections outweigh usage.
    """
    return Fen(round_half_away(accumulated, divisor))


def billable_of(gross: Fen, contracted: int, lost: int) -> Fen:
    """Keep the part of a contracted gross that was delivered (F2). The rest of it is the buyer's credit.

    `contracted` and `lost` are in one unit of time or quantity, say card-seconds. Half a fen goes to the seller.
    """
    assert 0 <= lost <= contracted, "no more is lost than was contracted"
    return Fen(round_half_away(gross * (contracted - lost), contracted))
