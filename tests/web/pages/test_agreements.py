"""The editor of agreements and their versions by hand: proposed, signed by each with its own key, declined, compared."""

import csv
import io

import pytest

from exchange.names import PartyId
from exchange.persistence.queries.agreements import VersionState, version_of, versions
from exchange.venue.commands import Tick
from settlement.sign_off import digest_of
from tests.web import seed
from tests.web.pages.conftest import Browser, Venue
from tests.web.pages.test_desks import once

pytestmark = pytest.mark.anyio

DRAFT = "/agreements/pair-1/2"
QUARTER = "/region/pairs/310000/621000/2026-Q4"
FORM: dict[str, str | list[str]] = {
    "of": "2",
    "party-1": "440300",
    "party-2": "621000",
    "id": "shenzhen-qingyang",
    "version": "1",
    "valid_from": "2027-01-01T00:00",
    "valid_to": "",
    "revenue-1": "40",
    "revenue-2": "60",
    "tax-1": "33.33",
    "tax-2": "66.67",
    "gdp-1": "30",
    "gdp-2": "70",
    "carbon-1": "",
    "carbon-2": "",
    "value_added": "62.5",
}


async def test_a_region_proposes_and_its_draft_says_what_it_waits_for(venue: Venue) -> None:
    office = await venue.as_party("office-qingyang")
    sent = await office.send("/agreements", **FORM, once=await once(office, "/agreements/new"))
    assert sent.location == "/agreements/shenzhen-qingyang/1?proposed=1"
    page = (await office.get(sent.location)).page
    assert "The version is proposed." in page.text
    assert "Proposed by office-qingyang" in page.text
    assert "waits for Shenzhen, Qingyang" in (await office.get("/agreements")).page.text
    found = await version_of(venue.exchange.readers, "shenzhen-qingyang", 1)
    assert found is not None
    assert (found.agreement.shares.tax, found.agreement.value_added_bp) == ((3333, 6667), 6250)
    assert found.agreement.shares.carbon == ()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"tax-2": "66.66"}, "The shares add up to 99.99 %: make it 100 %."),
        ({"revenue-1": "-1"}, "At least 0."),
        ({"gdp-1": "0.001"}, "Write per cent with at most two decimals"),
        ({"carbon-1": "50"}, "Fill in “Of Qingyang”"),
        ({"party-1": ""}, "Fill in “Source, where buyers are registered”"),
        ({"party-1": "621000"}, "each region stands in an agreement once"),
        ({"party-1": "999999"}, "unknown_region"),
        ({"id": "über"}, "String should match pattern"),
        ({"version": "0"}, "At least 1."),
        ({"valid_from": "2026-11-23T09:59"}, "That time has passed by the venue's clock"),
        ({"valid_from": ""}, "Choose a day and a time"),
        ({"valid_to": "2027-01-01T00:00"}, "The end must be later than the beginning."),
        ({"value_added": "101"}, "At most 100."),
        ({"party-1": "310000"}, "agreement_overlaps"),
        ({"id": "pair-1", "party-1": "310000"}, "This version exists"),
        ({"party-2": "330100"}, "A region's office proposes agreements of its own region."),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    calm: Venue, changed: dict[str, str], sentence: str
) -> None:
    office = await calm.as_party("office-qingyang")
    sent = await office.send("/agreements", **{**FORM, **changed}, once=await once(office, "/agreements/new"))
    assert sent.status == 422
    assert sentence in sent.page.text
    for name, value in ({**FORM, **changed}).items():
        if value and not name.startswith("party"):
            assert sent.page.values()[name] == [value]


async def test_the_preset_fills_the_form_and_the_rest_stays(calm: Venue) -> None:
    office = await calm.as_party("office-qingyang")
    typed = {**FORM, "preset": "2012", "tax-1": "1", "value_added": "7"}
    page = (await office.get("/agreements/new", **typed)).page
    values = page.values()
    assert [values[f"tax-{n}"] for n in (1, 2)] == [["33.33"], ["66.67"]]
    assert (values["value_added"], values["id"]) == (["7"], ["shenzhen-qingyang"])
    assert "财预〔2012〕40号 is filled in." in page.text  # noqa: RUF001 - the brackets of the notice's number
    assert "It binds no pair" in page.text


async def test_the_next_version_begins_with_the_terms_before_it(calm: Venue) -> None:
    office = await calm.as_party("office-qingyang")
    values = (await office.get("/agreements/new?from=pair-1/1")).page.values()
    assert (values["id"], values["version"], values["gdp-2"]) == (["pair-1"], ["3"], ["70"])


async def test_the_last_signature_puts_a_version_in_force_and_ends_the_one_before(venue: Venue) -> None:
    office = await venue.as_party("office-qingyang")
    assert DRAFT in (await office.get("/region")).page.links()
    page = (await office.get(DRAFT)).page
    assert "Yours is the last signature" in page.text
    assert page.text.count("changed") == 6, "revenue and tax of both, value added, and the beginning"
    found = await version_of(venue.exchange.readers, "pair-1", 2)
    assert found is not None
    signed = await office.send(f"{DRAFT}/sign", once=await once(office, DRAFT), digest=found.digest)
    assert signed.location == f"{DRAFT}?signed=1"
    known = {one.agreement.version: one for one in await versions(venue.exchange.readers, "621000")}
    assert known[2].state(seed.NOW) is VersionState.COMING
    assert known[1].valid_to == known[2].agreement.valid_from
    assert [one.key for one in known[2].signatures] == [
        seed.token_of(name).split("_")[1] for name in ("office-shanghai", "office-qingyang")
    ]
    again = await office.send(
        f"{DRAFT}/sign", once=await once(office, "/agreements/new"), digest=found.digest
    )
    assert again.status == 422
    assert "agreement_not_open" in again.html


async def test_what_was_not_read_is_not_signed(calm: Venue) -> None:
    office = await calm.as_party("office-qingyang")
    sent = await office.send(f"{DRAFT}/sign", once=await once(office, DRAFT), digest="0" * 64)
    assert sent.status == 422
    assert "digest_differs" in sent.html


async def test_a_region_declines_with_a_reason_and_the_others_read_it(venue: Venue) -> None:
    office, clerk = await venue.as_party("office-qingyang"), await venue.as_party("clerk-1")
    empty = await office.send(f"{DRAFT}/decline", once=await once(office, DRAFT), reason=" ")
    assert "Fill in “Reason”" in empty.html
    no = await office.send(f"{DRAFT}/decline", once=await once(office, DRAFT), reason="Too <little> for us")
    assert no.location == DRAFT
    assert "Qingyang has declined it" in (await clerk.get(DRAFT)).page.text
    assert "Too <little> for us" in (await clerk.get(DRAFT)).page.text


async def test_whoever_proposed_takes_it_back(venue: Venue) -> None:
    office = await venue.as_party("office-shanghai")
    back = await office.send(f"{DRAFT}/withdraw", once=await once(office, DRAFT))
    assert back.location == DRAFT
    assert "office-shanghai has withdrawn it" in (await office.get(DRAFT)).page.text


async def test_a_draft_that_was_not_signed_in_time_says_what_to_do(venue: Venue) -> None:
    await venue.exchange.as_venue("later", Tick(seed.at("2027-01-01 01:00")))
    office = await venue.as_party("office-qingyang")
    page = (await office.get(DRAFT)).page
    assert "propose a version that begins later" in page.text
    assert "Sign this version" not in page.text
    assert "Nothing waits for your signature." in (await office.get("/region")).page.text


async def test_the_clerk_sees_all_and_a_region_its_own(calm: Venue) -> None:
    clerk, office = await calm.as_party("clerk-1"), await calm.as_party("office-guiyang")
    assert {"/agreements/pair-1/1", "/agreements/pair-3/2"} <= set(
        (await clerk.get("/agreements")).page.links()
    )
    links = (await office.get("/agreements")).page.links()
    assert "/agreements/pair-3/2" in links
    assert "/agreements/pair-1/1" not in links
    assert (await office.get("/agreements/pair-1/1")).status == 404
    assert (
        await office.send("/agreements/pair-1/2/sign", once=await once(office, "/agreements/new"))
    ).status == 404
    declined = (await office.get("/agreements/pair-3/2")).page.text
    assert "The shares of tax stay as they are." in declined


# A quarter


@pytest.fixture
async def closed(venue: Venue) -> Venue:
    """The same when the year is over and closed."""
    await venue.exchange.as_venue("next year", Tick(seed.at("2027-01-10 00:00")))
    for month in ("2026-11", "2026-12"):
        await venue.exchange.closing(PartyId("clerk-1")).close(month)
    return venue


async def confirm(office: Browser, **changed: str) -> str:
    """Send the form of a confirmation as it is shown but for some fields, and give the page that follows."""
    values = (await office.get(QUARTER)).page.values()
    fields: dict[str, str | list[str]] = {
        name: list(value)
        for name, value in values.items()
        if name.partition("-")[0] in {"revenue", "tax", "gdp"}
    }
    sent = await office.send(f"{QUARTER}/confirm", **{**fields, **changed}, once=values["once"][0])
    return (await office.get(sent.location)).page.text if sent.status == 303 else sent.page.text


async def test_a_quarter_is_agreed_when_both_regions_have_confirmed_the_same(closed: Venue) -> None:
    shanghai, qingyang = [await closed.as_party(f"office-{name}") for name in ("shanghai", "qingyang")]
    assert "It waits for the others" in await confirm(shanghai)
    assert "Shanghai Has confirmed as computed" in (await qingyang.get(QUARTER)).page.text
    other = await confirm(qingyang, **{"tax-310000": "7.00"})
    assert "Qingyang Has confirmed other figures than computed" in other
    assert "Write an amount in yuan" in await confirm(qingyang, **{"tax-310000": "a lot"})
    values = (await qingyang.get(QUARTER)).page.values()
    await qingyang.send(f"{QUARTER}/dispute", once=values["once"][1], reason="run-2 has a lease too much")
    assert "Disputes it run-2 has a lease too much" in (await shanghai.get(QUARTER)).page.text
    agreed = await confirm(qingyang)
    assert "What the regions say 确认 Agreed" in agreed
    assert "Confirm these figures" not in (await shanghai.get(QUARTER)).page.text
    assert (
        "quarter_agreed"
        in (await shanghai.send(f"{QUARTER}/dispute", once=values["once"][0], reason="late")).html
    )


async def test_documents_stand_beside_what_was_computed_and_agreed(closed: Venue) -> None:
    clerk, office = await closed.as_party("clerk-1"), await closed.as_party("office-shanghai")
    body = {"of_region": "310000", "kind": "tax", "amount_fen": "-5", "reference": "letter 17"}
    refused = await office.send(f"{QUARTER}/recognise", **body, once=await once(office, QUARTER))
    assert "amount_out_of_range" in refused.html
    for by, amount, reference in ((office, "100.50", "letter 17"), (clerk, "-0.50", "letter 18")):
        sent = await by.send(
            f"{QUARTER}/recognise",
            **{**body, "amount_fen": amount, "reference": reference},
            once=await once(by, QUARTER),
        )
        assert sent.location == f"{QUARTER}?recognised=1", sent.html
    page = (await office.get(QUARTER)).page.text
    assert "letter 18" in page
    assert "¥100.00" in page
    file = (await office.client.get(f"{QUARTER}/export")).content.decode("utf-8-sig")
    (row,) = [
        one
        for one in csv.DictReader(io.StringIO(file))
        if (one["Figure 指标"], one["Region 地区"]) == ("Retained tax 税收", "上海市")
    ]
    assert (row["Agreed, yuan 确认"], row["Recognised, yuan 认定"], row["Region says 地区意见"]) == (
        "",
        "100.00",
        "",
    )


async def test_before_its_months_are_closed_a_quarter_takes_no_answer(calm: Venue) -> None:
    office = await calm.as_party("office-shanghai")
    page = (await office.get(QUARTER)).page
    assert "Once all are, each region confirms or disputes them here." in page.text
    assert "Confirm these figures" not in page.text
    sent = await office.send(f"{QUARTER}/dispute", once=await once(office, "/agreements/new"), reason="early")
    assert "quarter_not_closed" in sent.html


async def test_the_digest_of_a_page_is_that_of_its_terms(calm: Venue) -> None:
    found = await version_of(calm.exchange.readers, "pair-1", 2)
    assert found is not None
    assert found.digest == digest_of(found.agreement)
    assert found.digest in (await (await calm.as_party("office-qingyang")).get(DRAFT)).html
