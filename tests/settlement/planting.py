"""How a bug is planted: a function of the kernel is replaced wherever a module has it by name."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.settlement.law import UNTIL_IT_BREAKS, Law


@dataclass(frozen=True, slots=True)
class Bug:
    """A function of the kernel, what to put in its place, the law that must break, and whether a case must too."""

    function: str
    replacement: Callable[..., object]
    law: Law
    fails_a_case: bool = True

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Replace the function in every module that has it, since each imports it by name."""
        kernel = [module for name, module in sys.modules.items() if name.partition(".")[0] == "settlement"]
        holders = [module for module in kernel if hasattr(module, self.function)]
        assert holders, f"nothing is called {self.function}: the sabotage itself is broken"
        for module in holders:
            monkeypatch.setattr(module, self.function, self.replacement)

    def must_break_its_law(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.plant(monkeypatch)
        with pytest.raises(AssertionError):
            self.law(UNTIL_IT_BREAKS)


def named(bug: Bug) -> str:
    """What a planted bug is called in the report of the tests."""
    return bug.replacement.__name__
