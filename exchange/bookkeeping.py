"""The bridge from trade words to money words: each event, and the journal entries it makes."""

from collections.abc import Iterator

from exchange.closing.events import EmissionsReckoned, StatementPosted
from exchange.contracts.events import ContractClosed, ContractOpened
from exchange.events import Event
from exchange.orders.events import (
    LeaseDisplaced,
    OrderAccepted,
    OrderClosed,
    OrderReworked,
    ReserveReleased,
)
from exchange.parties.events import Deposited
from exchange.state import VENUE
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.ledger.journal import EntryKind, JournalEntry, entry
from settlement.statement import Line, RegionShares


def entries(event: Event) -> list[JournalEntry]:
    """Journal entries that an event makes, in order: most events make none."""
    match event:
        case Deposited(party, amount, _):
            made = [_move(EntryKind.DEPOSIT, _bank(), _available(party), amount)]
        case OrderAccepted(_, party, _, held):
            made = [_move(EntryKind.HOLD, _available(party), _held(party), held)]
        case OrderReworked(_, party, before, held):
            kind = EntryKind.HOLD if held >= before else EntryKind.RELEASE
            made = [_move(kind, _available(party), _held(party), held - before)]
        case (
            OrderClosed(_, party, released, _)
            | ReserveReleased(_, party, released)
            | LeaseDisplaced(_, _, party, _, released, _, _)
        ):
            made = [_move(EntryKind.RELEASE, _held(party), _available(party), released)]
        case ContractOpened(contract):
            made = [_move(EntryKind.HOLD, _available(contract.buyer), _held(contract.buyer), contract.budget)]
        case ContractClosed(_, buyer, released):
            made = [_move(EntryKind.RELEASE, _held(buyer), _available(buyer), released)]
        case StatementPosted():
            made = list(_statement_entries(event))
        case EmissionsReckoned():
            made = list(_emission_entries(event))
        case _:
            return []
    return [made_entry for made_entry in made if made_entry is not None]


def _statement_entries(event: StatementPosted) -> Iterator[JournalEntry | None]:
    """A charge and an attribution for each line, then the release of what was held for nothing."""
    for line in event.lines:
        yield _charge(event, line.line)
        if line.agreement is not None:
            yield _attribution(f"{line.agreement[0]}/{line.agreement[1]}", line.line)
    yield _move(EntryKind.RELEASE, _held(event.buyer), _available(event.buyer), event.released)


def _charge(event: StatementPosted, line: Line) -> JournalEntry | None:
    """The buyer's hold pays the seller, the venue's fee and the VAT on that fee. The seller remits its own VAT."""
    return entry(
        EntryKind.CHARGE,
        (_held(event.buyer), -line.buyer_pays_fen),
        (LedgerAccount(event.seller, AccountKind.PAYABLE), line.payout_on_charge_fen),
        (LedgerAccount(VENUE, AccountKind.FEE_INCOME), line.fee_net_fen),
        (LedgerAccount(VENUE, AccountKind.FEE_VAT), line.fee_vat_fen),
    )


def _attribution(agreement: str, line: Line) -> JournalEntry | None:
    """What the regions of an agreement count as theirs: memo figures, which nobody pays."""
    kinds: tuple[tuple[AccountKind, RegionShares], ...] = (
        (AccountKind.REVENUE, line.revenue_by_region_fen),
        (AccountKind.TAX, line.tax_by_region_fen),
        (AccountKind.GDP, line.gdp_by_region_fen),
    )
    shares = [(LedgerAccount(region, kind), fen) for kind, regions in kinds for region, fen in regions]
    contra = LedgerAccount(agreement, AccountKind.ATTRIBUTION)
    return entry(EntryKind.ATTRIBUTION, *shares, (contra, -sum(fen for _, fen in shares)))


def _emission_entries(event: EmissionsReckoned) -> Iterator[JournalEntry | None]:
    """What the regions of an agreement count of a line's emissions, in grams and in a book of its own."""
    for line in event.lines:
        if line.agreement is not None and line.by_region:
            contra = LedgerAccount(f"{line.agreement[0]}/{line.agreement[1]}", AccountKind.EMISSIONS)
            shares = [(LedgerAccount(region, AccountKind.CARBON), grams) for region, grams in line.by_region]
            yield entry(EntryKind.EMISSION, *shares, (contra, -sum(grams for _, grams in shares)))


def _move(kind: EntryKind, giver: LedgerAccount, taker: LedgerAccount, amount: int) -> JournalEntry | None:
    return entry(kind, (giver, -amount), (taker, amount))


def _bank() -> LedgerAccount:
    return LedgerAccount(VENUE, AccountKind.BANK)


def _available(party: str) -> LedgerAccount:
    return LedgerAccount(party, AccountKind.AVAILABLE)


def _held(party: str) -> LedgerAccount:
    return LedgerAccount(party, AccountKind.HELD)
