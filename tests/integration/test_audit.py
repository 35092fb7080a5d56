"""The audit of a venue with a past: sound as it is, and whatever is broken on purpose is found by the right check."""

import asyncio
import re
from collections.abc import Callable

import asyncpg
import pytest

from exchange.audit import Check, audit
from exchange.catalogue.catalogue import load_catalogue
from exchange.persistence import database
from exchange.persistence.rebuild import rebuild

CATALOGUE = load_catalogue()
UNGUARDED = "SET LOCAL session_replication_role = replica"  # as only a superuser can: without the triggers

FIRST = "(SELECT seq FROM entries WHERE kind = '%s' ORDER BY seq, n LIMIT 1), 0"
LEASE = "(SELECT id FROM leases WHERE unsettled > 0 ORDER BY id LIMIT 1)"
FILLED = "(SELECT id FROM orders WHERE status = 'filled' ORDER BY id LIMIT 1)"
SETTLED = "(SELECT subject FROM statements WHERE charged > 100 AND subject LIKE 'lse-%' ORDER BY id LIMIT 1)"
LINES = f"statement = (SELECT id FROM statements WHERE subject = {SETTLED})"
OVERRUN = "(SELECT statement FROM statement_lines WHERE over_budget > 0 ORDER BY 1 LIMIT 1)"

CUT = (
    "(SELECT l.id FROM leases l JOIN statements s ON s.subject = l.id WHERE l.end_slot < l.granted_end_slot "
    "ORDER BY l.id LIMIT 1)"
)
REFUND = "(SELECT min(id) FROM refunds)"
REFUNDED = "seq = (SELECT min(seq) FROM events WHERE kind = 'LineRefunded')"
KEEPING = "status = 'filled' AND held > 0"


def audited(url: str, *statements: str, redecide: bool = True) -> dict[str, Check]:
    """An audit after statements that no guard has seen, and that are taken back."""

    async def run() -> list[Check]:
        connection = await database.connect(url, database.NO_ROLE)
        try:
            transaction = connection.transaction()
            await transaction.start()
            for statement in (UNGUARDED, *statements) if statements else ():
                await connection.execute(statement)
            return await audit(connection, CATALOGUE, redecide=redecide)
        finally:
            await connection.close()

    return {check.name: check for check in asyncio.run(run())}


def broken(url: str, *statements: str) -> dict[str, Check]:
    """The checks that find something."""
    return {name: check for name, check in audited(url, *statements).items() if check.differences}


def test_a_sound_venue_gives_no_difference_and_much_is_examined(season_url: str) -> None:
    checks = audited(season_url)
    assert list(checks) == [
        "log",
        "journal",
        "capacity",
        "leases",
        "displacement",
        "reserves",
        "signatures",
        "emissions",
        "vouchers",
        "subsidies",
        "chargebacks",
        "projections",
        "decisions",
        "entries",
        "balances",
        "holds",
        "statements",
        "settlement",
        "packages",
        "usage",
        "payouts",
    ]
    assert {name: check.differences for name, check in checks.items() if check.differences} == {}
    assert all(check.examined for check in checks.values())
    assert "decisions" not in audited(season_url, redecide=False)


def test_the_venues_past_has_all_that_can_go_wrong(season_url: str) -> None:
    """Leases were taken back when they were settled in part, within the grace, and before they were settled at all."""

    async def run() -> list[bool]:
        connection = await database.connect(season_url)
        try:
            return [await connection.fetchval(f"SELECT EXISTS ({query})") for query in PAST]
        finally:
            await connection.close()

    assert asyncio.run(run()) == [True] * len(PAST)


TAKEN_BACK = "SELECT * FROM leases WHERE end_slot < granted_end_slot"
RETURNED = "jsonb_to_recordset(returned) AS back (amount bigint, over boolean, paid_back bigint)"
PAST = (
    f"{TAKEN_BACK} AND runs::text <> '[]' AND (SELECT count(*) FROM statements WHERE subject = leases.id) = 2",
    f"{TAKEN_BACK} AND runs::text <> '[]' AND (SELECT count(*) FROM statements WHERE subject = leases.id) = 1",
    f"{TAKEN_BACK} AND runs::text = '[]'",
    f"SELECT * FROM orders WHERE {KEEPING}",
    "SELECT * FROM refunds f JOIN statement_lines l USING (statement, n) WHERE f.amount = l.gross_fen",
    "SELECT statement FROM refunds GROUP BY statement, n HAVING count(*) = 2",
    "SELECT * FROM refunds WHERE note_state = 'awaiting_confirmation'",
    f"SELECT * FROM refunds, {RETURNED} WHERE back.amount > 0 AND NOT over",
    f"SELECT * FROM refunds, {RETURNED} WHERE back.amount > 0 AND over",
    f"SELECT * FROM refunds, {RETURNED} WHERE paid_back > 0",
    "SELECT * FROM payouts WHERE status = 'failed'",
    """SELECT * FROM payouts WHERE status = 'paid' AND amount - "left" = 5""",
    "SELECT * FROM payouts WHERE status = 'begun'",
    "SELECT * FROM links",
    "SELECT * FROM orders WHERE id LIKE '%.r1' AND status = 'filled'",
)


def test_tables_that_are_made_anew_are_sound(
    season_url: str, another_database: Callable[[str | None], str]
) -> None:
    """Also where one statement ends a version of an agreement and adds the next."""

    async def run(url: str) -> list[tuple[int, int, int | None]]:
        connection = await database.connect(url, database.NO_ROLE)
        try:
            await rebuild(connection)
            return [
                tuple(row)
                for row in await connection.fetch(
                    "SELECT version, valid_from, valid_to FROM agreements WHERE version > 1 ORDER BY version"
                )
            ]
        finally:
            await connection.close()

    copy = another_database(season_url)
    (_, _, ends), (_, begins, never) = asyncio.run(run(copy))
    assert (ends, never) == (begins, None)
    assert not [line for check in audited(copy).values() for line in check.differences]


def test_an_empty_venue_is_sound(database_url: str) -> None:
    checks = audited(database_url)
    assert not any(check.differences for check in checks.values())
    assert "holds" not in checks, "before any terms nothing can be held"


BROKEN = {
    "a posting": (
        f"UPDATE postings SET amount = amount + 1 WHERE (seq, n, leg) = ({FIRST % 'charge'}, 1)",
        {"journal", "entries", "balances", "statements"},
    ),
    "two postings that still balance": (
        "UPDATE postings SET amount = amount + CASE leg WHEN 0 THEN -5 ELSE 5 END WHERE seq = 8",
        {"journal", "balances"},
    ),
    "postings deleted": ("DELETE FROM postings WHERE seq = 8", {"journal", "entries", "balances"}),
    "postings in the wrong book": ("UPDATE postings SET book = 'memo' WHERE seq = 8", {"entries"}),
    "an entry of another kind": (
        "UPDATE entries SET kind = 'reversal' WHERE seq = 8",
        {"journal", "payouts"},
    ),
    "a refund's posting": (
        f"UPDATE postings SET amount = amount + 5 - 10 * leg WHERE leg < 2 AND (seq, n) = ({FIRST % 'refund'})",
        {"journal", "balances", "payouts"},
    ),
    "what a refund gave back": (
        f"UPDATE refunds SET amount = amount + 1 WHERE id = {REFUND}",
        {"projections"},
    ),
    "a refund of more than was charged": (
        f"UPDATE events SET body = replace(body::text, '\"amount\":33,', '\"amount\":99999999,')::json WHERE {REFUNDED}",
        {"log", "projections", "decisions", "payouts"},
    ),
    "what a refund gave back to a voucher": (
        "UPDATE refunds SET returned = '[]'",
        {"projections"},
    ),
    "a refund that a voucher loses": (
        "UPDATE events SET body = replace(body::text, '\"over\":false', '\"over\":true')::json WHERE kind = 'LineRefunded'",
        {"log", "journal", "vouchers", "projections", "decisions", "payouts"},
    ),
    "a refund of a line that was covered otherwise": (
        "UPDATE events SET body = replace(body::text, '\"covered\":', '\"covered\":1')::json WHERE kind = 'LineRefunded'",
        {"log", "decisions", "payouts"},
    ),
    "a refund of another's line": (
        f'UPDATE events SET body = replace(body::text, \'"buyer":"\', \'"buyer":"x\')::json WHERE {REFUNDED}',
        {"log", "journal", "projections", "decisions", "payouts"},
    ),
    "a payout that is more than was due": (
        "UPDATE events SET body = replace(body::text, '\"amount\":', '\"amount\":9')::json WHERE kind = 'PayoutBegun'",
        {"log", "journal", "projections", "decisions", "payouts"},
    ),
    "a payout to another account": (
        "UPDATE events SET body = replace(body::text, '6222021234567890', '6222021234567891')::json WHERE kind = 'PayoutBegun'",
        {"log", "projections", "decisions", "payouts"},
    ),
    "a payout": ("UPDATE payouts SET status = 'paid'", {"projections"}),
    "a balance": (
        "UPDATE balances SET amount = amount + 1 WHERE (owner, kind) = ('ann', 'available')",
        {"balances"},
    ),
    "a balance without postings": ("INSERT INTO balances VALUES ('eve', 'available', 7)", {"balances"}),
    "a settled lease": (
        f"UPDATE leases SET cards = cards + 1 WHERE id = {SETTLED}",
        {"projections", "statements", "settlement"},
    ),
    "a lease's hold": (f"UPDATE leases SET held = held + 1 WHERE id = {LEASE}", {"projections", "holds"}),
    "a lease's buyer": (f"UPDATE leases SET buyer = 'ann' WHERE id = {LEASE}", {"projections", "holds"}),
    "an order's hold": (
        "UPDATE orders SET held = held - 1 WHERE status = 'resting'",
        {"projections", "holds"},
    ),
    "a hold that was not given back": (
        f"UPDATE orders SET held = 7 WHERE id = {FILLED}",
        {"projections", "holds"},
    ),
    "an order that was filled": (
        f"UPDATE orders SET status = 'open', held = 7 WHERE id = {FILLED}",
        {"projections", "holds"},
    ),
    "what an order keeps": (f"UPDATE orders SET held = held + 1 WHERE {KEEPING}", {"projections", "holds"}),
    "what an order keeps, gone": (f"UPDATE orders SET held = 0 WHERE {KEEPING}", {"projections", "holds"}),
    "a lease that was taken back and is to be paid": (
        f"UPDATE leases SET runs = json_build_array(json_build_array(start_slot, granted_end_slot, 0)) WHERE id = {CUT}",
        {"projections", "settlement"},
    ),
    "a lease that runs on": (
        f"UPDATE leases SET end_slot = granted_end_slot WHERE id = {CUT}",
        {"projections", "statements"},
    ),
    "a link": ("UPDATE links SET mbps = mbps + 1", {"projections"}),
    "a link that nobody set": ("INSERT INTO links VALUES ('a', 'b', 7)", {"projections"}),
    "a row deleted": ("DELETE FROM listings WHERE status = 'withdrawn'", {"projections"}),
    "a row that nobody made": (
        "INSERT INTO api_keys SELECT party, 'mine', digest, false FROM api_keys LIMIT 1",
        {"projections"},
    ),
    "a key that was revoked": (
        "UPDATE api_keys SET revoked = NOT revoked",
        {"projections"},
    ),
    "the clock": ("UPDATE venue SET now = now + 1", {"projections"}),
    "an agreement": ("UPDATE agreements SET valid_to = valid_to + 3600", {"projections"}),
    "a statement line's fee": (
        f"UPDATE statement_lines SET fee_vat_fen = fee_vat_fen + 1, fee_net_fen = fee_net_fen - 1 WHERE {LINES}",
        {"projections", "statements"},
    ),
    "a statement line's loss": (
        f"UPDATE statement_lines SET lost = lost + 1800 WHERE {LINES}",
        {"projections", "statements", "settlement"},
    ),
    "a statement line's overrun": (
        f"UPDATE statement_lines SET over_budget = over_budget + 1 WHERE statement = {OVERRUN}",
        {"projections", "statements"},
    ),
    "a statement": (
        f"UPDATE statements SET charged = charged + 1, released = released - 1 WHERE subject = {SETTLED}",
        {"projections", "statements"},
    ),
    "what a line emitted": (
        "UPDATE line_emissions SET market_based_g = market_based_g + 1",
        {"projections"},
    ),
    "a region's grams": (
        """UPDATE line_emissions SET by_region = '[["310000", 7], ["621000", 7]]'""",
        {"projections", "statements"},
    ),
    "emissions deleted": ("DELETE FROM line_emissions", {"projections", "statements"}),
    "a posting of carbon": (
        """
        UPDATE postings SET amount = amount + 1
        WHERE leg = 0 AND (seq, n) = (SELECT seq, n FROM entries WHERE kind = 'emission' ORDER BY seq, n LIMIT 1)
        """,
        {"journal", "entries", "balances", "statements"},
    ),
    "a certificate": ("UPDATE certificates SET kwh = kwh + 1", {"projections"}),
    "a certificate's use in the log": (
        """
        UPDATE events SET body = jsonb_set(body::jsonb, '{lines,0,certificates}', '[["GEC-1", 7]]')::json
        WHERE kind = 'EmissionsReckoned'
        """,
        {"log", "emissions", "projections", "decisions"},
    ),
    "a run's late window": (
        "UPDATE runs SET late_until = late_until - 3600 * 24 * 40 WHERE id = 'run-2'",
        {"projections", "settlement"},
    ),
    "delivered time": (
        "UPDATE delivery_records SET delivered = delivered - 1 WHERE batch = 1",
        {"settlement", "usage"},
    ),
    "a record's batch": ("UPDATE delivery_records SET batch = 99 WHERE batch = 3", {"settlement", "usage"}),
    "records deleted": ("DELETE FROM delivery_records WHERE batch = 1", {"settlement", "usage"}),
    "more delivered than leased": (
        "UPDATE delivery_records SET delivered = 10000000 WHERE batch = 4",
        {"settlement", "usage"},
    ),
    "delivered when nothing was leased": (
        "UPDATE delivery_records SET slot = slot + 1000 WHERE batch = 4",
        {"settlement", "usage"},
    ),
    "tokens": (
        "UPDATE token_records SET output_tokens = output_tokens + 1 WHERE sequence = 0",
        {"settlement", "packages", "usage"},
    ),
    "tokens at another time": (
        "UPDATE token_records SET at = at + 10000000 WHERE sequence = 0",
        {"settlement", "packages", "usage"},
    ),
    "what is left of a package": (
        'UPDATE token_packages SET "left" = "left" - 1 WHERE "left" > 0',
        {"projections", "packages"},
    ),
    "a package out of its turn": (
        "UPDATE statement_lines SET package = 'pkg-1' WHERE package IS NOT NULL AND meter <> 'packages'",
        {"projections", "packages"},
    ),
    "packages that were not sold": (
        "DELETE FROM statement_lines WHERE meter = 'packages'",
        {"projections", "statements", "packages"},
    ),
    "what a voucher covers": (
        "UPDATE statement_lines SET vouchers = replace(vouchers::text, '\"covered\": ', '\"covered\": 1')::jsonb",
        {"projections", "statements", "payouts"},
    ),
    "who owes it": (
        "UPDATE postings SET owner = '621000' WHERE kind = 'subsidy_claim'",
        {"journal", "balances", "statements", "subsidies", "payouts"},
    ),
    "what is left of a voucher": (
        "UPDATE postings SET owner = 'vch-1' WHERE kind = 'voucher_left'",
        {"journal", "balances", "vouchers", "payouts"},
    ),
    "whose a voucher is": ("UPDATE vouchers SET buyer = 'ann'", {"projections"}),
    "a batch's sender": ("UPDATE usage_batches SET party = 'ray' WHERE id = 2", {"usage"}),
    "a digest": ("UPDATE commands SET digest = decode(repeat('00', 32), 'hex') WHERE seq = 20", {"log"}),
    "an epoch that falls": ("UPDATE commands SET epoch = 0 WHERE seq = 50", {"log"}),
    "an epoch to come": (
        "UPDATE commands SET epoch = epoch + 1 WHERE seq = (SELECT max(seq) FROM commands)",
        {"log"},
    ),
    "who gave a command": (
        "UPDATE commands SET party = 'ray' WHERE kind = 'CutUsage'",
        {"log", "decisions"},
    ),
    "events that can't be read": (
        "UPDATE events SET body = '{}' WHERE kind = 'OrderAccepted'",
        {"log", "decisions", "journal", "projections", "leases", "displacement", "reserves", "holds"},
    ),
}


@pytest.mark.parametrize(("statement", "found"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_found(season_url: str, statement: str, found: set[str]) -> None:
    assert set(broken(season_url, statement)) == found


def test_a_difference_names_the_thing_and_says_what_was_expected(season_url: str) -> None:
    found = broken(
        season_url,
        "UPDATE balances SET amount = 7 WHERE (owner, kind) = ('ann', 'held')",
        "UPDATE orders SET held = held + 1 WHERE status = 'resting'",
        "UPDATE commands SET epoch = 0 WHERE seq = 50",
    )
    (order,) = re.findall(r"ord-\d+", found["holds"].differences[0])
    assert {name: check.differences for name, check in found.items()} == {
        "log": ("50: epoch 0 after 1",),
        "projections": (f"orders {order}: held: expected 12000, got 12001",),
        "holds": (f"order {order}: held: expected 12000, got 12001",),
        "balances": ("ann/held: expected 0, got 7",),
    }


def test_a_statement_whose_only_line_is_gone_is_told(season_url: str) -> None:
    found = broken(season_url, f"DELETE FROM statement_lines WHERE {LONE}")
    assert set(found) == {"projections", "statements", "settlement"}
    assert all("could not be checked" not in line for check in found.values() for line in check.differences)


LONE = (
    "statement = (SELECT statement FROM statement_lines WHERE meter = 'card_seconds' "
    "GROUP BY statement HAVING count(*) = 1 ORDER BY 1 LIMIT 1)"
)

UNREADABLE = {
    "a lease's runs": ("UPDATE leases SET runs = '[7]' WHERE id = 'lse-1'", {"settlement"}),
    "an agreement's terms": (
        "UPDATE agreements SET terms = '{}'",
        {"statements", "settlement", "packages", "payouts"},
    ),
    "a sum that is too large": (
        "UPDATE postings SET amount = 1::bigint << 62 WHERE kind = 'held'",
        {"holds"},
    ),
    "verdicts": ("UPDATE usage_batches SET verdicts = '7'", {"usage"}),
}


@pytest.mark.parametrize(("statement", "found"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_breaks_a_check_is_a_finding_of_it(season_url: str, statement: str, found: set[str]) -> None:
    checks = audited(season_url, statement)
    stopped = {
        name
        for name, check in checks.items()
        if any(line.startswith("it could not be checked to its end: ") for line in check.differences)
    }
    assert stopped == found
    assert len(checks) == 21, "every other check goes on"


@pytest.mark.anyio
async def test_a_lost_database_is_no_finding(season_url: str) -> None:
    connection = await database.connect(season_url)
    await connection.close()
    with pytest.raises(asyncpg.InterfaceError):
        await audit(connection, CATALOGUE, redecide=False)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "DELETE FROM commands WHERE seq = 100",
            "100: it has events or entries, but there is no such command",
        ),
        ("DELETE FROM events WHERE (seq, n) = (7, 0)", "digest of 7: expected "),
        (
            "INSERT INTO events SELECT 100000, n, kind, body FROM events WHERE seq = 7",
            "the command after ",
        ),
        ("DELETE FROM commands WHERE seq > 300", "301: it has events or entries"),
    ],
)
def test_holes_in_the_log_are_found(season_url: str, statement: str, found: str) -> None:
    differences = broken(season_url, statement)["log"].differences
    assert any(difference.startswith(found) for difference in differences), differences


def test_an_event_that_cannot_be_read_stops_nothing_but_deciding(season_url: str) -> None:
    found = broken(season_url, "UPDATE events SET kind = 'LeaseLost' WHERE (seq, n) = (7, 0)")
    assert any("event 7.0: it can't be read" in line for line in found["log"].differences)
    assert found["decisions"].differences == (
        "7: its events can't be read, and nothing after it was decided",
    )


def test_many_differences_are_cut_short(season_url: str) -> None:
    found = broken(season_url, "UPDATE leases SET vat_rate_bp = vat_rate_bp + 1")
    assert len(found["projections"].differences) == 101
    assert found["projections"].differences[-1].startswith("and ")


def test_the_venue_goes_on_while_it_is_audited(season_url: str) -> None:
    checks = asyncio.run(audit(season_url, CATALOGUE, redecide=False))
    assert not any(check.differences for check in checks)
