"""The rules of closing: periods in order, every slot settled once, every figure made by the one pure function."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import assert_never

from exchange.closing.commands import (
    BeginClose,
    ClosingCommand,
    ContractSum,
    CutUsage,
    FinishClose,
    LeaseSum,
    PostStatements,
)
from exchange.closing.covering import covered, left_of, terms_of
from exchange.closing.emissions import reckoned
from exchange.closing.events import (
    CloseBegun,
    ClosingEvent,
    EmissionsReckoned,
    PeriodClosed,
    StatementLine,
    StatementPosted,
    SubjectKind,
    UsageCut,
)
from exchange.closing.packages import left_after, purchases, rated
from exchange.contracts.events import ContractClosed
from exchange.holds import lease_hold
from exchange.names import Instant, LeaseId, RunId
from exchange.periods import Period, period_named, period_of
from exchange.promises import Pledge
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import CloseRun, LiveContract, LiveLease, State
from exchange.vouchers.events import VoucherReturned
from exchange.vouchers.rules import returned
from matching.terms import Slot
from settlement.agreements import PairAgreement
from settlement.meters import SECONDS_PER_HOUR, Meter, billable_of, gross_of
from settlement.money import NOTHING, Fen
from settlement.rating.service_credits import Breach, Interruption, after_credits, breaches
from settlement.rating.tokens import Tokens, TokenTariff, in_force
from settlement.statement import statement_line
from settlement.terms import TaxTerms, Terms


def decide_closing(
    state: State, command: ClosingCommand
) -> Iterator[ClosingEvent | EmissionsReckoned | VoucherReturned | ContractClosed | Rejected]:
    """What a command of a closing job makes happen."""
    match command:
        case BeginClose():
            yield from begin_close(state, command)
        case CutUsage():
            yield from cut_usage(state, command)
        case PostStatements():
            yield from post_statements(state, command)
        case FinishClose():
            yield from finish_close(state, command)
        case _:
            assert_never(command)


def begin_close(state: State, command: BeginClose) -> Iterator[CloseBegun | Rejected]:
    """Begin to close the period that follows the last one closed, or the one in which the venue's time began."""
    period = period_named(command.period, state.rules.utc_offset_seconds)
    if state.open_run is not None:
        yield rejected(
            VenueRejection.RUN_OPEN, f"{state.open_run.id} is closing {state.open_run.period}: finish it."
        )
    elif period is None:
        yield rejected(VenueRejection.PERIOD_UNKNOWN, "A period is a calendar month, such as 2026-01.")
    elif period.ends > state.now:
        yield rejected(VenueRejection.PERIOD_NOT_OVER, f"{period.name} is not over by the venue's clock.")
    elif (due := _due(state)) != period:
        yield _out_of_order(state, period, due)
    else:
        late_until = Instant(min(period.ends, state.now - state.rules.late_window_seconds))
        run_id = RunId(f"run-{state.runs + 1}")
        yield CloseBegun(CloseRun(run_id, period.name, period.begins, period.ends, None, late_until))


def _due(state: State) -> Period:
    """The period that is the next to close."""
    offset = state.rules.utc_offset_seconds
    if state.last_run is not None:
        return period_of(state.last_run.ends, offset)
    assert state.first_slot is not None, "no period is over before the first tick"
    return period_of(state.rules.instant_of(state.first_slot), offset)


def _out_of_order(state: State, period: Period, due: Period) -> Rejected:
    if state.last_run is None and period.begins < due.begins:
        return rejected(
            VenueRejection.PERIOD_UNKNOWN,
            f"The venue's time began in {due.name}: that is the first period to close.",
        )
    return rejected(
        VenueRejection.PERIOD_OUT_OF_ORDER,
        f"Periods are closed in order, each once: {due.name} is the next to close.",
    )


def cut_usage(state: State, command: CutUsage) -> Iterator[UsageCut | Rejected]:
    """Fix which usage a run settles, once it has begun and late reports are refused."""
    run = state.open_run
    if run is None or run.id != command.run or run.usage_batch is not None:
        yield rejected(VenueRejection.NO_SUCH_RUN, f"{command.run} is not open, or knows its usage already.")
    elif state.last_run is not None and command.usage_batch < (state.last_run.usage_batch or 0):
        yield rejected(VenueRejection.USAGE_GOES_BACK, "The run before has settled later batches of usage.")
    else:
        yield UsageCut(replace(run, usage_batch=command.usage_batch))


def post_statements(
    state: State, command: PostStatements
) -> Iterator[StatementPosted | EmissionsReckoned | VoucherReturned | Rejected]:
    """Book what leases and contracts have used. Nothing is booked if any part of it can't be.

    What a lease emitted follows its statement. The cards that serve a contract's tokens are not known.
    """
    run = state.open_run
    if run is None or run.id != command.run or run.usage_batch is None:
        yield rejected(
            VenueRejection.NO_SUCH_RUN, f"{command.run} is not open, or does not know its usage yet."
        )
        return
    refusal = _refusal(state, run, command)
    if refusal is not None:
        yield refusal
        return
    for lease_id, lease_sums in groupby(command.leases, key=lambda part: part.lease):
        live = state.leases[lease_id]
        posted = _lease_statement(state, command.run, live, tuple(lease_sums))
        yield posted
        emissions = reckoned(state, live.chip, posted)
        if emissions is not None:
            yield emissions
        if lease_id not in state.leases:
            yield from returned(state, lease_id)
    for contract_id, contract_sums in groupby(command.contracts, key=lambda part: part.contract):
        yield _contract_statement(state, run, state.contracts[contract_id], tuple(contract_sums))


def finish_close(
    state: State, command: FinishClose
) -> Iterator[ContractClosed | VoucherReturned | PeriodClosed | Rejected]:
    """Close the period, and give back what is left of contracts whose last use is settled."""
    run = state.open_run
    if run is None or run.id != command.run or run.usage_batch is None:
        yield rejected(
            VenueRejection.NO_SUCH_RUN, f"{command.run} is not open, or does not know its usage yet."
        )
        return
    over = [contract for contract in state.contracts.values() if contract.terms.ends <= run.late_until]
    for contract in over:
        yield ContractClosed(contract.terms.id, contract.terms.buyer, contract.held)
        yield from returned(state, contract.terms.id)
    yield PeriodClosed(run)


def _refusal(state: State, run: CloseRun, command: PostStatements) -> Rejected | None:
    """Why sums can't be booked: they are apart, make no sense, or name what is settled already or never was."""
    refusal = _subject_refusal(state, run, command)
    if refusal is not None:
        return refusal
    if not _makes_sense(state, command):
        return rejected(
            VenueRejection.AMOUNT_OUT_OF_RANGE,
            "A sum is of one slot or more, of which no more is lost than was leased; and of no fewer than no tokens, used while the contract runs.",
        )
    asked: Counter[tuple[LeaseId, int]] = Counter()
    for part in command.leases:
        asked[part.lease, part.price] += part.slots
    for (lease, price), slots in asked.items():
        if slots > state.leases[lease].unsettled.get(price, 0):
            return rejected(
                VenueRejection.SETTLED_TWICE, f"{lease} has no {slots} slots at {price} left to settle."
            )
    named = {part.agreement for part in command.leases} | {part.agreement for part in command.contracts}
    if any(_agreement(state, agreement) is None for agreement in named - {None}):
        return rejected(
            VenueRejection.AGREEMENT_INVALID, "The sums name an agreement that was never recorded."
        )
    return None


def _subject_refusal(state: State, run: CloseRun, command: PostStatements) -> Rejected | None:
    """A lease or contract has one statement in a run, so all its sums come together."""
    subjects: list[tuple[str, LiveLease | LiveContract | None]] = [
        *((lease, state.leases.get(lease)) for lease, _ in groupby(part.lease for part in command.leases)),
        *(
            (name, state.contracts.get(name))
            for name, _ in groupby(part.contract for part in command.contracts)
        ),
    ]
    times = Counter(subject for subject, _ in subjects)
    for subject, live in subjects:
        if live is None:
            return rejected(VenueRejection.SETTLED_TWICE, f"{subject} is settled to its end, or never began.")
        if live.last_run == run.id or times[subject] > 1:
            return rejected(
                VenueRejection.SETTLED_TWICE,
                f"{subject} has one statement in a run: bring all its sums together.",
            )
    return None


def _makes_sense(state: State, command: PostStatements) -> bool:
    slot_seconds = state.rules.slot_seconds
    leased = (
        part.slots >= 1 and 0 <= part.lost <= part.slots * state.leases[part.lease].terms.cards * slot_seconds
        for part in command.leases
    )
    used = (
        min(tokens.input, tokens.cached_input, tokens.output) >= 0 and terms.begins <= begins < terms.ends
        for tokens, begins, terms in (
            (part.tokens, part.begins, state.contracts[part.contract].terms) for part in command.contracts
        )
    )
    return all(leased) and all(used)


def _lease_statement(
    state: State, run: RunId, live: LiveLease, parts: tuple[LeaseSum, ...]
) -> StatementPosted:
    """What a lease's settled slots cost, and the release of what they held beyond it."""
    lease = live.terms
    lines = tuple(_lease_lines(state, live, parts))
    settled: dict[int, int] = {}
    for part in parts:
        settled[part.price] = settled.get(part.price, 0) + part.slots
    charged = sum(line.line.buyer_pays_now_fen for line in lines)
    left = {price: slots - settled.get(price, 0) for price, slots in live.unsettled.items()}
    return StatementPosted(
        run=run,
        kind=SubjectKind.LEASE,
        subject=lease.id,
        buyer=lease.buyer,
        seller=lease.seller,
        source=lease.source,
        destination=lease.destination,
        lines=lines,
        settled=tuple(sorted(settled.items())),
        charged=Fen(charged),
        released=Fen(lease_hold(lease.cards, settled) - charged),
        slots_left=sum(left.values()),
        held_left=lease_hold(lease.cards, left),
    )


def _lease_lines(state: State, live: LiveLease, parts: tuple[LeaseSum, ...]) -> Iterator[StatementLine]:
    """The lines of a lease. Each is covered by what the lines before it have left of the lease's vouchers."""
    pledges = state.pledges.get(live.terms.id, ())
    broken = _broken(state, live, parts)
    for part in parts:
        line = _lease_line(state, live, part, pledges, broken.get(part.service_period, ()))
        yield line
        pledges = left_of(pledges, line.vouchers)


def _broken(state: State, live: LiveLease, parts: tuple[LeaseSum, ...]) -> dict[str, tuple[Breach, ...]]:
    """What was not kept of a lease's promise, by service period.

    What a statement settles of a period is judged by itself, so no line that is posted ever needs another one. That a
    lease was taken back counts in the period in which it ended: nothing of it was settled then, as it was not over.
    """
    lease, rules = live.terms, state.rules
    if lease.promise is None:
        return {}
    due, down = Counter[str](), Counter[str]()
    for part in parts:
        due[part.service_period] += part.slots * lease.cards * rules.slot_seconds
        down[part.service_period] += part.lost
    taken_back = _taken_back(state, live)
    return {
        period: breaches(lease.promise, due[period], down[period], taken_back.get(period)) for period in due
    }


def _taken_back(state: State, live: LiveLease) -> dict[str, Interruption]:
    """How a lease was taken back, by the period in which it ended. Empty if it was not."""
    runs, rules = live.terms.runs, state.rules
    if live.notice is None:
        return {}
    ended_in = period_of(rules.instant_of(Slot(runs[-1].window.end - 1)), rules.utc_offset_seconds)
    ran = sum(len(run.window) for run in runs)
    return {ended_in.name: Interruption(ran * rules.slot_seconds, live.notice * rules.slot_seconds)}


def _lease_line(
    state: State, live: LiveLease, part: LeaseSum, pledges: tuple[Pledge, ...], broken: tuple[Breach, ...]
) -> StatementLine:
    """One line: the contracted time at its price, less what was lost of it pro rata (F1, F2) and credits, taken apart."""
    lease, slot_seconds = live.terms, state.rules.slot_seconds
    contracted = part.slots * lease.cards * slot_seconds
    price = part.price * SECONDS_PER_HOUR // slot_seconds
    before_loss = gross_of(contracted * price, Meter.CARD_SECONDS.divisor)
    credited = after_credits(billable_of(before_loss, contracted, part.lost), broken)
    gross = credited.charged
    agreement = _agreement(state, part.agreement)
    terms = Terms(lease.vat_rate_bp, lease.fee, TaxTerms(), agreement, terms_of(pledges))
    return StatementLine(
        service_period=part.service_period,
        meter=Meter.CARD_SECONDS,
        price=price,
        price_version=None,
        quantity=contracted,
        lost=part.lost,
        agreement=part.agreement,
        before_loss=before_loss,
        over_budget=NOTHING,
        line=statement_line(gross, terms),
        vouchers=covered(pledges, gross),
        credits=credited.credits,
    )


def _contract_statement(
    state: State, run: CloseRun, live: LiveContract, parts: tuple[ContractSum, ...]
) -> StatementPosted:
    """What a contract's tokens cost, and packages that begin. Use beyond the budget is recorded, not charged.

    The budget pays the whole price of what is used; what vouchers cover of that is released.
    """
    contract = live.terms
    bought = tuple(purchases(state, live, run.ends))
    used = tuple(_use_lines(state, live, parts))
    spent = sum(line.line.gross_fen for line in used)
    charged = sum(line.line.buyer_pays_now_fen for line in used)
    return StatementPosted(
        run=run.id,
        kind=SubjectKind.CONTRACT,
        subject=contract.id,
        buyer=contract.buyer,
        seller=contract.seller,
        source=contract.source,
        destination=contract.destination,
        lines=(*bought, *used),
        settled=(),
        charged=Fen(charged + sum(line.line.buyer_pays_now_fen for line in bought)),
        released=Fen(spent - charged),
        slots_left=0,
        held_left=Fen(live.left - spent),
        packages_left=left_after(live, used),
    )


def _use_lines(state: State, live: LiveContract, parts: tuple[ContractSum, ...]) -> Iterator[StatementLine]:
    """The lines of what was used: what packages cover is charged to nobody, the rest up to what the budget has left."""
    contract, left, pledges = live.terms, live.left, state.pledges.get(live.terms.id, ())
    for part, shares in zip(parts, rated(live, parts), strict=True):
        agreement = _agreement(state, part.agreement)
        tariff = in_force(live.tariffs, part.begins)
        for package, tokens in shares:
            for meter, quantity, price in _counts(tokens, tariff):
                gross = gross_of(quantity * price, meter.divisor)
                charged = min(gross, left) if package is None else NOTHING
                left = Fen(left - charged)
                terms = Terms(contract.vat_rate_bp, contract.fee, TaxTerms(), agreement, terms_of(pledges))
                vouchers = covered(pledges, charged)
                pledges = left_of(pledges, vouchers)
                yield StatementLine(
                    service_period=part.service_period,
                    meter=meter,
                    price=price,
                    price_version=tariff.version,
                    quantity=quantity,
                    lost=0,
                    agreement=part.agreement,
                    before_loss=gross,
                    over_budget=Fen(gross - charged) if package is None else NOTHING,
                    line=statement_line(charged, terms),
                    vouchers=vouchers,
                    package=package,
                )


def _counts(tokens: Tokens, tariff: TokenTariff) -> Iterator[tuple[Meter, int, int]]:
    """(meter, tokens, price) of each kind of token that was used."""
    for meter, quantity, price in (
        (Meter.INPUT_TOKENS, tokens.input, tariff.input_price),
        (Meter.CACHED_INPUT_TOKENS, tokens.cached_input, tariff.cached_input_price),
        (Meter.OUTPUT_TOKENS, tokens.output, tariff.output_price),
    ):
        if quantity:
            yield meter, quantity, price


def _agreement(state: State, named: tuple[str, int] | None) -> PairAgreement | None:
    return next((known for known in state.agreements if (known.id, known.version) == named), None)
