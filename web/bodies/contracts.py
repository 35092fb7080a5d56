"""Token contracts as they are asked for and answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from exchange.contracts.commands import OpenContract
from exchange.persistence.queries.contracts import StoredContract
from exchange.state import Instant, MicroYuan, PartyId
from matching.terms import RegionCode
from settlement.money import Fen
from web.bodies.fields import TOKEN_PRICE_MAX, FenField, LineField, PartyField, RegionField, utc
from web.bodies.fields import Instant as InstantField
from web.strict import Body

TokenPrice = Annotated[
    int, Field(ge=0, le=TOKEN_PRICE_MAX, description="Millionths of a yuan per million tokens, VAT included.")
]


class ContractIn(Body):
    """What a buyer and a seller have agreed about tokens. The whole budget is held at once."""

    buyer: PartyField
    seller: PartyField
    destination: RegionField
    input_price_micro_yuan_per_million: TokenPrice
    output_price_micro_yuan_per_million: TokenPrice
    budget_fen: FenField
    begins: InstantField
    ends: InstantField
    line: LineField = "compute_service"

    def command(self) -> OpenContract:
        """The command that this asks for."""
        return OpenContract(
            buyer=PartyId(self.buyer),
            seller=PartyId(self.seller),
            destination=RegionCode(self.destination),
            input_price=MicroYuan(self.input_price_micro_yuan_per_million),
            output_price=MicroYuan(self.output_price_micro_yuan_per_million),
            budget=Fen(self.budget_fen),
            begins=Instant(self.begins),
            ends=Instant(self.ends),
            line=self.line,
        )


@dataclass(frozen=True, slots=True)
class ContractOut:
    """A token contract as it stands; `status` is `open` or `closed`, `left_fen` what remains of the budget."""

    id: str
    status: str
    buyer: str
    seller: str
    source: str
    destination: str
    input_price_micro_yuan_per_million: int
    output_price_micro_yuan_per_million: int
    budget_fen: int
    left_fen: int
    begins: datetime
    ends: datetime
    seq: int

    @classmethod
    def of(cls, contract: StoredContract) -> "ContractOut":
        """A contract as it is stored."""
        return cls(
            id=contract.id,
            status=contract.status,
            buyer=contract.buyer,
            seller=contract.seller,
            source=contract.source,
            destination=contract.destination,
            input_price_micro_yuan_per_million=contract.input_price,
            output_price_micro_yuan_per_million=contract.output_price,
            budget_fen=contract.budget,
            left_fen=contract.left,
            begins=utc(contract.begins),
            ends=utc(contract.ends),
            seq=contract.seq,
        )
