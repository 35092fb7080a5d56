"""The chart of accounts: every kind of balance there is, what it means, and which book it stands in.

A balance is what is owed to the account's owner: a credit raises it, a debit lowers it, and it is never negative.
Each book has contra kinds, which carry the other side and so are negative or zero.
"""

from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Book(StrEnum):
    """Ledgers kept side by side and never mixed: each sums to zero by itself."""

    MONEY = "money"
    """What is owed in cash."""
    MEMO = "memo"
    """What regions attribute to themselves under an agreement; nobody is paid from it."""
    CARBON = "carbon"
    """The same of emissions, in grams of CO₂."""
    VOUCHERS = "vouchers"
    """What regions have promised in vouchers, and what became of it; it turns into money only by being used."""


class AccountKind(StrEnum):
    """What a balance means. The value is the name that is stored."""

    BANK = "bank"
    """The contra side of cash: what the venue's bank holds against all that it owes."""
    AVAILABLE = "available"
    """What the venue owes a buyer and nothing has claimed."""
    HELD = "held"
    """What the venue owes a buyer and an order or a lease has claimed."""
    PAYABLE = "payable"
    """What the venue owes a seller for what it delivered."""
    IN_TRANSIT = "in_transit"
    """What the venue has set aside for a seller or a buyer, and its gateway or bank is paying."""
    FEE_INCOME = "fee_income"
    """What the venue has earned in fees, without VAT."""
    FEE_VAT = "fee_vat"
    """What the venue owes the treasury as VAT on its fees."""
    SUBSIDY_CLAIM = "subsidy_claim"
    """The contra side of subsidies: what regions owe for vouchers of theirs that were used."""
    SUBSIDY_DUE = "subsidy_due"
    """What a buyer or seller gets of a voucher that was used, once its region has paid."""
    SUBSIDY_CREDIT = "subsidy_credit"
    """What a region has paid of a programme for lines that were refunded since: it comes off what it pays next."""
    GATEWAY_COST = "gateway_cost"
    """The contra side of what the venue has paid its gateway in fees."""
    PLATFORM_LOSS = "platform_loss"
    """The contra side of what the venue bears: payments that buyers' banks took back and no balance made up for."""

    ATTRIBUTION = "attribution"
    """The contra side of every attribution: what statements gave the regions to count."""
    REVENUE = "revenue"
    """What a region counts as its revenue under its agreements."""
    TAX = "tax"
    """What a region counts as its retained tax under its agreements."""
    GDP = "gdp"
    """What a region counts towards its output under its agreements; not official statistics."""

    EMISSIONS = "emissions"
    """The contra side of every emission: the grams that statements gave the regions to count."""
    CARBON = "carbon"
    """The grams of CO₂ that a region counts as its own under its agreements; not a report of emissions."""
    VOUCHER_BUDGET = "voucher_budget"
    """The contra side of vouchers: what a programme has promised, less what was not used in time."""
    VOUCHER_LEFT = "voucher_left"
    """What a voucher may still cover."""
    VOUCHER_HELD = "voucher_held"
    """What an order or a lease has claimed of a voucher."""
    VOUCHER_USED = "voucher_used"
    """What a voucher has covered."""

    @cached_property
    def book(self) -> Book:
        """The book in which accounts of this kind stand."""
        if self in CARBON_KINDS:
            return Book.CARBON
        if self in VOUCHER_KINDS:
            return Book.VOUCHERS
        return Book.MEMO if self in MEMO_KINDS else Book.MONEY


MEMO_KINDS: frozenset[AccountKind] = frozenset(
    {AccountKind.ATTRIBUTION, AccountKind.REVENUE, AccountKind.TAX, AccountKind.GDP}
)

CARBON_KINDS: frozenset[AccountKind] = frozenset({AccountKind.EMISSIONS, AccountKind.CARBON})

VOUCHER_KINDS: frozenset[AccountKind] = frozenset(
    {
        AccountKind.VOUCHER_BUDGET,
        AccountKind.VOUCHER_LEFT,
        AccountKind.VOUCHER_HELD,
        AccountKind.VOUCHER_USED,
    }
)

CONTRA: frozenset[AccountKind] = frozenset(
    {
        AccountKind.BANK,
        AccountKind.SUBSIDY_CLAIM,
        AccountKind.GATEWAY_COST,
        AccountKind.PLATFORM_LOSS,
        AccountKind.ATTRIBUTION,
        AccountKind.EMISSIONS,
        AccountKind.VOUCHER_BUDGET,
    }
)
"""The only kinds that may go below zero. The list is fixed here: no account can be exempted by a flag."""


class LedgerAccount(NamedTuple):
    """Something that holds a balance: a kind of account and the party, region or venue that owns it.

    A tuple, because a statement looks accounts up some hundred times, and a tuple is hashed without any Python.
    """

    owner: str
    kind: AccountKind
