"""Every route of the console says which right it takes: each route is asked by each role, and by nobody."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.router.adapters.http.console import PAGE
from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.settings import SignIn
from shared.web.sign_in import SignedInPerson
from tests.support.console import STAFF, ConsoleGround, console_app
from tests.support.operations import flat_routes
from tests.support.routing import RouterInMemory

pytestmark = pytest.mark.slow

GIESSEN = "g-06531005"
URL = "https://desk.example"
NEEDED = {
    "GET /console/overview": "look",
    "GET /console/cases/{reference:path}": "look",
    "GET /console/histories/{case}": "look",
    "GET /console/refusals": "look",
    "GET /console/processes": "look",
    "GET /console/authorities": "look",
    "GET /console/letters": "operation",
    "POST /console/letters/replay": "operation",
    "POST /console/letters/close": "operation",
    "POST /console/groups/{group}/go-on": "operation",
    "POST /console/authorities/{authority}/suspend": "operation",
    "POST /console/authorities/{authority}/resume": "operation",
    "GET /console/proposals": "directory",
    "GET /console/proposals/{proposal}": "directory",
    "GET /console/map": "desk",
    "GET /console/parked/{reference}/territories": "desk",
    "GET /console/v1/parked": "desk",
    "GET /console/v1/parked/{reference:path}": "desk",
    "POST /console/v1/parked/{reference:path}/retry": "desk",
    "POST /console/v1/parked/{reference:path}/redelivery": "desk",
    "POST /console/v1/parked/{reference:path}/assignment": "desk",
    "GET /console/session": "",
    "POST /console/sign-out": "",
}
"""What each route takes; nothing means that being registered here suffices."""

OPEN = {"/console/", "/console/files/{name}", "/console/sign-in", "/console/signed-in"}


@pytest.fixture
async def ground(tmp_path: Path) -> ConsoleGround:
    found = ConsoleGround(RouterInMemory(tmp_path))
    await found.park("antrag-1")
    return found


@pytest.fixture
def app(ground: ConsoleGround) -> FastAPI:
    return console_app(ground, SignIn(issuer="https://issuer.example", client_id="desk", public_url=URL))


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        yield client


def as_person(app: FastAPI, person: str) -> dict[str, str]:
    """The headers of a browser in which this person has signed in."""
    token = app.state.sessions.begin(SignedInPerson(id=person, name="Erika Mustermann"))
    csrf = app.state.sessions.find(token).csrf
    return {"Cookie": f"__Host-amtsweg-desk-session={token}", "Amtsweg-Csrf": csrf}


def routes(app: FastAPI) -> set[str]:
    return {
        f"{method} {path}"
        for path, item in served(app).items()
        for method in item
        if path.startswith(f"{PAGE}/") and path not in OPEN
    }


def served(app: FastAPI) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for route in flat_routes(app.router.routes):
        found.setdefault(route.path, set()).update((route.methods or set()) - {"HEAD", "OPTIONS"})
    return found


def test_every_route_of_the_console_is_in_the_table(app: FastAPI) -> None:
    assert routes(app) == NEEDED.keys()


@pytest.mark.parametrize("person", [*STAFF, "niemand-1", ""])
async def test_a_route_opens_to_its_right_and_to_no_other(
    person: str, app: FastAPI, http: httpx.AsyncClient
) -> None:
    scopes = set(STAFF[person][1].split()) | {"look", ""} if person in STAFF else set()
    for route, needed in NEEDED.items():
        method, path = route.split()
        headers = as_person(app, person) if person else {}
        answer = await http.request(method, re.sub(r"\{\w+\}", "x", path), headers=headers)
        if not person:
            assert answer.status_code == 401, route
        elif needed in scopes:
            assert answer.status_code not in {401, 403}, route
        else:
            assert answer.status_code == 403, route


async def test_an_operator_suspends_an_authority_and_lets_it_in_again(
    app: FastAPI, http: httpx.AsyncClient, ground: ConsoleGround
) -> None:
    headers = as_person(app, "betrieb-1")
    unknown = await http.post("/console/authorities/g-99999999/suspend", headers=headers)
    early = await http.post(f"/console/authorities/{GIESSEN}/resume", headers=headers)
    suspended = await http.post(f"/console/authorities/{GIESSEN}/suspend", headers=headers)
    shown = await http.get("/console/overview", headers=headers)
    resumed = await http.post(f"/console/authorities/{GIESSEN}/resume", headers=headers)

    assert (unknown.status_code, early.status_code) == (404, 404)
    assert (suspended.json()["outcome"], resumed.json()["outcome"]) == ("suspended", "resumed")
    assert [each["authority"] for each in shown.json()["suspended"]] == [GIESSEN]
    assert ground.access == [
        SuspendOrdered(authority=GIESSEN, principal="betrieb-1"),
        ResumeOrdered(authority=GIESSEN, principal="betrieb-1"),
    ]


async def test_an_assignment_becomes_a_proposal_that_shows_lines_and_cases(
    app: FastAPI, http: httpx.AsyncClient, ground: ConsoleGround
) -> None:
    waiting = await ground.park("antrag-2")
    case = next(iter(UUID(case) for case in ground.router.state.kept if UUID(case) != waiting.case_id))
    assigned = await http.post(
        f"/console/v1/parked/{case}/assignment",
        json={"authority": GIESSEN, "reason": "Betriebsstätte liegt in Gießen"},
        headers={**as_person(app, "klaerung-1"), "Idempotency-Key": "7c1d2c0e-7a7e-4c7e-8d3c-1c8f3f6f2a11"},
    )
    assert assigned.status_code == 200, assigned.text
    headers = as_person(app, "verzeichnis-1")
    (proposal,) = (await http.get("/console/proposals", headers=headers)).json()["proposals"]
    preview = (await http.get(f"/console/proposals/{proposal['id']}", headers=headers)).json()

    assert (proposal["authority"], proposal["times"], proposal["reason"]) == (GIESSEN, 1, "outside-territory")
    assert [table["table"] for table in preview["change"]] == ["postcodes"]
    assert "99999" in preview["change"][0]["lines"][0]
    assert [each["case"] for each in preview["assigned"]] == [str(case)]
    assert [each["case"] for each in preview["waiting"]] == [str(waiting.case_id)]
    assert (await http.get("/console/proposals/00000000", headers=headers)).status_code == 404
