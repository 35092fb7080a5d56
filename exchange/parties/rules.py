"""The rules about parties: admission, keys, deposits."""

import re
from collections.abc import Iterator
from typing import assert_never

from exchange.names import VENUE, PartyId
from exchange.parties.commands import Deposit, IssueKey, PartyCommand, RegisterParty, RevokeKey
from exchange.parties.events import Deposited, KeyIssued, KeyRevoked, PartyEvent, PartyRegistered
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import State
from matching.terms import Rejection as MarketRejection
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen

AMOUNT_MAX = Fen(
    10**14
)  # a trillion yuan: above any real amount, and in micro-yuan a ninth of what 64 bits hold
DEPOSITS_MAX = Fen(
    4 * 10**18
)  # of all parties together: regions count at most twice what was paid in as theirs, and 64 bits hold that

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


def decide_parties(state: State, command: PartyCommand) -> Iterator[PartyEvent | Rejected]:
    """What a command about parties makes happen."""
    match command:
        case RegisterParty():
            yield from register_party(state, command)
        case IssueKey():
            yield from issue_key(state, command)
        case RevokeKey():
            yield from revoke_key(state, command)
        case Deposit():
            yield from deposit(state, command)
        case _:
            assert_never(command)


def register_party(state: State, command: RegisterParty) -> Iterator[PartyRegistered | Rejected]:
    """Admit a party under an id that nobody has had."""
    party = command.party
    if not _ID.match(party.id) or not party.name.strip() or not party.roles:
        explain = "An id is 1 to 40 of a-z, 0-9 and inner hyphens; a party has a name and at least one role."
        yield rejected(VenueRejection.PARTY_INVALID, explain)
    elif party.id in state.parties or party.id == VENUE:
        yield rejected(
            VenueRejection.PARTY_EXISTS, f"There is a party {party.id} already: choose another id."
        )
    elif state.market.regions is not None and party.region not in state.market.regions:
        yield refused_by_market(MarketRejection.UNKNOWN_REGION)
    else:
        yield PartyRegistered(party)


def issue_key(state: State, command: IssueKey) -> Iterator[KeyIssued | Rejected]:
    """Let a key speak for a party."""
    if command.party not in state.parties:
        yield unknown_party(command.party)
    elif not _DIGEST.match(command.digest) or not command.key:
        yield rejected(
            VenueRejection.UNKNOWN_KEY, "A key has a name, and the SHA-256 of its secret in hexadecimal."
        )
    else:
        yield KeyIssued(command.party, command.key, command.digest)


def revoke_key(state: State, command: RevokeKey) -> Iterator[KeyRevoked | Rejected]:
    """End a key. Ending it twice is no fault."""
    if command.party not in state.parties:
        yield unknown_party(command.party)
    else:
        yield KeyRevoked(command.party, command.key)


def deposit(state: State, command: Deposit) -> Iterator[Deposited | Rejected]:
    """Book what a party paid in. A reference is booked once for each party, whoever asks and under whichever id."""
    paid_in = _gone(state) - state.balances.of(LedgerAccount(VENUE, AccountKind.BANK))
    if command.party not in state.parties:
        yield unknown_party(command.party)
    elif not 0 < command.amount <= AMOUNT_MAX:
        yield out_of_range()
    elif command.reference in state.references.get(command.party, ()):
        yield rejected(
            VenueRejection.DEPOSIT_EXISTS,
            f"The reference {command.reference} is booked for {command.party} already: nothing was booked again.",
        )
    elif command.amount > DEPOSITS_MAX - paid_in:
        yield rejected(
            VenueRejection.AMOUNT_OUT_OF_RANGE,
            "All deposits together are at most 4,000,000,000,000,000,000 fen: the books are full.",
        )
    else:
        yield Deposited(command.party, command.amount, command.reference)


def _gone(state: State) -> int:
    """What has left the venue's bank: paid out, taken back by buyers' banks, and kept by the gateway."""
    taken_back = sum(
        live.taken + live.borne for known in state.chargebacks.values() for live in known.values()
    )
    return state.paid_out + taken_back - state.balances.of(LedgerAccount(VENUE, AccountKind.GATEWAY_COST))


def unknown_party(party: PartyId) -> Rejected:
    """The refusal of a command about nobody."""
    return rejected(VenueRejection.UNKNOWN_PARTY, f"There is no party {party}: register it first.")


def out_of_range() -> Rejected:
    """The refusal of an amount that can't be meant."""
    return rejected(VenueRejection.AMOUNT_OUT_OF_RANGE, "An amount is more than zero and at most 10^14 fen.")
