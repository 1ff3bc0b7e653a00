"""The doors' tables restored to yesterday: what is repeated has its id and its answer, nothing is lost or done twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import httpx
import pytest

from amtsweg.stack.provision.postgres import DATABASE
from amtsweg.stack.service import ServiceProcess
from shared.events.case import CaseAnswered
from shared.events.competence import Place
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED
from shared.postgres.pool import Connection
from tests.integration.router.conftest import Ground, url
from tests.support.receiver import receiving

EICHENZELL = "g-06631006"
"""No other test's."""

SCOPES = "inbox.read webhooks.write answers.write"


@asynccontextmanager
async def client(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess
) -> AsyncIterator[httpx.AsyncClient]:
    form = {"grant_type": "client_credentials", "scope": SCOPES}
    async with httpx.AsyncClient(base_url=url(doors), timeout=60) as http:
        login = (EICHENZELL, ground.made.authority_secrets[EICHENZELL])
        asked = await http.post(f"{url(intake)}/token", data=form, auth=login)
        http.headers["Authorization"] = f"Bearer {asked.raise_for_status().json()['access_token']}"
        yield http


class Yesterday:
    """All of the doors' tables as they were when they were kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def keep(self) -> None:
        await self._connection.execute("DROP SCHEMA IF EXISTS yesterday CASCADE; CREATE SCHEMA yesterday")
        async with self._connection.transaction(isolation="repeatable_read"):
            for table in await self._tables():
                await self._connection.execute(f"CREATE TABLE yesterday.{table} AS TABLE doors.{table}")

    async def until_marked_since(self) -> None:
        """Wait until the doors have noted, after this was kept, how far the store of answers goes."""
        newer = "SELECT number > (SELECT max(number) FROM yesterday.answer_mark) FROM doors.answer_mark"
        async with asyncio.timeout(120):
            while not await self._connection.fetchval(newer):
                pass

    async def bring_back(self) -> None:
        async with self._connection.transaction():
            for table in await self._tables():
                await self._connection.execute(f"TRUNCATE doors.{table}")
                await self._connection.execute(f"INSERT INTO doors.{table} TABLE yesterday.{table}")

    async def _tables(self) -> list[str]:
        asked = "SELECT tablename FROM pg_tables WHERE schemaname = 'doors'"
        return [row["tablename"] for row in await self._connection.fetch(asked)]


@pytest.fixture
async def yesterday(ground: Ground, doors: ServiceProcess) -> AsyncIterator[Yesterday]:
    connection = await asyncpg.connect(ground.surroundings.postgres.url(DATABASE))
    yield Yesterday(connection)
    await connection.execute("DROP SCHEMA IF EXISTS yesterday CASCADE")
    await connection.close()


async def delivered(ground: Ground, http: httpx.AsyncClient, number: int) -> list[str]:
    """New cases, once they can be read."""
    received = [ground.submission(place=Place(ags=EICHENZELL.removeprefix("g-"))) for _ in range(number)]
    await ground.receive(*received)
    wanted = [str(each.case_id) for each in received]
    async with asyncio.timeout(120):
        while not set(wanted) <= {each["headers"]["ce_caseid"] for each in await waiting(http, wait=2)}:
            pass
    return wanted


async def waiting(http: httpx.AsyncClient, *, wait: int = 0) -> list[dict[str, dict[str, str]]]:
    page = await http.get("/v1/inbox", params={"limit": 100, "wait": wait})
    records: list[dict[str, dict[str, str]]] = page.raise_for_status().json()["records"]
    return records


async def confirm_first(http: httpx.AsyncClient) -> str:
    first = (await http.get("/v1/inbox", params={"limit": 1})).raise_for_status().json()
    (await http.post("/v1/inbox/confirmation", json={"cursor": first["cursor"]})).raise_for_status()
    return str(first["records"][0]["headers"]["ce_id"])


def accepted(case: str, own_id: str = "yes") -> dict[str, str]:
    return {"id": f"{case}:{own_id}", "caseId": case, "kind": "accepted", "givenAt": "2026-01-12T10:00:00Z"}


def decided_as(case: str, own_id: str) -> dict[str, str]:
    return accepted(case, own_id) | {"kind": "decided", "outcome": "granted"}


async def ids_of(ground: Ground) -> list[str]:
    found = await ground.records(AUTHORITY_INBOX.for_authority(EICHENZELL), partitions=1)
    return [{name: value.decode() for name, value in record.headers}["ce_id"] for record in found]


async def sent(http: httpx.AsyncClient, *bodies: dict[str, str]) -> list[tuple[int, dict[str, str]]]:
    answers = [await http.post("/v1/answers", json=body) for body in bodies]
    return [(each.status_code, each.json()) for each in answers]


async def rotated(http: httpx.AsyncClient) -> str:
    return str((await http.post("/v1/webhook/secret")).raise_for_status().json()["secret"])


async def set_back(doors: ServiceProcess, yesterday: Yesterday) -> None:
    """As the guide to a restore says."""
    await asyncio.to_thread(doors.stop)
    await yesterday.bring_back()
    await asyncio.to_thread(doors.start)


@pytest.mark.long
async def test_answers_of_today_have_one_effect_and_one_reply_though_the_tables_are_of_yesterday(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess, yesterday: Yesterday
) -> None:
    async with client(ground, doors, intake) as http:
        one, two, three = await delivered(ground, http, 3)
        known = await sent(http, accepted(two))
        await yesterday.keep()
        lost = await sent(http, accepted(one), decided_as(one, "decided"))
        await set_back(doors, yesterday)
        again = await sent(http, accepted(two), accepted(one), decided_as(one, "decided"))
        ((status, problem),) = await sent(http, decided_as(three, "x") | {"id": accepted(one)["id"]})

    assert again == known + lost
    assert {status for status, _ in again} == {202}
    assert (status, problem["type"]) == (422, "urn:amtsweg:problem:answer-contradicts")
    told = await ground.told(CASE_ANSWERED.name, [UUID(case) for case in (one, two, three)])
    answers = [event.id for event in told if isinstance(event.data, CaseAnswered)]
    assert sorted(answers) == sorted(UUID(document["answerId"]) for _, document in again)


@pytest.mark.long
async def test_doors_that_run_on_over_tables_of_yesterday_notice_and_have_every_answer_again(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess, yesterday: Yesterday
) -> None:
    async with client(ground, doors, intake) as http:
        one, two = await delivered(ground, http, 2)
        await yesterday.keep()
        lost = await sent(http, accepted(one), decided_as(one, "decided"), accepted(two))
        await yesterday.until_marked_since()
        await yesterday.bring_back()
        async with asyncio.timeout(120):
            while (await http.post("/v1/answers", json=accepted(two))).status_code == 503:
                pass
        again = await sent(http, accepted(one), decided_as(one, "decided"), accepted(two))
        ((status, problem),) = await sent(http, decided_as(two, "x") | {"id": accepted(one)["id"]})

    assert again == lost
    assert {status for status, _ in again} == {202}
    assert (status, problem["type"]) == (422, "urn:amtsweg:problem:answer-contradicts")
    told = await ground.told(CASE_ANSWERED.name, [UUID(case) for case in (one, two)])
    answers = [event.id for event in told if isinstance(event.data, CaseAnswered)]
    assert sorted(answers) == sorted(UUID(document["answerId"]) for _, document in again)


@pytest.mark.long
async def test_webhooks_of_yesterday_call_again_under_the_same_ids_for_what_is_not_confirmed(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess, yesterday: Yesterday
) -> None:
    async with client(ground, doors, intake) as http, receiving() as receiver:
        (await http.put("/v1/webhook", json={"url": receiver.url})).raise_for_status()
        await delivered(ground, http, 2)
        await receiver.until(lambda r: len(set(r.ids)) >= 2)
        await yesterday.keep()
        await delivered(ground, http, 2)
        secret, confirmed = await rotated(http), await confirm_first(http)
        left = [each["headers"]["ce_id"] for each in await waiting(http)]
        await receiver.until(lambda r: left[-1] in r.ids)
        await set_back(doors, yesterday)
        heard = len(receiver.calls)
        left_now = [each["headers"]["ce_id"] for each in await waiting(http)]
        await delivered(ground, http, 1)
        everything = await ids_of(ground)
        await receiver.until(lambda r: r.ids[-1] == everything[-1])
        assert await rotated(http) == secret
        (await http.delete("/v1/webhook")).raise_for_status()

    repeated = receiver.ids[heard:]
    assert left_now == left
    assert confirmed not in repeated
    assert repeated == [each for each in everything if each in repeated]
    assert set(everything[-5:]) <= set(receiver.ids)
