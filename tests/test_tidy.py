"""The house rules that no linter has, each shown to bite on a small bad sample."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from tests.paths import PROJECT

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
FIRST_LINE_MAX = 118
PACKAGES = {"matching", "settlement", "exchange", "web"}
MIGRATIONS = "/migrations/"  # each file lists a state of the database from end to end
EXACT = ("matching/", "settlement/")  # money and quantities are integers there
RIM = (
    "settlement/usage/",
)  # where a kernel meets files and machines: a slash joins paths, and waiting takes seconds
FILES = {
    "pyproject.toml",
    "requirements.lock",
    "requirements-spark.lock",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
}
TOP_LEVEL = {*FILES, *PACKAGES, "tests", "docs", "examples"}
PROSE = {".py", ".md", ".toml", ".html", ".css", ".mako", ".ini", ".yml", ".yaml", ""}
# In halves, so that this file keeps its own rules.
MARKS = re.compile(r"\b(TO" "DO|FIX" "ME|X" "XX|HA" "CK|NotImplemented" r"Error)\b")
HOMES = re.compile(r"(?<![\w.])/(ho" "me|Us" "ers|ro" r"ot)/\w|[A-Z]:\\Us" "ers")
TWO_SENTENCES = re.compile(r"[.!?] [A-Z]")


@dataclass(frozen=True)
class Source:
    """One file: its path within the project, with slashes, and what it says."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text)))


Rule = Callable[[Source], Iterator[str]]


def project_files() -> list[str]:
    """What git knows or would take in; without git, all that is not hidden."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(git, cwd=PROJECT, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        paths = (path.relative_to(PROJECT) for path in PROJECT.rglob("*"))
        listed = [
            path.as_posix() for path in paths if not re.search(r"(^|/)(\.|__pycache__)", path.as_posix())
        ]
    return sorted(path for path in listed if (PROJECT / path).is_file())


def sources(paths: Iterable[str]) -> list[Source]:
    return [Source(path, (PROJECT / path).read_text()) for path in paths]


def functions_are_short(source: Source) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{source.path}:{node.lineno}: {node.name} has {lines} lines"


def files_are_short(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX and MIGRATIONS not in source.path:
        yield f"{source.path}: {lines} lines"


def modules_say_what_they_are_for(source: Source) -> Iterator[str]:
    docstring = ast.get_docstring(ast.parse(source.text))
    first_line = "" if docstring is None else docstring.partition("\n")[0]
    if (
        not first_line.endswith((".", "?"))
        or len(first_line) > FIRST_LINE_MAX
        or TWO_SENTENCES.search(first_line)
    ):
        yield f"{source.path}: the first line is not one sentence of at most {FIRST_LINE_MAX} characters"


def kernels_are_exact(source: Source) -> Iterator[str]:
    for node in source.nodes if source.path.startswith(EXACT) and not source.path.startswith(RIM) else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{source.path}:{node.lineno}: a float"
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield f"{source.path}:{node.lineno}: a true division"


def nothing_is_left_for_later(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if mark := MARKS.search(line):
            yield f"{source.path}:{number}: {mark[0]}"


def nobody_is_at_home(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if home := HOMES.search(line):
            yield f"{source.path}:{number}: {home[0]}… is a path of somebody's machine"


def local_imports_resolve(source: Source) -> Iterator[str]:
    for name in imported_modules(source):
        place = PROJECT / name.replace(".", "/")
        if name.partition(".")[0] in {*PACKAGES, "tests"} and not (
            place.with_suffix(".py").exists() or place.is_dir()
        ):
            yield f"{source.path}: {name} does not exist"


def imported_modules(source: Source) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def mentioned_modules(source: Source) -> Iterator[str]:
    """Modules that a file imports, also as names out of a package, or names in a string like "web.app:create"."""
    yield from imported_modules(source)
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.partition(":")[0]


def dead_modules(files: Iterable[Source], entry_points: set[str]) -> list[str]:
    """Modules that no other module mentions. Alembic finds its migrations by their folder."""
    files = list(files)
    alive = entry_points.union(*(mentioned_modules(source) for source in files))
    names = {source.path: source.path.removesuffix(".py").replace("/", ".") for source in files}
    loaded_by_place = re.compile(rf"__init__\.py$|__main__\.py$|{MIGRATIONS}")
    return [path for path, name in names.items() if name not in alive and not loaded_by_place.search(path)]


def unlisted(records: Iterable[str], index: str) -> list[str]:
    return [name for name in records if name not in index]


PYTHON_RULES: list[Rule] = [
    functions_are_short,
    files_are_short,
    modules_say_what_they_are_for,
    kernels_are_exact,
    local_imports_resolve,
]
TEXT_RULES: list[Rule] = [nothing_is_left_for_later, nobody_is_at_home]


@pytest.mark.parametrize("rule", PYTHON_RULES)
def test_python_files_keep(rule: Rule) -> None:
    files = sources(path for path in project_files() if path.endswith(".py"))
    complaints = [complaint for source in files for complaint in rule(source)]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("rule", TEXT_RULES)
def test_text_files_keep(rule: Rule) -> None:
    files = sources(path for path in project_files() if Path(path).suffix in PROSE and path != "LICENSE")
    complaints = [complaint for source in files for complaint in rule(source)]
    assert not complaints, "\n".join(complaints)


def test_no_module_is_dead() -> None:
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"].values()
    files = sources(p for p in project_files() if p.endswith(".py") and p.partition("/")[0] in PACKAGES)
    dead = dead_modules(files, {script.partition(":")[0] for script in scripts})
    assert not dead, "\n".join(dead)


def test_the_top_level_stays_clear() -> None:
    names = {path.partition("/")[0] for path in project_files()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_every_decision_is_listed() -> None:
    folder = PROJECT / "docs/adr"
    records = [path.name for path in folder.glob("*.md") if path.name != "README.md"]
    assert unlisted(records, (folder / "README.md").read_text() if records else "") == []


LONG = "\n".join(["def f():", *["    g()"] * FUNCTION_LINES_MAX])
GOOD = '"""Adds."""\n\nfrom tests.paths import PROJECT\n\n\ndef add(a, b):\n    return (a + b) // 2\n'


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (functions_are_short, "web/x.py", LONG),
        (functions_are_short, "web/x.py", f"async {LONG}"),
        (files_are_short, "tests/x.py", "\n" * (FILE_LINES_MAX + 1)),
        (modules_say_what_they_are_for, "web/x.py", ""),
        (modules_say_what_they_are_for, "web/x.py", '"""No full stop"""'),
        (modules_say_what_they_are_for, "web/x.py", '"""Two. Sentences."""'),
        (modules_say_what_they_are_for, "web/x.py", f'"""{"long " * 24}."""'),
        (kernels_are_exact, "matching/x.py", "half = 0.5"),
        (kernels_are_exact, "settlement/x.py", "a = b / c"),
        (kernels_are_exact, "settlement/ledger/x.py", "a /= c"),
        (local_imports_resolve, "web/x.py", "import exchange.nowhere"),
        (local_imports_resolve, "web/x.py", "from exchange.nowhere import thing"),
        (nothing_is_left_for_later, "web/x.py", "# TO" + "DO: later"),
        (nothing_is_left_for_later, "web/x.py", "raise NotImplemented" + "Error"),
        (nobody_is_at_home, "docs/x.md", "see /ho" + "me/ann/suanli"),
        (nobody_is_at_home, "docs/x.md", "see /Us" + "ers/ann/suanli"),
    ],
)
def test_each_rule_bites_and_lets_good_code_pass(rule: Rule, path: str, text: str) -> None:
    assert len(list(rule(Source(path, text)))) == 1
    assert list(rule(Source(path, GOOD))) == []


def test_kernels_alone_must_be_exact() -> None:
    for path in ("web/x.py", "settlement/usage/x.py"):
        assert list(kernels_are_exact(Source(path, "a = 0.5 / 2"))) == []


def test_a_dead_module_is_found() -> None:
    files = [
        Source("web/main.py", "from web import used\nimport exchange.deep.er"),
        Source("web/used.py", "run('web.by_name:create')"),
        Source("web/by_name.py", ""),
        Source("web/dead.py", ""),
        Source("web/__init__.py", ""),
        Source("exchange/deep/er.py", ""),
        Source("exchange/persistence/migrations/0001_log.py", ""),
    ]
    assert dead_modules(files, {"web.main"}) == ["web/dead.py"]


def test_an_unlisted_decision_is_found() -> None:
    assert unlisted(["0001-one.md", "0002-two.md"], "- [One](0001-one.md)") == ["0002-two.md"]


def test_ci_fails_where_a_test_is_skipped(tmp_path: Path) -> None:
    sample = tmp_path / "test_sample.py"
    sample.write_text("import pytest\ndef test_it(): pytest.skip('no reason')\n")
    pytest_here = [sys.executable, "-m", "pytest", "-c", str(PROJECT / "pyproject.toml")]
    command = [*pytest_here, "-p", "tests.conftest", str(sample)]
    env = {**os.environ, "SUANLI_NO_SKIPS": "1"}
    ran = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, check=False)
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
    assert b"Skipped tests are not allowed" in ran.stdout
