"""What a replay asks: where it stands, what its sellers serve, and what it all came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from exchange.names import ContractId, LeaseId, PartyId
from exchange.persistence.database import Pool
from matching.terms import Slot

Figures = Sequence[dict[str, Any]]
"""Rows of a table in the report, by column."""


@dataclass(frozen=True, slots=True)
class ServedLease:
    """What a seller knows of a lease that it serves."""

    id: LeaseId
    seller: PartyId
    cards: int
    start: Slot
    end: Slot


async def foreign_command(connection: asyncpg.Connection, prefix: str) -> str | None:
    """A command that no replay with this prefix gives.

    Its venue opens itself and books what the bank has paid, its clerk closes and pays, and its offices agree to quarters.
    """
    command: str | None = await connection.fetchval(
        """
        SELECT id FROM commands
        WHERE NOT (id LIKE $1 || '/%' OR (party = 'venue' AND (id = 'open' OR id LIKE 'payment-payout.%'))
                   OR party = 'clerk' OR id LIKE 'quarter/%') ORDER BY seq LIMIT 1
        """,
        prefix,
    )
    return command


async def commands_done(connection: asyncpg.Connection, prefix: str) -> int:
    """The number of the last command of the script that is in the log."""
    done: int = await connection.fetchval(
        "SELECT coalesce(max(split_part(id, '/', 2)::bigint), 0) FROM commands WHERE id LIKE $1 || '/%'",
        prefix,
    )
    return done


async def first_tick(pool: Pool) -> str | None:
    """The id of the venue's first tick: whoever gave it tells the time."""
    query = "SELECT id FROM commands WHERE kind = 'Tick' ORDER BY seq LIMIT 1"
    first: str | None = await pool.fetchval(query)
    return first


async def leases_between(connection: asyncpg.Connection, since: int, until: int) -> list[ServedLease]:
    """Leases that run in some slot of [since, until), in order of grant."""
    rows = await connection.fetch(
        "SELECT id, seller, cards, start_slot, end_slot FROM leases "
        "WHERE start_slot < $2 AND end_slot > $1 ORDER BY seq, id",
        since,
        until,
    )
    return [
        ServedLease(
            LeaseId(row["id"]),
            PartyId(row["seller"]),
            row["cards"],
            Slot(row["start_slot"]),
            Slot(row["end_slot"]),
        )
        for row in rows
    ]


async def contracts(connection: asyncpg.Connection) -> list[tuple[ContractId, PartyId]]:
    """Every token contract and who serves it, in order."""
    rows = await connection.fetch("SELECT id, seller FROM contracts ORDER BY seq")
    return [(ContractId(row["id"]), PartyId(row["seller"])) for row in rows]


async def files_to_carry_out(connection: asyncpg.Connection) -> list[int]:
    """Files for the bank of which no statement shows every payment, in their order."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT file FROM bank_orders o
        WHERE file IS NOT NULL AND NOT EXISTS (SELECT FROM bank_lines l WHERE l.code = o.reference) ORDER BY file
        """
    )
    return [row["file"] for row in rows]


@dataclass(frozen=True, slots=True)
class LogFigures:
    """The log as a whole. `order_seconds` is the time from the first order's commit to the last one's."""

    commands: int
    events: int
    orders: int
    order_seconds: float
    digest: str
    bytes: int


async def log_figures(connection: asyncpg.Connection) -> LogFigures:
    """How long the log is, how fast its orders came, and what it is known by."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS commands, (SELECT count(*) FROM events) AS events,
               count(*) FILTER (WHERE kind = 'PlaceOrder') AS orders,
               extract(epoch FROM max(logged_at) FILTER (WHERE kind = 'PlaceOrder')
                                - min(logged_at) FILTER (WHERE kind = 'PlaceOrder'))::float8 AS order_seconds,
               (SELECT encode(digest, 'hex') FROM commands ORDER BY seq DESC LIMIT 1) AS digest,
               pg_database_size(current_database()) AS bytes
        FROM commands
        """
    )
    return LogFigures(*row.values())


@dataclass(frozen=True, slots=True)
class GrantedLease:
    """A lease by the places of its order and its listing among all that were placed and published, from 0.

    `ends` are (slot of the clock, end of the lease): as granted, and each time it was taken back.
    """

    order: int
    listing: int
    cards: int
    working: int
    start: int
    ends: Sequence[tuple[int, int]]


async def granted_leases(connection: asyncpg.Connection, slot_seconds: int) -> list[GrantedLease]:
    """Every lease, in order of grant. What an order gets after it was taken back from is its own, too."""
    rows = await connection.fetch(
        """
        WITH placed AS (
            SELECT 'ord-' || seq AS id, row_number() OVER (ORDER BY seq) - 1 AS place
            FROM commands WHERE kind = 'PlaceOrder'
        ), published AS (
            SELECT 'lst-' || seq AS id, row_number() OVER (ORDER BY seq) - 1 AS place
            FROM commands WHERE kind = 'PublishListing'
        ), known AS (
            SELECT id AS lease, seq, granted_end_slot AS ends FROM leases
            UNION ALL
            SELECT body->>'lease', seq, (body->'displaced'->>'at')::bigint FROM events WHERE kind = 'LeaseDisplaced'
        ), ends AS (
            SELECT lease, array_agg(now ORDER BY seq) AS since, array_agg(ends ORDER BY seq) AS ends
            FROM known CROSS JOIN LATERAL (
                SELECT (c.body->>'now')::bigint / $1 AS now FROM commands c
                WHERE c.kind = 'Tick' AND c.seq <= known.seq ORDER BY c.seq DESC LIMIT 1
            ) AS clock GROUP BY lease
        )
        SELECT placed.place AS "order", published.place AS listing, l.cards, l.working, l.start_slot,
               ends.since, ends.ends
        FROM leases l JOIN placed ON placed.id = split_part(l.order_id, '.', 1)
        JOIN published ON published.id = l.listing_id JOIN ends ON ends.lease = l.id
        ORDER BY l.seq, substr(l.id, 5)::bigint
        """,
        slot_seconds,
    )
    return [
        GrantedLease(
            order=row["order"],
            listing=row["listing"],
            cards=row["cards"],
            working=row["working"],
            start=row["start_slot"],
            ends=tuple(zip(row["since"], row["ends"], strict=True)),
        )
        for row in rows
    ]


async def displacement(connection: asyncpg.Connection, slot_seconds: int) -> Figures:
    """By what their orders are: leases taken back, what they lost, and whether their orders found capacity again.

    `refunded` is what their buyers no longer pay, `free` what they had used within the grace.
    """
    return await _table(
        connection,
        """
        WITH kinds AS (
            SELECT id, CASE WHEN jsonb_typeof(shape) = 'array' THEN 'malleable work'
                            WHEN shape->>'split' <> 'one' THEN 'gang' ELSE 'block on spot' END AS kind
            FROM orders
        ), taken AS (
            SELECT k.kind, count(*) AS leases, count(DISTINCT l.order_id) AS orders,
                   sum(l.cards * (l.granted_end_slot - l.end_slot)) AS lost,
                   sum(l.cards * (l.end_slot - l.start_slot)) FILTER (WHERE l.cost = 0) AS free,
                   sum(l.granted_cost - l.cost) AS refunded
            FROM leases l JOIN kinds k ON k.id = l.order_id WHERE l.end_slot < l.granted_end_slot GROUP BY k.kind
        ), anew AS (
            SELECT k.kind, count(*) AS sought, count(*) FILTER (WHERE EXISTS (
                       SELECT FROM leases l WHERE l.order_id = k.id)) AS found
            FROM kinds k WHERE k.id LIKE '%.r%' GROUP BY k.kind
        )
        SELECT kind AS taken_back, orders, leases, lost::bigint * $1 / 3600 AS card_hours_lost,
               coalesce(free, 0)::bigint * $1 / 3600 AS card_hours_free, refunded::bigint AS refunded_micro_yuan,
               coalesce(sought, 0)::bigint AS sought_again, coalesce(found, 0)::bigint AS found_again
        FROM taken LEFT JOIN anew USING (kind) ORDER BY kind
        """,
        slot_seconds,
    )


async def rejections(connection: asyncpg.Connection) -> Figures:
    """Commands that were refused, by kind and code."""
    return await _table(
        connection,
        """
        SELECT c.kind, e.body->>'code' AS code, count(*) AS commands
        FROM events e JOIN commands c USING (seq) WHERE e.kind = 'Rejected' GROUP BY 1, 2 ORDER BY 1, 2
        """,
    )


async def utilisation(connection: asyncpg.Connection, since: int, until: int, slot_seconds: int) -> Figures:
    """By chip, in slots of [since, until): card-hours offered and leased, and the share in thousandths."""
    return await _table(
        connection,
        """
        WITH offered AS (
            SELECT chip, sum(cards) AS cards,
                   sum(cards * greatest(0, least(end_slot, $2) - greatest(start_slot, $1))) AS offered
            FROM listings GROUP BY chip
        ), leased AS (
            SELECT i.chip, count(*) AS leases,
                   sum(l.cards * greatest(0, least(l.end_slot, $2) - greatest(l.start_slot, $1))) AS leased
            FROM leases l JOIN listings i ON i.id = l.listing_id GROUP BY i.chip
        )
        SELECT chip, cards::bigint, (offered * $3 / 3600)::bigint AS offered_card_hours,
               coalesce(leases, 0)::bigint AS leases,
               (coalesce(leased, 0) * $3 / 3600)::bigint AS leased_card_hours,
               (coalesce(leased, 0) * 1000 / offered)::bigint AS utilisation_milli
        FROM offered LEFT JOIN leased USING (chip) ORDER BY chip
        """,
        since,
        until,
        slot_seconds,
    )


async def delivery(connection: asyncpg.Connection) -> Figures:
    """Delivery records by what became of them."""
    return await _table(
        connection,
        "SELECT status, count(*) AS records, (sum(delivered) / 3600)::bigint AS card_hours "
        "FROM delivery_records GROUP BY status ORDER BY status",
    )


_LINES = "statements s JOIN statement_lines l ON l.statement = s.id"
_MONEY = """
    sum(l.gross_fen)::bigint AS gross_fen, sum(l.net_fen)::bigint AS net_fen, sum(l.vat_fen)::bigint AS vat_fen,
    sum(l.fee_fen)::bigint AS fee_fen, sum(l.seller_payout_fen)::bigint AS payout_fen
"""


async def periods(connection: asyncpg.Connection) -> Figures:
    """What each period came to."""
    return await _table(
        connection,
        f"""
        SELECT r.period, r.status, count(DISTINCT s.id) AS statements, count(*) AS lines,
               count(*) FILTER (WHERE l.service_period <> r.period) AS late_lines, {_MONEY},
               sum(l.before_loss - l.over_budget - l.gross_fen)::bigint AS interruption_fen
        FROM runs r JOIN {_LINES} ON s.run = r.id GROUP BY r.period, r.status, r.seq ORDER BY r.seq
        """,  # noqa: S608 - constants of this module
    )


async def by_seller(connection: asyncpg.Connection) -> Figures:
    """What each seller sold and is owed."""
    return await _table(
        connection,
        f"SELECT s.seller, count(DISTINCT s.subject) AS subjects, {_MONEY} FROM {_LINES} "  # noqa: S608
        "GROUP BY s.seller ORDER BY s.seller",
    )


async def by_pair(connection: asyncpg.Connection) -> Figures:
    """What each pair of regions did, and what each side counts as its own under their agreement."""
    return await _table(
        connection,
        f"""
        SELECT s.source, s.destination, coalesce(l.agreement, 'none') AS agreement,
               sum(l.gross_fen)::bigint AS gross_fen, sum(l.net_fen)::bigint AS net_fen,
               sum(l.local_retained_fen)::bigint AS local_tax_fen,
               {_share("revenue", 0)}, {_share("revenue", 1)}, {_share("tax", 0)}, {_share("tax", 1)},
               {_share("gdp", 0)}, {_share("gdp", 1)}
        FROM {_LINES} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """,  # noqa: S608 - constants of this module
    )


def _share(kind: str, party: int) -> str:
    side = ("source", "destination")[party]
    return f"coalesce(sum((l.{kind}_by_region_fen->{party}->>1)::bigint), 0)::bigint AS {side}_{kind}_fen"


async def pair_months(connection: asyncpg.Connection) -> Figures:
    """What the memo ledger has for each region of a pair by month, the source first, and where all have agreed to it."""
    return await _table(
        connection,
        """
        SELECT r.period AS month, contra.owner AS agreement, p.owner AS region,
               coalesce(sum(p.amount) FILTER (WHERE p.kind = 'revenue'), 0)::bigint AS revenue_fen,
               coalesce(sum(p.amount) FILTER (WHERE p.kind = 'tax'), 0)::bigint AS tax_fen,
               coalesce(sum(p.amount) FILTER (WHERE p.kind = 'gdp'), 0)::bigint AS gdp_fen,
               coalesce(q.quarter, 'not yet') AS agreed_in
        FROM agreements a
        JOIN postings contra ON contra.kind = 'attribution' AND contra.owner = a.id || '/' || a.version
        JOIN postings p ON p.seq = contra.seq AND p.n = contra.n AND p.kind <> contra.kind
        JOIN (SELECT DISTINCT seq, run FROM statements) s ON s.seq = contra.seq
        JOIN runs r ON r.id = s.run
        LEFT JOIN quarters_agreed q ON (q.source, q.destination) = (a.source, a.destination)
            AND q.quarter = to_char(to_date(r.period, 'YYYY-MM'), 'YYYY-"Q"Q')
        GROUP BY r.period, contra.owner, p.owner, a.source, q.quarter
        ORDER BY r.period, contra.owner, p.owner <> a.source, p.owner
        """,
    )


async def payouts_by_seller(connection: asyncpg.Connection) -> Figures:
    """What closed periods came to for each seller, and how much of it is paid or on its way."""
    return await _table(
        connection,
        """
        WITH settled AS (
            SELECT s.seller, sum(l.payout_on_charge_fen) AS amount
            FROM statements s JOIN statement_lines l ON l.statement = s.id GROUP BY s.seller
        ), paid AS (
            SELECT party, count(*) AS payouts, sum("left") FILTER (WHERE status = 'paid') AS amount
            FROM payouts GROUP BY party
        )
        SELECT s.seller, coalesce(a.account, '') AS account, s.amount::bigint AS settled_fen,
               coalesce(p.payouts, 0) AS payouts, coalesce(p.amount, 0)::bigint AS paid_fen,
               coalesce(t.amount, 0) AS in_transit_fen, coalesce(b.amount, 0) AS payable_fen
        FROM settled s LEFT JOIN paid p ON p.party = s.seller LEFT JOIN payout_accounts a ON a.party = s.seller
        LEFT JOIN balances b ON (b.owner, b.kind) = (s.seller, 'payable')
        LEFT JOIN balances t ON (t.owner, t.kind) = (s.seller, 'in_transit') ORDER BY s.seller
        """,
    )


async def books(connection: asyncpg.Connection) -> dict[str, int]:
    """What each of three books has of payments to sellers: how many, and how much in fen."""
    (row,) = await _table(
        connection,
        """
        SELECT m.payments AS asked, m.amount AS asked_fen, l.payments AS by_the_bank, l.amount AS by_the_bank_fen,
               b.payments AS in_the_ledger, b.amount AS in_the_ledger_fen
        FROM (SELECT count(*) AS payments, coalesce(sum((instruction ->> 'amount')::bigint), 0)::bigint AS amount
              FROM movements WHERE kind = 'Transfer' AND state IN ('succeeded', 'reconciled')) m,
             (SELECT count(*) AS payments, -coalesce(sum(amount), 0)::bigint AS amount FROM bank_lines) l,
             (SELECT count(*) AS payments, coalesce(sum(p.amount), 0)::bigint AS amount
              FROM postings p JOIN events e USING (seq) WHERE p.kind = 'bank' AND e.kind = 'PayoutPaid') b
        """,
    )
    return row


async def tax_lines(connection: asyncpg.Connection) -> Figures:
    """Every tax figure, added up."""
    return await _table(
        connection,
        f"""
        SELECT t.line, sum(t.fen)::bigint AS amount_fen FROM {_LINES} CROSS JOIN LATERAL (VALUES
            (1, 'VAT in the price', l.vat_fen), (2, 'VAT to the central treasury', l.vat_central_fen),
            (3, 'VAT to local treasuries', l.vat_local_fen), (4, 'urban maintenance tax', l.surcharge_urban_fen),
            (5, 'education surcharge', l.surcharge_education_fen),
            (6, 'local education surcharge', l.surcharge_local_education_fen),
            (7, 'retained locally, in all', l.local_retained_fen), (8, 'VAT on the venue''s fee', l.fee_vat_fen)
        ) AS t(place, line, fen) GROUP BY t.place, t.line ORDER BY t.place
        """,  # noqa: S608 - constants of this module
    )


async def token_contracts(connection: asyncpg.Connection) -> Figures:
    """Tokens metered, charged and used beyond the budget, by contract and meter."""
    return await _table(
        connection,
        f"""
        SELECT s.subject AS contract, l.meter, sum(l.quantity)::bigint AS tokens, l.price AS price_micro_yuan,
               sum(l.before_loss)::bigint AS used_fen, sum(l.gross_fen)::bigint AS charged_fen,
               sum(l.over_budget)::bigint AS over_budget_fen
        FROM {_LINES} WHERE l.meter <> 'card_seconds' GROUP BY 1, 2, 4 ORDER BY 1, 2
        """,  # noqa: S608 - constants of this module
    )


async def ledger(connection: asyncpg.Connection) -> Figures:
    """The trial balance: what stands on each kind of account. Each book comes to zero."""
    return await _table(
        connection,
        "SELECT p.book, p.kind, count(DISTINCT p.owner) AS accounts, sum(p.amount)::bigint AS balance_fen "
        "FROM postings p GROUP BY p.book, p.kind ORDER BY p.book DESC, p.kind",
    )


async def _table(connection: asyncpg.Connection, sql: str, *values: object) -> Figures:
    return [dict(row) for row in await connection.fetch(sql, *values)]
