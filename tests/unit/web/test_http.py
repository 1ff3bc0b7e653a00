"""What every service answers over HTTP, without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from shared.errors import Unavailable
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.problems import Problem
from tests.support.alarms import rings


class Body(BaseModel, extra="forbid"):
    name: str = Field(max_length=3)


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def app(health: Health) -> FastAPI:
    app = create_app(title="test", version="1", health=health, telemetry=Telemetry(), body_limit=100)

    @app.post("/things/{thing}")
    async def post(thing: str, body: Body) -> str:
        return body.name

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.get("/fails/{how}")
    async def fails(how: str) -> None:
        if how == "unavailable":
            raise Unavailable("Kafka is away")
        if how == "framework":
            raise HTTPException(400, "There was an error parsing the body")
        if how == "problem":
            raise Problem(409, "reused", title="Reused", detail="used before", resolution="use another")
        raise RuntimeError("name: Erika Mustermann")

    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_an_invalid_request_is_told_where_and_why_but_not_what_it_sent(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/things/1", json={"name": "Mustermann"})
    document = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert document["errors"][0]["at"] == "body/name"
    assert "Mustermann" not in answer.text


async def test_what_was_expected_is_told_in_the_language_of_the_request(client: httpx.AsyncClient) -> None:
    told = {}
    for language in ("de", "en"):
        asked = [
            await client.post("/things/1", json=body, headers={"Accept-Language": language})
            for body in ({"name": "Mustermann"}, {}, {"name": 7})
        ]
        told[language] = [answer.json()["errors"][0]["expected"] for answer in asked]
    assert told == {
        "de": [
            "ein Text von höchstens 3 Zeichen",
            "eine Angabe; sie fehlt",
            "ein Text",
        ],
        "en": ["a text of at most 3 characters", "a value; it is missing", "a text"],
    }


async def test_a_browser_that_opens_an_address_gets_a_page_in_its_language(client: httpx.AsyncClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = await client.get("/nowhere", headers=browser)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Unter dieser Adresse gibt es nichts." in page.text
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    english = await client.get("/nowhere", headers={**browser, "Accept-Language": "en"})
    assert '<html lang="en">' in english.text
    program = await client.get("/nowhere", headers={"Accept": "application/json, text/html;q=0.1"})
    assert program.headers["content-type"] == "application/problem+json"
    assert program.headers["vary"] == "Accept, Accept-Language"


async def test_a_refusal_as_a_page_holds_nothing_of_a_stranger_as_html(client: httpx.AsyncClient) -> None:
    script = "<script>alert(1)</script>"
    page = await client.post("/things/1", json={"name": "a", script: 1}, headers={"Accept": "text/html"})
    assert page.status_code == 422
    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text


async def test_a_failure_shows_no_detail_of_the_code(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fails/somehow")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:amtsweg:problem:internal-error"
    assert "Mustermann" not in answer.text


async def test_what_is_unavailable_may_be_tried_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fails/unavailable")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_a_problem_says_how_to_mend_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fails/problem")
    assert answer.json() == {
        "type": "urn:amtsweg:problem:reused",
        "title": "Reused",
        "status": 409,
        "detail": "used before",
        "resolution": "use another",
        "instance": "/fails/problem",
    }


async def test_an_unknown_address_is_a_problem_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nowhere")
    assert (answer.status_code, answer.json()["instance"]) == (404, "/nowhere")


async def test_an_address_with_a_slash_too_many_leads_nowhere_else(client: httpx.AsyncClient) -> None:
    answer = await client.post("/raw/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/raw", "/things/1"])
async def test_an_announced_body_above_the_limit_is_refused(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, content=b"x" * 101)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:amtsweg:problem:too-large")


@pytest.mark.parametrize("path", ["/raw", "/things/1"])
async def test_an_unannounced_body_above_the_limit_is_refused(client: httpx.AsyncClient, path: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 10

    answer = await client.post(path, content=chunks(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:amtsweg:problem:too-large")


async def test_a_body_of_exactly_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    answer = await client.post("/raw", content=b"x" * 100)
    assert answer.json() == 100


async def test_ready_means_every_part_works(client: httpx.AsyncClient, health: Health) -> None:
    health.part("a").set("ready")
    health.part("b").set("unready", reason="Kafka cannot be reached")
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["b"] == {"standing": "unready", "reason": "Kafka cannot be reached"}
    health.part("b").set("degraded")
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_process_lives_until_a_part_has_failed(client: httpx.AsyncClient, health: Health) -> None:
    health.part("a").set("unready")
    assert (await client.get("/health/live")).status_code == 200
    health.part("a").set("failed")
    assert (await client.get("/health/live")).status_code == 503


async def test_metrics_count_by_route_and_not_by_id(client: httpx.AsyncClient) -> None:
    await client.post("/things/secret-id", json={"name": "abc"})
    text = (await client.get("/metrics")).text
    assert 'amtsweg_http_requests_total{method="POST",route="/things/{thing}",status="200"} 1.0' in text
    assert "secret-id" not in text


def test_routes_open_to_all_say_so_in_the_description(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    assert [paths[p]["get"]["security"] for p in ("/health/live", "/health/ready", "/metrics")] == [[]] * 3


async def test_a_process_that_is_not_ready_rings(client: httpx.AsyncClient, health: Health) -> None:
    """A prober asks `/health/ready`, as Prometheus' own does: anything but 2xx is no success."""

    async def probed() -> bytes:
        answer = await client.get("/health/ready")
        return b'probe_success{job="amtsweg-ready"} %d\n' % answer.is_success

    part = health.part("kafka")
    part.set("ready")
    assert not rings("AmtswegNotReady", await probed())
    part.set("degraded", reason="one of three brokers is away")
    assert not rings("AmtswegNotReady", await probed())
    part.set("unready", reason="Kafka is away")
    assert rings("AmtswegNotReady", await probed())


@pytest.mark.parametrize(("asked", "title"), [("de", "Nicht ausführbar"), ("en", "Cannot be carried out")])
async def test_what_the_framework_refuses_is_said_in_the_language_of_the_request(
    client: httpx.AsyncClient, asked: str, title: str
) -> None:
    answer = await client.get("/fails/framework", headers={"Accept-Language": asked})
    assert (answer.status_code, answer.headers["Content-Language"]) == (400, asked)
    told = answer.json()
    assert (told["type"], told["title"]) == ("urn:amtsweg:problem:bad-request", title)
    assert "error parsing" not in told["detail"]
