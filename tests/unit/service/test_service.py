"""A service waits for what it needs, and ends as a whole."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from shared.errors import Unavailable
from shared.service import run as service
from shared.service.run import Part


class Waiting:
    ended = False

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


class Failing:
    async def run(self) -> None:
        raise RuntimeError("a part failed")


def test_what_cannot_be_reached_at_the_start_is_waited_for() -> None:
    attempts = []

    @asynccontextmanager
    async def build() -> AsyncIterator[Mapping[str, Part]]:
        attempts.append("build")
        if len(attempts) == 1:
            raise Unavailable("PostgreSQL: ConnectionRefusedError")
        yield {"failing": Failing()}

    assert service.main("intake", build, log_level="CRITICAL") == 1
    assert len(attempts) == 2


def test_when_one_part_fails_all_end_and_what_they_hold_is_closed() -> None:
    waiting, closed = Waiting(), []

    @asynccontextmanager
    async def build() -> AsyncIterator[Mapping[str, Part]]:
        yield {"waiting": waiting, "failing": Failing()}
        closed.append("pool")

    assert service.main("intake", build, log_level="CRITICAL") == 1
    assert waiting.ended
    assert closed == ["pool"]
