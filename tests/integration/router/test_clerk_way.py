"""The clerk's page as it is deployed: doors, router and issuer as processes, real Kafka, a person who signs in."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from amtsweg.stack.service import ServiceProcess
from shared.events.clock import PeriodEnding
from shared.events.envelope import Event, encode
from shared.events.ids import child_id
from shared.events.payload import Sealed
from shared.events.submission import SubmissionReceived
from shared.events.topics import CASE_CLOCK
from tests.integration.router.conftest import Ground
from tests.integration.router.pages_at_work import serving_page, signed_in
from tests.support.events import GIESSEN
from tests.support.routing import about


@pytest.fixture(scope="module")
def pages(ground: Ground, router: ServiceProcess, intake: ServiceProcess) -> Iterator[str]:
    """The address of doors that know an issuer."""
    with serving_page(ground, "doors") as address:
        yield address


@pytest.fixture
async def clerk(pages: str) -> AsyncIterator[httpx.AsyncClient]:
    """Erika Mustermann of Gießen, signed in."""
    async with signed_in(pages, "doors", "sachbearbeitung-1") as browser:
        yield browser


async def _listed(clerk: httpx.AsyncClient, case: UUID, *, standing: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            cases = (await clerk.get("/clerk/cases")).raise_for_status().json()["cases"]
            for each in cases:
                if (each["case"], each["standing"]) == (str(case), standing):
                    return dict(each)
            await asyncio.sleep(0.1)


async def test_a_case_is_listed_shown_sealed_and_accepted(ground: Ground, clerk: httpx.AsyncClient) -> None:
    sent = ground.submission()
    await ground.receive(sent)
    line = await _listed(clerk, sent.case_id, standing="routed")
    assert (line["authority"], line["receiptNumber"]) == (GIESSEN, sent.data.receipt.receipt_number)
    assert line["serviceName"]
    event = (await clerk.get(f"/clerk/cases/{sent.case_id}")).raise_for_status().json()["event"]
    content = Sealed.model_validate(event["content"])
    opened = ground.opened(content, authority=GIESSEN, submission_id=sent.submission_id)
    assert opened == b'{"betrieb":"Laden"}'
    await _listed(clerk, sent.case_id, standing="fetched")  # somebody has it before them
    await _is_told_what_is_due(ground, clerk, sent)
    given = datetime.now(UTC).isoformat(timespec="seconds")
    answer = {"id": "page/1", "caseId": str(sent.case_id), "kind": "accepted", "givenAt": given}
    taken = await clerk.post("/clerk/v1/answers", json=answer)
    assert taken.status_code == 202, taken.text
    await _listed(clerk, sent.case_id, standing="accepted")


async def _is_told_what_is_due(
    ground: Ground, clerk: httpx.AsyncClient, sent: Event[SubmissionReceived]
) -> None:
    day = date(2026, 4, 9)
    ending = PeriodEnding(
        receipt=sent.data.receipt,
        authority=GIESSEN,
        days_left=3,
        last_safe_dispatch=day,
        earliest_reading=day,
        period_ends=day,
    )
    event = about(sent.submission_id, ending, event_id=child_id(sent.id, "ending"))
    await ground.send(encode(replace(event, time=datetime.now(UTC)), CASE_CLOCK.name))
    async with asyncio.timeout(60):
        while (await _listed(clerk, sent.case_id, standing="fetched")).get("dueOn") != "2026-04-09":  # noqa: ASYNC110 - over HTTP there is nothing else
            await asyncio.sleep(0.1)


async def test_a_session_opens_no_door_of_tokens_and_a_token_no_page(
    clerk: httpx.AsyncClient, pages: str
) -> None:
    assert (await clerk.get("/v1/inbox")).status_code == 401
    async with httpx.AsyncClient(base_url=pages) as nobody:
        assert (await nobody.get("/clerk/cases")).status_code == 401
        assert (await nobody.get("/clerk/")).status_code == 200
