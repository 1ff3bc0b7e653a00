"""A service waits for what it needs, and ends as a whole."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from shared.errors import Unavailable
from shared.service import run as service
from shared.service.run import Component
from shared.settings import ServiceSettings


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
    async def build() -> AsyncIterator[Mapping[str, Component]]:
        attempts.append("build")
        if len(attempts) == 1:
            raise Unavailable("PostgreSQL: ConnectionRefusedError")
        yield {"failing": Failing()}

    assert service.main("intake", build, settings=ServiceSettings(log_level="ERROR")) == 1
    assert len(attempts) == 2


def test_when_one_part_fails_all_end_and_what_they_hold_is_closed() -> None:
    waiting, closed = Waiting(), []

    @asynccontextmanager
    async def build() -> AsyncIterator[Mapping[str, Component]]:
        yield {"waiting": waiting, "failing": Failing()}
        closed.append("pool")

    assert service.main("intake", build, settings=ServiceSettings(log_level="ERROR")) == 1
    assert waiting.ended
    assert closed == ["pool"]


def test_parts_end_in_the_reverse_of_the_order_in_which_they_depend_on_each_other() -> None:
    """A door that still answers when the end is asked for finds everything below it at work."""
    ended: list[str] = []

    class Slow:
        def __init__(self, name: str) -> None:
            self._name = name

        async def run(self) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.05)
                ended.append(self._name)

    @asynccontextmanager
    async def build() -> AsyncIterator[Mapping[str, Component]]:
        yield {
            "publisher": Slow("publisher"),
            "engine": Slow("engine"),
            "http": Slow("http"),
            "failing": Failing(),
        }

    assert service.main("intake", build, settings=ServiceSettings(log_level="ERROR")) == 1
    assert ended == ["http", "engine", "publisher"]
