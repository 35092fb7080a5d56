"""Token contracts as they are asked for and answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from exchange.contracts.commands import AddPackage, AgreePrices, OpenContract
from exchange.contracts.rules import PACKAGE_PRICE_MAX, TOKENS_MAX
from exchange.names import ContractId, Instant, PartyId, VoucherId
from exchange.persistence.queries.contracts import StoredContract, StoredPackage
from matching.terms import RegionCode
from settlement.money import Fen
from settlement.rating.tokens import TokenPrices, TokenTariff
from web.bodies.fields import (
    TOKEN_PRICE_MAX,
    FenField,
    LineField,
    PartyField,
    RegionField,
    VouchersField,
    utc,
)
from web.bodies.fields import Instant as InstantField
from web.strict import Body

TokenPrice = Annotated[
    int, Field(ge=0, le=TOKEN_PRICE_MAX, description="Millionths of a yuan per million tokens, VAT included.")
]


class PricesIn(Body):
    """What tokens cost that a model reads, reads again from its cache, and writes.

    Cached input costs what other input does, unless it has a price of its own.
    """

    input_price_micro_yuan_per_million: TokenPrice
    cached_input_price_micro_yuan_per_million: TokenPrice | None = None
    output_price_micro_yuan_per_million: TokenPrice

    def prices(self) -> TokenPrices:
        """The three prices."""
        fresh, cached = (
            self.input_price_micro_yuan_per_million,
            self.cached_input_price_micro_yuan_per_million,
        )
        return TokenPrices(
            input=fresh,
            cached_input=fresh if cached is None else cached,
            output=self.output_price_micro_yuan_per_million,
        )


class PriceVersionIn(PricesIn):
    """Other prices that buyer and seller have agreed, for use from `begins` on."""

    begins: InstantField

    def command(self, contract: str) -> AgreePrices:
        """The command that this asks for."""
        return AgreePrices(ContractId(contract), Instant(self.begins), self.prices())


class PackageIn(Body):
    """A package of tokens that buyer and seller have agreed, to be used from `begins` until before `ends`.

    Its price, VAT included, is held at once, and charged by the month in which it begins. Without one it is free.
    """

    tokens: Annotated[int, Field(ge=1, le=TOKENS_MAX, description="Of any kind, one as good as another.")]
    price_fen: Annotated[int, Field(ge=0, le=PACKAGE_PRICE_MAX)] = 0
    begins: InstantField
    ends: InstantField

    def command(self, contract: str) -> AddPackage:
        """The command that this asks for."""
        begins, ends = Instant(self.begins), Instant(self.ends)
        return AddPackage(ContractId(contract), self.tokens, Fen(self.price_fen), begins, ends)


class ContractIn(PricesIn):
    """What a buyer and a seller have agreed about tokens. The whole budget is held at once.

    `vouchers` cover their part of what the budget pays for, which then is free again.
    """

    buyer: PartyField
    seller: PartyField
    destination: RegionField
    budget_fen: FenField
    begins: InstantField
    ends: InstantField
    line: LineField = "compute_service"
    vouchers: VouchersField

    def command(self) -> OpenContract:
        """The command that this asks for."""
        return OpenContract(
            buyer=PartyId(self.buyer),
            seller=PartyId(self.seller),
            destination=RegionCode(self.destination),
            prices=self.prices(),
            budget=Fen(self.budget_fen),
            begins=Instant(self.begins),
            ends=Instant(self.ends),
            line=self.line,
            vouchers=tuple(map(VoucherId, self.vouchers)),
        )


@dataclass(frozen=True, slots=True)
class PriceVersionOut:
    """A version of a contract's prices: in force from `begins` until the next one begins."""

    version: int
    begins: datetime
    input_price_micro_yuan_per_million: int
    cached_input_price_micro_yuan_per_million: int
    output_price_micro_yuan_per_million: int

    @classmethod
    def of(cls, tariff: TokenTariff) -> "PriceVersionOut":
        """A version as it is stored."""
        return cls(
            version=tariff.version,
            begins=utc(Instant(tariff.valid_from)),
            input_price_micro_yuan_per_million=tariff.input_price,
            cached_input_price_micro_yuan_per_million=tariff.cached_input_price,
            output_price_micro_yuan_per_million=tariff.output_price,
        )


@dataclass(frozen=True, slots=True)
class PackageOut:
    """A package of tokens as it stands: `left_tokens` are what the last statement has left of it.

    `charged_in` is the run that charged its price: null until then, and for ever where it is free.
    """

    id: str
    tokens: int
    left_tokens: int
    price_fen: int
    begins: datetime
    ends: datetime
    charged_in: str | None

    @classmethod
    def of(cls, package: StoredPackage) -> "PackageOut":
        """A package as it is stored."""
        return cls(
            id=package.id,
            tokens=package.tokens,
            left_tokens=package.left,
            price_fen=package.price,
            begins=utc(package.begins),
            ends=utc(package.ends),
            charged_in=package.charged_in,
        )


@dataclass(frozen=True, slots=True)
class PledgeOut:
    """A voucher of a contract's, and how much of it the contract held when it was opened."""

    voucher: str
    held_fen: int


@dataclass(frozen=True, slots=True)
class ContractOut:
    """A token contract as it stands; `status` is `open` or `closed`, `left_fen` what remains of the budget.

    Its use is taxed as what `line` of the catalogue says, at the rate that was in force when it was opened.
    """

    id: str
    status: str
    buyer: str
    seller: str
    source: str
    destination: str
    line: str
    vat_rate_bp: int
    prices: list[PriceVersionOut]
    packages: list[PackageOut]
    vouchers: list[PledgeOut]
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
            line=contract.line,
            vat_rate_bp=contract.vat_rate_bp,
            prices=[PriceVersionOut.of(tariff) for tariff in contract.tariffs],
            packages=[PackageOut.of(package) for package in contract.packages],
            vouchers=[PledgeOut(voucher, amount) for voucher, amount in contract.vouchers],
            budget_fen=contract.budget,
            left_fen=contract.left,
            begins=utc(contract.begins),
            ends=utc(contract.ends),
            seq=contract.seq,
        )
