"""The rules for pair agreements: never edited, never overlapping, never reaching into a closing period."""

from collections.abc import Iterator

from exchange.agreements.commands import RecordAgreement
from exchange.agreements.events import AgreementRecorded
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import State
from matching.terms import Rejection as MarketRejection


def record_agreement(state: State, command: RecordAgreement) -> Iterator[AgreementRecorded | Rejected]:
    """Record an agreement, or say what is wrong with it."""
    agreement = command.agreement
    problems = agreement.problems()
    last_run = state.open_run or state.last_run
    closed_until = last_run.ends if last_run else 0
    if problems:
        wrong = "; ".join(f"{problem.field}: {problem.code}" for problem in problems)
        yield rejected(VenueRejection.AGREEMENT_INVALID, f"The agreement can't be used: {wrong}.")
    elif state.market.regions is not None and not state.market.regions.issuperset(agreement.parties):
        yield refused_by_market(MarketRejection.UNKNOWN_REGION)
    elif agreement.valid_from < closed_until:
        yield rejected(
            VenueRejection.AGREEMENT_INVALID,
            "It begins in a period that is closed or closing: let it begin later.",
        )
    elif any((known.id, known.version) == (agreement.id, agreement.version) for known in state.agreements):
        yield rejected(VenueRejection.AGREEMENT_INVALID, "This version exists: agreements are never edited.")
    elif any(known.overlaps(agreement) for known in state.agreements):
        yield rejected(
            VenueRejection.AGREEMENT_OVERLAPS, "Another agreement of this pair is in force in that time."
        )
    else:
        yield AgreementRecorded(agreement)
