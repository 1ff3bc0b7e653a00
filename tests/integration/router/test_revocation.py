"""A credential that is revoked while doors run stops working within a minute, on what is open already too."""

import asyncio
import time
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest

from amtsweg.credentials import rolled_credential
from amtsweg.stack.provision.postgres import DATABASE
from amtsweg.stack.service import ServiceProcess
from shared.access.principal import Principal
from shared.access.registration import add, revoke
from shared.events.competence import Place
from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.events.submission import SubmissionRouted
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.operator_orders import ordered, send_orders
from tests.integration.router.conftest import Ground, running, url
from tests.support.receiver import receiving

WAITS, CALLED, SUSPENDED = "g-06635021", "g-06635022", "g-06635020"
SECRET = "secret-of-one-that-is-revoked"
WITHIN_SECONDS = 60.0
pytestmark = pytest.mark.long


async def register(connection: asyncpg.Connection, authority: str) -> str:
    """A further principal for the authority, so that what others know of it stays."""
    now, name = datetime.now(UTC), f"revoked-{authority}"
    principal = Principal(
        id=name,
        kind="provider",
        name=name,
        scopes=frozenset({"inbox.read", "webhooks.write"}),
        authorities=frozenset({authority}),
        registered_at=now,
        credentials=(rolled_credential(SECRET, now=now),),
    )
    await add(connection, principal)
    return name


async def client(intake: ServiceProcess, doors: ServiceProcess, name: str) -> httpx.AsyncClient:
    form = {"grant_type": "client_credentials", "scope": "inbox.read webhooks.write"}
    async with httpx.AsyncClient(timeout=30) as door:
        asked = await door.post(f"{url(intake)}/token", data=form, auth=(name, SECRET))
    token = asked.raise_for_status().json()["access_token"]
    return httpx.AsyncClient(base_url=url(doors), timeout=60, headers={"Authorization": f"Bearer {token}"})


async def test_a_revoked_client_gets_no_more_answers_and_no_more_calls(
    ground: Ground, router: ServiceProcess, intake: ServiceProcess
) -> None:
    connection = await asyncpg.connect(ground.surroundings.postgres.url(DATABASE))
    waiting, called = await register(connection, WAITS), await register(connection, CALLED)
    with running(ground.process("intake", 31)) as door, running(ground.process("doors", 31)) as doors:
        async with (
            await client(door, doors, waiting) as pulls,
            await client(door, doors, called) as registers,
            receiving() as receiver,
        ):
            (await registers.put("/v1/webhook", json={"url": receiver.url})).raise_for_status()
            first = await delivered(ground, CALLED)
            await receiver.until(lambda r: first in {each.document["data"]["caseId"] for each in r.calls})
            polled = asyncio.ensure_future(_polled_until_shut(pulls))
            assert await revoke(connection, waiting)
            assert await revoke(connection, called)
            began = time.monotonic()
            shut = await asyncio.wait_for(polled, WITHIN_SECONDS + 30)
            assert shut - began < WITHIN_SECONDS
            async with asyncio.timeout(WITHIN_SECONDS):
                while (await registers.get("/v1/webhook")).status_code != 401:  # noqa: ASYNC110 - over HTTP there is nothing else
                    await asyncio.sleep(1)
            heard = len(receiver.calls)
            second, third = await delivered(ground, CALLED), await delivered(ground, WAITS)
            witness = await _seen_by_the_own_principal(ground, door, doors, CALLED, second)
            assert witness
            assert await _seen_by_the_own_principal(ground, door, doors, WAITS, third)
            assert len(receiver.calls) == heard
    await connection.close()


async def test_a_suspended_client_gets_no_more_answers_until_it_is_resumed(
    ground: Ground, router: ServiceProcess, intake: ServiceProcess
) -> None:
    connection = await asyncpg.connect(ground.surroundings.postgres.url(DATABASE))
    name = await register(connection, SUSPENDED)
    await connection.close()
    with running(ground.process("intake", 32)) as door, running(ground.process("doors", 32)) as doors:
        async with await client(door, doors, name) as http:
            polled = asyncio.ensure_future(_polled_until_shut(http))
            await order(ground, SuspendOrdered(authority=SUSPENDED, principal="operator"))
            began = time.monotonic()
            shut = await asyncio.wait_for(polled, WITHIN_SECONDS + 30)
            assert shut - began < WITHIN_SECONDS
            await order(ground, ResumeOrdered(authority=SUSPENDED, principal="operator"))
            async with asyncio.timeout(WITHIN_SECONDS):
                while (await http.get("/v1/inbox")).status_code != 200:  # noqa: ASYNC110 - over HTTP there is nothing else
                    await asyncio.sleep(0.5)


async def order(ground: Ground, data: SuspendOrdered | ResumeOrdered) -> None:
    await send_orders(ground.admin, [ordered(data, source="urn:amtsweg:operator")])


async def delivered(ground: Ground, authority: str) -> str:
    received = ground.submission(place=Place(ags=authority.removeprefix("g-")))
    await ground.receive(received)
    await ground.until(SUBMISSION_ROUTED.name, received.case_id, SubmissionRouted)
    return str(received.case_id)


async def _polled_until_shut(http: httpx.AsyncClient) -> float:
    """Wait in long poll again and again, as a client does; return when the door is shut."""
    while True:
        answer = await http.get("/v1/inbox", params={"wait": 30})
        if answer.status_code in {401, 403}:  # at once where it waited, and whenever it asks again
            return time.monotonic()
        assert answer.status_code == 200, answer.text


async def _seen_by_the_own_principal(
    ground: Ground, door: ServiceProcess, doors: ServiceProcess, authority: str, case: str
) -> bool:
    """The authority itself goes on reading: what was withheld from the other has come."""
    form = {"grant_type": "client_credentials", "scope": "inbox.read"}
    async with httpx.AsyncClient(timeout=60) as http:
        login = (authority, ground.made.authority_secrets[authority])
        asked = await http.post(f"{url(door)}/token", data=form, auth=login)
        http.headers["Authorization"] = f"Bearer {asked.raise_for_status().json()['access_token']}"
        async with asyncio.timeout(60):
            while True:
                page = (
                    (await http.get(f"{url(doors)}/v1/inbox", params={"limit": 100}))
                    .raise_for_status()
                    .json()
                )
                if case in {each["headers"]["ce_caseid"] for each in page["records"]}:
                    return True
                await asyncio.sleep(0.5)
