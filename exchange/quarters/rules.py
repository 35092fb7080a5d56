"""The rules of a pair's quarter: over and closed before anybody agrees, agreed by all parties, recognised by document."""

from collections.abc import Iterator
from typing import assert_never

from exchange.keys import refusal_of_key
from exchange.names import PartyId
from exchange.parties.rules import AMOUNT_MAX
from exchange.periods import quarter_named
from exchange.quarters.commands import ConfirmQuarter, DisputeQuarter, QuarterCommand, RecogniseAmount
from exchange.quarters.events import (
    AmountRecognised,
    QuarterAgreed,
    QuarterConfirmed,
    QuarterDisputed,
    QuarterEvent,
)
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import QuarterStanding, Role, Signature, State
from matching.terms import Rejection as MarketRejection
from settlement.quarters import PairQuarter, parties_between
from settlement.sign_off import digest_of


def decide_quarters(state: State, by: PartyId, command: QuarterCommand) -> Iterator[QuarterEvent | Rejected]:
    """What a command about a pair's quarter makes happen."""
    match command:
        case ConfirmQuarter():
            yield from confirm_quarter(state, by, command)
        case DisputeQuarter():
            yield from dispute_quarter(state, by, command)
        case RecogniseAmount():
            yield from recognise_amount(state, by, command)
        case _:
            assert_never(command)


def confirm_quarter(
    state: State, by: PartyId, command: ConfirmQuarter
) -> Iterator[QuarterConfirmed | QuarterAgreed | Rejected]:
    """Take a region's word for the figures of a quarter; with the last one they are agreed."""
    figures, region = command.figures, state.parties[by].region
    parties = parties_of(state, figures.pair)
    refusal = _refusal_of_side(state, by, figures.pair, parties, command.key) or _refusal_of_figures(
        state, region, parties, command
    )
    if refusal is not None:
        yield refusal
        return
    yield QuarterConfirmed(figures, Signature(region, by, command.key, state.now, command.digest))
    confirmed = state.quarters[figures.pair].confirmed
    if all(confirmed.get(party) == command.digest for party in parties):
        yield QuarterAgreed(figures, command.digest)


def dispute_quarter(
    state: State, by: PartyId, command: DisputeQuarter
) -> Iterator[QuarterDisputed | Rejected]:
    """Write down that a region does not agree."""
    parties = parties_of(state, command.pair)
    refusal = _refusal_of_side(state, by, command.pair, parties, command.key)
    region = state.parties[by].region
    yield refusal or QuarterDisputed(command.pair, region, by, command.key, state.now, command.reason)


def recognise_amount(
    state: State, by: PartyId, command: RecogniseAmount
) -> Iterator[AmountRecognised | Rejected]:
    """Record what a document recognises: a region's office for its own region, a clerk for any party."""
    pair, place = command.pair, (command.region, command.kind)
    parties = parties_of(state, pair)
    party = state.parties.get(by)
    own = party is None or Role.CLERK in party.roles or party.region == command.region
    standing = state.quarters.get(pair, QuarterStanding())
    total = standing.recognised.get(place, 0) + command.amount
    refusal = _refusal_of_quarter(state, pair, parties)
    if refusal is not None:
        yield refusal
    elif command.region not in parties:
        yield refused_by_market(MarketRejection.UNKNOWN_ID)
    elif not own:
        yield rejected(
            VenueRejection.NOT_ALLOWED, "A region's office records what is recognised of its own region."
        )
    elif command.amount == 0 or not 0 <= total <= AMOUNT_MAX:
        yield rejected(
            VenueRejection.AMOUNT_OUT_OF_RANGE,
            "A document recognises more or less than nothing, and all of them together from 0 to 10^14 fen.",
        )
    elif (*place, command.reference) in standing.references:
        yield rejected(
            VenueRejection.RECOGNISED_ALREADY,
            f"The reference {command.reference} stands there already: nothing was recorded again.",
        )
    else:
        yield AmountRecognised(
            pair, command.region, command.kind, command.amount, command.reference, by, state.now
        )


def parties_of(state: State, pair: PairQuarter) -> tuple[str, ...]:
    """The regions that a quarter's figures are of; none where nothing of the pair was in force or booked in it."""
    quarter = quarter_named(pair.quarter, state.rules.utc_offset_seconds)
    if quarter is None:
        return ()
    booked = state.quarters.get(pair, QuarterStanding()).booked
    return parties_between(state.agreements, pair, quarter.begins, quarter.ends, booked)


def _refusal_of_quarter(state: State, pair: PairQuarter, parties: tuple[str, ...]) -> Rejected | None:
    quarter = quarter_named(pair.quarter, state.rules.utc_offset_seconds)
    if quarter is None or not parties:
        return refused_by_market(MarketRejection.UNKNOWN_ID)
    if state.last_run is None or state.last_run.ends < quarter.ends:
        return rejected(
            VenueRejection.QUARTER_NOT_CLOSED,
            f"{pair.quarter} has months that are not closed: its figures may still change.",
        )
    return None


def _refusal_of_side(
    state: State, by: PartyId, pair: PairQuarter, parties: tuple[str, ...], key: str
) -> Rejected | None:
    """Why a region can't say yes or no to a quarter. To who is no party of it, it is not there."""
    if state.parties[by].region not in parties:
        return refused_by_market(MarketRejection.UNKNOWN_ID)
    refusal = _refusal_of_quarter(state, pair, parties) or refusal_of_key(state, by, key)
    if refusal is None and state.quarters.get(pair, QuarterStanding()).agreed:
        return rejected(VenueRejection.QUARTER_AGREED, "Every party has agreed to its figures already.")
    return refusal


def _refusal_of_figures(
    state: State, region: str, parties: tuple[str, ...], command: ConfirmQuarter
) -> Rejected | None:
    figures = command.figures
    if not figures.are_for(parties) or any(abs(one.fen) > AMOUNT_MAX for one in figures.figures):
        named = ", ".join(parties)
        return rejected(
            VenueRejection.FIGURES_INVALID,
            f"Give revenue, tax and gdp, each for {named} in this order, of at most 10^14 fen.",
        )
    if command.digest != digest_of(figures):
        return rejected(
            VenueRejection.DIGEST_DIFFERS,
            f"These figures have the SHA-256 {digest_of(figures)}: read them again, and confirm that.",
        )
    if state.quarters.get(figures.pair, QuarterStanding()).confirmed.get(region) == command.digest:
        return rejected(VenueRejection.SIGNED_ALREADY, f"{region} has confirmed these figures already.")
    return None
