"""A router that has just started knows its cases before it knows who has an inbox: nothing is decided on that until it does."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid5

import pytest

from shared.errors import Unavailable
from shared.events import ids
from shared.events.case import AnswerGiven, AssignOrdered, CaseAnswered
from shared.events.envelope import Event
from shared.events.erasure import EraseOrdered
from shared.events.payload import Payload
from shared.events.topics import AUTHORITY_INBOX, CASE_ANSWERED, CASE_ORDERED, CASE_SUBMITTED
from shared.kafka.output_topics import OutputTopics
from tests.component.router.test_supplements import supplement, withdrawal
from tests.support.events import ASSIGNMENT, GIESSEN, RECEIVED_AT
from tests.support.routing import RouterInMemory, about, submission

MARBURG = "g-06534014"
INBOXES = {AUTHORITY_INBOX.for_authority(each) for each in (GIESSEN, MARBURG)}


def order(data: Payload) -> Event[Payload]:
    received = submission()
    return about(
        received.submission_id, data, event_id=uuid5(received.case_id, f"order-{type(data).__name__}")
    )


def answer(kind: str, **more: Any) -> Event[Payload]:
    given = AnswerGiven.model_validate({"kind": kind, "given_at": RECEIVED_AT, **more})
    data = CaseAnswered(authority=GIESSEN, own_id=kind, answer=given)
    return about(submission().submission_id, data, event_id=ids.answer_id(GIESSEN, kind))


def too_late(router: RouterInMemory) -> tuple[Event[Payload], str]:
    router.take(answer("decided", outcome="granted"), CASE_ANSWERED.name)
    return answer("accepted"), CASE_ANSWERED.name


def parked(router: RouterInMemory) -> tuple[Event[Payload], str]:
    router.take(answer("returned", reason="not-competent"), CASE_ANSWERED.name)
    return order(AssignOrdered(authority=MARBURG, assignment=ASSIGNMENT)), CASE_ORDERED.name


WRITES_TO_AN_INBOX: dict[str, Callable[[RouterInMemory], tuple[Event[Payload], str]]] = {
    "supplement": lambda _: (supplement(), CASE_SUBMITTED.name),
    "withdrawal": lambda _: (withdrawal(), CASE_SUBMITTED.name),
    "withdrawal with words": lambda _: (withdrawal(words=True), CASE_SUBMITTED.name),
    "answer that is refused": too_late,
    "forwarded": lambda _: (
        answer("forwarded", reason="not-competent", forward_to=MARBURG),
        CASE_ANSWERED.name,
    ),
    "assigned": parked,
    "erasure": lambda _: (order(EraseOrdered(basis="Art. 17 Abs. 1 DSGVO")), CASE_ORDERED.name),
}


@pytest.mark.parametrize("kind", WRITES_TO_AN_INBOX)
async def test_a_delivery_waits_until_it_is_known_whether_the_inbox_exists(tmp_path: Path, kind: str) -> None:
    router = RouterInMemory(tmp_path)
    router.take(submission())
    event, topic = WRITES_TO_AN_INBOX[kind](router)
    router.outputs = OutputTopics(["case.updated.v1"])
    await router.outputs.look(broker())
    count, kept = len(router.out), dict(router.state.kept)

    with pytest.raises(Unavailable):
        router.take(event, topic)
    assert len(router.out) == count
    router.state.kept = kept  # as the engine's savepoint does

    await router.outputs.look(broker())
    router.take(event, topic)
    assert INBOXES & {message.topic for message in router.out[count:]}


def broker() -> Any:
    """One that answers as aiokafka's producer does: all inboxes are there."""

    async def fetch() -> Any:
        return SimpleNamespace(_partitions={topic: {0: "leader"} for topic in ("case.updated.v1", *INBOXES)})

    return SimpleNamespace(client=SimpleNamespace(fetch_all_metadata=fetch))
