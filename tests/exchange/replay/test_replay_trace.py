"""The job trace: the figures that are known of it, and a sentence for all that may be wrong with its files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.replay.tables import TraceError
from exchange.replay.trace import FOLDER, JOBS, NODES, Job, LeftOut, Node, Urgency, read_job_trace
from tests.paths import data_dir, require

JOB_HEADINGS = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,"
    "scheduled_time\n"
)
DAY_110 = 110 * 86_400
GOOD = f"a,1,1,2,1000,V100M16|V100M32|V100M32,BE,Running,{DAY_110 + 5},{DAY_110 + 100},{DAY_110 + 10}\n"
GOOD_NODES = "sn,cpu_milli,memory_mib,gpu,model\nn1,1,1,8,G2\nn2,1,1,0,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(jobs: str, nodes: str = GOOD_NODES) -> Path:
        (tmp_path / FOLDER).mkdir()
        (tmp_path / FOLDER / JOBS).write_text(jobs)
        (tmp_path / FOLDER / NODES).write_text(nodes)
        return tmp_path

    return write


def test_the_real_trace_has_the_known_figures() -> None:
    trace = read_job_trace(require(data_dir(), "public data sets"))
    rows = len(trace.jobs) + sum(trace.left_out.values())
    with_cards = rows - trace.left_out[LeftOut.NO_CARD]
    on_the_days = with_cards - trace.left_out[LeftOut.OTHER_DAY]
    assert (rows, with_cards, on_the_days) == (8_152, 7_064, 7_047)
    assert trace.left_out[LeftOut.NEVER_SCHEDULED] == 861
    assert trace.left_out[LeftOut.NO_LENGTH] == 0
    assert len(trace.jobs) == 6_186
    assert (len(trace.nodes), sum(node.cards for node in trace.nodes)) == (1_213, 6_212)
    assert trace.span_s == 40 * 86_400
    assert all(job.created_s >= 0 and job.created_s + job.seconds <= trace.span_s for job in trace.jobs)
    assert list(trace.jobs) == sorted(trace.jobs, key=lambda job: job.created_s)
    assert all(len(set(job.chips)) == len(job.chips) for job in trace.jobs)
    assert {job.cards for job in trace.jobs} == {1, 2, 4, 8}


def test_a_row_becomes_a_job_and_repeated_chips_one(folder: Callable[..., Path]) -> None:
    trace = read_job_trace(folder(JOB_HEADINGS + GOOD))
    assert trace.jobs == (Job("a", 5, 90, 2, ("V100M16", "V100M32"), Urgency.BEST_EFFORT),)
    assert trace.nodes == (Node("G2", 8),)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD.replace(",2,1000,", ",0,0,"), LeftOut.NO_CARD),
        (GOOD.replace(f"{DAY_110 + 5}", f"{DAY_110 - 1}"), LeftOut.OTHER_DAY),
        (GOOD.replace(f"{DAY_110 + 5}", f"{DAY_110 + 40 * 86_400}"), LeftOut.OTHER_DAY),
        (GOOD.replace(f"{DAY_110 + 10}\n", "\n"), LeftOut.NEVER_SCHEDULED),
        (GOOD.replace(f"{DAY_110 + 100}", f"{DAY_110 + 10}"), LeftOut.NO_LENGTH),
    ],
)
def test_what_is_no_job_is_counted_under_its_reason(
    folder: Callable[..., Path], row: str, reason: LeftOut
) -> None:
    trace = read_job_trace(folder(JOB_HEADINGS + GOOD + row))
    assert len(trace.jobs) == 1
    assert {found for found, count in trace.left_out.items() if count} == {reason}


@pytest.mark.parametrize(
    ("jobs", "nodes", "sentence"),
    [
        (
            JOB_HEADINGS + GOOD + GOOD.replace("BE", "XL"),
            GOOD_NODES,
            f"{FOLDER}/{JOBS}, line 3: qos should be",
        ),
        (
            JOB_HEADINGS + GOOD.replace(",2,", ",two,"),
            GOOD_NODES,
            f"{JOBS}, line 2: num_gpu should be a whole",
        ),
        (JOB_HEADINGS + GOOD.replace(",2,", ",-2,"), GOOD_NODES, "line 2: num_gpu should be a whole number"),
        (JOB_HEADINGS + GOOD.replace(",2,", ",1_0,"), GOOD_NODES, "line 2: num_gpu should be a whole number"),
        (JOB_HEADINGS + "a,1,1\n", GOOD_NODES, f"{JOBS}, line 2: 11 cells were expected, not 3"),
        (JOB_HEADINGS + "\n", GOOD_NODES, f"{JOBS}, line 2: 11 cells were expected, not 0"),
        (JOB_HEADINGS + GOOD + '"a,1', GOOD_NODES, f"{JOBS}, line 3: unexpected end of data"),
        (JOB_HEADINGS.replace("qos", "quality"), GOOD_NODES, f"{JOBS}, line 1: there is no column qos"),
        ("", GOOD_NODES, f"{JOBS}, line 1: there is no column name"),
        (JOB_HEADINGS, GOOD_NODES, "has no job that ran on days 110 to 149"),
        (JOB_HEADINGS + GOOD, "gpu,model\n8,\n", f"{NODES}, line 2: model is blank"),
        (JOB_HEADINGS + GOOD, "gpu,model\n0,G2\n", "names no node with a card"),
        (JOB_HEADINGS + GOOD, "gpu\n8\n", f"{NODES}, line 1: there is no column model"),
    ],
)
def test_a_bad_file_is_named_with_its_line(
    folder: Callable[..., Path], jobs: str, nodes: str, sentence: str
) -> None:
    with pytest.raises(TraceError) as caught:
        read_job_trace(folder(jobs, nodes))
    assert sentence in str(caught.value)


def test_a_missing_folder_file_or_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=f"There is no folder .*{FOLDER}"):
        read_job_trace(tmp_path)
    (tmp_path / FOLDER).mkdir()
    with pytest.raises(TraceError, match=f"{JOBS} is missing. Put the file there"):
        read_job_trace(tmp_path)
    (tmp_path / FOLDER / JOBS).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TraceError, match="is not UTF-8 text"):
        read_job_trace(tmp_path)
    (tmp_path / FOLDER / JOBS).unlink()
    (tmp_path / FOLDER / JOBS).mkdir()
    with pytest.raises(TraceError, match="can't be read"):
        read_job_trace(tmp_path)
