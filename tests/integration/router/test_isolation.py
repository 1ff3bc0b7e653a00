"""Every door × own and foreign authority × every operation: an authority, and a provider of two, reach their own and no more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from amtsweg.credentials import rolled_credential
from amtsweg.stack.provision.postgres import DATABASE
from amtsweg.stack.service import ServiceProcess
from services.router.domain.cases.inbox import write_cursor
from shared.access.principal import Principal
from shared.access.registration import add
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, SUBMISSION_RECEIVED, authority_group
from tests.integration.router.conftest import Ground, running, url

OWN, SECOND, FOREIGN = "g-06632002", "g-06632009", "g-06634009"
PROVIDER, SECRET = "provider-of-two", "secret-of-the-provider-of-two"
SCOPES = "inbox.read answers.write webhooks.write"
Json = dict[str, Any]
Operation = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]


def answer(authority: str) -> Json:
    return {
        "id": "isolation-1",
        "authority": authority,
        "caseId": str(uuid4()),
        "kind": "accepted",
        "givenAt": "2026-01-12T10:15:00Z",
    }


OPERATIONS: dict[str, Operation] = {
    "read": lambda http, who: http.get("/v1/inbox", params={"authority": who}),
    "read on": lambda http, who: http.get("/v1/inbox", params={"after": write_cursor({who: 0})}),
    "confirm": lambda http, who: http.post("/v1/inbox/confirmation", json={"cursor": write_cursor({who: 0})}),
    "status": lambda http, who: http.get("/v1/inbox/status", params={"authority": who}),
    "replay": lambda http, who: http.post(
        "/v1/inbox/replay", json={"since": datetime.now(UTC).isoformat(), "authority": who}
    ),
    "answer": lambda http, who: http.post("/v1/answers", json=answer(who)),
    "register": lambda http, who: http.put(
        "/v1/webhook", json={"url": "https://receiver.example/", "authority": who}
    ),
    "look at webhook": lambda http, who: http.get("/v1/webhook", params={"authority": who}),
    "withdraw": lambda http, who: http.delete("/v1/webhook", params={"authority": who}),
}
OF_OWN = {
    "read": 200,
    "read on": 200,
    "confirm": 204,
    "status": 200,
    "replay": 200,
    "answer": 404,  # the case is unknown; that one's own authority may ask is what counts
    "register": 200,
    "look at webhook": 200,
    "withdraw": 204,
}
"""In this order: what is registered is withdrawn again."""


@pytest.fixture(scope="module")
def provider(ground: Ground, intake: ServiceProcess) -> str:
    """Registered before the doors of this module start, so that they know it at once."""

    async def register() -> None:
        connection = await asyncpg.connect(ground.surroundings.postgres.url(DATABASE))
        now = datetime.now(UTC)
        principal = Principal(
            id=PROVIDER,
            kind="provider",
            name=PROVIDER,
            scopes=frozenset(SCOPES.split()),
            authorities=frozenset({OWN, SECOND}),
            registered_at=now,
            credentials=(rolled_credential(SECRET, now=now),),
        )
        await add(connection, principal)
        await connection.close()

    asyncio.run(register())
    return PROVIDER


@pytest.fixture(scope="module")
def token_door(ground: Ground, provider: str) -> Iterator[ServiceProcess]:
    with running(ground.process("intake", 7)) as service:
        yield service


@pytest.fixture(scope="module")
def all_doors(ground: Ground, router: ServiceProcess, provider: str) -> Iterator[ServiceProcess]:
    with running(ground.process("doors", 7)) as service:
        yield service


@asynccontextmanager
async def entered(
    ground: Ground, token_door: ServiceProcess, doors: ServiceProcess, principal: str
) -> AsyncIterator[httpx.AsyncClient]:
    secret = SECRET if principal == PROVIDER else ground.made.authority_secrets[principal]
    form = {"grant_type": "client_credentials", "scope": SCOPES}
    async with httpx.AsyncClient(timeout=30) as door:
        asked = await door.post(f"{url(token_door)}/token", data=form, auth=(principal, secret))
    headers = {"Authorization": f"Bearer {asked.raise_for_status().json()['access_token']}"}
    async with httpx.AsyncClient(base_url=url(doors), timeout=60, headers=headers) as http:
        yield http


def test_every_route_of_the_doors_for_authorities_is_walked(all_doors: ServiceProcess) -> None:
    described = httpx.get(f"{url(all_doors)}/openapi.json", timeout=30).json()["paths"]
    found = {
        (method.upper(), path)
        for path, methods in described.items()
        for method in methods
        if path.startswith("/v1/") and path != "/v1/competence"
    }

    assert found == {
        ("GET", "/v1/inbox"),
        ("POST", "/v1/inbox/confirmation"),
        ("GET", "/v1/inbox/status"),
        ("POST", "/v1/inbox/replay"),
        ("POST", "/v1/answers"),
        ("PUT", "/v1/webhook"),
        ("GET", "/v1/webhook"),
        ("DELETE", "/v1/webhook"),
        ("POST", "/v1/webhook/secret"),  # the principal's own; names no authority
    }


@pytest.mark.parametrize(
    ("principal", "own"), [(OWN, (OWN,)), (PROVIDER, (OWN, SECOND))], ids=["authority", "provider"]
)
async def test_over_http_its_own_is_open_and_anothers_is_shut(
    ground: Ground,
    token_door: ServiceProcess,
    all_doors: ServiceProcess,
    principal: str,
    own: tuple[str, ...],
) -> None:
    foreign = sorted({OWN, SECOND, FOREIGN} - set(own))
    async with entered(ground, token_door, all_doors, principal) as http:
        mine = {
            (who, name): (await operation(http, who)).status_code
            for who in own
            for name, operation in OPERATIONS.items()
        }
        theirs = {
            (who, name): (await operation(http, who)).status_code
            for who in foreign
            for name, operation in OPERATIONS.items()
        }
        everything = (await http.get("/v1/inbox/status")).json()["inboxes"]

    assert mine == {(who, name): status for who in own for name, status in OF_OWN.items()}
    assert theirs == {
        (who, name): 422 if name in {"read on", "confirm"} else 403 for who in foreign for name in OPERATIONS
    }
    assert [each["authority"] for each in everything] == sorted(own)


def settings(ground: Ground, who: str) -> dict[str, Any]:
    address = ground.login(authority_group(who))
    return {
        "bootstrap.servers": address.bootstrap,
        "security.protocol": address.security_protocol,
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": address.username,
        "sasl.password": address.password,
    }


def outcome(work: Callable[[], object]) -> str:
    """What librdkafka says of it."""
    try:
        work()
    except KafkaException as refused:
        return str(refused.args[0].name())
    return "done"


def read(ground: Ground, *, inbox: str, group: str) -> str:
    """Read a topic's first record, or its end, as OWN."""
    consumer = Consumer(
        settings(ground, OWN)
        | {"group.id": group, "auto.offset.reset": "earliest", "enable.partition.eof": True}
    )
    try:
        consumer.assign([TopicPartition(inbox, 0, 0)])
        while (found := consumer.poll(10)) is not None:
            error = found.error()
            if error is None or error.code() == KafkaError._PARTITION_EOF:
                return "done"
            if error.code() in {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}:
                return str(error.name())
        return "nothing"
    finally:
        consumer.close()


def commit(ground: Ground, *, inbox: str, group: str) -> str:
    consumer = Consumer(settings(ground, OWN) | {"group.id": group, "enable.auto.commit": False})
    try:
        place = TopicPartition(inbox, 0, 0)
        return outcome(lambda: consumer.commit(offsets=[place], asynchronous=False))
    finally:
        consumer.close()


def write(ground: Ground, *, topic: str) -> str:
    told: list[str] = []
    producer = Producer(settings(ground, OWN) | {"message.timeout.ms": 20_000})
    producer.produce(topic, b"x", on_delivery=lambda error, _: told.append(error.name() if error else "done"))
    producer.flush(30)
    return told[0]


@pytest.mark.long
def test_over_kafka_its_own_inbox_and_group_are_open_and_everything_else_is_shut(ground: Ground) -> None:
    mine, theirs = AUTHORITY_INBOX.for_authority(OWN), AUTHORITY_INBOX.for_authority(FOREIGN)
    group, foreign = authority_group(OWN), authority_group(FOREIGN)

    found = {
        "own inbox": read(ground, inbox=mine, group=group),
        "own inbox, own experiment": read(ground, inbox=mine, group=f"{group}.trial"),
        "foreign inbox": read(ground, inbox=theirs, group=group),
        "a service's topic": read(ground, inbox=SUBMISSION_RECEIVED.name, group=group),
        "own position": commit(ground, inbox=mine, group=group),
        "foreign position": commit(ground, inbox=theirs, group=foreign),
        "a service's position": commit(ground, inbox=mine, group="router"),
        "write to its own inbox": write(ground, topic=mine),
        "write to a foreign inbox": write(ground, topic=theirs),
        "write an answer": write(ground, topic=CASE_ANSWERED.name),
    }

    # A refused group shows as a coordinator that is never found, a refused topic as an error or as silence.
    opened = {"own inbox", "own inbox, own experiment", "own position"}
    assert {name for name, said in found.items() if said == "done"} == opened
    written = {name: said for name, said in found.items() if name.startswith("write")}
    assert set(written.values()) == {"TOPIC_AUTHORIZATION_FAILED"}
