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
    levied on the VAT that remains to be paid.
    """

    input_vat: Fen = NOTHING
    surcharge_urban_bp: BasisPoints = URBAN_IN_A_CITY
    surcharge_education_bp: BasisPoints = EDUCATION
    surcharge_local_education_bp: BasisPoints = LOCAL_EDUCATION


@dataclass(frozen=True, slots=True)
class Terms:
    """All that a line's gross has to be read with. `vat_rate_bp` belongs to the catalogue line, not to the venue.

    Without an agreement in force between the two regions nothing is shared.
    """

    vat_rate_bp: BasisPoints
    fee: FeeTerms
    tax: TaxTerms
    agreement: PairAgreement | None
