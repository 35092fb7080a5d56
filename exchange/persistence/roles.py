"""What the venue may do in its own database: two roles that nobody logs in as, and their rights to each table.

Every connection of the venue takes one of them on (`database.py`). Neither can change what is for ever, delete a row or
empty a table: that takes the owner, as whom migrations and `suanli db rebuild` run. A new table takes its place in one
of the two lists here. `suanli db upgrade` grants what follows from them, again after every migration.
"""

from sqlalchemy import Connection, Table, bindparam, text
from sqlalchemy.exc import DBAPIError

from exchange.persistence.errors import DatabaseUnavailable
from exchange.persistence.tables import (
    closing,
    contracts,
    house,
    log,
    market,
    pairs,
    payments,
    payouts,
    power,
    refunds,
    subsidies,
    vouchers,
)
from exchange.persistence.tables.every import LOG, METERS, TABLES, USAGE

VENUE = "suanli_venue"
READER = "suanli_reader"
_BOTH = f"{VENUE}, {READER}"

ADDED_TO: tuple[Table, ...] = (
    *LOG,
    *USAGE,
    *METERS,
    payments.gateway_events,
    payments.bank_lines,
    house.parties,
    market.trades,
    market.displacements,
    contracts.contract_prices,
    closing.statements,
    closing.statement_lines,
    pairs.agreement_signatures,
    pairs.quarter_confirmations,
    pairs.quarter_disputes,
    pairs.quarters_agreed,
    pairs.recognitions,
    power.power_versions,
    power.pue_declarations,
    power.certificates,
    power.line_emissions,
    vouchers.facts,
    vouchers.programmes,
    vouchers.vouchers,
    vouchers.voucher_moves,
    subsidies.subsidies,
    subsidies.subsidy_parts,
)
"""Tables whose rows stay as they are: the venue may add some."""

CHANGED: tuple[Table, ...] = (
    log.writer,
    house.balances,
    house.venue,
    house.api_keys,
    market.listings,
    market.orders,
    market.leases,
    house.links,
    contracts.contracts,
    contracts.token_packages,
    pairs.agreements,
    closing.runs,
    pairs.agreement_drafts,
    refunds.refunds,
    payouts.payout_terms,
    payouts.payout_accounts,
    payouts.payouts,
    payments.movements,
    payments.bank_orders,
    payments.payout_freezes,
)
"""Tables whose rows come to stand otherwise: the venue may add some, and change them."""

_VERSIONS = "alembic_version"
_NAMES = [*(table.name for table in TABLES), _VERSIONS]

_STANDING = text(
    """
    SELECT w.role, r.oid IS NOT NULL AS made, quote_ident(current_user) AS us,
           coalesce(pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int < 160000
                                            THEN 'MEMBER' ELSE 'SET' END), false) AS ours
    FROM unnest(CAST(:roles AS text[])) AS w(role) LEFT JOIN pg_roles r ON r.rolname = w.role
    """
)
_HELD = text(
    """
    SELECT r.rolname, '' AS name, 'USAGE' AS privilege FROM pg_roles r
    WHERE r.rolname IN :roles AND has_schema_privilege(r.oid, current_schema(), 'USAGE')
    UNION ALL
    SELECT r.rolname, c.relname, p.privilege FROM pg_roles r, pg_class c, unnest(CAST(:privileges AS text[])) AS p(privilege)
    WHERE r.rolname IN :roles AND c.relname IN :names AND c.relkind = 'r' AND has_table_privilege(r.oid, c.oid, p.privilege)
        AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    """
).bindparams(bindparam("roles", expanding=True), bindparam("names", expanding=True))
_PRIVILEGES = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]


def lacking(connection: Connection) -> list[str]:
    """Statements that make the roles and let this user take them on, as far as the server lacks that."""
    rows = connection.execute(_STANDING, {"roles": [VENUE, READER]}).all()
    made = [f"CREATE ROLE {row.role} NOLOGIN" for row in rows if not row.made]
    if taken := [row.role for row in rows if not row.ours]:
        made.append(f"GRANT {', '.join(taken)} TO {rows[0].us}")
    return made


def make(connection: Connection) -> None:
    """Carry out what is `lacking`. Raises `DatabaseUnavailable`, with the statements, where this user may not."""
    statements = lacking(connection)
    for statement in statements:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(statement)
        except DBAPIError as fault:
            match getattr(fault.orig, "sqlstate", None):
                case "42710" | "23505":  # somebody has just done it, for another database of this server
                    continue
                case "42501":
                    raise DatabaseUnavailable(_for_administrator(statements)) from fault
                case _:
                    raise


def obstacle(connection: Connection) -> str | None:
    """What an administrator of the server has to do first, where the roles are lacking and this user may make none."""
    may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    statements = lacking(connection)
    if not statements or connection.exec_driver_sql(may).scalar():
        return None
    return _for_administrator(statements)


def _for_administrator(statements: list[str]) -> str:
    return (
        "This user may not provide the roles that the venue works as: "
        f"let an administrator run {'; '.join(statements)}; then run suanli db upgrade."
    )


def grant(connection: Connection) -> None:
    """Give each role just the rights that follow from the lists. Raises `DatabaseUnavailable` for who doesn't own the tables.

    The server itself may only warn whoever grants what is not theirs.
    """
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    for statement in (
        f"GRANT USAGE ON SCHEMA {schema} TO {_BOTH}",
        f"REVOKE ALL ON {', '.join(_NAMES)} FROM {_BOTH}",
        f"GRANT SELECT ON {', '.join(_NAMES)} TO {_BOTH}",
        f"GRANT INSERT ON {_listed(*ADDED_TO, *CHANGED)} TO {VENUE}",
        f"GRANT UPDATE ON {_listed(*CHANGED)} TO {VENUE}",
    ):
        connection.exec_driver_sql(statement)
    if not granted(connection):
        raise DatabaseUnavailable(
            "Only the user who owns the tables can grant the venue's roles their rights: run suanli db upgrade as that one."
        )


def granted(connection: Connection) -> bool:
    """Whether each role has just the rights that follow from the lists: none too few, none too many."""
    rows = connection.execute(_HELD, {"roles": [VENUE, READER], "names": _NAMES, "privileges": _PRIVILEGES})
    return {tuple(row) for row in rows} == _wanted()


def _wanted() -> set[tuple[str, str, str]]:
    """Role, table and privilege; and that a role may use the schema."""
    return {
        *((role, "", "USAGE") for role in (VENUE, READER)),
        *((role, name, "SELECT") for role in (VENUE, READER) for name in _NAMES),
        *((VENUE, table.name, "INSERT") for table in (*ADDED_TO, *CHANGED)),
        *((VENUE, table.name, "UPDATE") for table in CHANGED),
    }


def _listed(*some: Table) -> str:
    return ", ".join(table.name for table in some)
