"""A case that nobody fetched, on real Kafka: 20 days later its record is gone, its authority has another key, and it arrives."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import TopicPartition as AdminPartition

from amtsweg.stack.provision.authority_keys import AuthorityKeys
from amtsweg.stack.services import environments
from services.router.app import build
from services.router.domain.cases.orders import UNCONFIRMED_AFTER
from services.router.settings import Settings
from shared.crypto.jwe import NotOpened, OwnKey, open_sealed
from shared.events.case import (
    AnswerGiven,
    AssignOrdered,
    CaseAccepted,
    CaseAnswered,
    OrderRefused,
    RedeliverOrdered,
)
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message, encode
from shared.events.ids import answer_id
from shared.events.payload import Payload
from shared.events.submission import SubmissionDelivered, SubmissionReceived, SubmissionRouted
from shared.events.topics import (
    AUTHORITY_INBOX,
    CASE_ANSWERED,
    CASE_CUSTODY,
    CASE_ORDERED,
    CASE_UPDATED,
    SUBMISSION_ROUTED,
)
from tests.integration.router.conftest import Ground, as_message, own_ground
from tests.support.events import ASSIGNMENT, GIESSEN, RECEIVED_AT
from tests.support.routing import about, event_of, private_key, public_part
from tests.support.stack import RealParts

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

INBOX = AUTHORITY_INBOX.for_authority(GIESSEN)
MARBURG = "g-06534014"
CONTENT = b'{"name":"Erika Mustermann"}'
DAY_21 = UNCONFIRMED_AFTER + timedelta(days=1)


@pytest.fixture(scope="module")
def ground(stack: RealParts) -> Iterator[Ground]:
    """Of this module's own: here time passes, records expire and keys change."""
    with own_ground(stack, "redelivery") as made:
        yield made


@asynccontextmanager
async def router(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, *, ahead: timedelta = timedelta()
) -> AsyncIterator[None]:
    """A router that works while the block does; its clock is ahead by so much."""
    told = environments(ground.surroundings)["router"] | {"AMTSWEG_HTTP__PORT": "0", "AMTSWEG_INSTANCE": "0"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    parts = build(Settings(), clock=lambda: datetime.now(UTC) + ahead)
    running = [asyncio.ensure_future(part.run()) for name, part in parts.items() if name != "partitions"]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


def order(case: Event[SubmissionReceived], data: Payload) -> Event[Payload]:
    return about(case.submission_id, data, event_id=uuid4())


async def ordered(ground: Ground, case: Event[SubmissionReceived], data: Payload) -> Event[Payload]:
    """Give the order as the desk does, and return it."""
    made = order(case, data)
    await ground.send(encode(made, CASE_ORDERED.name), username="desk")
    return made


async def refused(ground: Ground, case: Event[SubmissionReceived]) -> None:
    await ground.until(CASE_UPDATED.name, case.case_id, OrderRefused)


def expire(ground: Ground) -> None:
    """All that lies in the inbox now is as old as its retention."""
    admin = ground.kafka.endpoint.admin()  # kept: what it has begun ends with it
    everything = AdminPartition(INBOX, 0, -1)
    for done in admin.delete_records([everything]).values():
        done.result(30)


async def inbox(ground: Ground) -> list[SubmissionDelivered]:
    told = [event_of(as_message(record)).data for record in await ground.records(INBOX, partitions=1)]
    return [data for data in told if isinstance(data, SubmissionDelivered)]


async def standing(ground: Ground, case: Event[SubmissionReceived]) -> tuple[str, str | None]:
    found = [r for r in await ground.records(CASE_CUSTODY.name) if r.key == str(case.case_id).encode()]
    held = CaseHeld.from_json(found[-1].value or b"")
    return held.standing, held.authority


async def test_it_is_delivered_again_after_its_record_and_the_old_key_are_gone(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, other = ground.submission(content=CONTENT), ground.submission(content=CONTENT)
    async with router(ground, monkeypatch):
        await ground.receive(case, other)
        for each in (case, other):
            await ground.until(SUBMISSION_ROUTED.name, each.case_id, SubmissionRouted)
        await ordered(ground, case, RedeliverOrdered(assignment=ASSIGNMENT))
        await refused(ground, case)  # it has time until the 20th day
        assert len(await inbox(ground)) == 2

    expire(ground)
    assert await inbox(ground) == []
    newer = private_key("giessen-2")
    keys = AuthorityKeys(ground.made.keys.authorities)
    keys.put(GIESSEN, public_part(newer), others_until=datetime.now(UTC) - timedelta(days=1))

    async with router(ground, monkeypatch, ahead=DAY_21):
        await ordered(ground, case, RedeliverOrdered(assignment=ASSIGNMENT))
        await ground.until(INBOX, case.case_id, SubmissionDelivered, partitions=1)
        (again,) = await inbox(ground)
        assert again.receipt == case.data.receipt
        opens_with_the_new_key_alone(ground, case, again, newer=newer)
        # It has custody all the time: its answer counts.
        assert await standing(ground, case) == ("routed", GIESSEN)
        await ground.send(accepted(case), username="doors")
        await ground.until(CASE_UPDATED.name, case.case_id, CaseAccepted)

    # A router that starts anew delivers nothing of it again.
    async with router(ground, monkeypatch, ahead=DAY_21):
        await moved_elsewhere(ground, other)
        assert len(await inbox(ground)) == 1


def accepted(case: Event[SubmissionReceived]) -> Message:
    """What the doors write when the authority confirms."""
    answer = AnswerGiven(kind="accepted", given_at=RECEIVED_AT)
    data = CaseAnswered(authority=GIESSEN, own_id="a-1", answer=answer)
    return encode(about(case.submission_id, data, event_id=answer_id(GIESSEN, "a-1")), CASE_ANSWERED.name)


def opens_with_the_new_key_alone(
    ground: Ground, case: Event[SubmissionReceived], delivered: SubmissionDelivered, *, newer: dict[str, Any]
) -> None:
    token = delivered.content.model_dump_json(by_alias=True).encode()
    read = open_sealed(token, key=OwnKey(newer), submission_id=case.submission_id, purpose="content")
    assert read == CONTENT
    with pytest.raises(NotOpened):
        ground.opened(delivered.content, authority=GIESSEN, submission_id=case.submission_id)


async def moved_elsewhere(ground: Ground, other: Event[SubmissionReceived]) -> None:
    await ordered(ground, other, AssignOrdered(authority=MARBURG, assignment=ASSIGNMENT))
    inbox = AUTHORITY_INBOX.for_authority(MARBURG)
    moved = await ground.until(inbox, other.case_id, SubmissionDelivered, partitions=1)
    assert isinstance(moved.data, SubmissionDelivered)
    opened = ground.opened(moved.data.content, authority=MARBURG, submission_id=other.submission_id)
    assert opened == CONTENT
    assert await standing(ground, other) == ("routed", MARBURG)
