"""Keeps the pages true where a test can: links, commands, paths, codes, words, numbers and the worked lease."""

import inspect
import re
import runpy
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, get_args

import pytest
from typer.testing import CliRunner

import exchange.commands
import exchange.events
import exchange.state
import matching.commands
import matching.events
import matching.market
import matching.terms
from exchange import defaults, engine, jobs
from exchange.catalogue.catalogue import load_catalogue
from exchange.config import VARIABLES
from exchange.metering import RefusalCode
from exchange.parties.rules import AMOUNT_MAX
from exchange.persistence import embedded, errors, migrate, roles
from exchange.quoting import follower
from exchange.rejections import VenueRejection
from matching.terms import Rejection as MarketRejection
from settlement.agreements import ProblemCode
from settlement.jobs import close_period
from settlement.metering.judging import Finding
from settlement.terms import VoucherMode
from settlement.vouchers.judging import RefusalCode as VoucherRefusal
from tests.paths import PROJECT
from web import server, strict
from web.api.asking import PAGE_MAX
from web.api.routes import described
from web.cli.main import COMMANDS, app
from web.problems import FAULTS_MAX, PROBLEMS, DoorRejection

DOCS = PROJECT / "docs"
RECORDS = sorted(path for path in (DOCS / "adr").glob("*.md") if path.name != "README.md")
PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
FOLDERS = ("matching", "settlement", "exchange", "web", "tests", "docs", "examples")

LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(rf"(?<![\w/.])(?:{'|'.join(FOLDERS)})/[\w./-]*\w")

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return BLOCK.sub("", page.read_text())


def blocks(page: Path, language: str) -> list[str]:
    return [body for _, kind, body in BLOCK.findall(page.read_text()) if kind == language]


def section(page: Path, heading: str) -> str:
    """What stands under a heading, down to the next one of its level or above."""
    marks, text = heading.partition(" ")[0], f"{page.read_text()}"
    assert f"\n{heading}\n" in text, f"{page.name} has no section {heading}"
    return re.split(rf"\n#{{2,{len(marks)}}} ", text.partition(f"\n{heading}\n")[2])[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without their headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rulers = {n for n, line in enumerate(lines) if set(line) <= set("|-: ")}
    body = [line for n, line in enumerate(lines) if not {n, n + 1} & rulers]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in body]


# Links, paths, addresses


@by_page
def test_links_resolve(page: Path) -> None:
    broken = [link for link in LINK.findall(prose(page)) if not resolves(page, link)]
    assert not broken, f"{page.name}: {broken}"


def resolves(page: Path, link: str) -> bool:
    if "://" in link:
        return True  # a test has no network
    name, _, anchor = link.partition("#")
    target = page if not name else (page.parent / name).resolve()
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    named = set(re.findall(r'<a id="([\w-]+)">', page.read_text()))
    return named | {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@by_page
def test_files_and_folders_that_a_page_names_exist(page: Path) -> None:
    texts = [*CODE.findall(prose(page)), *(body for _, _, body in BLOCK.findall(page.read_text()))]
    named = {path for text in texts for path in PATH.findall(text)}
    missing = sorted(path for path in named if not (PROJECT / path).exists())
    assert not missing, f"{page.name}: {missing}"


@by_page
def test_addresses_that_a_page_names_are_routes(page: Path) -> None:
    routes = [
        re.sub(r"\{\w+\}", "[^/]+", path)
        for path in (*described()["paths"], "/v1/openapi.json", "/v1/webhooks/stripe")
    ]
    named = set(re.findall(r"/v1/[\w/{}@.-]*[\w}]", page.read_text()))
    unknown = [path for path in named if not any(re.fullmatch(route, path) for route in routes)]
    assert not unknown, f"{page.name}: {unknown}"


def test_the_index_lists_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    assert [
        page.name for page in DOCS.glob("*.md") if page.name != "README.md" and page.name not in index
    ] == []


# Commands


class Line(NamedTuple):
    """A line of a shell block, and where it stands."""

    page: str
    text: str


def shell_lines() -> Iterator[Line]:
    for page in PAGES:
        for block in blocks(page, "sh"):
            yield from (Line(page.name, line.strip()) for line in block.splitlines() if line.strip())


@pytest.mark.parametrize("line", sorted(set(shell_lines())), ids=lambda line: line.text)
def test_shell_lines_can_be_given(line: Line) -> None:
    assert subprocess.run(["bash", "-n", "-c", line.text], check=False).returncode == 0
    program, *arguments = shlex.split(line.text)
    match program:
        case "suanli":
            takes(arguments)
        case "make":
            targets = re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
            assert set(arguments) <= set(targets)
        case _:
            assert program in {"createdb", "pg_restore", "$PG/pg_dump"} or program.startswith("PG=")


def takes(arguments: list[str]) -> None:
    """See that `suanli` has the command and its options, by asking for help."""
    words = [word for word in arguments if not word.startswith("-")]
    assert words[0] in COMMANDS, f"suanli has no command {words[0]}"
    depth = 2 if words[0] in {"db", "jobs", "meter", "party", "terms", "vouchers"} and len(words) > 1 else 1
    told = CliRunner().invoke(app, [*words[:depth], "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert told.exit_code == 0, told.output
    options = [word.partition("=")[0] for word in arguments if word.startswith("--")]
    assert [option for option in options if option not in told.output] == []


@by_page
def test_commands_that_a_page_mentions_exist(page: Path) -> None:
    named = {code.split()[1] for code in CODE.findall(prose(page)) if code.startswith("suanli ")}
    assert {name for name in named if not name.startswith("-")} <= set(COMMANDS)


def test_the_readme_shows_the_two_commands_and_five_more() -> None:
    shown = [block.split("\n")[:-1] for block in blocks(PROJECT / "README.md", "sh")]
    assert shown[:2] == [["make demo"], ["make test"]]
    assert len(shown[2]) == 5


# Codes


def codes(text: str) -> list[str]:
    return [row[0].strip("`") for row in rows(text)]


@pytest.mark.parametrize(
    ("heading", "kinds"),
    [
        ("## The market", MarketRejection),
        ("### Agreements", ProblemCode),
        ("## Usage", [*RefusalCode, *Finding]),
        ("## The door", DoorRejection),
    ],
)
def test_every_code_stands_in_the_rejections_in_its_order(heading: str, kinds: Iterable[str]) -> None:
    assert codes(section(DOCS / "rejections.md", heading)) == [str(kind) for kind in kinds]


def test_every_refusal_of_a_voucher_stands_on_the_settlement_page_in_its_order() -> None:
    told = CODE.findall(section(DOCS / "settlement.md", "### Vouchers"))
    known = {str(code) for code in VoucherRefusal}
    assert [code for code in told if code in known] == [str(code) for code in VoucherRefusal]
    assert {str(mode) for mode in VoucherMode} <= set(told)


def test_every_code_of_the_venue_stands_in_the_rejections() -> None:
    venue = section(DOCS / "rejections.md", "## The venue").partition("### ")[0]
    assert codes(venue) == [str(kind) for kind in VenueRejection]


def test_the_rejections_tell_each_codes_status() -> None:
    text = (DOCS / "rejections.md").read_text()
    told = {row[0].strip("`"): int(row[1]) for row in rows(text) if row[1].isdigit()}
    assert told == {str(code): kind.status for code, kind in PROBLEMS.items()}


# Words


def union(kind: object) -> set[str]:
    return {member.__name__ for member in get_args(kind)}


def classes(module: ModuleType) -> set[str]:
    found = {name: value for name, value in vars(module).items() if inspect.isclass(value)}
    return {name for name, value in found.items() if value.__module__ == module.__name__}


def glossary() -> list[list[str]]:
    return rows((DOCS / "glossary.md").read_text())


def glossary_names() -> set[str]:
    return {name for row in glossary() for name in CODE.findall(row[2])}


def code_text() -> str:
    return "\n".join(path.read_text() for folder in FOLDERS[:4] for path in (PROJECT / folder).rglob("*.py"))


def test_the_glossary_has_every_command_event_and_state() -> None:
    spoken = union(exchange.commands.Command) | union(exchange.events.Event)
    spoken |= union(matching.commands.Command) | union(matching.events.Event)
    kept = classes(exchange.state) | classes(matching.terms) | classes(matching.market)
    assert sorted((spoken | kept) - glossary_names()) == []


def test_the_glossary_has_no_name_that_the_code_does_not_use() -> None:
    code = code_text()
    defined = set(re.findall(r"^class (\w+)", code, re.MULTILINE))
    defined |= set(re.findall(r"^(\w+) = NewType", code, re.MULTILINE))
    used = Counter(re.findall(r"\w+", code))
    assert sorted(glossary_names() - defined) == []
    assert [name for name in glossary_names() if used[name] < 2] == []


def test_the_glossary_has_no_word_that_nobody_uses() -> None:
    written = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", code_text()).lower().replace("_", " ")
    pages = "\n".join(page.read_text().lower() for page in PAGES if page.name != "glossary.md")
    words = [row[0] for row in glossary()]
    assert [word for word in words if word not in written and word not in pages] == []
    assert len(words) == len(set(words)), "a word stands in the glossary once"


# Decisions


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_has_its_four_parts_on_a_page(record: Path) -> None:
    headings = re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives"]
    assert record.read_text().count("\n") <= 60


def test_the_index_of_decisions_is_complete_and_in_order() -> None:
    listed = re.findall(r"^\| \[(\d{4})\]\(([\w.-]+)\)", (DOCS / "adr/README.md").read_text(), re.MULTILINE)
    assert [name for _, name in listed] == [record.name for record in RECORDS]
    assert [number for number, _ in listed] == [f"{n:04}" for n in range(1, len(RECORDS) + 1)]


# Figures and sentences


@pytest.mark.parametrize(
    ("page", "example"),
    [
        ("settlement.md", "settle_one_lease.py"),
        ("settlement.md", "refund_under_a_voucher.py"),
        ("matching.md", "lose_a_spot_lease.py"),
    ],
)
def test_the_lease_of_a_page_is_what_the_code_makes_of_it(
    page: str, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_path(str(PROJECT / "examples" / example), run_name="__main__")
    assert capsys.readouterr().out in blocks(DOCS / page, "text")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("adr/0003-one-writer.md", f"({engine.QUEUE_MAX:,} commands)"),
        ("adr/0004-answer-after-commit.md", f"up to {engine.BATCH_MAX} commands"),
        ("adr/0012-quotes-from-a-follower.md", f"pages of {follower.PAGE:,} commands"),
        ("architecture.md", f"leases {close_period.LEASES_AT_ONCE} at a time"),
        ("architecture.md", f"some {close_period.SUMS_MAX} in a command"),
        ("architecture.md", f"{jobs.AT_ONCE} commands are on their way"),
        (
            "architecture.md",
            f"at most {engine.BATCH_MAX // exchange.commands.STATEMENTS_WEIGH} of them in one transaction",
        ),
        ("rejections.md", f"up to {FAULTS_MAX} faults"),
        ("rejections.md", f"above 10^{len(str(AMOUNT_MAX)) - 1} fen"),
        ("rejections.md", f"more than {strict.BODY_MAX >> 10} KiB, or {strict.BATCH_BODY_MAX >> 20} MiB"),
        ("rejections.md", f"more than {strict.DEPTH_MAX} levels"),
        ("rejections.md", f"longer than {server.URL_MAX >> 10} KiB"),
        ("rejections.md", f"{server.HEADERS_COUNT_MAX} headers, or more than {server.HEADERS_MAX >> 10} KiB"),
        ("api.md", f"`limit` (1 to {PAGE_MAX})"),
    ],
)
def test_bounds_that_a_page_tells_are_those_of_the_code(page: str, said: str) -> None:
    assert said in " ".join((DOCS / page).read_text().split())


def test_the_matching_page_tells_the_terms_with_which_a_venue_opens() -> None:
    opens = datetime(2026, 1, 1, tzinfo=UTC)
    terms = defaults.venue_terms(load_catalogue(), opens)
    told = dict(row[::2] for row in rows(section(DOCS / "matching.md", "## For whoever runs a venue")))
    assert told == {
        "slot length": {3600: "an hour"}[terms.slot_seconds],
        "largest lot": f"{terms.lot_max} cards",
        "horizon": f"{terms.horizon_slots * terms.slot_seconds // defaults.DAY} days",
        "notice": f"{terms.market.notice} slot",
        "grace": f"{terms.market.grace} slot",
        "outbid": f"{terms.market.outbid_bp} basis points",
        "displacement": "on" if terms.market.displacement else "off",
        "resting": "on" if terms.market.resting else "off",
        "service promises": {0: "none"}[len(terms.promises)],
    }


def test_the_matching_page_tells_every_law_once() -> None:
    told = rows(section(DOCS / "matching.md", "### What always holds, and how it is shown"))
    assert [row[0] for row in told] == [f"I{n}" for n in range(1, 11)]


def test_the_operating_page_names_every_setting() -> None:
    first = [row[0] for row in rows(section(DOCS / "operating.md", "## Start and stop"))]
    assert {name.strip("`") for name in first} == set(VARIABLES.values())


def test_the_operating_page_knows_every_sentence_about_the_database() -> None:
    """A sentence says what is wrong before its colon, and what to do after it."""
    modules = (errors, embedded, migrate, roles)
    kept = {
        sentence.partition(":")[0] for module in modules for sentence in constants(module) if ": " in sentence
    }
    told = {row[0] for row in rows(section(DOCS / "operating.md", "## What each sentence means"))}
    assert sorted(kept - told) == []
    source = "\n".join(inspect.getsource(module) for module in modules)
    assert [sentence for sentence in told if sentence not in source] == []


def constants(module: ModuleType) -> Iterator[str]:
    """Texts that a module keeps under a name or in a table."""
    for name, value in vars(module).items():
        if not name.startswith("__"):
            values = value.values() if isinstance(value, dict) else [value]
            yield from (text for text in values if isinstance(text, str) and text[:1].isupper())
