"""A pair's quarter from three sides: what the memo ledger has, what its regions agree to, and what is recognised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import Instant, PartyId
from exchange.persistence.queries.income import MONTH_OF_REFUND
from exchange.state import Signature
from matching.terms import RegionCode
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.quarters import SHARED_KINDS, Figure, PairQuarter, QuarterFigures, Version, added


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The figures that a region has confirmed, with its signature."""

    figures: QuarterFigures
    signature: Signature


@dataclass(frozen=True, slots=True)
class Dispute:
    """Why a region does not agree, and who said so."""

    region: str
    party: PartyId
    key: str
    at: Instant
    reason: str


Word = Confirmation | Dispute


@dataclass(frozen=True, slots=True)
class Recognition:
    """An amount that a document recognises as a region's, and who recorded it."""

    region: str
    kind: AccountKind
    reference: str
    amount: Fen
    party: PartyId
    at: Instant


@dataclass(frozen=True, slots=True)
class QuarterSides:
    """All three sides. `words` has the last word of each region that has said anything; `agreed` is None until all agree.

    `closed` says whether all of its months are: before that nobody can agree. What is computed is what statements
    `posted`, and what was `refunded` in the quarter, of whichever line.
    """

    closed: bool
    posted: QuarterFigures
    refunded: QuarterFigures
    words: Mapping[str, Word]
    agreed: QuarterFigures | None
    recognitions: Sequence[Recognition]

    @property
    def computed(self) -> QuarterFigures:
        """What the memo ledger came to in the quarter."""
        return added(self.posted, self.refunded)

    def agreed_of(self, kind: AccountKind, region: str) -> Fen | None:
        """What was agreed of one kind for a region."""
        figures = self.agreed.figures if self.agreed is not None else ()
        return next((one.fen for one in figures if (one.kind, one.region) == (kind, region)), None)

    def recognised_of(self, kind: AccountKind, region: str) -> Fen | None:
        """The sum of what is recognised of one kind for a region; None where no document says anything."""
        amounts = [one.amount for one in self.recognitions if (one.kind, one.region) == (kind, region)]
        return Fen(sum(amounts)) if amounts else None

    def says(self, region: str) -> str | None:
        """A region's last word: `confirmed` or `disputed`, or None."""
        word = self.words.get(region)
        return None if word is None else "confirmed" if isinstance(word, Confirmation) else "disputed"


async def sides_of(
    pool: asyncpg.Pool, pair: PairQuarter, parties: Sequence[str], months: Sequence[str]
) -> QuarterSides:
    """A quarter of these months, whose figures are of these parties."""
    of_pair = (pair.source, pair.destination)
    row = await pool.fetchrow(
        "SELECT figures FROM quarters_agreed WHERE (source, destination, quarter) = ($1, $2, $3)",
        *of_pair,
        pair.quarter,
    )
    last = await pool.fetchval("SELECT status FROM runs WHERE period = $1", months[-1])
    return QuarterSides(
        closed=last == "closed",
        posted=_placed(pair, parties, await pool.fetch(_POSTED, *of_pair, list(months))),
        refunded=_placed(pair, parties, await pool.fetch(_REFUNDED, *of_pair, list(months))),
        words=await _words(pool, pair),
        agreed=None if row is None else _figures(pair, row["figures"]),
        recognitions=await _recognitions(pool, pair),
    )


async def booked_versions(pool: asyncpg.Pool, pair: PairQuarter, months: Sequence[str]) -> set[Version]:
    """The versions of a pair's agreements under which, in these months, late lines were posted or something was refunded."""
    rows = await pool.fetch(
        f"""
        SELECT a.id, a.version FROM refunds f JOIN statement_lines l USING (statement, n)
        JOIN agreements a ON l.agreement = a.id || '/' || a.version CROSS JOIN venue v
        WHERE a.source = $1 AND a.destination = $2 AND {MONTH_OF_REFUND} = ANY($3::text[])
        UNION SELECT a.id, a.version FROM statement_lines l JOIN statements s ON s.id = l.statement
        JOIN runs r ON r.id = s.run JOIN agreements a ON l.agreement = a.id || '/' || a.version
        WHERE s.source = $1 AND s.destination = $2 AND r.period = ANY($3::text[]) AND l.service_period <> r.period
        """,  # noqa: S608 - our own words only
        pair.source,
        pair.destination,
        list(months),
    )
    return {(row["id"], row["version"]) for row in rows}


_OF_PAIR = """
    SELECT p.kind, p.owner AS region, sum(p.amount)::bigint AS fen
    FROM agreements a
    JOIN postings contra ON contra.kind = 'attribution' AND contra.owner = a.id || '/' || a.version
    JOIN postings p ON p.seq = contra.seq AND p.n = contra.n AND p.kind <> contra.kind
"""
_POSTED = f"""
    {_OF_PAIR} JOIN (SELECT DISTINCT seq, run FROM statements) s ON s.seq = contra.seq JOIN runs r ON r.id = s.run
    WHERE a.source = $1 AND a.destination = $2 AND r.period = ANY($3::text[]) AND r.status = 'closed'
    GROUP BY p.kind, p.owner
"""  # noqa: S608 - our own words only
"""What the memo ledger has of the statements of the quarter's closed months, under whichever version."""

_REFUNDED = f"""
    {_OF_PAIR} JOIN refunds f ON f.seq = contra.seq CROSS JOIN venue v
    WHERE a.source = $1 AND a.destination = $2 AND {MONTH_OF_REFUND} = ANY($3::text[])
    GROUP BY p.kind, p.owner
"""
"""What it has of the refunds that were made in these months."""


def _placed(pair: PairQuarter, parties: Sequence[str], rows: Sequence[asyncpg.Record]) -> QuarterFigures:
    """Figures of each kind for each party, those that the ledger has nothing of with them."""
    sums = {(row["kind"], row["region"]): row["fen"] for row in rows}
    places = [(kind, region) for kind in SHARED_KINDS for region in parties]
    return QuarterFigures(
        pair, tuple(Figure(kind, region, Fen(sums.get((kind, region), 0))) for kind, region in places)
    )


async def _words(pool: asyncpg.Pool, pair: PairQuarter) -> dict[str, Word]:
    rows = await pool.fetch(
        """
        SELECT DISTINCT ON (region) * FROM (
            SELECT region, figures, digest, '' AS reason, party, key, at, seq FROM quarter_confirmations
            WHERE (source, destination, quarter) = ($1, $2, $3)
            UNION ALL SELECT region, NULL, NULL, reason, party, key, at, seq FROM quarter_disputes
            WHERE (source, destination, quarter) = ($1, $2, $3)
        ) AS said ORDER BY region, seq DESC
        """,
        pair.source,
        pair.destination,
        pair.quarter,
    )
    return {row["region"]: _word(pair, row) for row in rows}


def _word(pair: PairQuarter, row: asyncpg.Record) -> Word:
    if row["figures"] is None:
        return Dispute(row["region"], row["party"], row["key"], row["at"], row["reason"])
    signature = Signature(
        RegionCode(row["region"]), PartyId(row["party"]), row["key"], Instant(row["at"]), row["digest"]
    )
    return Confirmation(_figures(pair, row["figures"]), signature)


async def _recognitions(pool: asyncpg.Pool, pair: PairQuarter) -> list[Recognition]:
    rows = await pool.fetch(
        "SELECT region, kind, reference, amount, party, at FROM recognitions "
        "WHERE (source, destination, quarter) = ($1, $2, $3) ORDER BY seq",
        pair.source,
        pair.destination,
        pair.quarter,
    )
    return [Recognition(**{**row, "kind": AccountKind(row["kind"])}) for row in rows]


def _figures(pair: PairQuarter, figures: str) -> QuarterFigures:
    return QuarterFigures(pair, msgspec.json.decode(figures, type=tuple[Figure, ...]))
