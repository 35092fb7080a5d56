"""Bills for the same tokens at many prices, rounded once a line and rounded once a request: why it is done once.

A request costs a small part of a fen, or some fen and a part. Whoever rounds each gives all of those parts away, or takes
them, and the more requests there are, the more they come to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exchange.replay.model_prices import ModelPrice
from exchange.replay.tokens import TokenUse
from settlement.meters import Meter, gross_of
from settlement.money import Fen
from settlement.rating.tokens import RatedTokens, Tokens, TokenTariff

DIVISOR = Meter.INPUT_TOKENS.divisor
PICO_PER_FEN = DIVISOR


@dataclass(frozen=True, slots=True)
class TokenBill:
    """What one model would have cost for all requests.

    `exact` is in pico-yuan. `billed` has one line for each stream and kind of token, each rounded to a fen;
    `by_request` is what comes out if every request's tokens of each kind are rounded by themselves.
    """

    price: ModelPrice
    requests: int
    lines: int
    exact: int
    billed: Fen
    by_request: Fen

    @property
    def astray_milli(self) -> int:
        """By how much rounding each request misses the exact sum, in thousandths of it."""
        return (self.by_request * PICO_PER_FEN - self.exact) * 1_000 // self.exact


def token_bill(uses: Mapping[str, Sequence[TokenUse]], price: ModelPrice) -> TokenBill:
    """Rate every request of all streams at one model's prices."""
    tariff = TokenTariff(1, 0, None, price.input_price, price.input_price, price.output_price)
    rated = [RatedTokens(tariff, _all(stream)) for stream in uses.values()]
    sums = [part for each in rated for part in (each.input_sum, each.output_sum)]
    return TokenBill(
        price=price,
        requests=sum(map(len, uses.values())),
        lines=len(sums),
        exact=sum(sums),
        billed=Fen(sum(gross_of(part, DIVISOR) for part in sums)),
        by_request=Fen(sum(_rounded(use, price) for stream in uses.values() for use in stream)),
    )


def _all(stream: Iterable[TokenUse]) -> Tokens:
    return sum((Tokens(use.input_tokens, 0, use.output_tokens) for use in stream), Tokens(0, 0, 0))


def _rounded(use: TokenUse, price: ModelPrice) -> int:
    """What a request comes to if it is a bill of its own."""
    read = gross_of(use.input_tokens * price.input_price, DIVISOR)
    return read + gross_of(use.output_tokens * price.output_price, DIVISOR)
