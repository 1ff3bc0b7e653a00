"""While a large content is worked on, everybody else is served."""

import asyncio
import json
import threading
from dataclasses import replace
from uuid import UUID

import pytest

from services.intake.domain.outcome import Attempt, Taken
from services.intake.ports import Purpose, Sealer
from shared.events.payload import Sealed
from shared.offload import LARGE
from tests.component.intake.conftest import BODY, Intake


class Held:
    """A `Sealer` that seals when it is told to; it notes in which threads it was asked."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self.asked, self.told = threading.Event(), threading.Event()
        self.threads: set[int] = set()

    def seal(self, plaintext: bytes, *, submission_id: UUID, purpose: Purpose) -> Sealed:
        self.threads.add(threading.get_ident())
        self.asked.set()
        assert self.told.wait(30), "the event loop stood still"
        return self._sealer.seal(plaintext, submission_id=submission_id, purpose=purpose)


def attempt(body: bytes) -> Attempt:
    return Attempt(client_id="portal", key='"key-1"', body=body, traceparent=None)


async def test_others_are_answered_while_a_large_content_is_sealed(intake: Intake) -> None:
    held = Held(intake.desk.sealer)
    desk = replace(intake.desk, sealer=held)
    body = json.dumps({**json.loads(BODY), "content": {"text": "x" * LARGE}}).encode()
    taking = asyncio.ensure_future(desk.submit(attempt(body)))
    async with asyncio.timeout(30):
        while not held.asked.is_set():
            assert (await intake.http.get("/health/live")).status_code == 200
            await asyncio.sleep(0)  # an application in memory never waits, so nobody else gets a turn
    assert (await intake.submit(key='"key-2"')).status_code == 202
    held.told.set()
    assert isinstance(await taking, Taken)
    assert threading.get_ident() not in held.threads


@pytest.mark.parametrize("padding", [0, 1000])
async def test_a_small_content_costs_no_thread(intake: Intake, padding: int) -> None:
    held = Held(intake.desk.sealer)
    held.told.set()
    body = json.dumps({**json.loads(BODY), "content": {"text": "x" * padding}}).encode()
    assert isinstance(await replace(intake.desk, sealer=held).submit(attempt(body)), Taken)
    assert held.threads == {threading.get_ident()}
