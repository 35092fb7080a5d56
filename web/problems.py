"""Problem documents (RFC 9457): every way in which the venue says no, by its code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from exchange.rejections import Code, VenueRejection
from matching.terms import Rejection as MarketRejection

MEDIA_TYPE = "application/problem+json"
FAULTS_MAX = 20  # faults of one body that are told at once


class DoorRejection(StrEnum):
    """Refusals by the door itself, before the venue is asked. A code is never given another meaning."""

    MALFORMED_REQUEST = "malformed_request"
    URL_TOO_LONG = "url_too_long"
    HEADERS_TOO_LARGE = "headers_too_large"
    REQUEST_TOO_SLOW = "request_too_slow"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"

    UNAUTHENTICATED = "unauthenticated"
    ANOTHER_SITE = "another_site"

    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    BODY_TOO_LARGE = "body_too_large"
    MALFORMED_JSON = "malformed_json"
    TOO_DEEP = "too_deep"
    DUPLICATE_KEY = "duplicate_key"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    INVALID_VALUE = "invalid_value"
    INVALID_CHARACTER = "invalid_character"
    TOO_FEW_ITEMS = "too_few_items"
    TOO_MANY_ITEMS = "too_many_items"
    INVALID_TIME = "invalid_time"
    TIMEZONE_REQUIRED = "timezone_required"
    OFF_GRID = "off_grid"
    NOTIONAL_TOO_LARGE = "notional_too_large"
    ONE_OF = "one_of"

    UNKNOWN_PARAMETER = "unknown_parameter"
    DUPLICATE_PARAMETER = "duplicate_parameter"
    INVALID_PARAMETER = "invalid_parameter"

    IDEMPOTENCY_KEY_REQUIRED = "idempotency_key_required"
    IDEMPOTENCY_KEY_INVALID = "idempotency_key_invalid"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"

    WEBHOOK_REFUSED = "webhook_refused"
    PAYOUTS_FROZEN = "payouts_frozen"
    NOTHING_TO_TAKE_BACK = "nothing_to_take_back"
    ONBOARDING_NEEDED = "onboarding_needed"
    NO_ONBOARDING = "no_onboarding"

    SIGNATURE_NEEDED = "signature_needed"
    UNKNOWN_METER = "unknown_meter"
    METER_KEY_REFUSED = "meter_key_refused"
    NOT_BILLABLE = "not_billable"

    ALREADY_CLOSED = "already_closed"
    UNKNOWN_COMMAND = "unknown_command"
    JOB_AT_WORK = "job_at_work"

    BUSY = "busy"
    CLOSING = "closing"
    HALTED = "halted"
    DATABASE_UNAVAILABLE = "database_unavailable"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Kind:
    """What all problems of one code have in common: the HTTP status, and a title without a full stop."""

    status: int
    title: str


Door, Market, Venue = DoorRejection, MarketRejection, VenueRejection

PROBLEMS: Mapping[Code | DoorRejection, Kind] = {
    Door.MALFORMED_REQUEST: Kind(400, "This is not an HTTP request that can be read in one way only"),
    Door.URL_TOO_LONG: Kind(414, "The address is too long"),
    Door.HEADERS_TOO_LARGE: Kind(431, "The headers are too large"),
    Door.REQUEST_TOO_SLOW: Kind(408, "The request took too long to arrive"),
    Door.NOT_FOUND: Kind(404, "There is nothing at this address"),
    Door.METHOD_NOT_ALLOWED: Kind(405, "This address doesn't take that method"),
    Door.UNAUTHENTICATED: Kind(401, "A key that is in force is needed"),
    Door.ANOTHER_SITE: Kind(403, "The form was sent from another site"),
    Door.UNSUPPORTED_MEDIA_TYPE: Kind(415, "Bodies are application/json, without a Content-Encoding"),
    Door.BODY_TOO_LARGE: Kind(413, "The body is too large"),
    Door.MALFORMED_JSON: Kind(400, "The body is not a JSON object in UTF-8"),
    Door.TOO_DEEP: Kind(400, "The body is nested too deeply"),
    Door.DUPLICATE_KEY: Kind(400, "A key stands twice in one object"),
    Door.UNKNOWN_FIELD: Kind(422, "The body has a field that is not known here"),
    Door.MISSING_FIELD: Kind(422, "The body lacks a field"),
    Door.WRONG_TYPE: Kind(422, "A field has the wrong type"),
    Door.OUT_OF_RANGE: Kind(422, "A value lies outside its bounds"),
    Door.INVALID_VALUE: Kind(422, "A value is not one of those that are possible"),
    Door.INVALID_CHARACTER: Kind(422, "A text has a character that can't be seen or misleads"),
    Door.TOO_FEW_ITEMS: Kind(422, "A list is too short"),
    Door.TOO_MANY_ITEMS: Kind(422, "A list is too long"),
    Door.INVALID_TIME: Kind(422, "A time is not one of RFC 3339 in whole seconds"),
    Door.TIMEZONE_REQUIRED: Kind(422, "A time needs its offset from UTC"),
    Door.OFF_GRID: Kind(422, "A time or duration is not a whole number of slots"),
    Door.NOTIONAL_TOO_LARGE: Kind(422, "Price times quantity is more than can be booked"),
    Door.ONE_OF: Kind(422, "Exactly one of several fields is needed"),
    Door.UNKNOWN_PARAMETER: Kind(400, "The address has a parameter that is not known here"),
    Door.DUPLICATE_PARAMETER: Kind(400, "A parameter stands twice in the address"),
    Door.INVALID_PARAMETER: Kind(422, "A parameter of the address can't be read"),
    Door.IDEMPOTENCY_KEY_REQUIRED: Kind(400, "An Idempotency-Key is needed"),
    Door.IDEMPOTENCY_KEY_INVALID: Kind(400, "The Idempotency-Key can't be used"),
    Door.IDEMPOTENCY_KEY_REUSED: Kind(422, "The Idempotency-Key was used for something else"),
    Door.WEBHOOK_REFUSED: Kind(400, "The webhook is not from the gateway, not for us, or not of now"),
    Door.PAYOUTS_FROZEN: Kind(409, "Payouts are frozen"),
    Door.NOTHING_TO_TAKE_BACK: Kind(409, "That much of the payout is not with its seller"),
    Door.ONBOARDING_NEEDED: Kind(409, "Accounts are opened at the gateway"),
    Door.NO_ONBOARDING: Kind(409, "The gateway opens no accounts"),
    Door.SIGNATURE_NEEDED: Kind(422, "The batch has to be signed"),
    Door.UNKNOWN_METER: Kind(404, "The meter has no key"),
    Door.METER_KEY_REFUSED: Kind(409, "The key can't begin there"),
    Door.NOT_BILLABLE: Kind(409, "What is disputed can't be billed like that"),
    Door.ALREADY_CLOSED: Kind(409, "It has ended already"),
    Door.UNKNOWN_COMMAND: Kind(404, "No command came in under this id"),
    Door.JOB_AT_WORK: Kind(409, "Another run of this job is at work"),
    Door.BUSY: Kind(503, "The venue has too much to do"),
    Door.CLOSING: Kind(503, "The venue is closing"),
    Door.HALTED: Kind(503, "The venue has stopped"),
    Door.DATABASE_UNAVAILABLE: Kind(503, "The venue can't reach its database"),
    Door.INTERNAL_ERROR: Kind(500, "The venue has made a mistake"),
    Market.UNKNOWN_CHIP: Kind(422, "The catalogue has no such chip"),
    Market.UNKNOWN_REGION: Kind(422, "The catalogue has no such region"),
    Market.UNKNOWN_ID: Kind(404, "There is nothing under this id"),
    Market.BAD_QUANTITY: Kind(422, "A quantity makes no sense"),
    Market.BAD_PRICE: Kind(422, "A price makes no sense"),
    Market.BAD_LOT: Kind(422, "The cards are not a whole number of lots"),
    Market.EMPTY_WINDOW: Kind(422, "The window is empty"),
    Market.WINDOW_TOO_SHORT: Kind(422, "The window is shorter than the run"),
    Market.CLOCK_GOES_BACK: Kind(409, "Time goes forward"),
    Market.BELOW_COMMITTED: Kind(409, "More than that is leased"),
    Venue.VENUE_NOT_OPEN: Kind(409, "The venue is not open yet"),
    Venue.NOT_ALLOWED: Kind(403, "This is not yours to ask"),
    Venue.TERMS_INVALID: Kind(422, "The terms make no sense"),
    Venue.SLOT_LENGTH_FIXED: Kind(409, "The length of a slot is fixed"),
    Venue.PARTY_EXISTS: Kind(409, "There is such a party already"),
    Venue.PARTY_INVALID: Kind(422, "The party can't be admitted like that"),
    Venue.UNKNOWN_PARTY: Kind(404, "There is no such party"),
    Venue.WRONG_ROLE: Kind(422, "The party doesn't have that role"),
    Venue.UNKNOWN_KEY: Kind(404, "There is no such key"),
    Venue.DEPOSIT_EXISTS: Kind(409, "The reference is booked already"),
    Venue.AMOUNT_OUT_OF_RANGE: Kind(422, "The amount is out of range"),
    Venue.INSUFFICIENT_FUNDS: Kind(409, "The available money doesn't cover it"),
    Venue.QUOTE_PASSED: Kind(409, "The market has moved on since the quote"),
    Venue.UNKNOWN_LINE: Kind(422, "The catalogue has no such line"),
    Venue.PRICE_OFF_TICK: Kind(422, "Prices are whole fen per card-hour"),
    Venue.LOT_TOO_LARGE: Kind(422, "The lot is too large"),
    Venue.WINDOW_TOO_FAR: Kind(422, "The window lies too far ahead"),
    Venue.WINDOW_IN_THE_PAST: Kind(422, "The window lies in the past"),
    Venue.AGREEMENT_INVALID: Kind(422, "The agreement can't be used"),
    Venue.AGREEMENT_OVERLAPS: Kind(409, "Another agreement of the pair is in force then"),
    Venue.AGREEMENT_NOT_OPEN: Kind(409, "The version can't be signed any more"),
    Venue.SIGNED_ALREADY: Kind(409, "Your region has signed that already"),
    Venue.DIGEST_DIFFERS: Kind(409, "That is not what is signed here"),
    Venue.CONTRACT_INVALID: Kind(422, "The contract can't be used"),
    Venue.RUN_OPEN: Kind(409, "Another period is being closed"),
    Venue.NO_SUCH_RUN: Kind(409, "That run is not open"),
    Venue.PERIOD_UNKNOWN: Kind(404, "There is no such period"),
    Venue.PERIOD_NOT_OVER: Kind(409, "The period is not over"),
    Venue.PERIOD_OUT_OF_ORDER: Kind(409, "Another period is the next to close"),
    Venue.PERIOD_CLOSED: Kind(409, "The period is closed"),
    Venue.QUARTER_NOT_CLOSED: Kind(409, "The quarter has months that are not closed"),
    Venue.QUARTER_AGREED: Kind(409, "The quarter is agreed already"),
    Venue.FIGURES_INVALID: Kind(422, "These are not the figures of the quarter"),
    Venue.RECOGNISED_ALREADY: Kind(409, "The document is recorded already"),
    Venue.SETTLED_TWICE: Kind(409, "That is settled already"),
    Venue.USAGE_GOES_BACK: Kind(409, "Later usage is settled already"),
    Venue.TABLES_EXIST: Kind(409, "A version of the tables has this name"),
    Venue.TABLES_INVALID: Kind(422, "The tables can't be used"),
    Venue.DECLARED_ALREADY: Kind(409, "The certificate is declared already"),
    Venue.DECLARED_TOO_LATE: Kind(409, "The month is closed or closing"),
    Venue.REFUND_INVALID: Kind(422, "The refund makes no sense"),
    Venue.REFUND_EXISTS: Kind(409, "The refund is booked already"),
    Venue.REFUND_TOO_LARGE: Kind(409, "No more is refunded than was charged"),
    Venue.PAYABLE_TOO_SMALL: Kind(409, "The seller is not owed that much any more"),
    Venue.NO_CREDIT_NOTE: Kind(404, "No credit note waits under this id"),
    Venue.CREDIT_NOTE_OUT_OF_TURN: Kind(409, "The credit note is in another state"),
    Venue.PAYOUT_TERMS_INVALID: Kind(422, "The terms of payouts make no sense"),
    Venue.PAYOUT_ACCOUNT_INVALID: Kind(422, "Nobody can be paid at this account"),
    Venue.NO_PAYOUT_ACCOUNT: Kind(409, "No account to be paid at is named"),
    Venue.PAYOUT_NOT_DUE: Kind(409, "That much is not due to the seller"),
    Venue.PAYOUT_TOO_SMALL: Kind(409, "The payout is smaller than the least one"),
    Venue.PAYOUT_OUT_OF_TURN: Kind(409, "The payout is in another state"),
    Venue.CHARGEBACK_EXISTS: Kind(409, "The chargeback is booked already"),
    Venue.CHARGEBACK_OUT_OF_TURN: Kind(409, "Nothing is booked that could be taken back"),
    Venue.PROGRAMME_INVALID: Kind(422, "The programme or voucher can't be used"),
    Venue.UNKNOWN_PROGRAMME: Kind(404, "There is no such programme"),
    Venue.FACTS_MISSING: Kind(409, "Too little is on record of the buyer"),
    Venue.NOT_ELIGIBLE: Kind(422, "The programme is not for this buyer"),
    Venue.BUDGET_SPENT: Kind(409, "The programme's budget is spent"),
    Venue.CLAIMED_ALREADY: Kind(409, "This year's voucher is claimed already"),
    Venue.UNKNOWN_VOUCHER: Kind(404, "You have no such voucher"),
    Venue.VOUCHER_REFUSED: Kind(422, "A voucher can't be used for this order"),
    Venue.SUBSIDY_EXISTS: Kind(409, "The payment is booked already"),
    Venue.SUBSIDY_TOO_LARGE: Kind(409, "More than the region owes, or has paid too much"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a body or an address: where, by JSON pointer or parameter, and what."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document (RFC 9457). Programs go by `code`, people read `detail`; `errors` names each fault in a body."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[Fault]


class ProblemError(Exception):
    """A problem, on either side of the wire: raised behind the door to answer with it, and by the client that gets it."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})

    @property
    def kind(self) -> Kind:
        """Status and title of its code; a code that is not in the table is our own fault."""
        return _KINDS.get(self.code, _KINDS[DoorRejection.INTERNAL_ERROR])

    def document(self, request_id: str) -> Problem:
        """The problem as it is sent. Nothing of what was asked is repeated but the names of fields."""
        return Problem(
            type=f"/docs/problems#{self.code}",
            title=self.kind.title,
            status=self.kind.status,
            detail=self.detail or f"{self.kind.title}.",
            code=self.code,
            request_id=request_id,
            errors=list(self.faults[:FAULTS_MAX]),
        )


_KINDS = {str(code): kind for code, kind in PROBLEMS.items()}


def unknown_id() -> ProblemError:
    """What is not there, and what is somebody else's: told in the same words, so that nobody learns which."""
    return ProblemError(MarketRejection.UNKNOWN_ID, "You have nothing under this id.")
