"""Where a problem document leads: a page with an anchor for every code, which says the same as the docs."""

import re

import pytest

from tests.paths import PROJECT
from tests.web.pages.conftest import Venue
from web.pages.advice import ADVICE
from web.pages.method import STEPS, Step
from web.problems import PROBLEMS, ProblemError

pytestmark = pytest.mark.anyio

STEP = re.compile(r"^\| (.+?) \| (.+) \|$", re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)` \| \d+ \| .* \| (.*) \|$", re.MULTILINE)
LINK = re.compile(r"\[[^]]*\]\(([^)]*)\)")


async def test_every_problem_leads_to_its_code_on_the_page(calm: Venue) -> None:
    visit = await calm.browser().get("/docs/problems")
    anchors = {element.attributes.get("id") for element in visit.page.elements}
    for code, kind in PROBLEMS.items():
        path, _, anchor = ProblemError(code).document("req_1").type.partition("#")
        assert (path, anchor in anchors) == ("/docs/problems", True), code
        assert f"{kind.title}." in visit.page.text, code


def test_the_page_advises_what_the_docs_advise() -> None:
    told = {
        code: LINK.sub(r"`docs/\1`", advice)
        for code, advice in ROW.findall((PROJECT / "docs/rejections.md").read_text())
    }
    assert {str(code): advice for code, advice in ADVICE.items()} == told


async def test_the_method_of_the_index_is_told_as_the_docs_tell_it(calm: Venue) -> None:
    told = STEP.findall((PROJECT / "docs/index-method.md").read_text())
    assert [Step(*row) for row in told if row[0] not in {"step", "---"}] == list(STEPS)
    page = (await calm.browser().get("/docs/index-method")).page.text
    assert all(step.name in page and step.rule.split("`")[0] in page for step in STEPS)


async def test_every_page_points_to_the_api_and_an_error_to_its_explanation(calm: Venue) -> None:
    browser = calm.browser()
    links = (await browser.get("/")).page.links()
    assert {"/docs/problems", "/v1/openapi.json"} <= set(links)
    assert (await browser.client.get("/v1/openapi.json")).status_code == 200
    assert "/docs/problems#not_found" in (await browser.get("/nowhere")).page.links()
