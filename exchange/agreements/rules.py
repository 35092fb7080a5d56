"""The rules for pair agreements: never edited, never overlapping, never reaching into a closing period."""

from collections.abc import Iterator
from dataclasses import replace

from exchange.agreements.commands import RecordAgreement
from exchange.agreements.events import AgreementEnded, AgreementRecorded
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import State
from matching.terms import Rejection as MarketRejection
from settlement.agreements import PairAgreement


def record_agreement(
    state: State, command: RecordAgreement
) -> Iterator[AgreementEnded | AgreementRecorded | Rejected]:
    """Record an agreement, or say what is wrong with it. An open-ended version ends where the next one begins."""
    agreement = command.agreement
    refusal = _refusal(state, agreement)
    if refusal is not None:
        yield refusal
        return
    for known in state.agreements:
        if _follows(agreement, known):
            yield AgreementEnded(replace(known, valid_to=agreement.valid_from))
    yield AgreementRecorded(agreement)


def _refusal(state: State, agreement: PairAgreement) -> Rejected | None:
    problems = agreement.problems()
    last_run = state.open_run or state.last_run
    closed_until = last_run.ends if last_run else 0
    if problems:
        wrong = "; ".join(map(str, problems))
        return rejected(VenueRejection.AGREEMENT_INVALID, f"The agreement can't be used: {wrong}.")
    if state.market.regions is not None and not state.market.regions.issuperset(agreement.parties):
        return refused_by_market(MarketRejection.UNKNOWN_REGION)
    if agreement.valid_from < closed_until:
        return rejected(
            VenueRejection.AGREEMENT_INVALID,
            "It begins in a period that is closed or closing: let it begin later.",
        )
    if any((known.id, known.version) == (agreement.id, agreement.version) for known in state.agreements):
        return rejected(VenueRejection.AGREEMENT_INVALID, "This version exists: agreements are never edited.")
    if any(known.overlaps(agreement) and not _follows(agreement, known) for known in state.agreements):
        return rejected(
            VenueRejection.AGREEMENT_OVERLAPS, "Another agreement of this pair is in force in that time."
        )
    return None


def _follows(agreement: PairAgreement, known: PairAgreement) -> bool:
    """Is this the next version of an open-ended agreement of the same parties, which ends where this one begins?"""
    return (
        known.valid_to is None
        and (known.id, known.parties) == (agreement.id, agreement.parties)
        and known.version < agreement.version
        and known.valid_from < agreement.valid_from
    )
