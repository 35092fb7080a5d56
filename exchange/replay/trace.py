"""Reads the job trace: jobs that could be orders, nodes that could be supply, and what was left out and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from exchange.replay.tables import Row, TraceError, read_rows, read_text

FOLDER = "alibaba-gpu-2023-openb"
JOBS = "openb_pod_list_gpuspec33.csv"
NODES = "openb_node_list_gpu_node.csv"
JOB_COLUMNS = ("name", "num_gpu", "gpu_spec", "qos", "creation_time", "deletion_time", "scheduled_time")
NODE_COLUMNS = ("gpu", "model")
FIRST_DAY = 110
LAST_DAY = 150  # not included
DAY_S = 86_400


class Urgency(StrEnum):
    """How long a job can wait, as the trace calls it."""

    LATENCY_SENSITIVE = "LS"
    GUARANTEED = "Guaranteed"
    BURSTABLE = "Burstable"
    BEST_EFFORT = "BE"


class LeftOut(StrEnum):
    """Why a row of the trace makes no order, in the order in which the reasons are looked for."""

    NO_CARD = "it asks for no card: a CPU job"
    OTHER_DAY = f"it was created outside days {FIRST_DAY} to {LAST_DAY - 1} of the trace"
    NEVER_SCHEDULED = "it was never scheduled, so how long it would have run is not known"
    NO_LENGTH = "it ended no later than it began"


@dataclass(frozen=True, slots=True)
class Job:
    """A job that ran. `created_s` counts from the beginning of the span, `seconds` is how long it ran.

    `cards` are whole: a fraction of a card is taken as one. `chips` are the trace's names of those that would do,
    each once; none means any.
    """

    name: str
    created_s: int
    seconds: int
    cards: int
    chips: tuple[str, ...]
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class Node:
    """A machine with cards of one chip."""

    chip: str
    cards: int


@dataclass(frozen=True, slots=True)
class JobTrace:
    """Jobs by the time they were created, within a span of `span_s` seconds, and the nodes they could have run on.

    Every row of the file is either a job or counted in `left_out`.
    """

    jobs: tuple[Job, ...]
    nodes: tuple[Node, ...]
    left_out: Mapping[str, int]
    span_s: int


def read_job_trace(folder: Path) -> JobTrace:
    """The trace in `folder`, which holds the data sets' own folders. Raises TraceError for what can't be used."""
    home = folder / FOLDER
    jobs: list[Job] = []
    left_out: Counter[str] = Counter(dict.fromkeys(LeftOut, 0))
    for row in read_rows(f"{FOLDER}/{JOBS}", read_text(home / JOBS), JOB_COLUMNS):
        job = _job(row)
        if isinstance(job, LeftOut):
            left_out[job] += 1
        else:
            jobs.append(job)
    if not jobs:
        raise TraceError(f"{FOLDER}/{JOBS} has no job that ran on days {FIRST_DAY} to {LAST_DAY - 1}.")
    jobs.sort(key=lambda job: (job.created_s, job.name))
    nodes = read_nodes(f"{FOLDER}/{NODES}", read_text(home / NODES))
    return JobTrace(tuple(jobs), nodes, dict(left_out), (LAST_DAY - FIRST_DAY) * DAY_S)


def read_nodes(file: str, text: str) -> tuple[Node, ...]:
    """The machines of a table of nodes, those without a card aside."""
    rows = read_rows(file, text, NODE_COLUMNS)
    nodes = tuple(_node(row) for row in rows if row.integer("gpu") > 0)
    if not nodes:
        raise TraceError(f"{file} names no node with a card, so nothing could be offered.")
    return nodes


def chips_of(row: Row, column: str) -> tuple[str, ...]:
    """The chips that a cell names, divided by `|`, each once: the trace repeats some."""
    return tuple(dict.fromkeys(name for name in row.text(column).split("|") if name))


def _job(row: Row) -> Job | LeftOut:
    cards, created = row.integer("num_gpu"), row.integer("creation_time")
    began, ended = row.optional_integer("scheduled_time"), row.optional_integer("deletion_time")
    if cards == 0:
        return LeftOut.NO_CARD
    if not FIRST_DAY * DAY_S <= created < LAST_DAY * DAY_S:
        return LeftOut.OTHER_DAY
    if began is None or ended is None:
        return LeftOut.NEVER_SCHEDULED
    if ended <= began:
        return LeftOut.NO_LENGTH
    return Job(
        name=row.text("name"),
        created_s=created - FIRST_DAY * DAY_S,
        seconds=ended - began,
        cards=cards,
        chips=chips_of(row, "gpu_spec"),
        urgency=row.member("qos", Urgency),
    )


def _node(row: Row) -> Node:
    chip = row.text("model")
    if not chip:
        raise row.fault("model is blank, though the node has cards.")
    return Node(chip, row.integer("gpu"))
