"""Packages of tokens in a contract's statement: what begins is charged, and use is taken from what is valid."""

from collections.abc import Iterator, Sequence

from exchange.closing.commands import ContractSum
from exchange.closing.events import StatementLine, StatementPosted
from exchange.names import ContractId, Instant, PackageId
from exchange.periods import period_of
from exchange.state import LiveContract, State
from settlement.agreements import PairAgreement
from settlement.meters import MICRO_YUAN_PER_FEN, Meter
from settlement.money import NOTHING
from settlement.rating.packages import deduct
from settlement.rating.tokens import Tokens, TokenUse
from settlement.statement import statement_line
from settlement.terms import TaxTerms, Terms

Rated = list[tuple[PackageId | None, Tokens]]
"""A sum of tokens as it is billed: what was taken from packages, in their order, and what is paid as it goes."""


def purchases(state: State, live: LiveContract, until: Instant) -> Iterator[StatementLine]:
    """A line for each package that begins before `until` and is not charged yet."""
    contract = live.terms
    for name, package in live.packages.items():
        bought = package.terms
        if not package.due or bought.valid_from >= until:
            continue
        agreement = _agreement_at(state, live, bought.valid_from)
        terms = Terms(contract.vat_rate_bp, contract.fee, TaxTerms(), agreement)
        yield StatementLine(
            service_period=period_of(Instant(bought.valid_from), state.rules.utc_offset_seconds).name,
            meter=Meter.PACKAGES,
            price=bought.price * MICRO_YUAN_PER_FEN,
            price_version=None,
            quantity=1,
            lost=0,
            agreement=None if agreement is None else (agreement.id, agreement.version),
            before_loss=bought.price,
            over_budget=NOTHING,
            line=statement_line(bought.price, terms),
            package=name,
        )


def rated(live: LiveContract, parts: Sequence[ContractSum]) -> list[Rated]:
    """Take each sum of tokens from the packages that are valid when it begins, the earlier sum first."""
    uses = [TokenUse(str(n), part.begins, part.tokens) for n, part in enumerate(parts)]
    deducted = deduct(uses, [package.terms.quota(package.left) for package in live.packages.values()])
    found: list[Rated] = [[] for _ in parts]
    for taken in deducted.taken:
        found[int(taken.use)].append((PackageId(taken.quota), taken.tokens))
    for use in deducted.payable:
        found[int(use.id)].append((None, use.tokens))
    return found


def left_after(live: LiveContract, lines: Sequence[StatementLine]) -> tuple[tuple[PackageId, int], ...]:
    """What these lines leave of each package that they take from."""
    left = {name: package.left for name, package in live.packages.items()}
    for line in lines:
        if line.package is not None and line.meter is not Meter.PACKAGES:
            left[line.package] -= line.quantity
    return tuple((name, tokens) for name, tokens in left.items() if tokens != live.packages[name].left)


def settle_contract(state: State, event: StatementPosted) -> None:
    """Let a statement of a contract have been posted: its budget and its packages shrink, and packages are paid."""
    contract = state.contracts[ContractId(event.subject)]
    contract.left, contract.last_run = event.held_left, event.run
    for line in event.lines:
        if line.meter is Meter.PACKAGES and line.package is not None:
            assert contract.packages[line.package].due, "a package was charged twice"
            contract.packages[line.package].due = False
    for name, left in event.packages_left:
        assert left >= 0, "no more is taken from a package than it has"
        contract.packages[name].left = left


def _agreement_at(state: State, live: LiveContract, instant: int) -> PairAgreement | None:
    """The agreement under which something falls that begins at an instant: that of its slot."""
    begins = state.rules.instant_of(state.rules.slot_of(instant))
    pair = (live.terms.source, live.terms.destination)
    for agreement in state.agreements:
        if (agreement.source, agreement.destination) == pair and agreement.covers(begins):
            return agreement
    return None
