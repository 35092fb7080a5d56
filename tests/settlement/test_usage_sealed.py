"""A sealed period is what was sealed, to the byte; writing it can be stopped anywhere and gone on with."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from settlement.meters import Meter
from settlement.usage import sealed
from settlement.usage.duckdb_engine import DuckDBEngine
from settlement.usage.records import Record, UsageError
from settlement.usage.sealed import MANIFEST, OpenPeriod, SealedPeriod, SealError, open_sealed
from tests.settlement import usage_worlds
from tests.settlement.usage_files import file_of
from tests.settlement.usage_laws import by_hand

PERIOD = "2026-10"
RECORDS = usage_worlds.drawn(seed=3, count=90)
PARTS = {f"part-{n}": RECORDS[n::3] for n in range(3)}


def write(root: Path) -> SealedPeriod:
    unsealed = OpenPeriod(root, PERIOD)
    for name, records in PARTS.items():
        if not unsealed.has(name):
            unsealed.write(name, records)
    return unsealed.seal(PARTS)


@pytest.mark.anyio
async def test_what_was_sealed_is_what_is_read(tmp_path: Path) -> None:
    made = write(tmp_path)
    read = open_sealed(tmp_path, PERIOD)
    assert read == made
    assert read.manifest.digest == made.manifest.digest
    assert [part.rows for part in read.manifest.parts] == [30, 30, 30]
    found = await DuckDBEngine(read.files).sums()
    assert sorted(found) == sorted(by_hand(RECORDS))
    read.require_totals(found)
    with pytest.raises(SealError, match="sums of 2026-10"):
        read.require_totals(found[1:])


def test_the_manifest_tells_totals_by_meter(tmp_path: Path) -> None:
    totals = {total.meter: total for total in write(tmp_path).manifest.totals}
    for meter in Meter:
        records = [record for record in RECORDS if record.meter == meter]
        assert totals[meter].records == len(records)
        assert totals[meter].accumulated == sum(record.contracted * record.price for record in records)


def flip_a_bit(folder: Path) -> str:
    path = folder / "part-1.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return "altered file: part-1.parquet"


def cut_short(folder: Path) -> str:
    path = folder / "part-2.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    return "altered file: part-2.parquet"


def lose_a_part(folder: Path) -> str:
    (folder / "part-0.parquet").unlink()
    return "missing files: part-0.parquet"


def slip_one_in(folder: Path) -> str:
    (folder / "part-9.parquet").write_bytes((folder / "part-0.parquet").read_bytes())
    return "extra files: part-9.parquet"


def leave_half_of_one(folder: Path) -> str:
    (folder / "part-9.parquet.partial").write_bytes(b"")
    return "extra files: part-9.parquet.partial"


def lose_the_manifest(folder: Path) -> str:
    (folder / MANIFEST).unlink()
    return "is not sealed: there is no .*manifest.json"


def change(key: str, value: object) -> Callable[[Path], str]:
    def edit(folder: Path) -> str:
        told = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(f"{json.dumps({**told, key: value}, indent=2)}\n")
        return "schema version 2" if key == "schema" else "altered file: manifest.json"

    edit.__name__ = f"change_{key}"
    return edit


def add_a_word(folder: Path) -> str:
    with (folder / MANIFEST).open("a") as file:
        file.write("\n")
    return "altered file: manifest.json"


FAULTS = (
    flip_a_bit,
    cut_short,
    lose_a_part,
    slip_one_in,
    leave_half_of_one,
    lose_the_manifest,
    change("schema", 2),
    change("period", "2026-09"),
    change("parts", "none"),
    change("more", 1),
    add_a_word,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_whatever_was_changed_is_named(fault: Callable[[Path], str], tmp_path: Path) -> None:
    folder = write(tmp_path).folder
    said = fault(folder)
    with pytest.raises(SealError, match=said):
        open_sealed(tmp_path, PERIOD)


def test_a_check_that_is_left_out_lets_an_altered_file_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above would fail without the digest: here it is the same for every file."""
    monkeypatch.setattr(sealed, "sha256_of", lambda _: "0" * 64)
    folder = write(tmp_path).folder
    flip_a_bit(folder)
    assert open_sealed(tmp_path, PERIOD).folder == folder


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("patience", range(7))
def test_stopped_anywhere_it_goes_on_to_the_same_end(
    patience: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file comes to its name by one step: whoever is stopped before it leaves a part that is not there."""
    whole = write(tmp_path / "at once").manifest
    steps = iter(range(patience))
    sound_replace, sound_rename = Path.replace, Path.rename

    def step(does: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def stopped_or_done(path: Path, target: Path) -> Path:
            if next(steps, None) is None:
                raise StoppedError
            return does(path, target)

        return stopped_or_done

    with monkeypatch.context() as stopping:
        stopping.setattr(Path, "replace", step(sound_replace))
        stopping.setattr(Path, "rename", step(sound_rename))
        try:
            write(tmp_path)
        except StoppedError:
            with pytest.raises(SealError, match="not sealed"):
                open_sealed(tmp_path, PERIOD)
    if patience < 5:
        write(tmp_path)
    assert open_sealed(tmp_path, PERIOD).manifest == whole
    assert list(tmp_path.glob("*.open")) == []


def test_nothing_is_added_to_a_sealed_period(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(SealError, match="is sealed"):
        OpenPeriod(tmp_path, PERIOD).write("late", RECORDS)


@pytest.mark.anyio
async def test_an_empty_period_is_sealed_too(tmp_path: Path) -> None:
    OpenPeriod(tmp_path, PERIOD).seal([])
    read = open_sealed(tmp_path, PERIOD)
    assert read.manifest.totals == ()
    read.require_totals(await DuckDBEngine(read.files).sums())


@pytest.mark.parametrize("wrong", [1.5, True, None, 2**63, "7"])
def test_what_is_no_integer_of_64_bits_is_never_written(wrong: object, tmp_path: Path) -> None:
    record = RECORDS[0]._replace(contracted=wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="contracted"):
        OpenPeriod(tmp_path, PERIOD).write("part", [record])
    assert not OpenPeriod(tmp_path, PERIOD).has("part")


def test_a_part_with_holes_or_other_columns_is_not_sealed(tmp_path: Path) -> None:
    for number, row in enumerate([*usage_worlds.holed(), (*RECORDS[0][:6], None)]):
        root = tmp_path / str(number)
        name = plant(root, [row])
        with pytest.raises(UsageError, match="lack"):
            OpenPeriod(root, PERIOD).seal([name])
    root = tmp_path / "columns"
    with pytest.MonkeyPatch.context() as other:
        other.setattr("tests.settlement.usage_files.COLUMNS", {"subject": "VARCHAR"})
        name = plant(root, [("lse-1",)])
    with pytest.raises(UsageError, match=f"{name}.parquet has other columns"):
        OpenPeriod(root, PERIOD).seal([name])


def plant(root: Path, rows: Iterable[tuple[object, ...]]) -> str:
    folder = root / f"{PERIOD}.open"
    folder.mkdir(parents=True)
    return file_of(folder, rows).stem


def test_parts_of_an_attempt_that_cut_otherwise_are_refused(tmp_path: Path) -> None:
    unsealed = OpenPeriod(tmp_path, PERIOD)
    unsealed.write("part-0-to-9", RECORDS)
    unsealed.write("part-0-to-4", RECORDS[:40])
    with pytest.raises(UsageError, match=r"another attempt: part-0-to-9\.parquet"):
        unsealed.seal(["part-0-to-4"])
    with pytest.raises(SealError, match="not sealed"):
        open_sealed(tmp_path, PERIOD)


def test_two_records_that_are_alike_are_two_records(tmp_path: Path) -> None:
    twice = [Record("lse-1", "s", Meter.CARD_SECONDS, 3_600, 3_600, 1, "")] * 2
    unsealed = OpenPeriod(tmp_path, PERIOD)
    unsealed.write("part", twice)
    assert unsealed.seal(["part"]).manifest.totals[0].contracted == 7_200
