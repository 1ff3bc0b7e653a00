"""An answer that Kafka will never take leaves its id free, unless an earlier attempt may have sent it."""

from uuid import uuid4

import pytest

from tests.support.doors import DoorsInMemory, connected

CASE = uuid4()


def answer(kind: str = "accepted") -> dict[str, str]:
    outcome = {"outcome": "granted"} if kind == "decided" else {}
    return {"id": "1", "caseId": str(CASE), "kind": kind, "givenAt": "2026-01-12T10:00:00Z", **outcome}


@pytest.fixture
def doors() -> DoorsInMemory:
    doors = DoorsInMemory()
    doors.hold(CASE)
    return doors


async def status(doors: DoorsInMemory, body: dict[str, str]) -> int:
    async with connected(doors) as http:
        return (await http.post("/v1/answers", json=body)).status_code


async def test_an_answer_that_kafka_will_never_take_binds_no_id(doors: DoorsInMemory) -> None:
    doors.too_large = True
    assert await status(doors, answer()) == 500
    assert doors.store.found == {}
    doors.too_large = False

    assert await status(doors, answer("decided")) == 202


async def test_an_answer_that_may_have_been_sent_before_keeps_its_id(doors: DoorsInMemory) -> None:
    doors.away = True
    assert await status(doors, answer()) == 503
    doors.away, doors.too_large = False, True
    assert await status(doors, answer()) == 500
    doors.too_large = False

    assert await status(doors, answer("decided")) == 422
    assert await status(doors, answer()) == 202
