"""``kill -9`` of the doors at each step of an answer: sent again it is the same answer, and the case moves once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import httpx
import pytest

from amtsweg.stack.provision.postgres import DATABASE
from amtsweg.stack.service import ServiceProcess
from shared.events.case import CaseAccepted, CaseAnswered, CaseFetched
from shared.events.competence import Place
from shared.events.submission import SubmissionRouted
from shared.events.topics import CASE_ANSWERED, CASE_UPDATED, SUBMISSION_ROUTED
from shared.postgres.pool import Connection
from tests.integration.router.conftest import Ground, running, url

HUENFELD = "g-06631012"
"""No other test's."""

GATE = 4711


class StatementGate:
    """Stops a statement about a case inside PostgreSQL, before or after it has written, until it is opened."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def stop(self, case: UUID, *, at: str) -> None:
        await self._connection.execute(
            f'CREATE TRIGGER "{case}" {at} ON doors.answers FOR EACH ROW '
            f"WHEN (NEW.case_id = '{case}') EXECUTE FUNCTION doors.wait_at_gate()"
        )

    async def until_stopped(self, number: int) -> None:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"
        async with asyncio.timeout(60):
            while await self._connection.fetchval(waiting, GATE) < number:  # noqa: ASYNC110 - it is PostgreSQL that is asked
                await asyncio.sleep(0.05)

    async def open(self) -> None:
        await self._connection.execute("SELECT pg_advisory_unlock_all()")
        await self._connection.execute("DROP FUNCTION IF EXISTS doors.wait_at_gate CASCADE")


@asynccontextmanager
async def gate(ground: Ground) -> AsyncIterator[tuple[StatementGate, Connection]]:
    connection = await asyncpg.connect(ground.surroundings.postgres.url(DATABASE))
    made = StatementGate(connection)
    await connection.execute(
        "CREATE FUNCTION doors.wait_at_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        f"'BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NEW; END'"
    )
    await connection.execute("SELECT pg_advisory_lock($1)", GATE)
    try:
        yield made, connection
    finally:
        await made.open()
        await connection.close()


@asynccontextmanager
async def client(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess
) -> AsyncIterator[httpx.AsyncClient]:
    form = {"grant_type": "client_credentials", "scope": "answers.write"}
    async with httpx.AsyncClient(base_url=url(doors), timeout=60) as http:
        login = (HUENFELD, ground.made.authority_secrets[HUENFELD])
        asked = await http.post(f"{url(intake)}/token", data=form, auth=login)
        http.headers["Authorization"] = f"Bearer {asked.raise_for_status().json()['access_token']}"
        yield http


def accepted(case: UUID) -> dict[str, str]:
    return {"id": f"{case}:ok", "caseId": str(case), "kind": "accepted", "givenAt": "2026-01-12T10:00:00Z"}


async def routed(ground: Ground, number: int) -> list[UUID]:
    received = [ground.submission(place=Place(ags=HUENFELD.removeprefix("g-"))) for _ in range(number)]
    await ground.receive(*received)
    for each in received:
        await ground.until(SUBMISSION_ROUTED.name, each.case_id, SubmissionRouted)
    return [each.case_id for each in received]


async def until_marked(connection: Connection, ground: Ground, case: UUID) -> None:
    """Wait until the answer is on the topic, and the mark in the store lies behind it."""
    await ground.until(CASE_ANSWERED.name, case, CaseAnswered)
    (sent,) = [r for r in await ground.records(CASE_ANSWERED.name) if r.key == str(case).encode()]
    behind = "SELECT EXISTS (SELECT FROM doors.answer_mark WHERE ends[$1] > $2)"
    async with asyncio.timeout(60):
        while not await connection.fetchval(behind, sent.partition + 1, sent.offset):  # noqa: ASYNC110 - it is PostgreSQL that is asked
            await asyncio.sleep(0.1)


async def taken(http: httpx.AsyncClient, case: UUID) -> dict[str, str]:
    """Send until it is neither running nor put off."""
    async with asyncio.timeout(120):
        while True:
            answer = await http.post("/v1/answers", json=accepted(case))
            if answer.status_code == 202:
                told: dict[str, str] = answer.json()
                return told
            assert answer.status_code == 503 or answer.json()["type"].endswith("answer-running"), answer.text
            await asyncio.sleep(0.2)


@pytest.mark.long
async def test_doors_that_die_within_an_answer_take_it_once_and_reply_as_before(
    ground: Ground, router: ServiceProcess, intake: ServiceProcess
) -> None:
    """One answer is entered and not sent; the other is on the topic, the mark lies behind it, and its row does not say so."""
    doors = ground.process("doors", 1)
    with running(doors):
        entered, sent = await routed(ground, 2)
        async with gate(ground) as (stopped, connection), client(ground, doors, intake) as http:
            await stopped.stop(sent, at="BEFORE UPDATE")
            before = await taken(http, sent)
            await until_marked(connection, ground, sent)
            await stopped.stop(entered, at="AFTER INSERT")
            lost = asyncio.create_task(http.post("/v1/answers", json=accepted(entered)))
            await stopped.until_stopped(1)
            await asyncio.to_thread(doors.kill)
            assert isinstance((await asyncio.gather(lost, return_exceptions=True))[0], httpx.TransportError)
            await stopped.open()
            rows = "SELECT case_id, taken_at IS NOT NULL AS taken FROM doors.answers WHERE case_id = ANY($1)"
            async with asyncio.timeout(60):
                while len(found := await connection.fetch(rows, [entered, sent])) < 2:  # noqa: ASYNC110 - it is PostgreSQL that is asked
                    await asyncio.sleep(0.05)
            assert {row["case_id"]: row["taken"] for row in found} == {entered: False, sent: False}
        assert await ground.told(CASE_ANSWERED.name, [entered]) == []
        await asyncio.to_thread(doors.start)
        async with client(ground, doors, intake) as http:
            again = [await taken(http, case) for case in (sent, entered)]
            for case in (sent, entered):
                await ground.until(CASE_UPDATED.name, case, CaseAccepted)
            assert [await taken(http, case) for case in (sent, entered)] == again

    assert again[0] == before
    told = await ground.told(CASE_ANSWERED.name, [entered, sent])
    answers = [event for event in told if isinstance(event.data, CaseAnswered)]
    assert {str(event.id) for event in answers} == {each["answerId"] for each in again}
    updated = await ground.told(CASE_UPDATED.name, [entered, sent])
    moved = [(event.case_id, type(event.data)) for event in updated if type(event.data) is not CaseFetched]
    assert sorted(moved, key=str) == sorted([(entered, CaseAccepted), (sent, CaseAccepted)], key=str)
