"""A case that its authority has handed back, and that a person assigns to it again: it is read, accepted and decided anew."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any
from uuid import UUID

import httpx

from amtsweg.stack.service import ServiceProcess
from shared.events.case import CaseAccepted, CaseDecided, CaseFetched, CaseReturned
from shared.events.custody import CaseHeld
from shared.events.submission import SubmissionParked, SubmissionRouted
from shared.events.topics import CASE_CUSTODY, CASE_UPDATED, SUBMISSION_ROUTED
from tests.integration.router.conftest import Ground, url
from tests.integration.router.reading_authorities import Doors
from tests.support.events import TRADE_REGISTRATION
from tests.support.stack import unique

GRUENBERG = "g-06531006"
PLACE = {"ags": "06531006"}
GIVEN_AT = "2026-01-12T10:15:00Z"
DELIVERED = "de.amtsweg.SubmissionDelivered.v1"
Json = dict[str, Any]


async def test_an_authority_accepts_and_decides_what_comes_back_after_it_returned_it(
    ground: Ground, doors: ServiceProcess, desk: ServiceProcess, intake: ServiceProcess
) -> None:
    authority = Doors(ground, f"{url(intake)}/token", (url(doors),), Random(7))
    async with httpx.AsyncClient(timeout=30) as http:
        platform = await token(http, intake, "landesplattform", ground.made.client_secret)
        clerk = await token(http, intake, "klaerung-1", ground.made.clerk_secret)
        case = await handed_in(http, url(intake), platform)

        first, read_to = await delivered(authority, case)
        await answered(authority, first, "accepted")
        await answered(authority, first, "returned", reason="misdirected")
        await assigned_again(http, f"{url(desk)}/v1/parked/{case}", clerk)
        again, _ = await delivered(authority, case, after=read_to)
        outdated = await sent(authority, first, "accepted")
        await answered(authority, again, "accepted")
        await answered(authority, again, "decided", outcome="granted")
        told = await history(http, f"{url(intake)}/v1/cases/{case}/history", platform)

    assert first["headers"]["ce_id"] != again["headers"]["ce_id"]
    assert (outdated.status_code, outdated.json()["type"]) == (409, "urn:amtsweg:problem:answer-outdated")
    updated = [type(each.data) for each in await ground.told(CASE_UPDATED.name, [case])]
    assert [kind for kind in updated if kind is not CaseFetched] == [
        CaseAccepted,
        CaseReturned,
        CaseAccepted,
        CaseDecided,
    ]
    placed = [type(each.data) for each in await ground.told(SUBMISSION_ROUTED.name, [case])]
    assert placed == [SubmissionRouted, SubmissionParked, SubmissionRouted]
    assert await custody(ground, case) == ("decided", GRUENBERG)
    # Other lines, as those of fetching and of messages, come when they come.
    ours = ("accepted", "returned", "assign-ordered", "granted")
    assert [each for each in told if each in ours] == [
        "accepted",
        "returned",
        "assign-ordered",
        "accepted",
        "granted",
    ]


async def token(
    http: httpx.AsyncClient, intake: ServiceProcess, principal: str, secret: str
) -> dict[str, str]:
    form = {"grant_type": "client_credentials"}
    asked = await http.post(f"{url(intake)}/token", data=form, auth=(principal, secret))
    return {"Authorization": f"Bearer {asked.raise_for_status().json()['access_token']}"}


async def handed_in(http: httpx.AsyncClient, intake: str, platform: dict[str, str]) -> UUID:
    document = {"service": TRADE_REGISTRATION, "place": PLACE, "content": {"betrieb": "Laden"}}
    key = {"Idempotency-Key": f'"{unique("zurueck")}"'}
    posted = await http.post(f"{intake}/v1/submissions", json=document, headers=platform | key)
    return UUID(posted.raise_for_status().json()["caseId"])


async def delivered(authority: Doors, case: UUID, *, after: str | None = None) -> tuple[Json, str]:
    """The case's delivery that comes next in the inbox, and the cursor behind it."""
    async with asyncio.timeout(120):
        while True:
            params = {"wait": 2, "limit": 20} | ({} if after is None else {"after": after})
            page = (await authority.ask(GRUENBERG, "GET", "/v1/inbox", params=params)).json()
            for record in page["records"]:
                headers = record["headers"]
                if (headers["ce_type"], headers["ce_caseid"]) == (DELIVERED, str(case)):
                    return record, record["cursor"]
            after = page.get("cursor", after)


async def answered(authority: Doors, record: Json, kind: str, **stated: str) -> None:
    await until(
        lambda: sent(authority, record, kind, **stated),
        lambda answer: not answer.json().get("type", "").endswith("answer-running"),
        expected=202,
    )


async def sent(authority: Doors, record: Json, kind: str, **stated: str) -> httpx.Response:
    """Answer as the guide says: under an id that is derived from the record's."""
    headers = record["headers"]
    document = {"id": f"{headers['ce_id']}:{kind}", "caseId": headers["ce_caseid"], "kind": kind}
    document |= {"givenAt": GIVEN_AT} | stated
    return await authority.ask(GRUENBERG, "POST", "/v1/answers", json=document)


async def assigned_again(http: httpx.AsyncClient, at_the_desk: str, clerk: dict[str, str]) -> None:
    """Once the desk has seen that the case is parked."""
    await until(
        lambda: http.get(at_the_desk, headers=clerk), lambda answer: answer.status_code != 404, expected=200
    )
    body = {"authority": GRUENBERG, "reason": "Zuständigkeit geklärt"}
    headers = clerk | {"Idempotency-Key": unique("k")}
    assigned = await http.post(f"{at_the_desk}/assignment", json=body, headers=headers)
    assert (assigned.status_code, assigned.json().get("authority")) == (200, GRUENBERG), assigned.text


async def history(http: httpx.AsyncClient, address: str, platform: dict[str, str]) -> list[str]:
    """The codes of its lines, once the decision and what went before are among them."""
    answer = await until(
        lambda: http.get(address, headers=platform),
        lambda told: {"assign-ordered", "granted"} <= {*codes(told)},
        expected=200,
    )
    return codes(answer)


def codes(answer: httpx.Response) -> list[str]:
    return [line["code"] for line in answer.json().get("events", [])]


async def until(
    ask: Callable[[], Awaitable[httpx.Response]], holds: Callable[[httpx.Response], bool], *, expected: int
) -> httpx.Response:
    """The first answer of which this holds, which must have this status."""
    async with asyncio.timeout(120):
        while not holds(answer := await ask()):  # noqa: ASYNC110 - it is another process that says it
            await asyncio.sleep(0.1)
    assert answer.status_code == expected, answer.text
    return answer


async def custody(ground: Ground, case: UUID) -> tuple[str, str | None]:
    found = [r for r in await ground.records(CASE_CUSTODY.name) if r.key == str(case).encode()]
    held = CaseHeld.from_json(found[-1].value or b"")
    return held.standing, held.authority
