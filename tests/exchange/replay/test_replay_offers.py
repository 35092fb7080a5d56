"""Real offers: exact decimals, tiers by kind, stand-ins that differ, and a sentence for every bad snapshot."""

from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.catalogue.catalogue import load_catalogue
from exchange.replay.offers import (
    CHIP_MAP,
    FOLDER,
    SERVERLESS_LEFT_OUT,
    TIER_OF,
    Currency,
    Offer,
    OfferKind,
    mapping_of,
    read_offers,
)
from exchange.replay.tables import TraceError
from matching.terms import Tier
from tests.paths import data_dir, require

ROW = '{"gpu": "t4", "kind": "spot", "usd_hr": 0.19049999, "provider": "p"}'


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / FOLDER).mkdir()
        (tmp_path / FOLDER / "2026-07-20.json").write_text("older, and not even JSON")
        (tmp_path / FOLDER / "2026-08-22.json").write_text(text)
        (tmp_path / FOLDER / "9999-notes.json").write_text("no snapshot")
        return tmp_path

    return write


def test_the_newest_real_snapshot_prices_every_chip_of_the_trace() -> None:
    read = read_offers(require(data_dir(), "public data sets"))
    assert read.source.startswith(f"{FOLDER}/2026-08-22.json")
    assert len(read.offers) + read.left_out[SERVERLESS_LEFT_OUT] == 293
    assert read.left_out[SERVERLESS_LEFT_OUT] == 51
    offered = {offer.chip_id for offer in read.offers}
    assert all(offered.intersection(mapping.offered) for mapping in CHIP_MAP.values())


def test_prices_are_the_decimals_that_are_written(folder: Callable[[str], Path]) -> None:
    text = f'{{"offers": [{ROW}, {ROW.replace("0.19049999", "1.1016000000000001")}, {ROW.replace("0.19049999", "2")}]}}'
    read = read_offers(folder(text))
    assert [offer.micro_per_hour for offer in read.offers] == [190_500, 1_101_600, 2_000_000]


@pytest.mark.parametrize(
    ("micro", "currency", "fen"),
    [
        (1_000_000, Currency.USD, 710),
        (1_000_000, Currency.CNY, 100),
        (1, Currency.USD, 1),
        (705, Currency.USD, 1),
    ],
)
def test_a_price_in_yuan_is_whole_fen_and_at_least_one(micro: int, currency: Currency, fen: int) -> None:
    offer = Offer("t4", OfferKind.SPOT, micro, currency, "p")
    assert offer.micro_yuan(7_100_000) == fen * 10_000


def test_kinds_price_tiers_and_serverless_prices_none() -> None:
    assert {kind for kind, tier in TIER_OF.items() if tier is Tier.SPOT} == {
        OfferKind.SPOT,
        OfferKind.COMMUNITY,
    }
    assert set(OfferKind) - set(TIER_OF) == {OfferKind.SERVERLESS}


def test_every_chip_is_taken_to_be_another_one_of_the_catalogue() -> None:
    chips = [mapping.chip for mapping in CHIP_MAP.values()]
    assert len(set(chips)) == len(chips)
    assert set(chips) <= set(load_catalogue().chips)
    assert all(
        "undisclosed" in m.reason or "does not disclose" in m.reason
        for n, m in CHIP_MAP.items()
        if n[0] == "G"
    )
    assert mapping_of("nvidia-t4-16g").chip == "nvidia-t4-16g"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{\n"offers": [\n,]}', f"{FOLDER}/2026-08-22.json, line 3: this is not JSON"),
        ("[]", "has no list of offers"),
        ('{"offers": []}', "has no list of offers"),
        ('{"offers": [1]}', "offer 1: an object was expected"),
        (f'{{"offers": [{ROW}, {ROW.replace("spot", "free")}]}}', "offer 2: kind should be one of"),
        (f'{{"offers": [{ROW.replace("0.19049999", "0")}]}}', "offer 1: usd_hr should be a price"),
        (f'{{"offers": [{ROW.replace("0.19049999", "NaN")}]}}', "offer 1: usd_hr should be a price"),
        (f'{{"offers": [{ROW.replace("0.19049999", "1e999999")}]}}', "offer 1: usd_hr should be a price"),
        (f'{{"offers": [{ROW.replace("0.19049999", "true")}]}}', "offer 1: usd_hr should be a price"),
        (f'{{"offers": [{ROW.replace("gpu", "card")}]}}', "offer 1: gpu should be a text"),
    ],
)
def test_a_bad_snapshot_is_named(folder: Callable[[str], Path], text: str, sentence: str) -> None:
    with pytest.raises(TraceError) as caught:
        read_offers(folder(text))
    assert sentence in str(caught.value)


def test_a_missing_folder_or_snapshot_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="There is no folder"):
        read_offers(tmp_path)
    (tmp_path / FOLDER).mkdir()
    with pytest.raises(TraceError, match="has no snapshot"):
        read_offers(tmp_path)
