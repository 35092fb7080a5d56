"""Sellers whose meters sign, as in the demo: each numbers its own records, and now and then one of them miscounts."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from exchange.app import Exchange
from exchange.metering import DeliveryRecord, TokenRecord
from exchange.names import PartyId
from exchange.persistence.chains import Seal, standing_of
from exchange.signed_meters import sealed
from exchange.signing import public_key_of
from settlement.metering.chain import GENESIS, Reading
from settlement.meters import Meter

MISCOUNTED = 1_000  # one record in so many counts everything twice, so that there are disputes to look at


@dataclass(frozen=True, slots=True)
class SigningMeters:
    """Takes what made-up sellers report, and signs it. A batch that is sent again has been taken already."""

    exchange: Exchange

    async def deliveries(self, seller: PartyId, key: str, records: Sequence[DeliveryRecord]) -> None:
        """Report delivery records of one meter."""
        if await self.exchange.metering.receipt(seller, key) is not None:
            return
        first, previous = await self._goes_on(seller, records[0].meter)
        numbered = [replace(_miscounted(one), sequence=first + n) for n, one in enumerate(records)]
        readings = [
            Reading(
                one.sequence,
                one.lease,
                self.exchange.terms.instant_of(one.slot),
                ((Meter.CARD_SECONDS, one.delivered),),
            )
            for one in numbered
        ]
        seal = _seal(seller, records[0].meter, previous, readings)
        await self.exchange.metering.deliveries(seller, key, numbered, seal)

    async def tokens(self, seller: PartyId, key: str, records: Sequence[TokenRecord]) -> None:
        """Report token records of one meter."""
        if await self.exchange.metering.receipt(seller, key) is not None:
            return
        first, previous = await self._goes_on(seller, records[0].meter)
        numbered = [replace(one, sequence=first + n) for n, one in enumerate(records)]
        readings = [
            Reading(
                one.sequence,
                one.contract,
                one.at,
                (
                    (Meter.INPUT_TOKENS, one.input_tokens),
                    (Meter.CACHED_INPUT_TOKENS, one.cached_input_tokens),
                    (Meter.OUTPUT_TOKENS, one.output_tokens),
                ),
            )
            for one in numbered
        ]
        seal = _seal(seller, records[0].meter, previous, readings)
        await self.exchange.metering.tokens(seller, key, numbered, seal)

    async def _goes_on(self, seller: PartyId, meter: str) -> tuple[int, bytes]:
        """The next number of a meter, and the link that it is tied to. One without a key gets one."""
        known = await standing_of(self.exchange.readers, seller, meter)
        if known is None:
            public_key = public_key_of(_private_key(seller, meter))
            known = await self.exchange.metering.register_key(seller, meter, public_key, 1)
        return known.head + 1, known.link or GENESIS


def _seal(seller: str, meter: str, previous: bytes, readings: Sequence[Reading]) -> Seal:
    return sealed(_private_key(seller, meter), seller, meter, previous, readings)[0]


def _private_key(seller: str, meter: str) -> bytes:
    """A made-up seller's key can be worked out by anybody."""
    return hashlib.sha256(f"demo {seller} {meter}".encode()).digest()


def _miscounted(record: DeliveryRecord) -> DeliveryRecord:
    draw = zlib.crc32(f"{record.lease}/{record.slot}/miscounted".encode())
    return record if draw % MISCOUNTED else replace(record, delivered=2 * record.delivered)
