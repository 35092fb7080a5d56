"""Terms: the rates under which one statement line is settled.

Rates are dated data and the version in force is copied into the event, so a line can be settled again years later.
The defaults are those of an ordinary taxpayer in a city; everything else is said by whoever builds the terms.
"""

from dataclasses import dataclass
from enum import StrEnum

from settlement.agreements import PairAgreement
from settlement.money import NOTHING, BasisPoints, Fen

URBAN_IN_A_CITY = BasisPoints(700)
"""Urban maintenance and construction tax: 7 % in a city, 5 % in a county town, 1 % elsewhere (its law, art. 4)."""

EDUCATION = BasisPoints(300)
"""Education surcharge (its provisional rules, art. 3)."""

LOCAL_EDUCATION = BasisPoints(200)
"""Local education surcharge: 2 % by the policy of the acceptance cases (F6)."""


class FeeBase(StrEnum):
    """What the venue's fee is a percentage of."""

    NET = "net"
    """The price without VAT: the default, since a refund then never moves the seller's part the wrong way."""
    GROSS = "gross"
    """The price with VAT."""


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """The venue's fee, which the seller bears (F4). The fee includes its own VAT at `vat_rate_bp`."""

    rate_bp: BasisPoints
    base: FeeBase
    vat_rate_bp: BasisPoints


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """The seller's position towards the treasury (F6).

    `input_vat` is what the seller itself paid on purchases, set against the VAT of this line. The surcharges are
    levied on the VAT that remains to be paid. `cit_payable` is the enterprise income tax that is attributed to this
    line; it is assessed on profit, so no gross decides it.
    """

    input_vat: Fen = NOTHING
    cit_payable: Fen = NOTHING
    surcharge_urban_bp: BasisPoints = URBAN_IN_A_CITY
    surcharge_education_bp: BasisPoints = EDUCATION
    surcharge_local_education_bp: BasisPoints = LOCAL_EDUCATION


class VoucherMode(StrEnum):
    """Who gets the government's part of a price, and when."""

    DEDUCT_AT_CHECKOUT = "deduct_at_checkout"
    """The buyer pays the rest at once; the venue redeems the voucher and pays the seller."""
    REIMBURSE_BUYER = "reimburse_buyer"
    """The buyer pays all of it now and is paid back later (先付后补)."""
    CLAIMED_BY_SUPPLIER = "claimed_by_supplier"
    """The buyer pays the rest at once; the seller claims the voucher itself."""


@dataclass(frozen=True, slots=True)
class VoucherTerms:
    """A government voucher as one line has to be read with it (F5).

    It covers at most `rate_bp` of the price, and never more than is left of any cap. None is no such cap.
    """

    id: str
    rate_bp: BasisPoints
    mode: VoucherMode
    per_order_cap: Fen | None = None
    yearly_left: Fen | None = None
    """What the buyer may still get in this year."""
    balance: Fen | None = None
    """What is left of the voucher itself."""


class SplitMethod(StrEnum):
    """How the parties of an agreement divide what they share."""

    CHAIN = "seq2"
    """Two at a time: a refund never gives one party more."""
    LARGEST_REMAINDER = "lrm"
    """All at once: nearer to the exact shares, but a refund may give one of three parties a fen more."""


@dataclass(frozen=True, slots=True)
class Terms:
    """All that a line's gross has to be read with. `vat_rate_bp` belongs to the catalogue line, not to the venue.

    Without an agreement in force between the two regions nothing is shared. Vouchers are used in their order, each
    on what those before it left to pay.
    """

    vat_rate_bp: BasisPoints
    fee: FeeTerms
    tax: TaxTerms
    agreement: PairAgreement | None
    vouchers: tuple[VoucherTerms, ...] = ()
    split: SplitMethod = SplitMethod.CHAIN
