"""A meter that signs: what a program needs that reports in a seller's name."""

from collections.abc import Sequence

from exchange.persistence.chains import Seal
from exchange.signing import sign
from settlement.metering.chain import Batch, Link, Reading, chained, signed_bytes


def sealed(
    private_key: bytes, seller: str, meter: str, previous: bytes, readings: Sequence[Reading]
) -> tuple[Seal, Link]:
    """Sign a batch that goes on from a link: its seal, and the link that the next batch goes on from."""
    last = chained(Batch(seller, meter, Link(previous), tuple(readings)))[-1].link
    return Seal(previous, sign(private_key, signed_bytes(last))), last
