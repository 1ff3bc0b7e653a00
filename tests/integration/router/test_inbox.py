"""The inbox by pull on real parts: one position for every transport, and nobody else's records."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Consumer

from amtsweg.stack.service import ServiceProcess
from services.router.adapters.inbox_positions import InboxTurn
from services.router.adapters.inboxes import KafkaInboxes
from services.router.domain.cases.inbox import write_cursor
from shared.events import ids
from shared.events.case import (
    AnswerGiven,
    CaseAnswered,
    CaseFetched,
)
from shared.events.clock import StepOverdue
from shared.events.competence import Place
from shared.events.envelope import Event, encode
from shared.events.erasure import EraseOrdered
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived, SubmissionRouted
from shared.events.supplement import SupplementReceived
from shared.events.topics import (
    AUTHORITY_INBOX,
    CASE_ANSWERED,
    CASE_CLOCK,
    CASE_ORDERED,
    CASE_SUBMITTED,
    CASE_UPDATED,
    SUBMISSION_ROUTED,
    authority_group,
)
from shared.telemetry.health import Health
from tests.integration.router.conftest import Ground, url
from tests.support.events import RECEIPT, RECEIVED_AT
from tests.support.routing import about

FULDA, KASSEL, RUESSELSHEIM = "g-06631009", "g-06611000", "g-06433012"
AT = {FULDA: Place(ags="06631009"), KASSEL: Place(ags="06611000"), RUESSELSHEIM: Place(ags="06433012")}
Json = dict[str, Any]


async def client(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess, authority: str
) -> httpx.AsyncClient:
    form = {"grant_type": "client_credentials", "scope": "inbox.read"}
    async with httpx.AsyncClient(timeout=30) as http:
        login = (authority, ground.made.authority_secrets[authority])
        asked = await http.post(f"{url(intake)}/token", data=form, auth=login)
    token = asked.raise_for_status().json()["access_token"]
    return httpx.AsyncClient(base_url=url(doors), timeout=60, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def fulda(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess
) -> AsyncIterator[httpx.AsyncClient]:
    async with await client(ground, doors, intake, FULDA) as http:
        await confirm_all(http)
        yield http


@pytest.fixture
async def kassel(
    ground: Ground, doors: ServiceProcess, intake: ServiceProcess
) -> AsyncIterator[httpx.AsyncClient]:
    async with await client(ground, doors, intake, KASSEL) as http:
        await confirm_all(http)
        yield http


async def confirm_all(http: httpx.AsyncClient) -> None:
    while cursor := (await pull(http, limit=100)).get("cursor"):
        assert (await http.post("/v1/inbox/confirmation", json={"cursor": cursor})).status_code == 204
        if not (await pull(http, limit=100))["records"]:
            return


async def pull(http: httpx.AsyncClient, **params: Any) -> Json:
    answer = await http.get("/v1/inbox", params=params)
    document: Json = answer.raise_for_status().json()
    return document


async def passed_by_others(http: httpx.AsyncClient, waiting: "asyncio.Future[Json]", **params: Any) -> None:
    """Requests that came later and do not wait have been answered."""
    for _ in range(3):
        assert (await pull(http, **params))["records"] == []
    assert not waiting.done()


async def routed(ground: Ground, authority: str, number: int = 1) -> list[Event[SubmissionReceived]]:
    received = [ground.submission(place=AT[authority]) for _ in range(number)]
    await ground.receive(*received)
    for each in received:
        told = await ground.until(SUBMISSION_ROUTED.name, each.case_id, SubmissionRouted)
        assert isinstance(told.data, SubmissionRouted)
        assert told.data.authority == authority
    return received


def cases(page: Json) -> set[str]:
    return {record["headers"]["ce_caseid"] for record in page["records"]}


async def until_it_holds(http: httpx.AsyncClient, wanted: set[str]) -> Json:
    async with asyncio.timeout(60):
        while not wanted <= cases(page := await pull(http, limit=100, wait=2)):
            pass
    return page


async def test_what_is_pulled_is_what_lies_on_kafka_and_waits_until_it_is_confirmed(
    ground: Ground, fulda: httpx.AsyncClient
) -> None:
    received = {str(each.case_id) for each in await routed(ground, FULDA, 3)}

    page = await until_it_holds(fulda, received)
    again = await pull(fulda, limit=100)
    one = await pull(fulda, limit=1)
    rest = await pull(fulda, after=one["cursor"], limit=100)
    confirmed = await fulda.post("/v1/inbox/confirmation", json={"cursor": page["cursor"]})
    after = await pull(fulda)

    assert cases(page) == cases(again) == received
    assert [len(each["records"]) for each in (one, rest)] == [1, 2]
    assert confirmed.status_code == 204
    assert after["records"] == []
    for case in received:
        fetched = await ground.until(CASE_UPDATED.name, UUID(case), CaseFetched)
        assert isinstance(fetched.data, CaseFetched)
        assert fetched.data.authority == FULDA
    on_kafka = {
        dict(record.headers)["ce_id"].decode(): record.value
        for record in await ground.records(AUTHORITY_INBOX.for_authority(FULDA), partitions=1)
    }
    for record in page["records"]:
        assert record["authority"] == FULDA
        assert (
            httpx.Response(200, content=on_kafka[record["headers"]["ce_id"]] or b"").json() == record["event"]
        )


async def test_who_waits_is_told_as_soon_as_something_comes(ground: Ground, fulda: httpx.AsyncClient) -> None:
    waiting = asyncio.ensure_future(pull(fulda, wait=30))
    await passed_by_others(fulda, waiting)
    (received,) = await routed(ground, FULDA)

    assert cases(await asyncio.wait_for(waiting, 20)) == {str(received.case_id)}


async def test_whatever_comes_into_an_inbox_wakes_who_waits(ground: Ground, fulda: httpx.AsyncClient) -> None:
    """Unwoken, the wait of 30 seconds would pass."""
    (received,) = await routed(ground, FULDA)
    page = await until_it_holds(fulda, {str(received.case_id)})
    stated = AnswerGiven(kind="certified", given_at=RECEIVED_AT)

    def of_it(kind: str, data: Payload) -> Event[Payload]:
        return about(received.submission_id, data, event_id=ids.child_id(received.case_id, kind))

    # Each changes custody in another way, or not at all; the last one ends the case.
    told: list[tuple[str, Event[Payload], str]] = [
        (
            CASE_CLOCK.name,
            of_it(
                "late",
                StepOverdue(receipt=RECEIPT, step="confirmation", authority=FULDA, due_on=RECEIVED_AT.date()),
            ),
            "StepOverdue",
        ),
        (
            CASE_SUBMITTED.name,
            replace(
                of_it("supplement", SupplementReceived(receipt=RECEIPT, content=received.data.content)),
                submission_id=received.submission_id,
            ),
            "SupplementDelivered",
        ),
        (
            CASE_ANSWERED.name,
            of_it("refused", CaseAnswered(authority=FULDA, own_id="too-early", answer=stated)),
            "AnswerRefusalDelivered",
        ),
        (CASE_ORDERED.name, of_it("erase", EraseOrdered(basis="Art. 17 DSGVO")), "CaseEnded"),
    ]
    for topic, event, kind in told:
        waiting = asyncio.ensure_future(pull(fulda, after=page["cursor"], wait=30, limit=100))
        await passed_by_others(fulda, waiting, after=page["cursor"])
        await ground.send(encode(event, topic))
        page = await asyncio.wait_for(waiting, 20)
        assert [each["headers"]["ce_type"] for each in page["records"]] == [f"de.amtsweg.{kind}.v1"]


async def test_nobody_sees_or_confirms_what_is_another_authoritys(
    ground: Ground, fulda: httpx.AsyncClient, kassel: httpx.AsyncClient
) -> None:
    (theirs,) = await routed(ground, KASSEL)
    page = await until_it_holds(kassel, {str(theirs.case_id)})

    mine = await pull(fulda, limit=100)
    named = await fulda.get("/v1/inbox", params={"authority": KASSEL})
    read_on = await fulda.get("/v1/inbox", params={"after": page["cursor"]})
    confirmed = await fulda.post("/v1/inbox/confirmation", json={"cursor": page["cursor"]})
    status = await fulda.get("/v1/inbox/status", params={"authority": KASSEL})
    since = datetime.now(UTC).isoformat()
    replayed = await fulda.post("/v1/inbox/replay", json={"since": since, "authority": KASSEL})
    still = await pull(kassel, limit=100)

    assert str(theirs.case_id) not in cases(mine)
    assert [answer.status_code for answer in (named, status, replayed)] == [403] * 3
    assert [answer.status_code for answer in (read_on, confirmed)] == [422] * 2
    assert str(theirs.case_id) in cases(still)


async def test_while_a_consumer_is_in_the_group_it_alone_confirms(
    ground: Ground, fulda: httpx.AsyncClient
) -> None:
    received = {str(each.case_id) for each in await routed(ground, FULDA, 2)}
    page = await until_it_holds(fulda, received)
    address = ground.login(authority_group(FULDA))
    consumer = AIOKafkaConsumer(
        AUTHORITY_INBOX.for_authority(FULDA),
        group_id=authority_group(FULDA),
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
        **address.arguments(),
    )
    await consumer.start()
    try:
        first = await asyncio.wait_for(consumer.getone(), 30)
        refused = await fulda.post("/v1/inbox/confirmation", json={"cursor": page["cursor"]})
        status = (await fulda.get("/v1/inbox/status")).json()["inboxes"][0]
        await consumer.commit()
    finally:
        await consumer.stop()
    left = await pull(fulda, limit=100)
    taken_over = await fulda.post("/v1/inbox/confirmation", json={"cursor": left["cursor"]})

    taken = dict(first.headers)["ce_caseid"].decode()
    assert taken in received
    await ground.until(CASE_UPDATED.name, UUID(taken), CaseFetched)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:amtsweg:problem:consumer-in-group")
    assert status["consumer"]
    assert cases(left) == received - {taken}
    assert taken_over.status_code == 204


async def test_a_consumer_of_the_new_protocol_holds_the_group_too(
    ground: Ground, fulda: httpx.AsyncClient
) -> None:
    received = {str(each.case_id) for each in await routed(ground, FULDA)}
    page = await until_it_holds(fulda, received)
    address = ground.login(authority_group(FULDA))
    consumer = Consumer(
        {
            "bootstrap.servers": address.bootstrap,
            "security.protocol": address.security_protocol,
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": address.username,
            "sasl.password": address.password,
            "group.id": authority_group(FULDA),
            "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([AUTHORITY_INBOX.for_authority(FULDA)])
    try:
        async with asyncio.timeout(60):
            while (record := await asyncio.to_thread(consumer.poll, 0.5)) is None or record.error():
                pass
        refused = await fulda.post("/v1/inbox/confirmation", json={"cursor": page["cursor"]})
    finally:
        await asyncio.to_thread(consumer.close)
    confirmed = await fulda.post("/v1/inbox/confirmation", json={"cursor": page["cursor"]})

    assert refused.status_code == 409
    assert confirmed.status_code == 204


async def test_what_was_lost_is_read_again_from_an_instant_on_under_the_same_ids(
    ground: Ground, fulda: httpx.AsyncClient
) -> None:
    began = datetime.now(UTC) - timedelta(seconds=1)
    received = {str(each.case_id) for each in await routed(ground, FULDA, 2)}
    page = await until_it_holds(fulda, received)
    await fulda.post("/v1/inbox/confirmation", json={"cursor": page["cursor"]})

    replayed = await fulda.post("/v1/inbox/replay", json={"since": began.isoformat()})
    again = await until_it_holds(fulda, received)
    # From an instant after them on they wait all the same: asking for less confirms nothing.
    later = await fulda.post("/v1/inbox/replay", json={"since": datetime.now(UTC).isoformat()})
    too_long = await fulda.post("/v1/inbox/replay", json={"since": (began - timedelta(days=31)).isoformat()})

    assert replayed.status_code == 200
    assert replayed.json()["inboxes"][0]["waiting"] >= 2
    assert later.json()["inboxes"][0]["waiting"] >= 2
    ids = {record["headers"]["ce_id"] for record in page["records"]}
    assert ids <= {record["headers"]["ce_id"] for record in again["records"]}
    confirmed = [
        await fulda.post("/v1/inbox/confirmation", json={"cursor": cursor})
        for cursor in (again["cursor"], again["records"][0]["cursor"], write_cursor({FULDA: 10**9}))
    ]
    assert [answer.status_code for answer in confirmed] == [204, 204, 422]
    assert cases(await pull(fulda)) == set()  # the older of them has moved nothing back
    assert too_long.json()["type"].endswith("too-long-ago")


@pytest.mark.parametrize("cursor", ["x", "eyJnLTA2NjMxMDA5IjotMX0"])
async def test_an_invalid_cursor_is_refused(fulda: httpx.AsyncClient, cursor: str) -> None:
    read = await fulda.get("/v1/inbox", params={"after": cursor})
    confirmed = await fulda.post("/v1/inbox/confirmation", json={"cursor": cursor})

    assert [answer.status_code for answer in (read, confirmed)] == [422, 422]
    assert read.json()["type"] == "urn:amtsweg:problem:bad-cursor"


def _nobody_moves(authorities: Collection[str]) -> AbstractAsyncContextManager[InboxTurn]:
    raise AssertionError(authorities)


@asynccontextmanager
async def open_inboxes(ground: Ground) -> AsyncIterator[KafkaInboxes]:
    condition = Health().part("inboxes")
    inboxes = KafkaInboxes(ground.login("doors"), moving=_nobody_moves, condition=condition)
    running = asyncio.ensure_future(inboxes.run())
    try:
        async with asyncio.timeout(60):
            while condition.standing != "ready":  # noqa: ASYNC110 - a condition is looked at
                await asyncio.sleep(0.05)
        yield inboxes
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_one_page_is_not_held_up_by_what_was_asked_for_the_one_before(
    ground: Ground, router: ServiceProcess
) -> None:
    """A fetch that waits for more holds up whatever is asked on the same connection; half a second each would take 20."""
    for each in (FULDA, KASSEL):
        await routed(ground, each)
    async with open_inboxes(ground) as inboxes, asyncio.timeout(15):
        pages = [
            await inboxes.page([authority], after={authority: 0}, limit=1, most_bytes=1)
            for _ in range(20)
            for authority in (FULDA, KASSEL)
        ]
    assert [len(page.records) for page in pages] == [1] * 40
