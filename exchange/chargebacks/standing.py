"""What the venue remembers of a chargeback."""

from dataclasses import dataclass

from settlement.money import Fen


@dataclass(slots=True)
class LiveChargeback:
    """What a dispute has cost so far: of its buyer's balance, and borne by the venue. Nothing, once it is won."""

    taken: Fen
    borne: Fen
