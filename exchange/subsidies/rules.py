"""The rules of what regions pay for vouchers: once for each reference, never more than is due, the oldest claim first."""

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from exchange.names import ProgrammeId, VoucherId
from exchange.parties.rules import AMOUNT_MAX, out_of_range
from exchange.periods import period_named, periods_between, quarter_named
from exchange.promises import CoveredLine
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import State
from exchange.subsidies.commands import BookSubsidy, RepaySubsidy, SubsidyCommand
from exchange.subsidies.events import SubsidyEvent, SubsidyPaid, SubsidyPart, SubsidyRepaid
from exchange.vouchers.rules import unknown_programme
from matching.terms import RegionCode
from matching.terms import Rejection as MarketRejection
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen
from settlement.subsidies import allotted, reaching_seller
from settlement.terms import VoucherMode

Claim = tuple[CoveredLine, VoucherId]
"""What a region owes of a line for a voucher of its own."""


def decide_subsidies(state: State, command: SubsidyCommand) -> Iterator[SubsidyEvent | Rejected]:
    """What a command about subsidies makes happen."""
    match command:
        case BookSubsidy():
            yield from book_subsidy(state, command)
        case RepaySubsidy():
            yield from repay_subsidy(state, command)
        case _:
            assert_never(command)


def book_subsidy(state: State, command: BookSubsidy) -> Iterator[SubsidyPaid | Rejected]:
    """Share a region's payment out among what it owes for a period, with what it had paid too much before."""
    refusal = _refusal(state, command)
    if refusal is not None:
        yield refusal
        return
    claims = _claims(state, command)
    due = Fen(sum(line.subsidies[voucher].open for line, voucher in claims))
    credit = min(due, credit_of(state, command.programme))
    if not 0 <= command.amount <= AMOUNT_MAX or not command.amount + credit:
        yield out_of_range()
    elif command.amount + credit > due:
        yield rejected(
            VenueRejection.SUBSIDY_TOO_LARGE,
            f"{due} fen are owed, and {credit} of that were paid before: {due - credit} can be booked at most.",
        )
    else:
        yield _paid(state, command, claims, credit)


def repay_subsidy(state: State, command: RepaySubsidy) -> Iterator[SubsidyRepaid | Rejected]:
    """Book that a region has back what it had paid too much."""
    refusal = _refusal(state, command)
    credit = credit_of(state, command.programme)
    if refusal is not None:
        yield refusal
    elif not 0 < command.amount <= credit:
        yield rejected(
            VenueRejection.SUBSIDY_TOO_LARGE, f"{credit} fen were paid too much: no more can be given back."
        )
    else:
        issuer = _issuer(state, command.programme)
        yield SubsidyRepaid(command.programme, issuer, command.amount, command.reference)


def credit_of(state: State, programme: ProgrammeId) -> Fen:
    """What a region has paid of a programme for lines that were refunded since."""
    return Fen(state.balances.of(LedgerAccount(programme, AccountKind.SUBSIDY_CREDIT)))


def _refusal(state: State, command: BookSubsidy | RepaySubsidy) -> Rejected | None:
    if command.programme not in state.programmes:
        return unknown_programme(command.programme)
    if command.reference in state.subsidy_references.get(_issuer(state, command.programme), ()):
        return rejected(
            VenueRejection.SUBSIDY_EXISTS,
            f"The reference {command.reference} is booked for the region already: nothing was booked again.",
        )
    if isinstance(command, RepaySubsidy):
        return None
    if not _months(state, command.period):
        return rejected(
            VenueRejection.PERIOD_UNKNOWN,
            "A period is a month such as 2026-01, or a quarter such as 2026-Q1.",
        )
    owed = {line.statement for line, _ in _claims(state, replace(command, withheld=()))}
    if not owed.issuperset(command.withheld):
        return refused_by_market(MarketRejection.UNKNOWN_ID)
    return None


def _claims(state: State, command: BookSubsidy) -> list[Claim]:
    """What a payment may be for, oldest first."""
    months = _months(state, command.period)
    owed = (
        (state.covered[name], voucher) for name, voucher in state.programmes[command.programme].owed.items()
    )
    return [
        (line, voucher)
        for line, voucher in owed
        if line.period in months and line.statement not in command.withheld
    ]


def _months(state: State, name: str) -> set[str]:
    """The months of a month, or of a quarter; none where it is neither."""
    offset = state.rules.utc_offset_seconds
    period = period_named(name, offset) or quarter_named(name, offset)
    return (
        set()
        if period is None
        else {month.name for month in periods_between(period.begins, period.ends, offset)}
    )


def _paid(state: State, command: BookSubsidy, claims: list[Claim], credit: Fen) -> SubsidyPaid:
    owed = (line.subsidies[voucher].open for line, voucher in claims)
    shares = allotted(Fen(command.amount + credit), owed)
    return SubsidyPaid(
        command.programme,
        _issuer(state, command.programme),
        command.period,
        command.amount,
        credit,
        command.reference,
        command.withheld,
        parts=tuple(_part(*claim, amount) for claim, amount in zip(claims, shares, strict=True) if amount),
    )


def _part(line: CoveredLine, voucher: VoucherId, amount: Fen) -> SubsidyPart:
    mode = line.subsidies[voucher].mode
    buyers = mode is VoucherMode.REIMBURSE_BUYER
    before = line.paid_for_seller
    had, has = (reaching_seller(line.on_charge, paid) for paid in (before, Fen(before + amount)))
    return SubsidyPart(
        line.run,
        line.subject,
        line.n,
        voucher,
        mode,
        line.buyer if buyers else line.seller,
        amount,
        received=amount if buyers else Fen(has - had),
    )


def _issuer(state: State, programme: ProgrammeId) -> RegionCode:
    return RegionCode(state.programmes[programme].versions[0].issuer)
