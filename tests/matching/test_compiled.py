"""The compiled matcher beside the plain one: the same answers, byte for byte, in random worlds."""

import pickle
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.matching.fingerprint import fingerprint
from tests.matching.strategies import CHIPS, REGIONS, SEED, WORLDS, worlds_of

ROOT = Path(__file__).parents[2]
INSTALLED = Path(sysconfig.get_path("purelib"))
PROGRAM = """
import pickle, sys
from matching import search
from tests.matching.fingerprint import fingerprint
assert not search.__file__.endswith(".py"), search.__file__
print(fingerprint(*pickle.load(sys.stdin.buffer)))
"""


def test_the_compiled_matcher_answers_as_the_plain_one() -> None:
    compiled = INSTALLED / "matching"
    if not list(compiled.glob("search.*.so")):
        pytest.skip("the matcher is not compiled: make setup does that where there is a C compiler")
    for source in (ROOT / "matching").glob("*.py"):
        assert (compiled / source.name).read_bytes() == source.read_bytes(), "compiled before: make setup"
    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    drawn = worlds_of(SEED, WORLDS)[: WORLDS // 4]
    elsewhere = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=pickle.dumps((CHIPS, REGIONS, drawn)),
        capture_output=True,
        check=True,
        cwd="/",
        env={"PYTHONPATH": f"{INSTALLED}:{ROOT}"},
    )
    assert elsewhere.stdout.decode().strip() == fingerprint(CHIPS, REGIONS, drawn)
