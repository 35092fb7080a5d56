"""The audit: everything that can be derived is derived again from the log, and compared with what is stored."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from exchange.catalogue.catalogue import Catalogue
from exchange.checks.books import Journal
from exchange.checks.chargebacks import Chargebacks
from exchange.checks.decisions import Decisions
from exchange.checks.emissions import Emitted
from exchange.checks.findings import Findings, telling
from exchange.checks.holds import Holds
from exchange.checks.leasing import Leasing
from exchange.checks.log import Chain
from exchange.checks.market import Kept
from exchange.checks.packages import Packages
from exchange.checks.paying import Paying
from exchange.checks.projections import FOLDED, Fold
from exchange.checks.settling import Settling
from exchange.checks.signatures import Signatures
from exchange.checks.statements import Statements
from exchange.checks.subsidies import Subsidies
from exchange.checks.usage import Usage
from exchange.checks.vouchers import Vouchers
from exchange.commands import Envelope
from exchange.events import Event
from exchange.names import PartyId
from exchange.persistence import database
from exchange.persistence.codec import decode_command, decode_event
from exchange.persistence.database import Connection
from exchange.persistence.payments import freeze
from exchange.persistence.queries import audit as queries
from exchange.persistence.queries import metered, settled, used_tokens
from exchange.persistence.queries.audit import LoggedStep
from exchange.state import VenueTerms, before_all
from settlement.ledger.chart import AccountKind

ROWS_AT_ONCE = 2_000  # rows that are compared with what is stored in one question


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked: what it says, how much was examined, and every difference in a line of its own."""

    name: str
    what: str
    examined: int
    differences: tuple[str, ...]


async def audit(source: str | Connection, catalogue: Catalogue, *, redecide: bool) -> list[Check]:
    """Audit a venue, by its database's URL: on a connection of its own, while the venue goes on.

    Or by a connection on which a transaction is open: then it is that transaction's view which is audited. With
    `redecide` every command is decided anew, too.
    """
    if isinstance(source, str):
        async with queries.snapshot(source) as connection:
            return await audit(connection, catalogue, redecide=redecide)
    log = _Log(catalogue, redecide=redecide)
    await log.follow(source)
    found = [*log.findings(), *await _ledger(source)]
    if log.leasing.market.rules is not None:
        found += await _settlement(source, log)
    return [_check(findings) for findings in found]


async def freeze_payouts(url: str, checks: Iterable[Check]) -> None:
    """Let no seller be paid, since these checks differ, until a clerk lifts that. Asks no writer for leave."""
    found = ", ".join(check.name for check in checks if check.differences)
    connection = await database.connect(url, database.WRITING)
    try:
        await freeze(connection, found)
    finally:
        await database.hang_up(connection)


class _Log:
    """What is checked by following the log once, from its beginning."""

    def __init__(self, catalogue: Catalogue, *, redecide: bool) -> None:
        self.chain, self.journal, self.leasing, self.fold = Chain(), Journal(), Leasing(), Fold()
        self.paying, self.emitted, self.chargebacks = Paying(), Emitted(), Chargebacks()
        self.signatures, self.vouchers, self.subsidies = Signatures(), Vouchers(), Subsidies()
        self.decisions = Decisions(before_all(catalogue), before_all(catalogue)) if redecide else None

    def findings(self) -> Iterator[Findings]:
        """What was found, in the order in which it is told."""
        yield from (self.chain.findings, self.journal.findings, *self.leasing.all_findings())
        yield self.signatures.findings
        yield self.emitted.findings
        yield self.vouchers.findings
        yield self.subsidies.findings
        yield self.chargebacks.findings
        yield self.fold.findings
        if self.decisions is not None:
            yield self.decisions.findings

    async def follow(self, connection: Connection) -> None:
        """Read the log page by page. Rows that have ended are compared at once, so that only what is open is kept."""
        async for page in queries.steps(connection):
            for step in page:
                self._see(step)
            await self._compare(connection, ended=True)
        self.chain.end(await queries.writer_epoch(connection))
        await self._compare(connection, ended=False)
        await self._find_strays(connection)
        async with _asking(connection, self.vouchers.findings):
            self.vouchers.end(await queries.voucher_balances(connection))
        async with _asking(connection, self.subsidies.findings):
            self.subsidies.end(await queries.subsidy_balances(connection))
        async with _asking(connection, self.chargebacks.findings):
            self.chargebacks.end(await queries.posted(connection, AccountKind.PLATFORM_LOSS))
        if self.decisions is not None:
            with telling(self.decisions.findings):
                self.decisions.end()

    def _see(self, step: LoggedStep) -> None:
        events = self._read(step)
        self.chain.see(step)
        with telling(self.journal.findings):
            self.journal.see(step, events)
        with telling(self.paying.findings):
            self.paying.see(step, events)
        self.leasing.see(step.seq, self._asked(step), events)
        with telling(self.signatures.findings):
            self.signatures.see(events)
        with telling(self.emitted.findings):
            self.emitted.see(events)
        with telling(self.vouchers.findings):
            self.vouchers.see(events)
        with telling(self.subsidies.findings):
            self.subsidies.see(events)
        with telling(self.chargebacks.findings):
            self.chargebacks.see(step, events)
        for event in events:
            with telling(self.fold.findings):
                self.fold.see(step.seq, self.chain.digest, event)
        if self.decisions is not None:
            with telling(self.decisions.findings):
                self.decisions.see(step, events)

    def _asked(self, step: LoggedStep) -> Envelope | None:
        command = step.command
        if command is None:
            return None
        try:
            asked = decode_command(command.kind, command.body)
        except (AssertionError, msgspec.MsgspecError) as fault:
            self.chain.findings.tell(f"command {step.seq}: it can't be read: {fault}")
            return None
        return Envelope(PartyId(command.party), command.id, asked)

    def _read(self, step: LoggedStep) -> list[Event]:
        events = []
        for logged in step.events:
            try:
                events.append(decode_event(logged.kind, logged.body))
            except (AssertionError, msgspec.MsgspecError) as fault:
                self.chain.findings.tell(f"event {step.seq}.{logged.n}: it can't be read: {fault}")
        return events

    async def _compare(self, connection: Connection, *, ended: bool) -> None:
        async with _asking(connection, self.fold.findings):
            for table, rows in self.fold.ended() if ended else self.fold.rest():
                keys = list(rows)
                for start in range(0, len(keys), ROWS_AT_ONCE):
                    some = {key: rows[key] for key in keys[start : start + ROWS_AT_ONCE]}
                    self.fold.compare(table, some, await queries.stored(connection, table, some))

    async def _find_strays(self, connection: Connection) -> None:
        """Every row of the log is stored; are there others?"""
        async with _asking(connection, self.fold.findings):
            for table in FOLDED:
                if await queries.count(connection, table) > self.fold.counts[table]:
                    for stray in await queries.strays(connection, table):
                        self.fold.findings.tell(f"{table} {stray}: no event has made it")


@asynccontextmanager
async def _asking(connection: Connection, findings: Findings) -> AsyncIterator[None]:
    """Like `telling`, for a check that asks the database: what that refuses to add up spoils no other check."""
    with telling(findings):
        async with connection.transaction():
            yield


async def _ledger(connection: Connection) -> list[Findings]:
    """The ledger, added up by itself."""
    entries = Findings("entries", "every entry balances in its book, and each book sums to zero")
    async with _asking(connection, entries):
        _add(entries, await queries.entry_faults(connection))
    balances = Findings("balances", "each balance is the sum of its postings, and nobody's is below zero")
    async with _asking(connection, balances):
        _add(balances, await queries.balance_faults(connection))
    return [entries, balances]


async def _settlement(connection: Connection, log: _Log) -> list[Findings]:
    """What is held, delivered, settled, billed and paid."""
    rules = log.leasing.market.rules
    assert rules is not None, "nothing is held before any terms"
    return [
        await _holds(connection, rules, log.leasing.held()),
        await _statements(connection, rules),
        await _settling(connection, rules),
        await _packages(connection, rules),
        await _usage(connection, rules),
        await _paying(connection, log.paying),
    ]


async def _holds(connection: Connection, rules: VenueTerms, by_orders: dict[str, Kept]) -> Findings:
    holds = Holds(rules, by_orders)
    async with _asking(connection, holds.findings):
        async for order in queries.orders_that_hold(connection):
            holds.order(order)
        async for lease in queries.unsettled_leases(connection):
            holds.lease(lease)
        async for contract in queries.open_contracts(connection):
            holds.contract(contract)
        holds.end(await queries.posted(connection, AccountKind.HELD))
    return holds.findings


async def _statements(connection: Connection, rules: VenueTerms) -> Findings:
    statements = Statements(rules.slot_seconds, rules.utc_offset_seconds)
    async with _asking(connection, statements.findings):
        statements.agreements = await settled.agreements(connection)
        async for statement in settled.statements(connection):
            statements.see(statement)
        for fault in await settled.ledger_faults(connection):
            statements.findings.tell(fault)
    return statements.findings


async def _settling(connection: Connection, rules: VenueTerms) -> Findings:
    settling = Settling(rules)
    async with _asking(connection, settling.findings):
        settling.begin(await settled.runs(connection), await settled.agreements(connection))
        async for lease in settled.settled_leases(connection):
            settling.see(lease)
        _add(settling.findings, await used_tokens.token_faults(connection, rules))
    return settling.findings


async def _packages(connection: Connection, rules: VenueTerms) -> Findings:
    packages = Packages(rules)
    async with _asking(connection, packages.findings):
        packages.agreements = await settled.agreements(connection)
        for contract in await used_tokens.packaged(connection, rules):
            packages.see(contract)
    return packages.findings


async def _usage(connection: Connection, rules: VenueTerms) -> Findings:
    usage = Usage(rules.slot_seconds)
    async with _asking(connection, usage.findings):
        usage.history = await metered.history(connection)
        async for batch in metered.batches(connection, rules.slot_seconds):
            usage.see(batch)
        usage.end(await metered.strays(connection), await settled.runs(connection))
    return usage.findings


async def _paying(connection: Connection, paying: Paying) -> Findings:
    async with _asking(connection, paying.findings):
        paying.end(await queries.posted(connection, AccountKind.IN_TRANSIT))
        agreements, named = await settled.agreements(connection), set(paying.refunded)
        async for statement in settled.statements(connection, sorted(named)):
            named.discard(statement.id)
            paying.see_statement(statement, agreements)
        for stray in sorted(named):
            paying.findings.tell(f"refunds of statement {stray}: there is no such statement")
    return paying.findings


def _add(findings: Findings, answer: tuple[int, Iterable[str]]) -> None:
    """What was examined by one question, and its faults."""
    examined, faults = answer
    findings.examined += examined
    for fault in faults:
        findings.tell(fault)


def _check(findings: Findings) -> Check:
    more = (f"and {findings.left_out} more",) if findings.left_out else ()
    return Check(findings.name, findings.what, findings.examined, (*findings.differences, *more))
