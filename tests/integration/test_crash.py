"""Writers killed in the middle of their work: whatever was answered is in the log, and nothing else changed."""

import asyncio
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from exchange.audit import audit
from exchange.catalogue.catalogue import load_catalogue
from exchange.persistence import database
from tests.exchange.story import story
from tests.paths import PROJECT

CYCLES = 30
ACKS_MAX = 90  # answers after which a writer is killed at the latest


class LostError(Exception):
    """The log lacks something that was answered, or says something else than before."""


class Killer:
    """Starts writers, kills each at a moment of chance, and remembers everything that was answered."""

    def __init__(self, process: subprocess.Popen[bytes], chance: Random) -> None:
        self.process = process
        self.chance = chance
        self.acknowledged: dict[int, str] = {}

    def kill_one(self, how: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{how}\n".encode())
        self.process.stdin.flush()
        pid = int(self._read().removeprefix("child "))
        patience = self.chance.randint(1, ACKS_MAX)
        while (line := self._read()) != "end":
            _, seq, command_id = line.split()
            self.acknowledged[int(seq)] = command_id
            patience -= 1
            if patience == 0:
                os.kill(pid, signal.SIGKILL)
        assert patience <= 0, "the writer ended before it was killed"

    def _read(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the process that forks writers has ended"
        return line.decode().strip()


@contextmanager
def killer(url: str, folder: Path, commands: int) -> Iterator[Killer]:
    seed = int(os.environ.get("SUANLI_SEED") or int.from_bytes(os.urandom(4)))
    print(f"SUANLI_SEED={seed}")  # shown when a test fails
    path = folder / "story.pickle"
    path.write_bytes(pickle.dumps(story(11, commands)))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.crash_child", url, str(path)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield Killer(process, Random(seed))
        process.kill()


async def look(
    url: str, before: dict[int, tuple[str, bytes]], acknowledged: dict[int, str]
) -> dict[int, tuple[str, bytes]]:
    """The log after a kill: what was answered is in it, and what was seen before is its beginning."""
    connection = await database.connect(url)
    rows = await connection.fetch("SELECT seq, id, digest FROM commands ORDER BY seq")
    await connection.close()
    log = {row["seq"]: (row["id"], row["digest"]) for row in rows}
    for seq, command_id in acknowledged.items():
        if seq not in log or log[seq][0] != command_id:
            raise LostError(f"{seq} was answered as {command_id}, and the log has {log.get(seq)}")
    if before.items() - log.items():
        raise LostError("the log is no continuation of what it was")
    return log


def run_cycles(url: str, folder: Path, how: str, cycles: int) -> int:
    """Kill writers and look at the log each time. Answers how many answers there were."""
    log: dict[int, tuple[str, bytes]] = {}
    with killer(url, folder, cycles * (ACKS_MAX + 60)) as writers:
        for _ in range(cycles):
            writers.kill_one(how)
            log = asyncio.run(look(url, log, writers.acknowledged))
        return len(writers.acknowledged)


def test_killed_writers_lose_nothing_that_was_answered(database_url: str, tmp_path: Path) -> None:
    assert run_cycles(database_url, tmp_path, "sound", CYCLES) > CYCLES
    checks = asyncio.run(audit(database_url, load_catalogue(), redecide=True))
    assert not [difference for check in checks for difference in check.differences]


def test_a_writer_that_answers_before_it_has_stored_is_caught(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(LostError, match="was answered as"):
        run_cycles(database_url, tmp_path, "early", CYCLES)
