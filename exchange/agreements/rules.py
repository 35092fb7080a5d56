"""The rules for pair agreements: signed by every party, never edited, never overlapping, never reaching back."""

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from exchange.agreements.commands import (
    AgreementCommand,
    DeclineAgreement,
    ProposeAgreement,
    SignAgreement,
    WithdrawAgreement,
)
from exchange.agreements.events import (
    AgreementDeclined,
    AgreementEnded,
    AgreementEvent,
    AgreementProposed,
    AgreementRecorded,
    AgreementSigned,
    AgreementWithdrawn,
)
from exchange.keys import refusal_of_key
from exchange.names import PartyId
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import Draft, DraftStatus, Role, Signature, State
from matching.terms import Rejection as MarketRejection
from settlement.agreements import PairAgreement
from settlement.sign_off import digest_of


def decide_agreements(
    state: State, by: PartyId, command: AgreementCommand
) -> Iterator[AgreementEvent | Rejected]:
    """What a command about pair agreements makes happen."""
    match command:
        case ProposeAgreement():
            yield from propose_agreement(state, by, command)
        case SignAgreement():
            yield from sign_agreement(state, by, command)
        case DeclineAgreement():
            yield from decline_agreement(state, by, command)
        case WithdrawAgreement():
            yield from withdraw_agreement(state, by, command)
        case _:
            assert_never(command)


def propose_agreement(
    state: State, by: PartyId, command: ProposeAgreement
) -> Iterator[AgreementProposed | Rejected]:
    """Put a version before its parties, or say what is wrong with it."""
    agreement = command.agreement
    refusal = _refusal_of_proposal(state, by, agreement) or _refusal_of_terms(state, agreement)
    yield refusal or AgreementProposed(agreement, by, state.now, digest_of(agreement))


def sign_agreement(
    state: State, by: PartyId, command: SignAgreement
) -> Iterator[AgreementSigned | AgreementEnded | AgreementRecorded | Rejected]:
    """Sign for a region. With the last signature the version is in force, if it still can be."""
    region = state.parties[by].region
    draft = _draft_of(state, region, command.agreement, command.version)
    if isinstance(draft, Rejected):
        yield draft
        return
    refusal = refusal_of_key(state, by, command.key) or _refusal_of_signature(state, draft, region, command)
    if refusal is not None:
        yield refusal
        return
    agreement = draft.agreement
    signature = Signature(region, by, command.key, state.now, command.digest)
    yield AgreementSigned(command.agreement, command.version, signature)
    if draft.waits_for:
        return
    for known in state.agreements:
        if _follows(agreement, known):
            yield AgreementEnded(replace(known, valid_to=agreement.valid_from))
    yield AgreementRecorded(agreement)


def decline_agreement(
    state: State, by: PartyId, command: DeclineAgreement
) -> Iterator[AgreementDeclined | Rejected]:
    """Refuse a version for a region, also where that has signed it before."""
    region = state.parties[by].region
    draft = _draft_of(state, region, command.agreement, command.version)
    refusal = draft if isinstance(draft, Rejected) else refusal_of_key(state, by, command.key)
    yield refusal or AgreementDeclined(
        command.agreement, command.version, region, by, command.key, state.now, command.reason
    )


def withdraw_agreement(
    state: State, by: PartyId, command: WithdrawAgreement
) -> Iterator[AgreementWithdrawn | Rejected]:
    """Take a version back, as whoever proposed it."""
    draft = state.drafts.get((command.agreement, command.version))
    if draft is None:
        yield refused_by_market(MarketRejection.UNKNOWN_ID)
    elif draft.by != by:
        yield rejected(VenueRejection.NOT_ALLOWED, "Whoever has proposed a version takes it back.")
    elif draft.status is not DraftStatus.OPEN:
        yield _not_open(draft)
    else:
        yield AgreementWithdrawn(command.agreement, command.version, state.now)


def _draft_of(state: State, region: str, agreement: str, version: int) -> Draft | Rejected:
    """The open draft that a region is a party of. Of other regions' drafts nobody learns that they are there."""
    draft = state.drafts.get((agreement, version))
    if draft is None or region not in draft.agreement.parties:
        return refused_by_market(MarketRejection.UNKNOWN_ID)
    return draft if draft.status is DraftStatus.OPEN else _not_open(draft)


def _not_open(draft: Draft) -> Rejected:
    return rejected(
        VenueRejection.AGREEMENT_NOT_OPEN,
        f"This version is {draft.status} already: propose another version for other terms.",
    )


def _refusal_of_proposal(state: State, by: PartyId, agreement: PairAgreement) -> Rejected | None:
    party = state.parties.get(by)
    if party is not None and Role.CLERK not in party.roles and party.region not in agreement.parties:
        return rejected(
            VenueRejection.NOT_ALLOWED, "A region's office proposes agreements of its own region."
        )
    problems = agreement.problems()
    if problems:
        wrong = "; ".join(map(str, problems))
        return rejected(VenueRejection.AGREEMENT_INVALID, f"The agreement can't be used: {wrong}.")
    if state.market.regions is not None and not state.market.regions.issuperset(agreement.parties):
        return refused_by_market(MarketRejection.UNKNOWN_REGION)
    if (agreement.id, agreement.version) in state.drafts:
        return rejected(VenueRejection.AGREEMENT_INVALID, "This version exists: agreements are never edited.")
    return None


def _refusal_of_signature(state: State, draft: Draft, region: str, command: SignAgreement) -> Rejected | None:
    if region in draft.signatures:
        return rejected(VenueRejection.SIGNED_ALREADY, f"{region} has signed this version already.")
    if command.digest != draft.digest:
        return rejected(
            VenueRejection.DIGEST_DIFFERS,
            f"The terms have the SHA-256 {draft.digest}: read them again, and sign that.",
        )
    return _refusal_of_terms(state, draft.agreement)


def _refusal_of_terms(state: State, agreement: PairAgreement) -> Rejected | None:
    """Why a version could not be put in force now: asked when it is proposed, and again of each signature."""
    # A period that is closed or closing is over, so whatever begins in one begins in the past.
    if agreement.valid_from < state.now:
        return rejected(
            VenueRejection.AGREEMENT_INVALID,
            "It would begin in the past, in what may be closed or closing: propose a version that begins later.",
        )
    if any(known.overlaps(agreement) and not _follows(agreement, known) for known in state.agreements):
        return rejected(
            VenueRejection.AGREEMENT_OVERLAPS,
            "Another agreement of this pair is in force in that time: propose a version that begins where it ends.",
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
