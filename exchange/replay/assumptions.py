"""Everything that a replay assumes, because no trace says it: one value each, with its meaning and its bounds.

The same table makes the options of the command, the page of the report and the plan itself, so none of them
can assume something that another does not show.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, TypeVar, get_type_hints

from exchange.replay.trace import Urgency
from matching.terms import OnPreempt, Preference, Split, Tier, TimeInForce

Code = TypeVar("Code", bound=StrEnum)

SLOT_S = 900
"""A slot of the replayed venue: a quarter of an hour."""

HOUR_S = 3_600
WHOLE = 1_000  # of a share in thousandths
BASIS_POINTS = 10_000
YES, NO = "yes", "no"
DIGITS = 12  # before or after the point: whoever writes more has slipped
SCALES = {"_milli": 1_000, "_micro": 1_000_000, "_fen": 100}
"""A field with one of these endings is written as a decimal, and kept in whole numbers of the smaller unit."""


class AssumptionError(ValueError):
    """An assumption can't be used, said in a sentence that names it."""


@dataclass(frozen=True, slots=True)
class UrgencyTerms:
    """What the jobs of one urgency ask of the market.

    `slack_hours` is how much later than its own length after its creation a job may end. The limit is a share of
    the reference price of its tier, the reach a share of the sellers' regions (the nearest to the buyer first),
    and `least_milli` the share of its cards that a job of several would do with. A job of several cards is a gang,
    spread as `split` says. Of the jobs longer than a slot, `malleable_milli` can pause and resume, and are work.
    """

    tier: Tier
    slack_hours: int
    limit_milli: int
    prefer: Preference
    reach_milli: int
    least_milli: int
    tif: TimeInForce
    split: Split
    malleable_milli: int
    on_preempt: OnPreempt

    def __str__(self) -> str:
        return (
            f"tier={self.tier},slack={self.slack_hours},limit={_decimal(self.limit_milli, WHOLE)},"
            f"prefer={self.prefer},reach={_decimal(self.reach_milli, WHOLE)},"
            f"least={_decimal(self.least_milli, WHOLE)},tif={self.tif},split={self.split},"
            f"malleable={_decimal(self.malleable_milli, WHOLE)},on-preempt={self.on_preempt}"
        )


@dataclass(frozen=True, slots=True)
class PairTerms:
    """A pair of regions with an agreement, and what the source keeps of each kind, in basis points."""

    source: str
    destination: str
    revenue_bp: int
    tax_bp: int
    gdp_bp: int
    carbon_bp: int

    def __str__(self) -> str:
        return (
            f"{self.source}-{self.destination}:{self.revenue_bp}/{self.tax_bp}/{self.gdp_bp}/{self.carbon_bp}"
        )


@dataclass(frozen=True, slots=True)
class Says:
    """What an assumption means, and the bounds of a number."""

    meaning: str
    least: int = 0
    most: int | None = None


def option_of(name: str) -> str:
    """What a field is called on the command line and in the report: `supply_milli` is `supply`."""
    return _without_unit(name)[0].replace("_", "-")


def _without_unit(name: str) -> tuple[str, int]:
    for ending, scale in SCALES.items():
        if name.endswith(ending):
            return name.removesuffix(ending), scale
    return name, 1


def _decimal(value: int, scale: int) -> str:
    """A whole number of the smaller unit, as a decimal of the larger: 830 thousandths are 0.83."""
    if scale == 1:
        return str(value)
    whole, rest = divmod(value, scale)
    digits = f"{rest:0{len(str(scale)) - 1}}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def _check(name: str, value: int, says: Says) -> None:
    if value < says.least or (says.most is not None and value > says.most):
        scale = _without_unit(name)[1]
        bounds = f"at least {_decimal(says.least, scale)}"
        bounds += "" if says.most is None else f" and at most {_decimal(says.most, scale)}"
        raise AssumptionError(f"{option_of(name)} should be {bounds}, not {_decimal(value, scale)}.")


def _check_terms(urgency: Urgency, terms: UrgencyTerms) -> None:
    shares = terms.reach_milli, terms.least_milli
    if (
        not all(0 < share <= WHOLE for share in shares)
        or not 0 <= terms.malleable_milli <= WHOLE
        or terms.slack_hours < 0
        or terms.limit_milli < 1
    ):
        raise AssumptionError(f"The terms of {urgency} jobs are out of bounds: {terms}.")


STARTS = datetime(2026, 1, 1, tzinfo=UTC)
SELLER_REGIONS = ("621000", "130700", "640500", "520100", "150100", "510100", "440200", "340200")
BUYER_REGIONS = ("310000", "110000", "440300", "330100")
LATENCY_SENSITIVE = UrgencyTerms(
    tier=Tier.ON_DEMAND,
    slack_hours=2,
    limit_milli=1_500,
    prefer=Preference.EARLIEST,
    reach_milli=750,
    least_milli=WHOLE,
    tif=TimeInForce.GTC,
    split=Split.SELLERS,
    malleable_milli=0,
    on_preempt=OnPreempt.REQUEUE,
)
GUARANTEED = replace(LATENCY_SENSITIVE, slack_hours=4, reach_milli=WHOLE)
BURSTABLE = UrgencyTerms(
    tier=Tier.SPOT,
    slack_hours=12,
    limit_milli=1_300,
    prefer=Preference.CHEAPEST,
    reach_milli=WHOLE,
    least_milli=500,
    tif=TimeInForce.GTC,
    split=Split.REGIONS,
    malleable_milli=500,
    on_preempt=OnPreempt.REQUEUE,
)
BEST_EFFORT = replace(BURSTABLE, slack_hours=24, limit_milli=1_200)
PAIRS = (
    PairTerms("310000", "621000", 5_000, 5_000, 5_000, 5_000),
    PairTerms("310000", "340200", 6_000, 6_000, 5_000, 5_000),
    PairTerms("110000", "130700", 5_000, 5_000, 4_000, 5_000),
    PairTerms("110000", "150100", 4_000, 4_000, 4_000, 5_000),
    PairTerms("440300", "520100", 5_000, 5_000, 5_000, 5_000),
    PairTerms("440300", "440200", 5_000, 6_000, 5_000, 5_000),
    PairTerms("330100", "640500", 4_000, 5_000, 4_000, 5_000),
    PairTerms("330100", "621000", 4_000, 5_000, 4_000, 5_000),
)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Every assumption of a replay. The endings of the names give the units."""

    seed: Annotated[int, Says("every draw follows from it: the same seed makes the same market")] = 1
    starts: Annotated[
        datetime, Says("the instant that stands for the beginning of the span: a trace has no calendar")
    ] = STARTS
    tail_hours: Annotated[
        int, Says("how long capacity stays on offer after the span, so that late work can run", 1, 1_440)
    ] = 48
    supply_milli: Annotated[
        int,
        Says(
            "cards on offer for each that is demanded on average, chip by chip; below 1 chips are scarce",
            1,
            100_000,
        ),
    ] = 830
    usd_cny_micro: Annotated[int, Says("yuan for a dollar, by which real offers are priced", 1)] = 7_100_000
    seller_regions: Annotated[tuple[str, ...], Says("where capacity stands: a trace names no place")] = (
        SELLER_REGIONS
    )
    buyer_regions: Annotated[tuple[str, ...], Says("where demand comes from")] = BUYER_REGIONS
    sellers: Annotated[
        int, Says("sellers, dealt to their regions in turn; nodes are dealt to sellers in turn", 1, 10_000)
    ] = 8
    buyers: Annotated[
        int, Says("buyers, dealt to their regions in turn; each job is drawn one of them", 1, 100_000)
    ] = 24
    latency_sensitive: Annotated[UrgencyTerms, Says("what latency-sensitive jobs (LS) ask of the market")] = (
        LATENCY_SENSITIVE
    )
    guaranteed: Annotated[UrgencyTerms, Says("what jobs of guaranteed quality ask of the market")] = (
        GUARANTEED
    )
    burstable: Annotated[UrgencyTerms, Says("what burstable jobs ask of the market")] = BURSTABLE
    best_effort: Annotated[UrgencyTerms, Says("what best-effort jobs (BE) ask of the market")] = BEST_EFFORT
    displacement: Annotated[
        bool,
        Says("whether an order that finds nothing free may take spot leases back, under the venue's terms"),
    ] = True
    limit_spread_milli: Annotated[
        int, Says("how far limits lie either side of their urgency's, drawn evenly", 0, 999)
    ] = 150
    weight_floor_milli: Annotated[
        int, Says("the least that an acceptable chip counts of the best; 1 takes a card for a card", 0, 1_000)
    ] = 1_000
    ask_share_milli: Annotated[
        int, Says("asks are drawn from this share of a chip's real offers, the cheapest first", 1, 1_000)
    ] = 750
    spot_share_milli: Annotated[
        int, Says("spot price as a share of on-demand, where no real offer prices one of the two", 1, 1_000)
    ] = 600
    valley_discount_milli: Annotated[
        int, Says("off a spot ask in the valley hours of its region", 0, 999)
    ] = 300
    tariff: Annotated[
        str, Says("the calendar of valley hours where the catalogue has none for the region")
    ] = "beijing-general"
    lot: Annotated[int, Says("cards rented together in listings that it divides; elsewhere one", 1, 8)] = 1
    min_slots: Annotated[int, Says("the shortest lease of a listing, in quarters of an hour", 1, 96)] = 1
    jitter_hours: Annotated[
        int, Says("how far a repeated job is moved either way, drawn evenly", 0, 1_440)
    ] = 12
    jitter_length_milli: Annotated[
        int, Says("how much shorter or longer a repeated job is, drawn evenly", 0, 999)
    ] = 200
    undelivered_milli: Annotated[int, Says("share of leased slots that are not delivered", 0, 1_000)] = 5
    late_milli: Annotated[int, Says("share of delivery reports that come late", 0, 1_000)] = 20
    late_hours: Annotated[int, Says("how late a late report comes", 1, 1_440)] = 6
    pairs: Annotated[
        tuple[PairTerms, ...],
        Says(
            "regions with an agreement, source first, and what the source keeps of revenue, tax, GDP and carbon "
            "in basis points; other pairs have none on purpose"
        ),
    ] = PAIRS
    value_added_milli: Annotated[
        int, Says("the part of net revenue that counts towards GDP in agreements", 0, 1_000)
    ] = 600
    token_day: Annotated[
        int, Says("the day of the span, from 0, on which the hour of token requests falls")
    ] = 3
    code_input_micro: Annotated[int, Says("yuan for a million tokens read, code contract", 1)] = 2_000_000
    code_output_micro: Annotated[int, Says("yuan for a million tokens written, code contract", 1)] = 8_000_000
    conv_input_micro: Annotated[int, Says("yuan for a million tokens read, conversation contract", 1)] = (
        800_000
    )
    conv_output_micro: Annotated[int, Says("yuan for a million tokens written, conversation contract", 1)] = (
        2_000_000
    )
    token_budget_fen: Annotated[int, Says("yuan prepaid on each token contract", 1)] = 3_000

    def __post_init__(self) -> None:
        for name, says in SAYS.items():
            value = getattr(self, name)
            if isinstance(value, int):
                _check(name, value, says)
        if self.starts.tzinfo is None or self.start_s % SLOT_S:
            raise AssumptionError("starts should be an instant with its zone, on a quarter of an hour.")
        if not (self.seller_regions and self.buyer_regions):
            raise AssumptionError("seller-regions and buyer-regions should each name a region.")
        for urgency in Urgency:
            _check_terms(urgency, self.terms_of(urgency))

    @property
    def start_s(self) -> int:
        """The beginning of the span, in UTC seconds."""
        return int(self.starts.timestamp())

    def terms_of(self, urgency: Urgency) -> UrgencyTerms:
        """What the jobs of an urgency ask of the market."""
        match urgency:
            case Urgency.LATENCY_SENSITIVE:
                return self.latency_sensitive
            case Urgency.GUARANTEED:
                return self.guaranteed
            case Urgency.BURSTABLE:
                return self.burstable
            case Urgency.BEST_EFFORT:
                return self.best_effort


SAYS: Mapping[str, Says] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Assumptions, include_extras=True).items()
}
DEFAULTS = Assumptions()


def describe(assumptions: Assumptions) -> list[tuple[str, str, str]]:
    """Every assumption as (option, value, meaning). `assume` takes the value back."""
    return [
        (option_of(name), _written(name, getattr(assumptions, name)), says.meaning)
        for name, says in SAYS.items()
    ]


def assume(texts: Mapping[str, str], base: Assumptions = DEFAULTS) -> Assumptions:
    """`base` with other values, by option. Raises AssumptionError for what is unknown or out of bounds."""
    names = {option_of(name): name for name in SAYS}
    unknown = [option for option in texts if option not in names]
    if unknown:
        raise AssumptionError(f"There is no assumption {unknown[0]!r}.")
    values = {names[option]: _read(names[option], text, base) for option, text in texts.items()}
    # The values have the types of the fields that they were read for, which no checker can follow.
    return replace(base, **values)  # type: ignore[arg-type]


def _number(name: str, text: str, scale: int) -> int:
    try:
        written = Decimal(text)
    except InvalidOperation:
        raise AssumptionError(f"{name} should be a number, not {text!r}.") from None
    if not written.is_finite() or abs(written.adjusted()) > DIGITS:
        raise AssumptionError(f"{name} should be a number of reasonable size, not {text!r}.")
    value = written * scale
    if value != value.to_integral_value():
        step = "a whole number" if scale == 1 else f"a multiple of 1/{scale}"
        raise AssumptionError(f"{name} should be {step}, not {text!r}.")
    return int(value)


def _written(name: str, value: object) -> str:
    match value:
        case bool():
            return YES if value else NO
        case int():
            return _decimal(value, _without_unit(name)[1])
        case datetime():
            return value.isoformat()
        case tuple():
            return ",".join(str(part) for part in value)
        case _:
            return str(value)


def _read(name: str, text: str, base: Assumptions) -> object:
    option, (_, scale) = option_of(name), _without_unit(name)
    before: object = getattr(base, name)
    match before:
        case bool():
            return _yes_or_no(option, text)
        case int():
            return _number(option, text, scale)
        case datetime():
            return _instant(option, text)
        case UrgencyTerms():
            return _urgency_terms(option, text, before)
        case tuple():
            parts = tuple(part.strip() for part in text.split(",") if part.strip())
            return tuple(_pair(option, part) for part in parts) if name == "pairs" else parts
        case _:
            return text


def _yes_or_no(option: str, text: str) -> bool:
    if text not in {YES, NO}:
        raise AssumptionError(f"{option} should say {YES} or {NO}, not {text!r}.")
    return text == YES


def _instant(option: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise AssumptionError(f"{option} should be like 2026-01-01T00:00:00+00:00, not {text!r}.") from None


def _urgency_terms(option: str, text: str, before: UrgencyTerms) -> UrgencyTerms:
    """Terms as `describe` writes them; those that the text leaves out stay as they were."""
    parts, known = _parts(text), _parts(str(before))
    unknown = [key for key in parts if key not in known]
    if unknown:
        raise AssumptionError(f"{option} has no {unknown[0]!r}; it has {', '.join(known)}.")
    known |= parts
    return UrgencyTerms(
        tier=_code(option, known["tier"], Tier),
        slack_hours=_number(option, known["slack"], 1),
        limit_milli=_number(option, known["limit"], WHOLE),
        prefer=_code(option, known["prefer"], Preference),
        reach_milli=_number(option, known["reach"], WHOLE),
        least_milli=_number(option, known["least"], WHOLE),
        tif=_code(option, known["tif"], TimeInForce),
        split=_code(option, known["split"], Split),
        malleable_milli=_number(option, known["malleable"], WHOLE),
        on_preempt=_code(option, known["on-preempt"], OnPreempt),
    )


def _parts(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(","))
    return {key.strip(): value.strip() for key, _, value in pairs}


def _code(option: str, text: str, codes: type[Code]) -> Code:
    if text not in set(codes):
        raise AssumptionError(f"{option} should say one of {', '.join(codes)}, not {text!r}.")
    return codes(text)


def _pair(option: str, text: str) -> PairTerms:
    regions, _, shares = text.partition(":")
    source, _, destination = regions.partition("-")
    kept = [_number(option, share, 1) for share in shares.split("/")] if shares else []
    if len(kept) != 4 or not all(0 <= share <= BASIS_POINTS for share in kept):
        raise AssumptionError(f"{option} should be like 310000-621000:5000/5000/5000/5000, not {text!r}.")
    return PairTerms(source, destination, *kept)
