"""The bridge from trade words to money words: each event, and the journal entries it makes."""

from collections.abc import Iterable, Iterator

from exchange.chargebacks.events import (
    ChargebackBooked,
    ChargebackEvent,
    ChargebackReinstated,
    LossRecovered,
)
from exchange.closing.events import EmissionsReckoned, StatementLine, StatementPosted
from exchange.contracts.events import ContractClosed, ContractOpened, PackageAdded
from exchange.costs.events import GatewayFeeBooked
from exchange.events import Event
from exchange.names import VENUE
from exchange.orders.events import (
    LeaseDisplaced,
    OrderAccepted,
    OrderClosed,
    OrderReworked,
    ReserveReleased,
)
from exchange.parties.events import Deposited
from exchange.payouts.events import PayoutBegun, PayoutFailed, PayoutPaid, PayoutReturned
from exchange.promises import VoucherPart
from exchange.refunds.events import LineRefunded
from exchange.state import SettledLine
from exchange.subsidies.events import SubsidyPaid, SubsidyRepaid
from exchange.vouchers.events import VoucherExpired, VoucherHeld, VoucherIssued, VoucherReturned
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.ledger.journal import EntryKind, JournalEntry, entry
from settlement.statement import Line, RegionShares
from settlement.terms import VoucherMode


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
        case PackageAdded(_, buyer, package):
            made = [_move(EntryKind.HOLD, _available(buyer), _held(buyer), package.price)]
        case ContractClosed(_, buyer, released):
            made = [_move(EntryKind.RELEASE, _held(buyer), _available(buyer), released)]
        case StatementPosted():
            made = list(_statement_entries(event))
        case EmissionsReckoned():
            made = list(_emission_entries(event))
        case LineRefunded():
            made = list(_refund_entries(event))
        case PayoutBegun(_, party, _, amount, way):
            made = [_move(EntryKind.PAYOUT, LedgerAccount(party, way.balance), _in_transit(party), amount)]
        case PayoutPaid(_, party, amount, _):
            made = [_move(EntryKind.PAYMENT, _in_transit(party), _bank(), amount)]
        case PayoutFailed(_, party, amount, _, way):
            made = [_move(EntryKind.REVERSAL, _in_transit(party), LedgerAccount(party, way.balance), amount)]
        case PayoutReturned(_, party, amount, _, _, way):
            made = [_move(EntryKind.REVERSAL, _bank(), LedgerAccount(party, way.balance), amount)]
        case ChargebackBooked() | LossRecovered() | ChargebackReinstated():
            made = [_chargeback(event)]
        case GatewayFeeBooked(_, amount):
            made = [_move(EntryKind.COST, LedgerAccount(VENUE, AccountKind.GATEWAY_COST), _bank(), amount)]
        case SubsidyPaid():
            made = list(_subsidy_entries(event))
        case SubsidyRepaid(programme, _, amount):
            made = [_move(EntryKind.SUBSIDY, _credit(programme), _bank(), amount)]
        case VoucherIssued(voucher):
            budget = LedgerAccount(voucher.programme, AccountKind.VOUCHER_BUDGET)
            made = [_move(EntryKind.ISSUE, budget, _left(voucher.id), voucher.amount)]
        case VoucherHeld(_, pledge):
            made = [_move(EntryKind.HOLD, _left(pledge.voucher), _pledged(pledge.voucher), pledge.amount)]
        case VoucherReturned(_, voucher, amount):
            made = [_move(EntryKind.RELEASE, _pledged(voucher), _left(voucher), amount)]
        case VoucherExpired(voucher, programme, amount):
            budget = LedgerAccount(programme, AccountKind.VOUCHER_BUDGET)
            made = [_move(EntryKind.EXPIRY, _left(voucher), budget, amount)]
        case _:
            return []
    return [made_entry for made_entry in made if made_entry is not None]


def _statement_entries(event: StatementPosted) -> Iterator[JournalEntry | None]:
    """A charge and an attribution for each line, then the release of what was held for nothing."""
    for line in event.lines:
        yield _charge(event, line)
        yield from (
            _move(EntryKind.REDEMPTION, _pledged(part.voucher), _redeemed(part.voucher), part.covered)
            for part in line.vouchers
        )
        if line.agreement is not None:
            yield _attribution(f"{line.agreement[0]}/{line.agreement[1]}", line.line)
    yield _move(EntryKind.RELEASE, _held(event.buyer), _available(event.buyer), event.released)


def _charge(event: StatementPosted, billed: StatementLine) -> JournalEntry | None:
    """The buyer's hold pays the seller, the venue's fee and the VAT on that fee. The seller remits its own VAT.

    What vouchers cover the regions owe: to the seller, or to the buyer, whose hold has then paid all of it. Where the
    buyer's part is less than the fee, the rest of the fee comes off what the seller gets of the vouchers.
    """
    line = billed.line
    short = min(0, line.payout_on_charge_fen)
    return entry(
        EntryKind.CHARGE,
        (_held(event.buyer), -line.buyer_pays_now_fen),
        (_payable(event.seller), line.payout_on_charge_fen - short),
        (_subsidy_due(event.seller), short),
        (LedgerAccount(VENUE, AccountKind.FEE_INCOME), line.fee_net_fen),
        (LedgerAccount(VENUE, AccountKind.FEE_VAT), line.fee_vat_fen),
        *_subsidies(event.buyer, event.seller, ((part, part.covered) for part in billed.vouchers)),
    )


def _refund_entries(event: LineRefunded) -> Iterator[JournalEntry | None]:
    """The charge and the attribution of a line taken back in part: its corrections have the signs turned.

    A voucher's part goes back to the voucher, and its region owes that much less to whom it owed it.
    """
    settled, line = event.line, event.correction
    parts = list(zip(settled.vouchers, event.returned, strict=True))
    yield entry(
        EntryKind.REFUND,
        (_available(settled.buyer), event.to_buyer),
        *_taken_back(settled, event),
        (_payable(settled.seller), event.payable),
        (_subsidy_due(settled.seller), line.payout_on_charge_fen - event.payable),
        (LedgerAccount(VENUE, AccountKind.FEE_INCOME), line.fee_net_fen),
        (LedgerAccount(VENUE, AccountKind.FEE_VAT), line.fee_vat_fen),
        *_subsidies(settled.buyer, settled.seller, ((part, -back.amount) for part, back in parts)),
    )
    for part, back in parts:
        budget = LedgerAccount(part.programme, AccountKind.VOUCHER_BUDGET)
        taker = budget if back.over else _left(part.voucher)
        yield _move(EntryKind.REFUND, _redeemed(part.voucher), taker, back.amount)
    if settled.agreement is not None:
        yield _attribution(f"{settled.agreement[0]}/{settled.agreement[1]}", line)


def _taken_back(settled: SettledLine, event: LineRefunded) -> Iterator[tuple[LedgerAccount, int]]:
    """What a region had paid of a refunded part is its own again: a buyer has that much less of the refund, a seller of its balance."""
    for part, back in zip(settled.vouchers, event.returned, strict=True):
        yield _credit(part.programme), back.paid_back
        yield LedgerAccount(part.issuer, AccountKind.SUBSIDY_CLAIM), -back.paid_back
        if part.terms.mode is VoucherMode.REIMBURSE_BUYER:
            yield _subsidy_due(settled.buyer), back.paid_back


def _subsidy_entries(event: SubsidyPaid) -> Iterator[JournalEntry | None]:
    """A region's payment comes in and its debt shrinks by that and by its credit; then each party has its part."""
    claim = LedgerAccount(event.issuer, AccountKind.SUBSIDY_CLAIM)
    yield entry(
        EntryKind.SUBSIDY,
        (_bank(), -event.amount),
        (_credit(event.programme), -event.credit),
        (claim, event.amount + event.credit),
    )
    for part in event.parts:
        buyers = part.mode is VoucherMode.REIMBURSE_BUYER
        taker = _available(part.party) if buyers else _payable(part.party)
        yield _move(EntryKind.SUBSIDY, _subsidy_due(part.party), taker, part.received)


def _subsidies(
    buyer: str, seller: str, parts: Iterable[tuple[VoucherPart, int]]
) -> Iterator[tuple[LedgerAccount, int]]:
    """What regions owe for vouchers, and who gets it once they have paid."""
    for part, amount in parts:
        yield _subsidy_due(buyer if part.terms.mode is VoucherMode.REIMBURSE_BUYER else seller), amount
        yield LedgerAccount(part.issuer, AccountKind.SUBSIDY_CLAIM), -amount


def _chargeback(event: ChargebackEvent) -> JournalEntry | None:
    """What the bank has less the buyer and the venue pay, and what it has again they have: no seller has a part in this."""
    match event:
        case ChargebackBooked(_, party, _, taken, borne):
            legs = (taken + borne, -taken, -borne)
        case LossRecovered(_, party, amount):
            legs = (0, -amount, amount)
        case ChargebackReinstated(_, party, restored, returned):
            legs = (-restored - returned, returned, restored)
    return entry(EntryKind.CHARGEBACK, *zip((_bank(), _available(party), _loss()), legs, strict=True))


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


def _loss() -> LedgerAccount:
    return LedgerAccount(VENUE, AccountKind.PLATFORM_LOSS)


def _available(party: str) -> LedgerAccount:
    return LedgerAccount(party, AccountKind.AVAILABLE)


def _held(party: str) -> LedgerAccount:
    return LedgerAccount(party, AccountKind.HELD)


def _payable(party: str) -> LedgerAccount:
    return LedgerAccount(party, AccountKind.PAYABLE)


def _subsidy_due(party: str) -> LedgerAccount:
    return LedgerAccount(party, AccountKind.SUBSIDY_DUE)


def _credit(programme: str) -> LedgerAccount:
    return LedgerAccount(programme, AccountKind.SUBSIDY_CREDIT)


def _in_transit(party: str) -> LedgerAccount:
    return LedgerAccount(party, AccountKind.IN_TRANSIT)


def _left(voucher: str) -> LedgerAccount:
    return LedgerAccount(voucher, AccountKind.VOUCHER_LEFT)


def _pledged(voucher: str) -> LedgerAccount:
    return LedgerAccount(voucher, AccountKind.VOUCHER_HELD)


def _redeemed(voucher: str) -> LedgerAccount:
    return LedgerAccount(voucher, AccountKind.VOUCHER_USED)
