"""`amtsweg authority check` with real clients: the sample authority passes everything, half a client is told what is missing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
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
from shared.events.case import CaseDecided
from shared.events.competence import Inquiry, Place
from shared.events.envelope import Message, encode
from shared.events.ids import child_id
from shared.events.submission import SubmissionDelivered
from shared.events.topics import AUTHORITY_INBOX, CASE_UPDATED, SUBMISSION_HELD
from tests.integration.router.conftest import Ground, url
from tests.integration.router.sample_clients import NODE, description, sample_node, sample_python
from tests.support.events import RECEIPT
from tests.support.routing import about

AHNATAL, FULDATAL, IMMENHAUSEN = "g-06633001", "g-06633009", "g-06633014"


def inquiry(authority: str) -> Inquiry:
    return Inquiry(
        service="99050012104000", place=Place(ags=authority.removeprefix("g-")), on=date(2026, 1, 12)
    )


@pytest.fixture
def way(ground: Ground, intake: ServiceProcess) -> CheckWay:
    return CheckWay(url(intake), SandboxFiles.of(ground.made.keys), ground.admin)


@pytest.fixture(scope="module")
def ahnatal(
    ground: Ground, intake: ServiceProcess, doors: ServiceProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Served by the sample in Python, over Kafka; yields its folder."""
    folder = tmp_path_factory.mktemp("ahnatal")
    access = description(ground, [AHNATAL], intake=intake, doors=doors, folder=folder)
    with sample_python(access, folder):
        yield folder / AHNATAL


@pytest.mark.long
async def test_the_sample_in_python_passes_every_step(way: CheckWay, ahnatal: Path) -> None:
    outcome = await check(AHNATAL, inquiry(AHNATAL), way=way, patience=90)

    assert outcome.missing == []
    assert not outcome.withdrawn


@pytest.mark.long
async def test_the_sample_in_python_files_confirms_and_decides(ground: Ground, ahnatal: Path) -> None:
    received = ground.submission(content=b'{"betrieb":"Laden"}', place=Place(ags="06633001"))

    await ground.receive(received)

    decided = await ground.until(CASE_UPDATED.name, received.case_id, CaseDecided)
    assert isinstance(decided.data, CaseDecided)
    assert (decided.data.authority, decided.data.outcome) == (AHNATAL, "granted")
    filed = json.loads((ahnatal / f"{received.submission_id}.json").read_text())
    assert filed["content"] == {"betrieb": "Laden"}
    key = str(received.submission_id).encode()
    held = [each for each in await ground.records(SUBMISSION_HELD.name) if each.key == key]
    assert [record.value is None for record in held] == [False, True]


@pytest.mark.skipif(NODE is None, reason="this machine has no Node")
async def test_the_sample_in_node_lays_aside_what_it_cannot_open_and_passes_every_step(
    ground: Ground, way: CheckWay, intake: ServiceProcess, doors: ServiceProcess, tmp_path: Path
) -> None:
    await ground.send(_for_another_key(ground))
    access = description(ground, [FULDATAL], intake=intake, doors=doors, folder=tmp_path)
    with sample_node(access, FULDATAL, tmp_path):
        outcome = await check(FULDATAL, inquiry(FULDATAL), way=way, patience=90)

    assert outcome.missing == []
    (aside,) = (tmp_path / FULDATAL / "beiseite").glob("*.json")
    assert "none of our keys" in json.loads(aside.read_text())["problem"]


def _for_another_key(ground: Ground) -> Message:
    sent = ground.submission()
    delivered = SubmissionDelivered(receipt=RECEIPT, authority=FULDATAL, content=sent.data.content)
    event = about(sent.submission_id, delivered, event_id=child_id(sent.id, "delivered"))
    return encode(event, AUTHORITY_INBOX.for_authority(FULDATAL))


async def test_a_client_that_does_only_half_is_told_what_is_missing(
    ground: Ground, way: CheckWay, intake: ServiceProcess, doors: ServiceProcess
) -> None:
    async with half_a_client(ground, IMMENHAUSEN, intake=intake, doors=doors):
        outcome = await check(IMMENHAUSEN, inquiry(IMMENHAUSEN), way=way, patience=90)

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
