"""The rules for token contracts."""

from collections.abc import Iterator

from exchange.contracts.commands import OpenContract
from exchange.contracts.events import ContractOpened
from exchange.parties.rules import AMOUNT_MAX, out_of_range, unknown_party
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import ContractId, ContractTerms, Role, State
from matching.terms import Rejection as MarketRejection
from matching.terms import Seq
from settlement.ledger.chart import AccountKind, LedgerAccount


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
            input_price=command.input_price,
            output_price=command.output_price,
            budget=command.budget,
            begins=command.begins,
            ends=command.ends,
            vat_rate_bp=state.rules.vat_rates_bp[command.line],
            fee=state.rules.fee,
        )
    )


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
    if command.ends <= max(command.begins, state.now) or min(command.input_price, command.output_price) < 0:
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
