"""What may be asked about token contracts."""

from dataclasses import dataclass

from exchange.state import Instant, MicroYuan, PartyId
from matching.terms import RegionCode
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class OpenContract:
    """Register what a buyer and a seller have agreed. Prices are micro-yuan per million tokens, VAT included.

    The budget is held at once. `line` is the catalogue line under which the use is taxed.
    """

    buyer: PartyId
    seller: PartyId
    destination: RegionCode
    input_price: MicroYuan
    output_price: MicroYuan
    budget: Fen
    begins: Instant
    ends: Instant
    line: str
