"""The places where work is wanted and where it runs, by their GB/T 2260 codes.

A region is a province, a city, or a district that holds a cluster. Hong Kong, Macao and Taiwan are regions like any
other, each with a grid and a clock of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exchange.catalogue.distance import HALF_TURN, RIGHT_ANGLE, Place
from exchange.catalogue.tables import Row, by_code, read_rows
from exchange.catalogue.tariffs import TariffCalendar, TariffCode
from matching.terms import RegionCode

HUBS = "hubs.csv"
REGIONS = "regions.csv"
HUB_COLUMNS = ("code", "name_zh", "name_en")
REGION_COLUMNS = (
    "code",
    "name_zh",
    "name_en",
    "province",
    "hub",
    "cluster_zh",
    "cluster_en",
    "grid",
    "carbon_g_per_kwh",
    "pue_milli",
    "tariff",
    "latitude_milli",
    "longitude_milli",
    "time_zone",
)
CODE_LENGTH = 6

HubCode = NewType("HubCode", str)


class Grid(StrEnum):
    """Who delivers the power: the seven regional grids, and the three places with a grid of their own."""

    NORTH = "north"
    NORTHEAST = "northeast"
    EAST = "east"
    CENTRAL = "central"
    NORTHWEST = "northwest"
    SOUTH = "south"
    SOUTHWEST = "southwest"
    TAIWAN = "taiwan"
    HONG_KONG = "hong_kong"
    MACAO = "macao"


@dataclass(frozen=True, slots=True)
class Hub:
    """One of the eight national hubs of the computing network (国家算力枢纽节点)."""

    code: HubCode
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data-centre cluster that a hub's approval names."""

    hub: Hub
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Region:
    """A province or a place in one.

    `province` is the region's own code where it is a province. `pue_milli` is what to reckon with until a seller
    states its own: the approved ceiling in a cluster, a stated default elsewhere.
    """

    code: RegionCode
    name_zh: str
    name_en: str
    province: RegionCode
    cluster: Cluster | None
    grid: Grid
    carbon_g_per_kwh: int
    pue_milli: int
    tariff: TariffCalendar | None
    place: Place
    zone: ZoneInfo


def read_hubs(text: str) -> Mapping[HubCode, Hub]:
    """The hubs by code."""
    return by_code(read_rows(HUBS, text, HUB_COLUMNS), _hub, lambda hub: hub.code)


def read_regions(
    text: str, hubs: Mapping[HubCode, Hub], calendars: Mapping[TariffCode, TariffCalendar]
) -> Mapping[RegionCode, Region]:
    """The regions by code, each with its province, hub and calendar known."""
    rows = read_rows(REGIONS, text, REGION_COLUMNS)
    regions = by_code(rows, lambda row: _region(row, hubs, calendars), lambda region: region.code)
    for row in rows:
        row.known("province", RegionCode, regions)
    return regions


def _hub(row: Row) -> Hub:
    return Hub(HubCode(row.text("code")), row.text("name_zh"), row.text("name_en"))


def _region(row: Row, hubs: Mapping[HubCode, Hub], calendars: Mapping[TariffCode, TariffCalendar]) -> Region:
    return Region(
        code=_code(row, "code"),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        province=_code(row, "province"),
        cluster=_cluster(row, hubs),
        grid=row.member("grid", Grid),
        carbon_g_per_kwh=row.integer("carbon_g_per_kwh", 0),
        pue_milli=row.integer("pue_milli", 1000),  # it takes at least the power that it delivers
        tariff=None if row.optional("tariff") is None else row.known("tariff", TariffCode, calendars),
        place=_place(row),
        zone=_zone(row),
    )


def _code(row: Row, column: str) -> RegionCode:
    code = row.text(column)
    if len(code) != CODE_LENGTH or not (code.isascii() and code.isdecimal()):
        raise row.fault(f"{column} is not a six-digit code: {code!r}")
    return RegionCode(code)


def _cluster(row: Row, hubs: Mapping[HubCode, Hub]) -> Cluster | None:
    columns = ("hub", "cluster_zh", "cluster_en")
    if not any(row.optional(column) for column in columns):
        return None
    return Cluster(row.known("hub", HubCode, hubs), row.text("cluster_zh"), row.text("cluster_en"))


def _place(row: Row) -> Place:
    return Place(
        latitude_milli=row.integer("latitude_milli", -RIGHT_ANGLE, RIGHT_ANGLE),
        longitude_milli=row.integer("longitude_milli", -HALF_TURN, HALF_TURN),
    )


def _zone(row: Row) -> ZoneInfo:
    name = row.text("time_zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise row.fault(f"no such time zone: {name!r}") from None
