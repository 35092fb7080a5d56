"""A pair's quarter as it is answered: computed, agreed and recognised apart, and what regions and documents say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from exchange.parties.rules import AMOUNT_MAX
from exchange.persistence.queries.power import PairEmitted
from exchange.persistence.queries.quarters import Confirmation, QuarterSides, Word
from exchange.quarters.commands import ConfirmQuarter, RecogniseAmount
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.quarters import Figure, PairQuarter, QuarterFigures
from settlement.sign_off import canonical, digest_of
from web.bodies.agreements import PARTIES_MAX, DigestField
from web.bodies.fields import RegionField, TextField, utc
from web.bodies.power import PairEmissionsOut
from web.bodies.what_if import LABEL
from web.strict import Body

KindField = Literal["revenue", "tax", "gdp"]
SignedFenField = Annotated[
    int,
    Field(ge=-AMOUNT_MAX, le=AMOUNT_MAX, description="Hundredths of a yuan; less than nothing takes back."),
]


class FigureIn(Body):
    """What one party counts of one kind."""

    kind: KindField
    region: RegionField
    fen: SignedFenField


class ConfirmIn(Body):
    """The figures that you agree to, kind by kind and party by party, and their SHA-256.

    Those that were computed, or others that you have agreed on. The digest is over the canonical JSON, which the answer
    about a quarter has of those that were computed.
    """

    figures: Annotated[list[FigureIn], Field(min_length=6, max_length=3 * PARTIES_MAX)]
    digest: DigestField

    def command(self, pair: PairQuarter, key: str) -> ConfirmQuarter:
        """The command that this asks for, with the key that asks."""
        figures = tuple(Figure(AccountKind(one.kind), one.region, Fen(one.fen)) for one in self.figures)
        return ConfirmQuarter(QuarterFigures(pair, figures), key, self.digest)


class DisputeIn(Body):
    """Why you don't agree."""

    reason: TextField


class RecogniseIn(Body):
    """What a document of a finance office or of statistics recognises, and its reference."""

    region: RegionField
    kind: KindField
    amount_fen: SignedFenField
    reference: TextField

    def command(self, pair: PairQuarter) -> RecogniseAmount:
        """The command that this asks for."""
        return RecogniseAmount(
            pair, self.region, AccountKind(self.kind), Fen(self.amount_fen), self.reference
        )


@dataclass(frozen=True, slots=True)
class QuarterFigureOut:
    """One kind for one party, from three sides. Null where nothing is agreed or recognised.

    What is computed is what statements of the quarter's closed months posted, and what was refunded in the quarter, of
    whichever line; that is not above zero. The differences are what was agreed beyond what was computed, and what is recognised beyond what was agreed.
    """

    kind: str
    region: str
    posted_fen: int
    refunded_fen: int
    computed_fen: int
    agreed_fen: int | None
    recognised_fen: int | None
    agreed_less_computed_fen: int | None
    recognised_less_agreed_fen: int | None

    @classmethod
    def of(cls, posted: Figure, refunded: Figure, sides: QuarterSides) -> "QuarterFigureOut":
        """One figure, what refunds took off it, and its other sides."""
        computed = Figure(posted.kind, posted.region, Fen(posted.fen + refunded.fen))
        agreed = sides.agreed_of(computed.kind, computed.region)
        recognised = sides.recognised_of(computed.kind, computed.region)
        return cls(
            kind=computed.kind,
            region=computed.region,
            posted_fen=posted.fen,
            refunded_fen=refunded.fen,
            computed_fen=computed.fen,
            agreed_fen=agreed,
            recognised_fen=recognised,
            agreed_less_computed_fen=None if agreed is None else agreed - computed.fen,
            recognised_less_agreed_fen=None if agreed is None or recognised is None else recognised - agreed,
        )


@dataclass(frozen=True, slots=True)
class WordOut:
    """A region's last word: `confirmed` figures with their digest, or `disputed` with a reason."""

    region: str
    word: str
    digest: str | None
    figures_fen: list[int] | None
    reason: str | None
    party: str
    key: str
    at: datetime

    @classmethod
    def of(cls, word: Word) -> "WordOut":
        """What a region has said last."""
        if isinstance(word, Confirmation):
            signed, figures = word.signature, [int(one.fen) for one in word.figures.figures]
            by = (signed.party, signed.key, utc(signed.at))
            return cls(signed.region, "confirmed", signed.digest, figures, None, *by)
        return cls(word.region, "disputed", None, None, word.reason, word.party, word.key, utc(word.at))


@dataclass(frozen=True, slots=True)
class RecognitionOut:
    """A document, and the amount that it recognises."""

    region: str
    kind: str
    amount_fen: int
    reference: str
    party: str
    at: datetime


@dataclass(frozen=True, slots=True)
class QuarterOut:
    """A pair's quarter. `canonical` is what the computed figures' digest is over: sign that, or figures of your own.

    Nobody can agree before `closed`: some of its months are open until then. Emissions are computed alone: they are
    reported where the facility stands, and nobody confirms them here.
    """

    label: str
    source: str
    destination: str
    quarter: str
    months: list[str]
    closed: bool
    agreed: bool
    figures: list[QuarterFigureOut]
    emissions: PairEmissionsOut
    canonical: str
    digest: str
    words: list[WordOut]
    recognitions: list[RecognitionOut]

    @classmethod
    def of(cls, months: list[str], sides: QuarterSides, emitted: PairEmitted) -> "QuarterOut":
        """A quarter as it stands."""
        pair = sides.computed.pair
        return cls(
            label=LABEL,
            source=pair.source,
            destination=pair.destination,
            quarter=pair.quarter,
            months=months,
            closed=sides.closed,
            agreed=sides.agreed is not None,
            figures=[
                QuarterFigureOut.of(posted, refunded, sides)
                for posted, refunded in zip(sides.posted.figures, sides.refunded.figures, strict=True)
            ],
            emissions=PairEmissionsOut.of(emitted),
            canonical=canonical(sides.computed).decode(),
            digest=digest_of(sides.computed),
            words=[WordOut.of(word) for word in sides.words.values()],
            recognitions=[
                RecognitionOut(one.region, one.kind, one.amount, one.reference, one.party, utc(one.at))
                for one in sides.recognitions
            ],
        )
