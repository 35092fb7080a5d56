"""The rules for token contracts."""

from collections.abc import Iterator

from exchange.contracts.commands import AgreePrices, OpenContract
from exchange.contracts.events import ContractOpened, PricesAgreed
from exchange.names import ContractId
from exchange.parties.rules import AMOUNT_MAX, out_of_range, unknown_party
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import ContractTerms, Role, State
from matching.terms import Rejection as MarketRejection
from matching.terms import Seq
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.rating.tokens import TokenPrices


def decide_contracts(
    state: State, seq: Seq, command: OpenContract | AgreePrices
) -> Iterator[ContractOpened | PricesAgreed | Rejected]:
    """What a command about contracts makes happen."""
    match command:
        case OpenContract():
            yield from open_contract(state, seq, command)
        case AgreePrices():
            yield from agree_prices(state, command)


def open_contract(state: State, seq: Seq, command: OpenContract) -> Iterator[ContractOpened | Rejected]:
    """Put a contract in force, and hold its whole budget."""
    refusal = _refusal(state, command)
    if refusal is not None:
        yield refusal
        return
    yield ContractOpened(
        ContractTerms(
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
    )


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
    return _funds_refusal(state, command)


def _funds_refusal(state: State, command: OpenContract) -> Rejected | None:
    available = state.balances.of(LedgerAccount(command.buyer, AccountKind.AVAILABLE))
    if command.budget <= available:
        return None
    return rejected(
        VenueRejection.INSUFFICIENT_FUNDS,
        f"The budget is {command.budget} fen and {available} fen are available: deposit the difference first.",
    )
