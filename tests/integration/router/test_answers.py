"""Answers at the real doors: taken once, whatever dies, and never refused because a view lags."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka.structs import TopicPartition

from amtsweg.stack.service import ServiceProcess
from services.router.adapters.held_cases import HeldCases
from services.router.adapters.postgres import MIGRATIONS
from services.router.adapters.postgres.answers import PostgresAnswers
from services.router.ports import AnswerStore
from shared.events import ids
from shared.events.answer_refusal import AnswerRefusalDelivered
from shared.events.case import AnswerGiven, CaseAnswered, CaseDecided
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message, encode
from shared.events.sealed_answer import AnswerKeyNames, KeyName
from shared.events.submission import SubmissionReceived, SubmissionRouted
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, CASE_CUSTODY, CASE_UPDATED, SUBMISSION_ROUTED
from shared.kafka.client import reader, transactional_producer
from shared.kafka.records import partition_of
from shared.postgres.migrations import upgrade
from shared.postgres.pool import Pool, open_pool
from shared.telemetry.health import Health
from tests.contracts.router.answer_store import AnswerStoreContract
from tests.integration.router.conftest import CHOSEN_PARTITIONS, Ground, url
from tests.support.events import GIESSEN, RECEIPT, RECEIVED_AT
from tests.support.routing import about
from tests.support.stack import Database, unique

MARBURG = "g-06534014"
NAMED = AnswerKeyNames(content=(KeyName(kid="client-2026", kind="P-256"),))
INBOX = AUTHORITY_INBOX.for_authority(GIESSEN)


class TestPostgresAnswers(AnswerStoreContract):
    @pytest.fixture
    async def pool(self, database: Database) -> AsyncIterator[Pool]:
        await upgrade(database.url, schema="doors", folder=MIGRATIONS)
        async with await open_pool(database.url, schema="doors", size=20) as pool:
            self.entered = pool
            yield pool

    @pytest.fixture
    def store(self, pool: Pool) -> AnswerStore:
        return PostgresAnswers(pool)

    async def after_the_hold(self) -> None:
        await self.entered.execute("UPDATE answers SET held_until = now() - interval '1 second'")


@pytest.fixture
async def giessen(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess
) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=url(doors), timeout=30, headers=await bearer(ground, intake, GIESSEN)
    ) as client:
        yield client


async def bearer(ground: Ground, intake: ServiceProcess, authority: str) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "scope": "answers.write"}
    async with httpx.AsyncClient(timeout=30) as http:
        login = (authority, ground.made.authority_secrets[authority])
        asked = await http.post(f"{url(intake)}/token", data=form, auth=login)
    return {"Authorization": f"Bearer {asked.raise_for_status().json()['access_token']}"}


def decided(case: UUID, **changed: Any) -> dict[str, Any]:
    body = {"id": f"{case}:decided", "caseId": str(case), "kind": "decided", "outcome": "refused"}
    return body | {"givenAt": "2026-01-12T10:00:00Z"} | changed


def accepted(case: UUID) -> dict[str, Any]:
    return {"id": f"{case}:ok", "caseId": str(case), "kind": "accepted", "givenAt": "2026-01-12T10:00:00Z"}


async def routed(ground: Ground, number: int = 1) -> list[Event[SubmissionReceived]]:
    received = [ground.submission() for _ in range(number)]
    await ground.receive(*received)
    for each in received:
        await ground.until(SUBMISSION_ROUTED.name, each.case_id, SubmissionRouted)
    return received


async def test_an_answer_counts_once_and_only_from_whom_the_case_lies_with(
    ground: Ground, giessen: httpx.AsyncClient, intake: ServiceProcess
) -> None:
    (received,) = await routed(ground)
    case = received.case_id

    theirs = await bearer(ground, intake, MARBURG)
    not_theirs = await giessen.post("/v1/answers", json=decided(case), headers=theirs)
    nobodys = await giessen.post("/v1/answers", json=decided(uuid4()), headers=theirs)
    ours = [await giessen.post("/v1/answers", json=decided(case)) for _ in range(2)]
    await ground.until(CASE_UPDATED.name, case, CaseDecided)
    # The doors follow custody: an answer right after a decision may be taken, and is then refused in the inbox. A stranger
    # is refused only by a view that has caught up.
    still_not_theirs = await giessen.post("/v1/answers", json=decided(case), headers=theirs)
    late = await giessen.post("/v1/answers", json=decided(case))
    other = await giessen.post("/v1/answers", json=decided(case, outcome="granted"))
    closed = await giessen.post("/v1/answers", json=accepted(case))

    assert not_theirs.status_code == still_not_theirs.status_code == 404
    assert not_theirs.content == nobodys.content
    assert [answer.status_code for answer in (*ours, late)] == [202] * 3
    assert late.json() == ours[0].json()
    assert other.json()["type"].endswith("answer-contradicts")
    assert closed.json()["type"].endswith("already-decided")
    assert len(await ground.told(CASE_ANSWERED.name, [case])) == 1
    assert [type(event.data) for event in await ground.told(CASE_UPDATED.name, [case])] == [CaseDecided]


async def test_an_answer_right_after_reading_the_record_is_never_refused(
    ground: Ground, giessen: httpx.AsyncClient
) -> None:
    received = {str(each.case_id): each for each in (ground.submission() for _ in range(60))}
    consumer = reader(ground.login(f"authority.{GIESSEN}"))
    await consumer.start()
    try:
        consumer.assign([TopicPartition(INBOX, 0)])
        answers: list[asyncio.Task[httpx.Response]] = []

        async def read() -> None:
            await consumer.seek_to_end()
            while len(answers) < len(received):
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    for record in records:
                        if (key := (record.key or b"").decode()) in received:
                            body = accepted(UUID(key))
                            answers.append(asyncio.ensure_future(giessen.post("/v1/answers", json=body)))

        reading = asyncio.ensure_future(read())
        for each in received.values():
            await ground.receive(each)
        await asyncio.wait_for(reading, 60)
        told = await asyncio.gather(*answers)
    finally:
        await consumer.stop()

    assert {answer.status_code for answer in told} == {202}


async def test_doors_killed_in_the_middle_of_answers_take_each_once(
    ground: Ground, doors: ServiceProcess, giessen: httpx.AsyncClient
) -> None:
    received = await routed(ground, 40)
    bodies = [decided(each.case_id) for each in received]

    async def until_told(body: dict[str, Any]) -> httpx.Response:
        async with asyncio.timeout(60):
            while True:
                try:
                    answer = await giessen.post("/v1/answers", json=body)
                except httpx.TransportError:
                    await asyncio.sleep(0.2)
                    continue
                if answer.status_code != 503 and not answer.json().get("type", "").endswith("answer-running"):
                    return answer
                await asyncio.sleep(0.2)

    first = [asyncio.ensure_future(giessen.post("/v1/answers", json=body)) for body in bodies]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(doors.kill)
    await asyncio.gather(*first, return_exceptions=True)
    await asyncio.to_thread(doors.start)
    told = await asyncio.gather(*(until_told(body) for body in bodies))

    assert {answer.status_code for answer in told} == {202}
    cases = [each.case_id for each in received]
    for case in cases:
        await ground.until(CASE_UPDATED.name, case, CaseDecided)
    answered = await ground.told(CASE_ANSWERED.name, cases)
    assert len({event.id for event in answered}) == len(cases)
    assert all(isinstance(event.data, CaseAnswered) for event in answered)
    updated = await ground.told(CASE_UPDATED.name, cases)
    assert len([event for event in updated if isinstance(event.data, CaseDecided)]) == len(cases)


async def test_answers_that_come_too_late_are_told_in_the_inbox_once_though_the_router_dies(
    ground: Ground, router: ServiceProcess, giessen: httpx.AsyncClient
) -> None:
    """What the door could not know any better lies on the bus already."""
    (received,) = await routed(ground)
    case = received.case_id
    assert (await giessen.post("/v1/answers", json=decided(case))).status_code == 202
    await ground.until(CASE_UPDATED.name, case, CaseDecided)
    late = [f"{case}:late-{number}" for number in range(10)]
    stated = AnswerGiven(kind="accepted", given_at=RECEIVED_AT)
    answers = [
        about(
            received.submission_id,
            CaseAnswered(authority=GIESSEN, own_id=own_id, answer=stated),
            event_id=ids.answer_id(GIESSEN, own_id),
        )
        for own_id in late
    ]

    await ground.send(*(encode(each, CASE_ANSWERED.name) for each in answers))
    await asyncio.to_thread(router.kill)
    await asyncio.to_thread(router.start)

    async def told() -> list[str]:
        found = [event.data for event in await ground.told(INBOX, [case], partitions=1)]
        return [data.own_id for data in found if isinstance(data, AnswerRefusalDelivered)]

    async with asyncio.timeout(60):
        while len(await told()) < len(late):
            pass
    assert await told() == late


@pytest.fixture
async def view(ground: Ground, router: ServiceProcess) -> AsyncIterator[HeldCases]:
    """Beside a router that has begun before: custody without the router's own positions stops it."""
    view = HeldCases(ground.admin, condition=Health().part("custody"), patience=2)
    running = asyncio.ensure_future(view.run())
    yield view
    running.cancel()
    await asyncio.wait({running})


async def test_a_refusal_waits_for_what_is_written_and_not_committed_yet(
    ground: Ground, view: HeldCases
) -> None:
    case, held = (
        uuid4(),
        CaseHeld(
            submission_id=uuid4(), receipt=RECEIPT, standing="routed", since=RECEIVED_AT, authority=GIESSEN
        ),
    )
    await view_is_there(view)
    producer = transactional_producer(ground.admin, transactional_id=unique("router"), timeout_ms=20_000)
    await producer.start()
    try:
        await producer.begin_transaction()
        key = str(case).encode()
        await producer.send_and_wait(
            CASE_CUSTODY.name, held.to_json(), key=key, partition=partition_of(key, CHOSEN_PARTITIONS)
        )
        asked = asyncio.ensure_future(view.certainly(case))
        for _ in range(3):  # who asks later about another partition is answered
            assert await view.certainly(_of_another_partition(case)) is None
        assert not asked.done()
        await producer.commit_transaction()
        found = await asked
    finally:
        await producer.stop()
        await ground.send(Message(CASE_CUSTODY.name, key, None))

    assert found is not None
    assert (found.submission_id, found.standing, found.authority) == (held.submission_id, "routed", GIESSEN)


def _of_another_partition(case: UUID) -> UUID:
    def partition(each: UUID) -> int:
        return partition_of(str(each).encode(), CHOSEN_PARTITIONS)

    return next(other for other in iter(uuid4, None) if partition(other) != partition(case))


async def view_is_there(view: HeldCases) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await view.certainly(uuid4())
            except Exception:  # noqa: BLE001 - it is being built
                await asyncio.sleep(0.1)
            else:
                return


async def test_a_record_that_cannot_be_read_degrades_the_view_and_hides_no_other(
    ground: Ground, router: ServiceProcess
) -> None:
    health = Health()
    view = HeldCases(ground.admin, condition=health.part("custody"))
    running = asyncio.ensure_future(view.run())
    case, held = (
        uuid4(),
        CaseHeld(
            submission_id=uuid4(),
            receipt=RECEIPT,
            standing="accepted",
            since=RECEIVED_AT,
            authority=GIESSEN,
            answer_keys=NAMED,
        ),
    )
    try:
        await view_is_there(view)
        stranger = str(uuid4()).encode()
        await ground.send(
            Message(CASE_CUSTODY.name, stranger, b'{"standing":"lost"}'),
            Message(CASE_CUSTODY.name, str(case).encode(), held.to_json()),
        )
        found = await view.certainly(case)
    finally:
        running.cancel()
        await asyncio.wait({running})
        # Custody without the router's own positions would stop the router when it starts again.
        await ground.send(
            Message(CASE_CUSTODY.name, stranger, None), Message(CASE_CUSTODY.name, str(case).encode(), None)
        )

    assert found is not None
    assert (found.standing, found.answer_keys) == ("accepted", NAMED)
