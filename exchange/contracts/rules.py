"""The rules for token contracts."""

from collections.abc import Iterator
from typing import assert_never

from exchange.contracts.commands import AddPackage, AgreePrices, ContractCommand, OpenContract
from exchange.contracts.events import ContractEvent, ContractOpened, PackageAdded, PricesAgreed
from exchange.names import ContractId, PartyId
from exchange.parties.rules import AMOUNT_MAX, out_of_range, unknown_party
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import ContractTerms, LiveContract, Role, State
from exchange.vouchers.events import VoucherHeld
from exchange.vouchers.judging import contracted
from exchange.vouchers.rules import hold_vouchers
from matching.terms import Rejection as MarketRejection
from matching.terms import Seq
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen
from settlement.rating.packages import TokenPackage
from settlement.rating.tokens import TokenPrices

TOKENS_MAX = 10**15
PACKAGE_PRICE_MAX = Fen(10**13)  # so that it can be stored in micro-yuan, as every price is


def decide_contracts(
    state: State, seq: Seq, command: ContractCommand
) -> Iterator[ContractEvent | VoucherHeld | Rejected]:
    """What a command about contracts makes happen."""
    match command:
        case OpenContract():
            yield from open_contract(state, seq, command)
        case AgreePrices():
            yield from agree_prices(state, command)
        case AddPackage():
            yield from add_package(state, seq, command)
        case _:
            assert_never(command)


def open_contract(
    state: State, seq: Seq, command: OpenContract
) -> Iterator[ContractOpened | VoucherHeld | Rejected]:
    """Put a contract in force, and hold its whole budget, and the most that its vouchers can cover of that."""
    refusal = _refusal(state, command)
    if refusal is not None:
        yield refusal
        return
    terms = ContractTerms(
        id=ContractId(f"tkc-{seq}"),
        buyer=command.buyer,
        seller=command.seller,
        source=state.parties[command.buyer].region,
        destination=command.destination,
        prices=command.prices,
        budget=command.budget,
        begins=command.begins,
        ends=command.ends,
        line=command.line,
        vat_rate_bp=state.rules.vat_rates_bp[command.line],
        fee=state.rules.fee,
    )
    pledged = hold_vouchers(state, contracted(terms), command.vouchers)
    if isinstance(pledged, Rejected):
        yield pledged
        return
    yield ContractOpened(terms)
    yield from pledged


def agree_prices(state: State, command: AgreePrices) -> Iterator[PricesAgreed | Rejected]:
    """Add a version of a contract's prices. It begins with a slot, so that no slot has two."""
    live = state.contracts.get(command.contract)
    if live is None:
        yield refused_by_market(MarketRejection.UNKNOWN_ID)
        return
    newest, begins = live.tariffs[-1], command.begins
    fits = newest.valid_from < begins < live.terms.ends and begins % state.rules.slot_seconds == 0
    if not fits or not _are_prices(command.prices):
        yield rejected(
            VenueRejection.CONTRACT_INVALID,
            "Prices begin with a slot, after those before them and before the contract ends; they are not negative.",
        )
    elif begins < state.closed_until:
        yield rejected(
            VenueRejection.PERIOD_CLOSED, "That period is closed, or about to be: let the prices begin later."
        )
    else:
        yield PricesAgreed(live.terms.id, command.prices.tariff(newest.version + 1, begins))


def add_package(state: State, seq: Seq, command: AddPackage) -> Iterator[PackageAdded | Rejected]:
    """Add a package of tokens to a contract, and hold its price. Its use begins in no period that is closed."""
    live = state.contracts.get(command.contract)
    if live is None:
        yield refused_by_market(MarketRejection.UNKNOWN_ID)
    elif not _fits(state, live, command):
        yield rejected(
            VenueRejection.CONTRACT_INVALID,
            "A package begins and ends with a slot, or with its contract, and lies within its contract's time.",
        )
    elif command.begins < state.closed_until:
        yield rejected(
            VenueRejection.PERIOD_CLOSED,
            "That period is closed, or about to be: let the package begin later.",
        )
    elif not (0 < command.tokens <= TOKENS_MAX and 0 <= command.price <= PACKAGE_PRICE_MAX):
        yield out_of_range()
    elif (refusal := _funds_refusal(state, live.terms.buyer, command.price, "package")) is not None:
        yield refusal
    else:
        package = TokenPackage(f"pkg-{seq}", command.tokens, command.price, command.begins, command.ends)
        yield PackageAdded(live.terms.id, live.terms.buyer, package)


def _fits(state: State, live: LiveContract, command: AddPackage) -> bool:
    terms = live.terms
    ends_meet = all(
        instant % state.rules.slot_seconds == 0 or instant == edge
        for instant, edge in ((command.begins, terms.begins), (command.ends, terms.ends))
    )
    return ends_meet and terms.begins <= command.begins < command.ends <= terms.ends


def _are_prices(prices: TokenPrices) -> bool:
    return min(prices.input, prices.cached_input, prices.output) >= 0


def _refusal(state: State, command: OpenContract) -> Rejected | None:
    for party, role in ((command.buyer, Role.BUYER), (command.seller, Role.SELLER)):
        if party not in state.parties:
            return unknown_party(party)
        if role not in state.parties[party].roles:
            return rejected(VenueRejection.WRONG_ROLE, f"{party} is no {role}.")
    if state.parties[command.buyer].group == state.parties[command.seller].group:
        return rejected(
            VenueRejection.CONTRACT_INVALID, "Buyer and seller are of one group: nobody trades with itself."
        )
    if state.market.regions is not None and command.destination not in state.market.regions:
        return refused_by_market(MarketRejection.UNKNOWN_REGION)
    if command.line not in state.rules.vat_rates_bp:
        lines = ", ".join(sorted(state.rules.vat_rates_bp))
        return rejected(VenueRejection.UNKNOWN_LINE, f"Catalogue lines are {lines}.")
    if command.ends <= max(command.begins, state.now) or not _are_prices(command.prices):
        return rejected(
            VenueRejection.CONTRACT_INVALID,
            "A contract ends after it begins and in the future; prices are not negative.",
        )
    if not 0 < command.budget <= AMOUNT_MAX:
        return out_of_range()
    return _funds_refusal(state, command.buyer, command.budget, "budget")


def _funds_refusal(state: State, buyer: PartyId, needed: Fen, what: str) -> Rejected | None:
    available = state.balances.of(LedgerAccount(buyer, AccountKind.AVAILABLE))
    if needed <= available:
        return None
    return rejected(
        VenueRejection.INSUFFICIENT_FUNDS,
        f"The {what} is {needed} fen and {available} fen are available: deposit the difference first.",
    )
