"""What events of agreements leave behind: versions, their signatures, and those that are in force."""

from exchange.agreements.events import (
    AgreementDeclined,
    AgreementEnded,
    AgreementEvent,
    AgreementProposed,
    AgreementRecorded,
    AgreementSigned,
    AgreementWithdrawn,
)
from exchange.state import Draft, DraftStatus, State


def evolve_agreements(state: State, event: AgreementEvent) -> None:
    """Let an event have happened."""
    match event:
        case AgreementProposed(agreement, by, _, digest):
            state.drafts[agreement.id, agreement.version] = Draft(agreement, by, digest)
        case AgreementSigned(name, version, signature):
            state.drafts[name, version].signatures[signature.region] = signature
        case AgreementDeclined(name, version):
            state.drafts[name, version].status = DraftStatus.DECLINED
        case AgreementWithdrawn(name, version, _):
            state.drafts[name, version].status = DraftStatus.WITHDRAWN
        case AgreementRecorded(agreement):
            state.drafts[agreement.id, agreement.version].status = DraftStatus.SIGNED
            state.agreements.append(agreement)
        case AgreementEnded(agreement):
            names = [(known.id, known.version) for known in state.agreements]
            state.agreements[names.index((agreement.id, agreement.version))] = agreement
