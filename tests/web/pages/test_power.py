"""Power and carbon at pages: a seller declares, a region reads what was drawn, a statement says it by line."""

import pytest

from exchange.names import PartyId
from exchange.persistence.queries.power import certificates, emitted_in, pues
from tests.web.pages.conftest import Venue

pytestmark = pytest.mark.anyio

SELLER, QINGYANG = PartyId("seller-1"), "621000"
ONCE, AGAIN = f"page-{'7' * 32}", f"page-{'8' * 32}"
CERTIFICATE = {"region": QINGYANG, "period": "2026-11", "kwh": "1,000", "reference": "GEC-2026-11-0001"}
PUE = {"pue_region": QINGYANG, "pue_period": "2026-12", "pue": "1.155", "pue_reference": "audit 8"}


async def test_a_seller_declares_at_its_console(venue: Venue) -> None:
    browser, readers = await venue.as_party(SELLER), venue.exchange.readers
    assert "/console/power" in (await browser.get("/console")).page.links()
    sent = await browser.send("/console/power/certificates", once=ONCE, **CERTIFICATE)
    assert (sent.status, sent.location) == (303, "/console/power?certificates=1")
    found = {one.reference: (one.kwh, one.used_wh) for one in await certificates(readers, SELLER)}
    assert found == {
        "GEC-2026-11-0001": (1000, 0),
        "GEC-2026-10-0002": (200, 200_000),
        "GEC-2026-10-0001": (300, 300_000),
    }
    sent = await browser.send("/console/power/pue", once=AGAIN, **PUE)
    assert (sent.status, sent.location) == (303, "/console/power?pue=1")
    assert [(one.period, one.pue_milli) for one in await pues(readers, SELLER)] == [
        ("2026-12", 1155),
        ("2026-10", 1180),
    ]
    text = (await browser.get(sent.location)).page.text
    assert "The PUE is declared" in text
    assert "1.155" in text


@pytest.mark.parametrize(
    ("form", "fields", "told"),
    [
        ("pue", PUE | {"pue": "1.1555"}, "at most three decimals"),
        ("pue", PUE | {"pue": "0.9"}, "At least 1."),
        ("pue", PUE | {"pue_reference": ""}, "Fill in"),
        ("certificates", CERTIFICATE | {"kwh": "0"}, "At least 1"),
        ("certificates", CERTIFICATE | {"region": "nowhere"}, "Choose one of the options"),
        ("certificates", CERTIFICATE | {"period": "2026-10"}, "declared_too_late"),
        ("certificates", CERTIFICATE | {"reference": "GEC-2026-10-0001"}, "declared_already"),
    ],
)
async def test_what_can_not_be_declared_is_told(
    venue: Venue, form: str, fields: dict[str, str], told: str
) -> None:
    browser = await venue.as_party(SELLER)
    visit = await browser.send(f"/console/power/{form}", once=ONCE, **fields)
    assert visit.status == 422
    assert told in visit.page.text
    assert len(await certificates(venue.exchange.readers, SELLER)) == 2


async def test_a_region_reads_what_its_facilities_drew(calm: Venue) -> None:
    (october,) = await emitted_in(calm.exchange.readers, QINGYANG)
    text = (await (await calm.as_party("office-qingyang")).get("/region")).page.text
    assert october.emitted.certified_wh == 500_000
    assert (
        f"{october.emitted.facility_wh // 1000:,}.{october.emitted.facility_wh % 1000:03}".rstrip("0") in text
    )
    assert "not a report of emissions" in text


async def test_a_statement_says_what_its_lines_drew(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    links = [link for link in (await browser.get("/statements")).page.links() if "/run-1/lse-" in link]
    told = [(await browser.get(link)).page.text for link in dict.fromkeys(links)]
    for words in ("Power and carbon", "version 2026-11", "CO₂ after certificates", "1.18"):
        assert all(words in text for text in told), words
    for certificate in ("GEC-2026-10-0001", "GEC-2026-10-0002"):
        assert any(certificate in text for text in told), certificate
