"""The console's look at other processes: real applications, reached without a network."""

import httpx
from fastapi import FastAPI

from services.router.adapters.processes import WatchedProcesses
from services.router.domain.cases.process import Backlog
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.telemetry.part_words import ONE_COPY
from shared.web.app import create_app


def process(health: Health, telemetry: Telemetry) -> FastAPI:
    return create_app(title="router", version="1", health=health, telemetry=telemetry, body_limit=4096)


def watching(app: FastAPI, *, one_machine: bool = False) -> WatchedProcesses:
    return WatchedProcesses(
        httpx.AsyncClient(transport=httpx.ASGITransport(app)),
        urls={"router": "http://router/"},
        one_machine=one_machine,
    )


async def test_health_and_lag_are_those_that_the_process_tells() -> None:
    health, telemetry = Health(), Telemetry()
    health.part("http").set("ready")
    health.part("router").set("unready", reason="20 dead letters in a row")
    telemetry.set("lag_records", 7, group="router", topic="submission.received.v1")
    telemetry.set("lag_records", 0, group="router", topic="case.ordered.v1")
    (told,) = await watching(process(health, telemetry)).now()
    assert told.standing == "unready"
    assert [(part.name, part.reason) for part in told.ailing] == [("router", "20 dead letters in a row")]
    assert told.backlogs == [Backlog(group="router", topic="submission.received.v1", records=7)]


async def test_a_process_is_as_well_as_its_worst_part() -> None:
    health = Health()
    health.part("one").set("degraded", reason="limits")
    health.part("other").set("ready")
    (told,) = await watching(process(health, Telemetry())).now()
    assert told.standing == "degraded"
    health.part("third").set("failed")
    (told,) = await watching(process(health, Telemetry())).now()
    assert told.standing == "failed"


async def test_one_copy_on_one_machine_is_as_it_should_be_and_elsewhere_is_told() -> None:
    health = Health()
    health.part("copies").set("degraded", reason=f"{ONE_COPY}of case.updated.v1")
    app = process(health, Telemetry())
    (told,) = await watching(app).now()
    assert [part.name for part in told.ailing] == ["copies"]
    (told,) = await watching(app, one_machine=True).now()
    assert (told.standing, told.ailing) == ("ready", [])


def _refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens", request=request)


async def test_what_does_not_answer_as_ours_is_unreachable() -> None:
    app = FastAPI()

    @app.get("/health/ready")
    async def other() -> list[str]:
        return ["something else"]

    for silent in (app, FastAPI()):
        (told,) = await watching(silent).now()
        assert told.standing == "unreachable"
    async with httpx.AsyncClient(transport=httpx.MockTransport(_refused)) as nowhere:
        (told,) = await WatchedProcesses(nowhere, urls={"router": "http://router"}).now()
    assert told.standing == "unreachable"


async def test_many_who_look_ask_once() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={}) if "health" in request.url.path else httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        watched = WatchedProcesses(http, urls={"router": "http://router"})
        for _ in range(5):
            await watched.now()
    assert asked == ["/health/ready", "/metrics"]
