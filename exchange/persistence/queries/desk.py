"""What the clerk's desk asks: who holds which keys, what closing a period would settle, and what a run came to."""

from dataclasses import dataclass

from exchange.persistence.database import Pool


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key of a party, by its name. The venue knows no secret."""

    key: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class ClosePlan:
    """What closing would settle: leases and contracts that began before the period's end.

    `slots` are those of the leases until then, `reported` the ones with an accepted report, `lost` the ones whose late
    window has passed without one: nobody pays for those. The rest waits for reports until the next run.
    """

    leases: int
    contracts: int
    slots: int
    reported: int
    lost: int

    @property
    def waiting(self) -> int:
        """Slots that may still be reported."""
        return self.slots - self.reported - self.lost


@dataclass(frozen=True, slots=True)
class RunTotals:
    """The sums of all statement lines of a run, in fen."""

    lines: int
    gross: int
    net: int
    vat: int
    fee: int
    payout: int
    local_retained: int
    over_budget: int
    credited: int


async def keys_of(pool: Pool, party: str) -> list[HeldKey]:
    """The keys that a party was ever given, those in force first."""
    rows = await pool.fetch("SELECT key, revoked FROM api_keys WHERE party = $1 ORDER BY revoked, key", party)
    return [HeldKey(row["key"], row["revoked"]) for row in rows]


async def close_plan(pool: Pool, ends: int, ends_slot: int, late_slot: int) -> ClosePlan:
    """What closing a period would settle that ends at the instant `ends`, which is the slot `ends_slot`.

    Slots before `late_slot` can't be reported any more.
    """
    row = await pool.fetchrow(
        """
        WITH l AS (
            SELECT id, start_slot, least(end_slot, $2) AS until, greatest(start_slot, least(end_slot, $3)) AS late
            FROM leases WHERE unsettled > 0 AND start_slot < $2
        ), r AS (
            SELECT count(*) AS reported, count(*) FILTER (WHERE d.slot < l.late) AS in_time
            FROM l JOIN delivery_records d ON d.lease = l.id AND d.slot < l.until AND d.status = 'accepted'
        )
        SELECT (SELECT count(*) FROM l) AS leases,
               (SELECT count(*) FROM contracts WHERE status = 'open' AND begins < $1) AS contracts,
               (SELECT coalesce(sum(until - start_slot), 0)::bigint FROM l) AS slots, r.reported,
               (SELECT coalesce(sum(late - start_slot), 0)::bigint FROM l) - r.in_time AS lost
        FROM r
        """,
        ends,
        ends_slot,
        min(ends_slot, late_slot),
    )
    assert row is not None, "a query of sums has one row"
    return ClosePlan(**dict(row))


async def run_totals(pool: Pool, run: str) -> RunTotals:
    """What a run came to."""
    row = await pool.fetchrow(
        """
        SELECT count(*) AS lines, coalesce(sum(l.gross_fen), 0)::bigint AS gross,
               coalesce(sum(l.net_fen), 0)::bigint AS net, coalesce(sum(l.vat_fen), 0)::bigint AS vat,
               coalesce(sum(l.fee_fen), 0)::bigint AS fee, coalesce(sum(l.seller_payout_fen), 0)::bigint AS payout,
               coalesce(sum(l.local_retained_fen), 0)::bigint AS local_retained,
               coalesce(sum(l.over_budget), 0)::bigint AS over_budget, coalesce(sum(c.fen), 0)::bigint AS credited
        FROM statement_lines l JOIN statements s ON s.id = l.statement
        LEFT JOIN LATERAL (
            SELECT sum((one ->> 'fen')::bigint) AS fen FROM jsonb_array_elements(l.credits) AS one
        ) AS c ON l.credits <> '[]'
        WHERE s.run = $1
        """,
        run,
    )
    assert row is not None, "a query of sums has one row"
    return RunTotals(**dict(row))
