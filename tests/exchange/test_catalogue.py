"""The catalogue: its tables load, agree with each other and with their sources, and broken ones say where they break."""

import csv
import json
import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.catalogue.catalogue import load_catalogue, read_catalogue
from exchange.catalogue.chips import REFERENCE_CARD, WeightBasis, relative_weight
from exchange.catalogue.distance import Place, kilometres
from exchange.catalogue.instruments import Instrument, parse_instrument
from exchange.catalogue.latency import FIXED_MS, round_trip_ms
from exchange.catalogue.tariffs import TariffCode, TariffPeriod, hours, period_at, read_calendars
from exchange.catalogue.vat import CatalogueLine, rate_on, read_vat
from matching.terms import ChipCode, RegionCode, Tier
from tests.paths import data_dir, require

CATALOGUE = load_catalogue()
REFERENCE = files("exchange.catalogue") / "reference"
CHINA = ZoneInfo("Asia/Shanghai")

BEIJING, SHANGHAI, QINGYANG = RegionCode("110000"), RegionCode("310000"), RegionCode("621000")
HONG_KONG, TAIPEI = RegionCode("810000"), RegionCode("710000")
PROVINCES = 31

regions = st.sampled_from(sorted(CATALOGUE.regions))
chips = st.sampled_from(sorted(CATALOGUE.chips))
calendars = st.sampled_from(sorted(CATALOGUE.calendars))
places = st.builds(Place, st.integers(-90_000, 90_000), st.integers(-180_000, 180_000))


def shipped(table: str) -> str:
    return (REFERENCE / table).read_text(encoding="utf-8")


def source(path: str) -> Path:
    """A file of the public data that the tables were checked against."""
    folder = data_dir()
    return require(folder and folder / path, f"public data {path}")


# The tables


def test_every_province_is_there_and_is_its_own_province() -> None:
    provinces = {code for code, region in CATALOGUE.regions.items() if region.province == code}
    assert len(provinces) == PROVINCES + len({"710000", "810000", "820000"})
    assert all(code.endswith("0000") for code in provinces)


def test_a_region_shares_its_provinces_code_grid_and_zone() -> None:
    for region in CATALOGUE.regions.values():
        province = CATALOGUE.regions[region.province]
        assert region.code[:2] == province.code[:2]
        assert (region.grid, region.carbon_g_per_kwh) == (province.grid, province.carbon_g_per_kwh)
        assert (region.zone, region.tariff) == (province.zone, province.tariff)


def test_eight_hubs_stand_in_ten_clusters() -> None:
    clusters = [region.cluster for region in CATALOGUE.regions.values() if region.cluster]
    assert len(CATALOGUE.hubs) == 8
    assert len(clusters) == 10
    assert {cluster.hub.code for cluster in clusters} == set(CATALOGUE.hubs)


def test_a_cluster_is_held_to_a_lower_pue_than_the_rest() -> None:
    for region in CATALOGUE.regions.values():
        assert region.pue_milli in ({1200, 1250} if region.cluster else {1500})


def test_codes_and_names_are_those_of_gb_t_2260() -> None:
    names: dict[str, str] = {}
    for table in ("provinces", "cities"):
        with source(f"cn-divisions/{table}.csv").open(encoding="utf-8") as lines:
            names |= {row["code"].ljust(6, "0"): row["name"] for row in csv.DictReader(lines)}
    for region in CATALOGUE.regions.values():
        if region.code[:2] in {"71", "81", "82"}:
            continue  # the source files these apart, without codes
        prefix = region.code if region.code.endswith("00") else region.code[:4] + "00"
        assert prefix in names
        if region.code == prefix:
            assert region.name_zh == names[prefix]


def test_carbon_is_the_ministrys_of_2022() -> None:
    with source("cn-emission-factors/province_factors.csv").open(encoding="utf-8") as lines:
        factors = {
            row["province"]: round(float(row["kgco2_per_kwh_2022"]) * 1000) for row in csv.DictReader(lines)
        }
    found = {
        name: region
        for name in factors
        for region in CATALOGUE.regions.values()
        if region.name_zh.startswith(name)
    }
    assert len(found) == len(factors) == PROVINCES - 1  # there is none for Tibet
    assert {name: region.carbon_g_per_kwh for name, region in found.items()} == factors


def test_every_source_that_a_chip_names_is_explained() -> None:
    explained = shipped("SOURCES.md")
    for chip in CATALOGUE.chips.values():
        assert f"| {chip.source} |" in explained


def test_every_vendor_has_a_chip() -> None:
    assert {chip.vendor.code for chip in CATALOGUE.chips.values()} == set(CATALOGUE.vendors)


# Chips and their weights


def test_the_reference_card_weighs_a_thousand() -> None:
    assert CATALOGUE.chips[REFERENCE_CARD].weight_milli == 1000


def test_no_weight_is_taken_from_a_sparse_figure() -> None:
    assert CATALOGUE.chips[ChipCode("nvidia-h100-80g")].fp16_tflops == 989
    assert CATALOGUE.chips[ChipCode("nvidia-h100-pcie-80g")].fp16_tflops == 756


def test_a_weight_without_a_public_speed_is_measured_or_says_that_it_is_an_estimate() -> None:
    for chip in CATALOGUE.chips.values():
        if chip.fp16_tflops is None:
            assert chip.weight_basis is not WeightBasis.NOMINAL


def test_measured_weights_are_flagperfs() -> None:
    with source("flagperf-domestic-chips/derived_results.csv").open(encoding="utf-8") as lines:
        fp16 = {
            row["product_model"]: row["result_row"].partition("|")[0].strip().removesuffix("TFLOPS")
            for row in csv.DictReader(lines)
            if row["benchmark"] == "computation-FP16"
        }
    models = {
        "nvidia-a100-40g": "A100-40GiB-SXM",
        "ascend-910b-64g": "Atlas800T A2",
        "iluvatar-bi150-64g": "BI150",
    }
    for code, model in models.items():
        speed, reference = float(fp16[model]), float(fp16["A100-40GiB-SXM"])
        assert CATALOGUE.chips[ChipCode(code)].weight_milli == round(speed / reference * 1000)


@given(chips)
def test_a_card_is_worth_one_of_itself(code: ChipCode) -> None:
    chip = CATALOGUE.chips[code]
    assert relative_weight(chip, chip) == 1000
    assert relative_weight(chip, CATALOGUE.chips[REFERENCE_CARD]) == chip.weight_milli


@given(chips, chips)
def test_relative_weights_turn_round(a: ChipCode, b: ChipCode) -> None:
    there = relative_weight(CATALOGUE.chips[a], CATALOGUE.chips[b])
    back = relative_weight(CATALOGUE.chips[b], CATALOGUE.chips[a])
    assert there >= 1
    assert abs(there * back - 1_000_000) <= (there + back) / 2 + 1


# Instruments


@given(chips, regions, st.sampled_from(Tier))
def test_an_instrument_reads_back_from_its_text(chip: ChipCode, region: RegionCode, tier: Tier) -> None:
    instrument = Instrument(chip, region, tier)
    assert CATALOGUE.instrument(str(instrument)) == instrument


def test_an_instruments_text_is_short_and_plain() -> None:
    assert str(Instrument(ChipCode("nvidia-h100-80g"), QINGYANG, Tier.SPOT)) == "nvidia-h100-80g@621000/spot"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nvidia-h100-80g",
        "nvidia-h100-80g@621000",
        "@621000/spot",
        "nvidia-h100-80g@6210/spot",
        "nvidia-h100-80g@621000/spot ",
        "NVIDIA@621000/spot",
        "a--b@621000/spot",
        "a@٦٢١٠٠٠/spot",
        "a@621000/firm",
    ],
)
def test_what_is_not_an_instrument_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an instrument|no such tier"):
        parse_instrument(text)


def test_an_instrument_of_unknown_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="no such chip: 'nvidia-x1-80g'"):
        CATALOGUE.instrument("nvidia-x1-80g@621000/spot")
    with pytest.raises(ValueError, match="no such region: '999999'"):
        CATALOGUE.instrument("nvidia-h100-80g@999999/spot")


# Tariffs


@given(calendars, st.integers(1, 12))
def test_every_month_of_every_calendar_has_24_hours(code: TariffCode, month: int) -> None:
    day = hours(CATALOGUE.calendars[code], month)
    assert len(day) == 24
    assert all(isinstance(period, TariffPeriod) for period in day)


@given(calendars, st.datetimes(timezones=st.just(CHINA)))
def test_the_period_of_a_time_is_that_of_its_month_and_hour(code: TariffCode, local: datetime) -> None:
    calendar = CATALOGUE.calendars[code]
    assert period_at(calendar, local) == hours(calendar, local.month)[local.hour]


@pytest.mark.parametrize(
    ("hour", "period"), [(22, "flat"), (23, "valley"), (0, "valley"), (6, "valley"), (7, "flat")]
)
def test_beijings_valley_runs_through_midnight(hour: int, period: str) -> None:
    calendar = CATALOGUE.calendars[TariffCode("beijing-general")]
    assert period_at(calendar, datetime(2026, 3, 31, hour, 59, tzinfo=CHINA)) == period


def test_beijings_summer_tip_lies_over_peak_and_flat() -> None:
    calendar = CATALOGUE.calendars[TariffCode("beijing-general")]
    june, july = hours(calendar, 6), hours(calendar, 7)
    overlaid = {hour: (june[hour], july[hour]) for hour in range(24) if june[hour] != july[hour]}
    assert overlaid == {11: ("peak", "tip"), 12: ("peak", "tip"), 16: ("flat", "tip")}


def test_the_hours_are_the_sources() -> None:
    names = {"110000": "beijing", "310000": "shanghai", "460000": "hainan", "430000": "hunan"}
    with source("cn-tou-small/tou_hours.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["customer_class"] != "residential"]
    table = ["calendar,months,period,start_hour,end_hour"] + [
        f"{names[row['gb2260']]}-{row['customer_class']},{row['months'].replace(',', ' ')},{row['period']},"
        f"{row['start_hour']},{row['end_hour']}"
        for row in rows
    ]
    assert read_calendars("\n".join(table)) == CATALOGUE.calendars


def test_an_instant_is_read_on_the_clock_of_the_region() -> None:
    midday_in_beijing = datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert CATALOGUE.tariff_period(BEIJING, midday_in_beijing) is TariffPeriod.TIP
    assert CATALOGUE.tariff_period(QINGYANG, midday_in_beijing) is None


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 7, 1, 12)  # noqa: DTZ001
    with pytest.raises(ValueError, match="a time without a zone: 2026-07-01T12:00:00"):
        CATALOGUE.tariff_period(BEIJING, naive)
    with pytest.raises(ValueError, match="without a zone"):
        period_at(CATALOGUE.calendars[TariffCode("beijing-general")], naive)
    with pytest.raises(ValueError, match="without a zone"):
        CATALOGUE.vat_rate_bp(CatalogueLine.COMPUTE_SERVICE, naive)


def test_places_across_the_border_have_their_own_clocks() -> None:
    assert CATALOGUE.regions[HONG_KONG].zone == ZoneInfo("Asia/Hong_Kong")
    assert CATALOGUE.regions[TAIPEI].zone == ZoneInfo("Asia/Taipei")


# Distance and latency


def great_circle(a: Place, b: Place) -> float:
    """The haversine formula in floating point, as a yardstick."""
    p, q = math.radians(a.latitude_milli / 1000), math.radians(b.latitude_milli / 1000)
    turn = math.radians((a.longitude_milli - b.longitude_milli) / 1000)
    haversine = math.sin((p - q) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(turn / 2) ** 2
    return 2 * 6371 * math.asin(min(1, math.sqrt(haversine)))


@given(places, places)
def test_the_integer_distance_is_close_to_the_true_one(a: Place, b: Place) -> None:
    truth = great_circle(a, b)
    assert kilometres(a, b) == kilometres(b, a)
    assert kilometres(a, b) == pytest.approx(truth, rel=0.01 if truth < 17_000 else 0.04, abs=1.5)


@given(places)
def test_a_place_is_no_distance_from_itself(place: Place) -> None:
    assert kilometres(place, place) == 0


def test_known_distances() -> None:
    beijing, shanghai = CATALOGUE.regions[BEIJING].place, CATALOGUE.regions[SHANGHAI].place
    assert kilometres(beijing, shanghai) == pytest.approx(1067, abs=5)
    assert kilometres(Place(0, 0), Place(0, 180_000)) == pytest.approx(20_015, abs=1)
    assert kilometres(Place(0, 179_000), Place(0, -179_000)) == pytest.approx(222, abs=2)


@given(regions, regions)
def test_latency_is_the_same_both_ways_and_least_at_home(a: RegionCode, b: RegionCode) -> None:
    assert CATALOGUE.latency_ms(a, b) == CATALOGUE.latency_ms(b, a)
    assert CATALOGUE.latency_ms(a, a) == FIXED_MS <= CATALOGUE.latency_ms(a, b)


@given(regions, st.integers(0, 60))
def test_a_cap_on_latency_is_a_set_of_regions(home: RegionCode, cap: int) -> None:
    within = CATALOGUE.regions_within(home, cap)
    assert within == {code for code in CATALOGUE.regions if CATALOGUE.latency_ms(home, code) <= cap}
    assert (home in within) == (cap >= FIXED_MS)


def test_latency_is_plausible_against_published_round_trips() -> None:
    rows = list(
        csv.reader(source("azure-region-latency/latency.csv").read_text(encoding="utf-8").splitlines())
    )
    coordinates = json.loads(
        source("azure-region-latency/region-coordinates.json").read_text(encoding="utf-8")
    )
    azure = {
        c["displayName"]: Place(round(c["lat"] * 1000), round(c["lon"] * 1000)) for c in coordinates.values()
    }
    ratios = [
        round_trip_ms(azure[row[0]], azure[name]) / float(published)
        for row in rows[1:]
        for name, published in zip(rows[0][1:], row[1:], strict=True)
        if published and 100 <= kilometres(azure[row[0]], azure[name]) <= 2500
    ]
    assert len(ratios) > 300
    assert 0.9 < median(ratios) < 1.1
    assert sum(0.5 < ratio < 2 for ratio in ratios) > 0.95 * len(ratios)


# VAT


@pytest.mark.parametrize(
    ("line", "rate"), [("compute_service", 600), ("bare_metal_lease", 1300), ("basic_telecom", 900)]
)
def test_the_rates_of_the_vat_law(line: str, rate: int) -> None:
    assert CATALOGUE.vat_rate_bp(CatalogueLine(line), datetime(2026, 11, 1, tzinfo=UTC)) == rate


def test_the_law_begins_at_midnight_in_beijing() -> None:
    begins = datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert CATALOGUE.vat_rate_bp(CatalogueLine.COMPUTE_SERVICE, begins) == 600
    assert (
        CATALOGUE.vat_rate_bp(CatalogueLine.COMPUTE_SERVICE, begins.astimezone(timezone(timedelta(hours=-8))))
        == 600
    )
    with pytest.raises(LookupError, match="no VAT rate for compute_service before 2026-01-01"):
        CATALOGUE.vat_rate_bp(CatalogueLine.COMPUTE_SERVICE, begins - timedelta(microseconds=1))


def test_a_later_rate_replaces_an_earlier_from_its_day() -> None:
    rates = read_vat(shipped("vat.csv") + "compute_service,500,2027-07-01,a later law\n")[
        CatalogueLine.COMPUTE_SERVICE
    ]
    assert [rate_on(rates, day).rate_bp for day in (date(2027, 6, 30), date(2027, 7, 1))] == [600, 500]


# Broken tables

CHANGED = [
    ("hubs.csv", "name_zh", "name", "row 1: the headings must be code,name_zh,name_en"),
    ("regions.csv", "120000,天津市", "110000,天津市", "row 3: 110000 appears twice"),
    ("regions.csv", "120000,天津市", "1200,天津市", "row 3: code is not a six-digit code: '1200'"),
    ("regions.csv", "jiakou,130000", "jiakou,990000", "row 5: province is not in the catalogue: '990000'"),
    ("regions.csv", "beijing-general", "beijing", "row 2: tariff is not in the catalogue: 'beijing'"),
    (
        "regions.csv",
        "beijing-tianjin-hebei,",
        "jingjinji,",
        "row 5: hub is not in the catalogue: 'jingjinji'",
    ),
    ("regions.csv", "beijing-tianjin-hebei,", ",", "row 5: hub is blank"),
    ("regions.csv", ",north,", ",nord,", "row 2: grid is none of north, northeast, "),
    ("regions.csv", ",1500,", ",999,", "row 2: pue_milli is below 1000: 999"),
    ("regions.csv", "39904", "90001", "row 2: latitude_milli is above 90000: 90001"),
    ("regions.csv", "Asia/Shanghai", "Asia/Peking", "row 2: no such time zone: 'Asia/Peking'"),
    ("regions.csv", "Asia/Shanghai", "../etc", "row 2: no such time zone: '../etc'"),
    (
        "chips.csv",
        "nvidia-h100-80g,",
        "nvidia-h200-141g,",
        "row 5: code must read nvidia-…-80g: 'nvidia-h200-141g'",
    ),
    ("chips.csv", "nvidia-h800-80g,", "nvidia-h100-80g,", "row 8: nvidia-h100-80g appears twice"),
    ("chips.csv", "nvidia,180", "nvidea,180", "row 2: code must read nvidea-…-180g: 'nvidia-b200-180g'"),
    (
        "chips.csv",
        "nvidia-b200-180g,B200 SXM 180G,nvidia",
        "x-180g,X,x",
        "row 2: vendor is not in the catalogue: 'x'",
    ),
    ("chips.csv", ",7212,", ",0,", "row 2: weight_milli is below 1: 0"),
    ("chips.csv", ",7212,", ",-5,", "row 2: weight_milli is below 1: -5"),
    ("chips.csv", ",7212,", ",7.2,", "row 2: weight_milli is not a whole number: '7.2'"),
    ("chips.csv", ",7212,", ",7_212,", "row 2: weight_milli is not a whole number: '7_212'"),
    ("chips.csv", ",989,", ",1979,", "row 3: a nominal weight of 1979 TFLOPS is 6343, not 3170"),
    ("chips.csv", ",2250,", ",,", "row 2: a nominal weight needs fp16_tflops"),
    ("chips.csv", "nominal", "guess", "row 2: weight_basis is none of measured, nominal, estimate: 'guess'"),
    ("tariffs.csv", "flat,21,23", "flat,20,23", "row 8: month 1 at 20:00 is given a second time"),
    ("tariffs.csv", "tip,16,17", "tip,12,17", "row 3: month 7 at 12:00 is given a second time"),
    ("tariffs.csv", "tip,16,17", "tip,16,16", "row 3: start_hour and end_hour are both 16"),
    ("tariffs.csv", "tip,16,17", "tip,16,25", "row 3: end_hour is above 24: 25"),
    ("tariffs.csv", "7-8", "7-13", "row 2: no such months: '7-13'"),
    ("tariffs.csv", "7-8", "8-7", "row 2: no such months: '8-7'"),
    ("tariffs.csv", "7-8", "July", "row 2: months are not like 7-9: 'July'"),
    ("tariffs.csv", "tip", "top", "row 2: period is none of tip, peak, flat, valley: 'top'"),
    ("vat.csv", "600", "10001", "row 2: rate_bp is above 10000: 10001"),
    ("vat.csv", "2026-01-01", "2026-02-30", "row 2: valid_from is not a date: '2026-02-30'"),
]

ADDED = [
    ("hubs.csv", "north,北", "row 10: 3 cells were expected, not 2"),
    ("hubs.csv", "north,北,North,N", "row 10: 3 cells were expected, not 4"),
    ("hubs.csv", "", "row 10: 3 cells were expected, not 0"),
    ("hubs.csv", "north,,North", "row 10: name_zh is blank"),
    ("hubs.csv", "gansu,甘肃,Gansu", "row 10: gansu appears twice"),
    ("vat.csv", "compute_service,300,2026-01-01,x", "row 5: compute_service has two rates from 2026-01-01"),
]

INCOMPLETE = [
    ("hubs.csv", "gansu,甘肃枢纽", '"gansu,甘肃枢纽', "hubs.csv: unexpected end of data"),
    ("chips.csv", "nvidia-a100-80g,", "nvidia-a100x-80g,", "chips.csv: nvidia-a100-80g must be there"),
    (
        "tariffs.csv",
        "flat,21,23",
        "flat,21,22",
        "tariffs.csv: beijing-general says nothing of month 1 at 22:00",
    ),
    (
        "vat.csv",
        "basic_telecom,900,2026-01-01",
        "compute_service,900,2027-01-01",
        "vat.csv: no rate for basic_telecom",
    ),
]


def read_with(table: str, text: str) -> None:
    """Read the shipped tables, one of them replaced."""
    read_catalogue(lambda name: text if name == table else shipped(name))


def changed(table: str, old: str, new: str) -> str:
    text = shipped(table)
    assert old in text, f"{table} has no {old!r} to break"
    return text.replace(old, new, 1)


@pytest.mark.parametrize(("table", "old", "new", "complaint"), CHANGED)
def test_a_broken_cell_is_named_by_file_and_row(table: str, old: str, new: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{table}, {complaint}")):
        read_with(table, changed(table, old, new))


@pytest.mark.parametrize(("table", "line", "complaint"), ADDED)
def test_a_broken_line_is_named_by_file_and_row(table: str, line: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{table}, {complaint}")):
        read_with(table, shipped(table) + line + "\n")


@pytest.mark.parametrize(("table", "old", "new", "complaint"), INCOMPLETE)
def test_what_is_missing_from_a_table_is_named(table: str, old: str, new: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        read_with(table, changed(table, old, new))


@pytest.mark.parametrize(
    "table", ["hubs.csv", "regions.csv", "vendors.csv", "chips.csv", "tariffs.csv", "vat.csv"]
)
def test_an_empty_table_is_refused(table: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{table}, row 1: the headings must be ")):
        read_with(table, "")
