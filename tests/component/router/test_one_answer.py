"""``GET /v1/competence`` and `amtsweg resolve --json` give one object: the routed event's, with words beside its codes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from amtsweg.resolve import resolve as command
from services.router.adapters.http.competence import add_competence
from services.router.domain.cases.decision_words import decision_document
from shared.events.competence import CompetenceDecision, Place
from shared.events.submission import SubmissionParked, SubmissionRouted
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.rate_limit import Rates
from tests.support.directories import BUILDING, GUARD_EXAM, TRADE
from tests.support.events import RECEIPT, RECEIVED_AT
from tests.support.routing import RouterInMemory, hessen, resolve, submission

pytestmark = pytest.mark.slow

DAY = RECEIVED_AT.date()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(title="router", version="1", health=Health(), telemetry=Telemetry(), body_limit=1024)
    add_competence(
        app,
        decide=lambda inquiry: resolve(inquiry, directory=hessen()),
        today=lambda: DAY,
        rates=Rates(1000, per_address=1000, seconds=lambda: 0.0),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://router") as client:
        yield client


def by_command(asked: dict[str, str]) -> dict[str, Any]:
    app = typer.Typer()
    app.command()(command)
    options = [word for name, value in asked.items() for word in (f"--{name}", value)]
    told: dict[str, Any] = json.loads(CliRunner().invoke(app, [*options, "--offline", "--json"]).stdout)
    return told


def by_event(folder: Path, asked: dict[str, str]) -> CompetenceDecision | None:
    place = {name: value for name, value in asked.items() if name in {"ars", "ags", "plz", "town"}}
    received = submission(
        place=Place(**place), receipt=RECEIPT.model_copy(update={"service": asked["service"]})
    )
    told = RouterInMemory(folder).take(received)
    (decided,) = [e.data for e in told if isinstance(e.data, SubmissionRouted | SubmissionParked)]
    return decided.decision


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        pytest.param({"service": TRADE, "plz": "35390", "town": "Gießen"}, "routed", id="a municipality"),
        pytest.param({"service": BUILDING, "ags": "06534014"}, "routed", id="a city with special status"),
        pytest.param({"service": TRADE, "plz": "35796"}, "parked", id="a place that is not exact enough"),
        pytest.param({"service": TRADE, "ars": "09"}, "parked", id="another Land"),
        pytest.param({"service": GUARD_EXAM, "ags": "06531005"}, "parked", id="a choice that is missing"),
    ],
)
async def test_three_doors_give_one_answer(
    http: httpx.AsyncClient, tmp_path: Path, asked: dict[str, str], outcome: str
) -> None:
    over_http = (await http.get("/v1/competence", params=asked | {"on": str(DAY)})).json()

    assert over_http["outcome"] == outcome
    assert over_http == by_command(asked | {"on": str(DAY)})
    decided = by_event(tmp_path, asked)
    assert decided is not None
    assert over_http == decision_document(decided, "de").model_dump(mode="json", by_alias=True)
