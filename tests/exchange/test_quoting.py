"""Quotes on their way from the process that answers them: they arrive as they were, of a compiled matcher, too."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.paths import PROJECT

INSTALLED = Path(sysconfig.get_path("purelib"))
PROGRAM = """
import pickle
from exchange.catalogue.catalogue import load_catalogue
from exchange.quoting.quote import quoted
from matching import search
from matching.terms import Seq, Tier
from tests.exchange.house import BUYER, YUAN, House, flat

house, catalogue = House(), load_catalogue()
house.offer(asks={Tier.SPOT: flat(10 * YUAN)})
quotes = [
    quoted(house.state, Seq(9), catalogue, BUYER, house.order(tier=Tier.SPOT, limit=limit))
    for limit in (1 * YUAN, 10 * YUAN)
]
assert quotes[0].explanation and quotes[0].explanation.cures and quotes[1].found and quotes[1].risk
assert [pickle.loads(pickle.dumps(quote)) for quote in quotes] == quotes
print(search.__file__)
"""


def sent(path: str) -> str:
    """Send quotes to nobody, with the modules of a path, and say which matcher has made them."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_quote_arrives_as_it_was() -> None:
    assert sent(str(PROJECT)).endswith(".py")


def test_a_quote_of_the_compiled_matcher_arrives_as_it_was() -> None:
    if not list((INSTALLED / "matching").glob("search.*.so")):
        pytest.skip("the matcher is not compiled: make setup does that where there is a C compiler")
    assert not sent(f"{INSTALLED}:{PROJECT}").endswith(".py")
