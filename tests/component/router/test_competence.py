from collections.abc import AsyncIterator
from datetime import date

import pytest
from httpx import ASGITransport, AsyncClient

from services.router.adapters.http.competence import add_competence
from services.router.domain.cases.decision_words import why_in_words
from services.router.domain.cases.desk import reason_in_words
from shared.events.competence import CompetenceDecision, Inquiry, Place, Reason, Why
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.rate_limit import Rates
from tests.support.events import GIESSEN, TRADE_REGISTRATION
from tests.support.routing import hessen, resolve

TODAY = date(2026, 1, 12)
GIESSEN_BY_KEY = {"service": TRADE_REGISTRATION, "ags": "06531005"}


def decide(inquiry: Inquiry) -> CompetenceDecision:
    return resolve(inquiry, directory=hessen())


def client(per_minute: int = 1000, per_address: int = 1000, address: str = "127.0.0.1") -> AsyncClient:
    app = create_app(title="router", version="1", health=Health(), telemetry=Telemetry(), body_limit=1024)
    rates = Rates(per_minute, per_address=per_address, seconds=lambda: 0.0)
    add_competence(app, decide=decide, today=lambda: TODAY, rates=rates)
    return AsyncClient(transport=ASGITransport(app, client=(address, 1)), base_url="http://router")


@pytest.fixture
async def http() -> AsyncIterator[AsyncClient]:
    async with client() as connected:
        yield connected


async def test_the_answer_is_the_decision_of_the_routed_event(http: AsyncClient) -> None:
    answer = await http.get("/v1/competence", params=GIESSEN_BY_KEY)

    asked = Inquiry(service=TRADE_REGISTRATION, place=Place(ags="06531005"), on=TODAY)
    assert answer.status_code == 200
    decided = decide(asked).model_dump(mode="json", by_alias=True)
    assert answer.json() == decided | {"reasonText": None}
    assert answer.json()["authority"] == GIESSEN


async def test_codes_have_words_beside_them_in_the_language_of_the_request(http: AsyncClient) -> None:
    asked = {"service": TRADE_REGISTRATION, "plz": "35796"}
    german = (await http.get("/v1/competence", params=asked)).json()
    english = (await http.get("/v1/competence", params=asked, headers={"Accept-Language": "en"})).json()

    assert {german["reason"], english["reason"]} == {"ambiguous-place"}
    assert (german["reasonText"], english["reasonText"]) == ("Ort nicht eindeutig", "place not unique")
    for told, words in (
        (german, "zuständig, falls dieser Ort gemeint ist"),
        (english, "competent if this place is meant"),
    ):
        assert {(each["why"], each["whyText"]) for each in told["candidates"]} == {("possible-place", words)}


def test_every_reason_and_every_why_has_words_in_both_languages() -> None:
    for language in ("de", "en"):
        assert all(reason_in_words(reason, language) != reason for reason in Reason)
        assert all(why_in_words(why, language) not in {"", why} for why in Why)


async def test_an_undecided_place_is_an_answer_too(http: AsyncClient) -> None:
    answer = await http.get("/v1/competence", params={"service": TRADE_REGISTRATION, "plz": "99999"})

    assert (answer.status_code, answer.json()["outcome"]) == (200, "parked")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ags": "0653100"}, "ags"),
        ({"on": "2026-02-30"}, "on"),
        ({"plz": "35390"}, "plz"),
        ({"service": "1"}, "service"),
    ],
)
async def test_a_parameter_that_cannot_be_read_is_named(
    http: AsyncClient, wrong: dict[str, str], field: str
) -> None:
    answer = await http.get("/v1/competence", params=GIESSEN_BY_KEY | wrong)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["resolution"] == f"Den Parameter {field} berichtigen."


@pytest.mark.parametrize(
    ("params", "at"), [(GIESSEN_BY_KEY | {"plzz": "35390"}, "query/plzz"), ({}, "query/service")]
)
async def test_a_parameter_that_is_misspelt_or_missing_is_named(
    http: AsyncClient, params: dict[str, str], at: str
) -> None:
    answer = await http.get("/v1/competence", params=params)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["at"] for error in answer.json()["errors"]] == [at]


async def test_the_description_is_openapi_3_1_and_names_every_parameter(http: AsyncClient) -> None:
    description = (await http.get("/openapi.json")).json()

    operation = description["paths"]["/v1/competence"]["get"]
    assert description["openapi"].startswith("3.1")
    assert operation["security"] == []
    assert {p["name"] for p in operation["parameters"]} >= {
        "service",
        "ars",
        "ags",
        "plz",
        "town",
        "on",
        "choice",
    }


async def test_too_many_inquiries_get_retry_after() -> None:
    async with client(per_minute=60) as http:
        answers = [await http.get("/v1/competence", params=GIESSEN_BY_KEY) for _ in range(61)]

    assert [a.status_code for a in answers] == [200] * 60 + [429]
    assert answers[-1].headers["retry-after"] == "1"


async def test_invalid_inquiries_count_like_valid_ones_and_get_few_faults() -> None:
    faults = {f"parameter-{n}": "x" for n in range(200)}
    async with client(per_address=2) as http:
        answers = [await http.get("/v1/competence", params=faults) for _ in range(3)]

    assert [a.status_code for a in answers] == [422, 422, 429]
    assert len(answers[0].json()["errors"]) == 20
    assert len(answers[0].content) < 5000
