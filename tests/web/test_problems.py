"""One table says what every refusal is, and nothing is missing from it or too much."""

from exchange.rejections import VenueRejection
from matching.terms import Rejection as MarketRejection
from web.problems import PROBLEMS, DoorRejection, Fault, ProblemError

ALL = [*DoorRejection, *MarketRejection, *VenueRejection]
UNWELL = {DoorRejection.CLOSING, DoorRejection.BUSY, DoorRejection.HALTED, DoorRejection.DATABASE_UNAVAILABLE}


def test_every_code_is_in_the_table_and_means_one_thing() -> None:
    assert list(PROBLEMS) == ALL
    assert len({str(code) for code in ALL}) == len(ALL)


def test_titles_are_short_and_only_the_unwell_machine_is_a_5xx() -> None:
    for code, kind in PROBLEMS.items():
        assert not kind.title.endswith("."), code
        assert kind.title[0].isupper(), code
        assert len(kind.title) < 80, code
        if kind.status >= 500:
            assert (code in UNWELL) == (kind.status == 503)
            assert code in UNWELL | {DoorRejection.INTERNAL_ERROR}


def test_a_problem_names_so_many_faults_and_no_more() -> None:
    faults = [Fault(f"/{n}", "wrong_type", "Give a number.") for n in range(30)]
    document = ProblemError(DoorRejection.WRONG_TYPE, "Give a number.", faults).document("req_1")
    assert document.errors == faults[:20]
    assert (document.status, document.type) == (422, "/docs/problems#wrong_type")


def test_without_a_detail_the_title_is_the_sentence() -> None:
    assert (
        ProblemError(DoorRejection.NOT_FOUND).document("req_1").detail == "There is nothing at this address."
    )


def test_a_code_that_nobody_knows_is_a_mistake_of_ours() -> None:
    assert ProblemError("no_such_code").kind.status == 500
