"""`amtsweg authority check` with real clients: the sample authority passes everything, half a client is told what is missing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from amtsweg.conformance.run import CheckWay, check
from amtsweg.conformance.steps import STEPS
from amtsweg.stack.provision.sandbox import SandboxFiles
from amtsweg.stack.service import ServiceProcess
from shared.events.competence import Inquiry, Place
from tests.integration.router.conftest import Ground, url
from tests.integration.router.sample_clients import description, sample_python

WETZLAR, LIMBURG = "g-06532023", "g-06533009"


def inquiry(authority: str) -> Inquiry:
    return Inquiry(
        service="99050012104000", place=Place(ags=authority.removeprefix("g-")), on=date(2026, 1, 12)
    )


@pytest.fixture
def way(ground: Ground, intake: ServiceProcess) -> CheckWay:
    return CheckWay(url(intake), SandboxFiles.of(ground.made.keys), ground.admin)


@pytest.mark.usefixtures("doors")
async def test_the_sample_authority_passes_every_step(
    ground: Ground, way: CheckWay, intake: ServiceProcess, doors: ServiceProcess, tmp_path: Path
) -> None:
    access = description(ground, [WETZLAR], intake=intake, doors=doors, folder=tmp_path)
    async with sample_python(access, tmp_path / "eingang"):
        outcome = await check(WETZLAR, inquiry(WETZLAR), way=way, patience=90)

    assert outcome.missing == []
    assert not outcome.withdrawn


async def test_a_client_that_does_only_half_is_told_what_is_missing(
    ground: Ground, way: CheckWay, intake: ServiceProcess, doors: ServiceProcess
) -> None:
    async with half_a_client(ground, LIMBURG, intake=intake, doors=doors):
        outcome = await check(LIMBURG, inquiry(LIMBURG), way=way, patience=90)

    assert set(outcome.after) == {"delivered", "accepted", "decided", "confirmed"}
    assert outcome.missing == [step.name for step in STEPS if step.name not in outcome.after]


@asynccontextmanager
async def half_a_client(
    ground: Ground, authority: str, *, intake: ServiceProcess, doors: ServiceProcess
) -> AsyncIterator[None]:
    """It decides whatever comes, unread, and confirms it."""
    form = {"grant_type": "client_credentials"}
    async with httpx.AsyncClient(timeout=60) as http:
        login = (authority, ground.made.authority_secrets[authority])
        asked = await http.post(f"{url(intake)}/token", data=form, auth=login)
        http.headers["Authorization"] = f"Bearer {asked.raise_for_status().json()['access_token']}"
        http.base_url = httpx.URL(url(doors))
        serving = asyncio.create_task(_decide_unread(http))
        try:
            yield
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving


async def _decide_unread(http: httpx.AsyncClient) -> None:
    while True:
        page = (await http.get("/v1/inbox", params={"wait": 10})).raise_for_status().json()
        for record in page["records"]:
            case, given = record["headers"]["ce_caseid"], datetime.now(UTC).isoformat(timespec="seconds")
            for kind, more in (("accepted", {}), ("decided", {"outcome": "granted"})):
                body: dict[str, Any] = {
                    "id": f"{case}:{kind}",
                    "caseId": case,
                    "kind": kind,
                    "givenAt": given,
                }
                await http.post("/v1/answers", json=body | more)
            await http.post("/v1/inbox/confirmation", json={"cursor": record["cursor"]})
