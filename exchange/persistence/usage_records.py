"""Usage that a run settles, as records: summed by PostgreSQL where they are, or fetched to be kept elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.persistence.database import Connection
from exchange.persistence.queries.closing import ContractSpan
from exchange.persistence.usage import Marks
from settlement.meters import SECONDS_PER_HOUR, Meter
from settlement.segments import Segment
from settlement.usage.records import Record
from settlement.usage.sums import Sum, question, sums_of


@dataclass(frozen=True, slots=True)
class Records:
    """Usage records: a table of them, or a query in parentheses with its parameters."""

    query: str
    parameters: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class InPlaceEngine:
    """PostgreSQL sums records where they are, as numbers of any length."""

    connection: Connection
    records: Records

    async def sums(self) -> list[Sum]:
        """Every sum."""
        asked = question(f"{self.records.query} AS records", "numeric")
        return sums_of(await self.connection.fetch(asked, *self.records.parameters))


async def fetched(connection: Connection, records: Records) -> list[Record]:
    """The records themselves."""
    rows = await connection.fetch(
        f"SELECT subject, segment, meter, contracted, delivered, price, source FROM {records.query} AS records",  # noqa: S608
        *records.parameters,
    )
    return [Record(row[0], row[1], Meter(row[2]), *row[3:]) for row in rows]


def lease_records(marks: Marks, slot_seconds: int, parts: Sequence[Segment]) -> Records:
    """One record for each slot of some segments that a run settles: slots reported in it, and slots lost in it.

    A slot in a dispute that is open is neither.
    """
    return Records(
        _LEASES,
        (
            marks.usage_batch,
            marks.ends_before,
            marks.usage_batch_before,
            marks.late_until_before,
            marks.late_until,
            [part.lease for part in parts],
            [part.name for part in parts],
            [part.cards * slot_seconds for part in parts],
            [part.price * SECONDS_PER_HOUR // slot_seconds for part in parts],
            [part.start for part in parts],
            [part.end for part in parts],
        ),
    )


def contract_records(
    marks: Marks, slot_seconds: int, span: ContractSpan, parts: Sequence[Segment]
) -> Records:
    """A record for each kind of token of each use that a run settles. `marks` are in seconds."""
    tariffs = [span.tariff_at(part.start * slot_seconds) for part in parts]
    return Records(
        _CONTRACTS,
        (
            marks.ends,
            marks.usage_batch,
            marks.ends_before,
            marks.usage_batch_before,
            span.contract,
            [part.name for part in parts],
            [part.start * slot_seconds for part in parts],
            [part.end * slot_seconds for part in parts],
            [tariff.input_price for tariff in tariffs],
            [tariff.cached_input_price for tariff in tariffs],
            [tariff.output_price for tariff in tariffs],
        ),
    )


_LEASES = """(
    SELECT s.subject, s.segment, 'card_seconds' AS meter, s.contracted, coalesce(r.delivered, 0) AS delivered, s.price,
        coalesce(r.party || '/' || r.meter || '/' || r.sequence, '') AS source
    FROM unnest($6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
            AS s(subject, segment, contracted, price, start, until)
        CROSS JOIN LATERAL generate_series(s.start, s.until - 1) AS n(slot)
        LEFT JOIN delivery_records r
            ON r.lease = s.subject AND r.slot = n.slot AND r.status = 'accepted' AND r.batch <= $1
    WHERE CASE WHEN r.lease IS NULL THEN n.slot >= $4 AND n.slot < $5 AND NOT EXISTS (
            SELECT 1 FROM disputed_records x LEFT JOIN dispute_ends e ON e.dispute = x.dispute AND e.batch <= $1
            WHERE x.subject = s.subject AND x.moment = n.slot AND x.in_time AND x.batch <= $1 AND e.dispute IS NULL
        ) ELSE NOT (n.slot < $2 AND r.batch <= $3) END
)"""

_CONTRACTS = """(
    SELECT r.contract AS subject, s.segment, used.meter, used.tokens AS contracted, used.tokens AS delivered, used.price,
        r.party || '/' || r.meter || '/' || r.sequence AS source
    FROM unnest($6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])
            AS s(segment, begins, ends, input_price, cached_input_price, output_price)
        JOIN token_records r ON r.contract = $5 AND r.at >= s.begins AND r.at < s.ends AND r.at < $1
            AND r.status = 'accepted' AND r.batch <= $2 AND NOT (r.at < $3 AND r.batch <= $4)
        CROSS JOIN LATERAL (
            VALUES ('input_tokens', r.input_tokens, s.input_price),
                ('cached_input_tokens', r.cached_input_tokens, s.cached_input_price),
                ('output_tokens', r.output_tokens, s.output_price)
        ) AS used(meter, tokens, price)
)"""
