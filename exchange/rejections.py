"""Why the venue refuses a command: stable codes, each a value that is logged like any other event."""

from dataclasses import dataclass
from enum import StrEnum

from matching.terms import Rejection as MarketRejection


class VenueRejection(StrEnum):
    """Refusals by the venue itself, beside those of the market. A code is never given another meaning."""

    VENUE_NOT_OPEN = "venue_not_open"
    NOT_ALLOWED = "not_allowed"
    TERMS_INVALID = "terms_invalid"
    SLOT_LENGTH_FIXED = "slot_length_fixed"
    PARTY_EXISTS = "party_exists"
    PARTY_INVALID = "party_invalid"
    UNKNOWN_PARTY = "unknown_party"
    WRONG_ROLE = "wrong_role"
    UNKNOWN_KEY = "unknown_key"
    DEPOSIT_EXISTS = "deposit_exists"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    QUOTE_PASSED = "quote_passed"
    UNKNOWN_LINE = "unknown_line"
    PRICE_OFF_TICK = "price_off_tick"
    LOT_TOO_LARGE = "lot_too_large"
    WINDOW_TOO_FAR = "window_too_far"
    WINDOW_IN_THE_PAST = "window_in_the_past"
    AGREEMENT_INVALID = "agreement_invalid"
    AGREEMENT_OVERLAPS = "agreement_overlaps"
    AGREEMENT_NOT_OPEN = "agreement_not_open"
    SIGNED_ALREADY = "signed_already"
    DIGEST_DIFFERS = "digest_differs"
    CONTRACT_INVALID = "contract_invalid"
    RUN_OPEN = "run_open"
    NO_SUCH_RUN = "no_such_run"
    PERIOD_UNKNOWN = "period_unknown"
    PERIOD_NOT_OVER = "period_not_over"
    PERIOD_OUT_OF_ORDER = "period_out_of_order"
    PERIOD_CLOSED = "period_closed"
    QUARTER_NOT_CLOSED = "quarter_not_closed"
    QUARTER_AGREED = "quarter_agreed"
    FIGURES_INVALID = "figures_invalid"
    RECOGNISED_ALREADY = "recognised_already"
    SETTLED_TWICE = "settled_twice"
    USAGE_GOES_BACK = "usage_goes_back"
    TABLES_EXIST = "tables_exist"
    TABLES_INVALID = "tables_invalid"
    DECLARED_ALREADY = "declared_already"
    DECLARED_TOO_LATE = "declared_too_late"
    REFUND_INVALID = "refund_invalid"
    REFUND_EXISTS = "refund_exists"
    REFUND_TOO_LARGE = "refund_too_large"
    PAYABLE_TOO_SMALL = "payable_too_small"
    NO_CREDIT_NOTE = "no_credit_note"
    CREDIT_NOTE_OUT_OF_TURN = "credit_note_out_of_turn"
    PAYOUT_TERMS_INVALID = "payout_terms_invalid"
    PAYOUT_ACCOUNT_INVALID = "payout_account_invalid"
    NO_PAYOUT_ACCOUNT = "no_payout_account"
    PAYOUT_NOT_DUE = "payout_not_due"
    PAYOUT_TOO_SMALL = "payout_too_small"
    PAYOUT_OUT_OF_TURN = "payout_out_of_turn"
    CHARGEBACK_EXISTS = "chargeback_exists"
    CHARGEBACK_OUT_OF_TURN = "chargeback_out_of_turn"
    PROGRAMME_INVALID = "programme_invalid"
    UNKNOWN_PROGRAMME = "unknown_programme"
    FACTS_MISSING = "facts_missing"
    NOT_ELIGIBLE = "not_eligible"
    BUDGET_SPENT = "budget_spent"
    CLAIMED_ALREADY = "claimed_already"
    UNKNOWN_VOUCHER = "unknown_voucher"
    VOUCHER_REFUSED = "voucher_refused"
    SUBSIDY_EXISTS = "subsidy_exists"
    SUBSIDY_TOO_LARGE = "subsidy_too_large"


Code = MarketRejection | VenueRejection


@dataclass(frozen=True, slots=True)
class Rejected:
    """A command was refused, and nothing else happened. `explain` says what to do, in one sentence."""

    code: str
    explain: str


def rejected(code: Code, explain: str) -> Rejected:
    """A refusal, as it is logged."""
    return Rejected(str(code), explain)


MARKET_EXPLAINS: dict[MarketRejection, str] = {
    MarketRejection.UNKNOWN_CHIP: "Name chips that the catalogue has: GET /v1/chips lists them.",
    MarketRejection.UNKNOWN_REGION: "Name regions that the catalogue has: GET /v1/regions lists them.",
    MarketRejection.UNKNOWN_ID: "There is nothing open under this id: check it, or it has ended.",
    MarketRejection.BAD_QUANTITY: "Cards, lots, slots and weights are at least 1, and the least is not above the most.",
    MarketRejection.BAD_PRICE: "Prices are not negative; a curve rises slot by slot and begins with the window.",
    MarketRejection.BAD_LOT: "The cards of a listing are a whole number of lots.",
    MarketRejection.EMPTY_WINDOW: "The window ends after it begins.",
    MarketRejection.WINDOW_TOO_SHORT: "The window is at least as long as the run of slots.",
    MarketRejection.CLOCK_GOES_BACK: "Time goes forward: the tick is before the venue's clock.",
    MarketRejection.BELOW_COMMITTED: "More cards than that are leased: wait, or offer at least those.",
}


def refused_by_market(code: MarketRejection) -> Rejected:
    """The market's refusal, with what to do."""
    return rejected(code, MARKET_EXPLAINS[code])
