"""From any transport to any other: nothing is lost, and what comes again was not confirmed and has the same id."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol, cast

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition
from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as NextPlace

from amtsweg.stack.issuer.description import SamplePerson
from amtsweg.stack.provision.postgres import DATABASE
from amtsweg.stack.service import ServiceProcess
from services.router.adapters.postgres import SCHEMA
from shared.events.competence import Place
from shared.events.submission import SubmissionDelivered
from shared.events.topics import AUTHORITY_INBOX, authority_group
from shared.kafka.records import Record
from shared.postgres.pool import open_pool
from tests.integration.router.conftest import Ground, url
from tests.integration.router.pages_at_work import serving_page, signed_in
from tests.support.receiver import receiving

AUTHORITY = "g-06535001"
PLACE = Place(ags="06535001")
INBOX, GROUP = AUTHORITY_INBOX.for_authority(AUTHORITY), authority_group(AUTHORITY)
PULL, PAGE, WEBHOOK, KAFKA, NEW_PROTOCOL = "pull", "page", "webhook", "kafka", "new protocol"
BY_KAFKA = {KAFKA, NEW_PROTOCOL}
SOME = (PULL, KAFKA, WEBHOOK, PULL)
WITH_PEOPLE = (PULL, PAGE, WEBHOOK, PAGE, KAFKA, PAGE, PULL)
EVERY_DIRECTION = (
    *(PULL, KAFKA, PULL, WEBHOOK, PULL, NEW_PROTOCOL, KAFKA),
    *(WEBHOOK, KAFKA, NEW_PROTOCOL, WEBHOOK, NEW_PROTOCOL, PULL),
)


class Transport(Protocol):
    async def read(self, count: int) -> list[str]:
        """The ids of the next records, once there are so many."""

    async def confirm(self, count: int) -> None:
        """Confirm the first so many of what was read."""


class Pull:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._page: list[dict[str, Any]] = []

    async def read(self, count: int) -> list[str]:
        while len(self._page) < count:
            answer = await self._http.get("/v1/inbox", params={"limit": 100, "wait": 5})
            self._page = answer.raise_for_status().json()["records"]
        return [each["headers"]["ce_id"] for each in self._page]

    async def confirm(self, count: int) -> None:
        cursor = self._page[count - 1]["cursor"]
        answer = await self._http.post("/v1/inbox/confirmation", json={"cursor": cursor})
        assert answer.status_code == 204, answer.text


@asynccontextmanager
async def by_pull(ground: Ground, http: httpx.AsyncClient) -> AsyncIterator[Transport]:
    yield Pull(http)


@asynccontextmanager
async def by_webhook(ground: Ground, http: httpx.AsyncClient) -> AsyncIterator[Transport]:
    async with receiving() as receiver:
        (await http.put("/v1/webhook", json={"url": receiver.url})).raise_for_status()

        class Webhook(Pull):
            async def read(self, count: int) -> list[str]:
                await receiver.until(lambda r: len(set(r.ids)) >= count)
                called = list(dict.fromkeys(receiver.ids))
                assert await super().read(count) == called
                return called

        yield Webhook(http)
        assert (await http.delete("/v1/webhook")).status_code == 204


@asynccontextmanager
async def by_kafka(ground: Ground, http: httpx.AsyncClient) -> AsyncIterator[Transport]:
    consumer = AIOKafkaConsumer(
        INBOX,
        group_id=GROUP,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
        **ground.login(GROUP).arguments(),
    )
    offsets: list[int] = []

    class Aiokafka:
        async def read(self, count: int) -> list[str]:
            records = [await asyncio.wait_for(consumer.getone(), 60) for _ in range(count)]
            offsets.extend(record.offset for record in records)
            return [dict(record.headers)["ce_id"].decode() for record in records]

        async def confirm(self, count: int) -> None:
            await consumer.commit({TopicPartition(INBOX, 0): offsets[count - 1] + 1})

    await consumer.start()
    try:
        yield Aiokafka()
    finally:
        await consumer.stop()


@asynccontextmanager
async def by_new_protocol(ground: Ground, http: httpx.AsyncClient) -> AsyncIterator[Transport]:
    address = ground.login(GROUP)
    consumer = Consumer(
        {
            "bootstrap.servers": address.bootstrap,
            "security.protocol": address.security_protocol,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": address.username,
            "sasl.password": address.password,
            "group.id": GROUP,
            "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    offsets: list[int] = []

    class Librdkafka:
        async def read(self, count: int) -> list[str]:
            found: list[str] = []
            async with asyncio.timeout(60):
                while len(found) < count:
                    record = await asyncio.to_thread(consumer.poll, 0.5)
                    if record is not None and not record.error():
                        headers = dict(cast("list[tuple[str, bytes]]", record.headers()))
                        found.append(headers["ce_id"].decode())
                        offsets.append(record.offset() or 0)
            return found

        async def confirm(self, count: int) -> None:
            place = NextPlace(INBOX, 0, offsets[count - 1] + 1)
            await asyncio.to_thread(lambda: consumer.commit(offsets=[place], asynchronous=False))

    consumer.subscribe([INBOX])
    try:
        yield Librdkafka()
    finally:
        await asyncio.to_thread(consumer.close)


@asynccontextmanager
async def by_page(ground: Ground, http: httpx.AsyncClient) -> AsyncIterator[Transport]:
    """What has been answered there is confirmed, once the authority's own software has been silent for two weeks."""
    await _fell_silent(ground)
    person = SamplePerson(id="sachbearbeitung-9", name="Ida Muster", does="", authorities=(AUTHORITY,))
    admin = AIOKafkaAdminClient(**ground.admin.arguments())
    await admin.start()
    try:
        with serving_page(ground, "doors", persons=[person]) as address:
            async with signed_in(address, "doors", person.id) as browser:
                yield Clerk(ground, browser, admin)
    finally:
        await admin.close()


class Clerk:
    def __init__(self, ground: Ground, browser: httpx.AsyncClient, admin: AIOKafkaAdminClient) -> None:
        self._ground = ground
        self._browser = browser
        self._admin = admin
        self._seen: list[Record] = []

    async def read(self, count: int) -> list[str]:
        self._seen = (await self._ground.records(INBOX, partitions=1))[-count:]
        for record in self._seen:
            case = dict(record.headers)["ce_caseid"].decode()
            await self._until_listed(case)
            shown = (await self._browser.get(f"/clerk/cases/{case}")).raise_for_status().json()
            assert shown["event"] == json.loads(record.value or b"")
        return [dict(record.headers)["ce_id"].decode() for record in self._seen]

    async def confirm(self, count: int) -> None:
        for record in self._seen[:count]:
            headers = {name: value.decode() for name, value in record.headers}
            answer = {
                "id": f"page/{headers['ce_id']}",
                "caseId": headers["ce_caseid"],
                "kind": "accepted",
                "givenAt": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            taken = await self._browser.post("/clerk/v1/answers", json=answer)
            assert taken.status_code == 202, taken.text
        async with asyncio.timeout(60):
            while await self._place() <= self._seen[count - 1].offset:
                await self._browser.get("/clerk/cases")  # what a page asks by itself moves the position
                await asyncio.sleep(0.5)
        assert await self._place() <= self._seen[count].offset

    async def _until_listed(self, case: str) -> None:
        async with asyncio.timeout(60):
            while True:
                listed = (await self._browser.get("/clerk/cases")).raise_for_status().json()["cases"]
                if case in {each["case"] for each in listed}:
                    return
                await asyncio.sleep(0.1)

    async def _place(self) -> int:
        found = await self._admin.list_consumer_group_offsets(GROUP)
        return int(found[TopicPartition(INBOX, 0)].offset)


async def _fell_silent(ground: Ground) -> None:
    pool = await open_pool(ground.surroundings.postgres.url(DATABASE), schema=SCHEMA, size=1)
    async with pool:
        await pool.execute("UPDATE inbox_looks SET fetched_at = fetched_at - interval '15 days'")


Opened = Callable[[Ground, httpx.AsyncClient], AbstractAsyncContextManager[Transport]]
WAYS: dict[str, Opened] = {
    PULL: by_pull,
    PAGE: by_page,
    WEBHOOK: by_webhook,
    KAFKA: by_kafka,
    NEW_PROTOCOL: by_new_protocol,
}


@pytest.fixture
async def http(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess
) -> AsyncIterator[httpx.AsyncClient]:
    form = {"grant_type": "client_credentials", "scope": "inbox.read webhooks.write"}
    login = (AUTHORITY, ground.made.authority_secrets[AUTHORITY])
    async with httpx.AsyncClient(timeout=30) as door:
        asked = await door.post(f"{url(intake)}/token", data=form, auth=login)
    token = asked.raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url(doors), timeout=60, headers=headers) as client:
        yield client


async def come(ground: Ground, number: int) -> list[str]:
    """New records in the inbox; their ids, in order."""
    received = [ground.submission(place=PLACE) for _ in range(number)]
    await ground.receive(*received)
    cases = [each.case_id for each in received]
    for case in cases:
        await ground.until(INBOX, case, SubmissionDelivered, partitions=1)
    return [str(event.id) for event in await ground.told(INBOX, cases, partitions=1)]


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param(SOME, id="one of each"),
        pytest.param(WITH_PEOPLE, id="with people", marks=pytest.mark.long),
        pytest.param(EVERY_DIRECTION, id="every direction", marks=pytest.mark.long),
    ],
)
@pytest.mark.timeout(300)
async def test_a_change_of_transport_loses_nothing_and_repeats_only_unconfirmed_records(
    ground: Ground, http: httpx.AsyncClient, ways: Sequence[str]
) -> None:
    left: list[str] = []
    for way in ways:
        expected = [*left, *await come(ground, 2)]
        here = (await http.get("/v1/inbox", params={"limit": 1})).raise_for_status().json()["cursor"]
        async with WAYS[way](ground, http) as transport:
            assert await transport.read(len(expected)) == expected, way
            if way in BY_KAFKA:
                refused = await http.post("/v1/inbox/confirmation", json={"cursor": here})
                assert refused.json()["type"] == "urn:amtsweg:problem:consumer-in-group", way
            await transport.confirm(len(expected) - 1)
        left = expected[-1:]
    page = (await http.get("/v1/inbox")).raise_for_status().json()
    assert [each["headers"]["ce_id"] for each in page["records"]] == left
    confirmed = await http.post("/v1/inbox/confirmation", json={"cursor": page["cursor"]})
    assert confirmed.status_code == 204
