"""The clearing desk over HTTP on real parts: from a submission that nobody can route to history and log."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from amtsweg.stack import ports
from amtsweg.stack.people import AUDITOR
from amtsweg.stack.service import ServiceProcess
from amtsweg.stack.services import environments
from amtsweg.stack.setup import SetupSecrets
from services.router.adapters.desk_cases import FollowedCases
from services.router.domain.cases import desk as desks
from services.router.domain.cases.desk import OrderRequest, Person, Waiting
from services.router.ports import DeskCases
from shared.events.competence import Place
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message, encode
from shared.events.submission import (
    SubmissionDelivered,
    SubmissionParked,
    SubmissionReceived,
    SubmissionRouted,
)
from shared.events.topics import AUTHORITY_INBOX, CASE_CUSTODY, CASE_ORDERED, SUBMISSION_ROUTED
from shared.telemetry.health import Health
from tests.contracts.router.desk_cases import DeskCasesContract, Put
from tests.integration.router.conftest import Ground, running, url
from tests.support.events import RECEIVED_AT, TRADE_REGISTRATION

MARBURG = "g-06534014"
INBOX = AUTHORITY_INBOX.for_authority(MARBURG)
NOWHERE = Place(plz="99999")
CLERK = "klaerung-1"

Json = dict[str, Any]


@pytest.mark.usefixtures("router")  # it must have begun before: custody without its own positions stops it
class TestFollowedCases(DeskCasesContract):
    @pytest.fixture
    async def cases(self, ground: Ground) -> AsyncIterator[DeskCases]:
        followed = FollowedCases(ground.admin, condition=Health().part("desk"))
        following = asyncio.ensure_future(followed.run())
        yield followed
        following.cancel()
        await asyncio.wait({following})

    @pytest.fixture
    async def put(self, ground: Ground) -> AsyncIterator[Put]:
        """Afterwards nothing of it is left: custody without the router's own positions would stop the router."""
        written: set[UUID] = set()

        async def put(case: UUID, held: CaseHeld | None) -> None:
            written.add(case)
            value = None if held is None else held.to_json()
            await ground.send(Message(CASE_CUSTODY.name, str(case).encode(), value))

        yield put
        await ground.send(*(Message(CASE_CUSTODY.name, str(case).encode(), None) for case in written))


@pytest.fixture(scope="module")
def services(ground: Ground, intake: ServiceProcess, desk: ServiceProcess) -> Iterator[Mapping[str, str]]:
    """Intake and audit beside router and desk: base URLs by process."""
    port = ports.free_port()
    told = environments(ground.surroundings)["audit"] | {"AMTSWEG_HTTP__PORT": str(port)}
    told.pop("AMTSWEG_POLICY_FILE", None)  # no witnesses here
    audit = ServiceProcess("audit", var=ground.surroundings.var / "audit", environment=told, port=port)
    with running(audit):
        yield {"desk": url(desk), "intake": url(intake), "audit": url(audit)}


async def token(http: httpx.AsyncClient, intake: str, client_id: str, secret: str) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    answer = await http.post(f"{intake}/token", data=form)
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


async def until(ask: Callable[[], Any], holds: Callable[[Json], Any], *, seconds: float = 120) -> Json:
    """The first answer of a GET of which this holds."""
    async with asyncio.timeout(seconds):
        while True:
            answer: httpx.Response = await ask()
            document: Json = answer.json() if answer.status_code == httpx.codes.OK else {}
            if document and holds(document):
                return document
            await asyncio.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What platform, clerk and auditor see of one case."""

    parked: Json
    metrics: str
    assigned: httpx.Response
    history: Json
    timeline: Json


async def through_all_doors(urls: Mapping[str, str], made: SetupSecrets) -> Seen:
    """Hand in what nobody can route, assign it, and ask everywhere what became of it."""
    async with httpx.AsyncClient(timeout=20) as http:
        platform = await token(http, urls["intake"], "landesplattform", made.client_secret)
        clerk = await token(http, urls["intake"], CLERK, made.clerk_secret)
        posted = await http.post(
            f"{urls['intake']}/v1/submissions",
            json={"service": TRADE_REGISTRATION, "place": {"plz": "99999"}, "content": {"betrieb": "Laden"}},
            headers=platform | {"Idempotency-Key": '"desk-1"'},
        )
        receipt = posted.raise_for_status().json()
        case, at_the_desk = receipt["caseId"], f"{urls['desk']}/v1/parked/{receipt['receiptNumber']}"
        parked = await until(lambda: http.get(at_the_desk, headers=clerk), lambda _: True)
        metrics = (await http.get(f"{urls['desk']}/metrics")).text
        assigned = await http.post(
            f"{at_the_desk}/assignment",
            json={"authority": MARBURG, "reason": "Standort geklärt"},
            headers=clerk,
        )
        history = await until(
            lambda: http.get(f"{urls['intake']}/v1/cases/{case}/history", headers=platform),
            lambda told: {"assign-ordered", "routed"} <= {line["code"] for line in told["events"]},
        )
        auditor = {
            "Authorization": f"Bearer {made.tokens[AUDITOR]}",
            "Amtsweg-Purpose": "Stichprobe",
            "Amtsweg-Reference": "RH-2026/17",
        }
        timeline = await until(
            lambda: http.get(f"{urls['audit']}/v1/cases/{case}/timeline", headers=auditor),
            lambda told: "de.amtsweg.SubmissionRouted.v1" in _types(told),
        )
    return Seen(parked, metrics, assigned, history, timeline)


async def test_a_parked_submission_is_assigned_over_http_and_history_and_log_tell_it(
    ground: Ground, services: Mapping[str, str]
) -> None:
    seen = await through_all_doors(services, ground.made)

    assert re.search(r'^amtsweg_oldest_seconds\{kind="parked"\} (?!0\.0$)[0-9]', seen.metrics, re.MULTILINE)
    assert (seen.assigned.status_code, seen.assigned.json()["authority"]) == (200, MARBURG)
    assert seen.assigned.json()["receivedAt"] == seen.parked["receivedAt"]
    (delivered,) = await ground.told(INBOX, [UUID(seen.parked["case"])], partitions=1)
    assert isinstance(delivered.data, SubmissionDelivered)
    assert delivered.data.receipt.receipt_number == seen.parked["receiptNumber"]
    assert delivered.data.receipt.received_at == datetime.fromisoformat(seen.parked["receivedAt"])
    routed_to = [line["authority"] for line in seen.history["events"] if line["code"] == "routed"]
    assert routed_to == [MARBURG]
    assert _types(seen.timeline).count("de.amtsweg.AssignOrdered.v1") == 1
    (leaf,) = [e for e in seen.timeline["entries"] if e["leaf"]["type"] == "de.amtsweg.SubmissionRouted.v1"]
    # What a person of the desk did is shown where two auditors have agreed.
    assert (leaf.get("disclosure"), leaf["withheld"]) == (None, True)


def _types(timeline: Json) -> list[str]:
    return [entry["leaf"]["type"] for entry in timeline["entries"]]


async def test_a_router_killed_between_order_and_effect_still_delivers_once(
    ground: Ground, router: ServiceProcess, desk: ServiceProcess, intake: ServiceProcess
) -> None:
    parked = [ground.submission(place=NOWHERE) for _ in range(6)]
    await ground.receive(*parked)
    for received in parked:
        await ground.until(SUBMISSION_ROUTED.name, received.case_id, SubmissionParked)
    bearer = await clerk_of(ground, intake)

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{desk.port}", timeout=20) as http:
        *asked, last = parked
        first = asyncio.gather(*(assign(http, each, bearer) for each in asked), return_exceptions=True)
        await asyncio.sleep(0.04)
        await asyncio.to_thread(router.kill)
        await first
        # What lies on the bus when it dies after the order and before the effect.
        await ground.send(order_of(last))
        await asyncio.to_thread(router.start)
        repeated = await asyncio.gather(*(assign(http, each, bearer) for each in parked))

    assert [(r.status_code, r.json()["authority"]) for r in repeated] == [(200, MARBURG)] * len(parked)
    for received in parked:
        (delivered,) = await ground.told(INBOX, [received.case_id], partitions=1)
        assert isinstance(delivered.data, SubmissionDelivered)
        assert delivered.data.receipt == received.data.receipt
        told = await ground.told(SUBMISSION_ROUTED.name, [received.case_id])
        assert [type(event.data) for event in told] == [SubmissionParked, SubmissionRouted]


async def clerk_of(ground: Ground, intake: ServiceProcess) -> dict[str, str]:
    """A token as the token door gives it."""
    async with httpx.AsyncClient(timeout=20) as http:
        shown = await token(http, url(intake), CLERK, ground.made.clerk_secret)
    return shown | {"Idempotency-Key": "k-1"}


async def assign(
    http: httpx.AsyncClient, received: Event[SubmissionReceived], bearer: dict[str, str]
) -> httpx.Response:
    body = {"authority": MARBURG, "reason": "Standort geklärt"}
    return await http.post(f"/v1/parked/{received.case_id}/assignment", json=body, headers=bearer)


def order_of(received: Event[SubmissionReceived]) -> Message:
    """The order that `assign` gives."""
    held = CaseHeld(
        submission_id=received.submission_id,
        receipt=received.data.receipt,
        standing="parked",
        since=RECEIVED_AT,
    )
    wish = OrderRequest(
        person=Person(role="Klärungsstelle", principal=CLERK, source="urn:amtsweg:clearing-desk"),
        reason="Standort geklärt",
        key="k-1",
        authority=MARBURG,
    )
    given = desks.order(wish, Waiting(case=received.case_id, held=held), now=datetime.now(UTC))
    return encode(given, CASE_ORDERED.name)
