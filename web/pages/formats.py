"""How figures are written on every page: money, unit prices, instants, quantities, always exactly."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from settlement.meters import Meter
from settlement.money import round_half_away

BEIJING = timezone(timedelta(hours=8), "UTC+8")
"""The zone that pages show, as one fixed offset: the whole country keeps it, without summer time."""

NOTHING = "—"
"""What stands where there is no figure. A zero is a figure."""

MICRO_PER_YUAN = 1_000_000
CENT_IN_MICRO = 10_000
UNIT_PRICE_STEP = 100  # micro-yuan: unit prices show at most four decimals


def yuan(fen: int) -> str:
    """An amount to the fen, such as `¥1,234.00`; a negative one is `-¥1,234.50`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02}"


def unit_price(micro_yuan: int) -> str:
    """A price of one unit, exact with two or four decimals, or else rounded to the fen and marked with `≈`."""
    if micro_yuan % UNIT_PRICE_STEP:
        return f"≈ {yuan(round_half_away(micro_yuan, CENT_IN_MICRO))}"
    whole, part = divmod(abs(micro_yuan), MICRO_PER_YUAN)
    digits = f"{part // UNIT_PRICE_STEP:04}"
    sign = "-" if micro_yuan < 0 else ""
    return f"{sign}¥{whole:,}.{digits[:2] if digits.endswith('00') else digits}"


def agreed_price(micro_yuan: int) -> str:
    """A price as it was agreed, to the millionth of a yuan: with two, four or six decimals, never rounded."""
    if micro_yuan % UNIT_PRICE_STEP == 0:
        return unit_price(micro_yuan)
    whole, part = divmod(micro_yuan, MICRO_PER_YUAN)
    return f"¥{whole:,}.{part:06}"


def micro_yuan(amount: int) -> str:
    """An amount that may be finer than a fen, to the fen; where that leaves something out it is marked with `≈`."""
    rounded = "≈ " if amount % CENT_IN_MICRO else ""
    return f"{rounded}{yuan(round_half_away(amount, CENT_IN_MICRO))}"


def plain_yuan(fen: int) -> str:
    """An amount as it is typed into a field: `1234.5` yuan is `1234.50`."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def plain_price(micro_yuan: int) -> str:
    """A price as it is typed into a field, in yuan, to the fen."""
    return plain_yuan(micro_yuan // CENT_IN_MICRO)


def count(number: int) -> str:
    """A whole number with its thousands parted."""
    return f"{number:,}"


def short_count(number: int) -> str:
    """A whole number in at most four characters, for a cell of a heat map: 12345 is `12k`."""
    return str(number) if number < 10_000 else f"{number // 1000}k"


def basis_points(rate_bp: int) -> str:
    """A rate in per cent, with the decimals that it needs: 600 is `6 %`, 125 is `1.25 %`."""
    return f"{per_cent(rate_bp)} %"


def per_cent(rate_bp: int) -> str:
    """A rate as it is typed into a field of per cent: 600 is `6`, 125 is `1.25`."""
    return f"{rate_bp // 100}.{rate_bp % 100:02}".rstrip("0").rstrip(".")


def milli(value: int) -> str:
    """Thousandths as a decimal with two or three places: 1250 is `1.25`, 3170 is `3.17`."""
    text = f"{value // 1000}.{value % 1000:03}"
    return text.removesuffix("0")


def share_of(part: int, whole: int) -> str:
    """How much of a whole a part is, in tenths of a per cent at most. Only all of it is 100 %, and nothing is 0 %."""
    if whole <= 0:
        return NOTHING
    tenths = round_half_away(1000 * part, whole)
    if 0 < part < whole:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10} %"


def thousandths(value: int) -> str:
    """Thousandths as a number with its thousands parted: 1250500 is `1,250.5`."""
    return decimal(Fraction(value, 1000))


def card_hours(card_seconds: int) -> str:
    """Card-seconds in card-hours (卡时), to three decimals at most."""
    return decimal(Fraction(card_seconds, 3600))


def measured(quantity: int, meter: Meter) -> str:
    """What a meter counted, in the unit that people say: card-hours, tokens or packages."""
    match meter:
        case Meter.CARD_SECONDS:
            number, unit, one = card_hours(quantity), "card-hour", meter.priced_by
        case Meter.PACKAGES:
            number, unit, one = count(quantity), "package", 1
        case Meter.INPUT_TOKENS | Meter.CACHED_INPUT_TOKENS | Meter.OUTPUT_TOKENS:
            number, unit, one = count(quantity), "token", 1
    return f"{number} {unit}{'s' if quantity != one else ''}"


def per(meter: Meter) -> str:
    """What a price of this meter is the price of."""
    return {Meter.CARD_SECONDS: "card-hour", Meter.PACKAGES: "package"}.get(meter, "million tokens")


def hours(seconds: int) -> str:
    """A length of time in hours, to three decimals at most: `24 h`, `0.25 h`."""
    return f"{decimal(Fraction(seconds, 3600))} h"


def plain_hours(seconds: int) -> str:
    """A length of time in hours as it is typed into a field."""
    return decimal(Fraction(seconds, 3600)).replace(",", "")


def decimal(value: Fraction) -> str:
    """A number with its thousands parted, and three decimals at most."""
    thousandths = round_half_away(value.numerator * 1000, value.denominator)
    whole, part = divmod(abs(thousandths), 1000)
    digits = f"{'-' if thousandths < 0 else ''}{whole:,}.{part:03}"
    return digits.rstrip("0").rstrip(".")


def local(instant: int) -> str:
    """An instant on the clock of UTC+8, to the minute: `2026-11-23 04:00`."""
    return f"{datetime.fromtimestamp(instant, BEIJING):%Y-%m-%d %H:%M}"


def local_short(instant: int) -> str:
    """An instant of the days ahead, without its year: `11-23 04:00`."""
    return f"{datetime.fromtimestamp(instant, BEIJING):%m-%d %H:%M}"


def local_seconds(instant: int) -> str:
    """The time of day of an instant in UTC+8, to the second."""
    return f"{datetime.fromtimestamp(instant, BEIJING):%H:%M:%S}"


def local_day(instant: int) -> str:
    """The day that an instant lies in, in UTC+8."""
    return f"{datetime.fromtimestamp(instant, BEIJING):%Y-%m-%d}"


def weekday(instant: int) -> str:
    """The short name of the day that an instant lies in, in UTC+8."""
    return f"{datetime.fromtimestamp(instant, BEIJING):%a}"


def local_field(instant: int) -> str:
    """An instant as a `datetime-local` field holds it, in UTC+8."""
    return f"{datetime.fromtimestamp(instant, BEIJING):%Y-%m-%dT%H:%M}"


def utc(instant: int) -> str:
    """The same instant in UTC: the time alone where the day is the same in UTC+8, else with its day."""
    here, there = datetime.fromtimestamp(instant, BEIJING), datetime.fromtimestamp(instant, UTC)
    return f"{there:%H:%M} UTC" if here.date() == there.date() else f"{there:%m-%d %H:%M} UTC"


def utc_short(instant: int) -> str:
    """An instant in UTC with its day, for the ends of a span: `11-22 20:00`."""
    return f"{datetime.fromtimestamp(instant, UTC):%m-%d %H:%M}"


def rfc3339(instant: int) -> str:
    """An instant as programs send it, on the clock of UTC+8."""
    return datetime.fromtimestamp(instant, BEIJING).isoformat()


def machine_time(instant: int) -> str:
    """An instant for the `datetime` attribute of `<time>`."""
    return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%dT%H:%M:%SZ}"
