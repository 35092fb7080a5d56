"""The audit of what was traded: a tape that is rewritten, and leases that were taken back."""

from tests.integration.test_audit import broken

TRADE = """
    UPDATE events SET body = replace(body::text, '"cost":', '"cost":1')::json
    WHERE (seq, n) = (SELECT seq, n FROM events WHERE kind = 'LeaseGranted' ORDER BY seq LIMIT 1)
"""


def test_a_trade_that_is_rewritten_breaks_the_chain(season_url: str) -> None:
    found = broken(season_url, TRADE)
    assert set(found) == {"log", "leases", "projections", "decisions"}
    assert len(found["log"].differences) == 1
    assert len(found["decisions"].differences) == 1, "one difference is not followed by others"


def test_a_trade_that_is_rewritten_with_the_whole_chain_is_found_by_its_price(season_url: str) -> None:
    assert set(broken(season_url, TRADE, CHAINED_ANEW)) == {"leases", "projections", "decisions"}


FREE = """
    UPDATE events SET body = replace(body::text, '"charged":', '"charged":1')::json
    WHERE (seq, n) = (SELECT seq, n FROM events WHERE kind = 'LeaseDisplaced' ORDER BY seq LIMIT 1)
"""


def test_what_a_lease_that_was_taken_back_costs_is_found(season_url: str) -> None:
    assert set(broken(season_url, FREE)) == {"log", "displacement", "projections", "decisions"}
    assert set(broken(season_url, FREE, CHAINED_ANEW)) == {"displacement", "projections", "decisions"}


CHAINED_ANEW = """
    DO $$ DECLARE digest bytea := decode(repeat('00', 32), 'hex'); command record; BEGIN
        FOR command IN SELECT * FROM commands ORDER BY seq LOOP
            digest := sha256(digest || convert_to(
                concat_ws(E'\\n', command.seq, command.party, command.id, command.kind, command.body) ||
                coalesce((SELECT string_agg(E'\\n' || kind || E'\\n' || body, '' ORDER BY n) FROM events
                          WHERE seq = command.seq), ''), 'UTF8'));
            UPDATE commands SET digest = chained.digest FROM (SELECT digest) AS chained WHERE commands.seq = command.seq;
        END LOOP;
    END $$
"""
"""What somebody would do who may change everything: make all digests fit again."""
