"""A follower may fail of anything; the process goes on, degraded, and the follower is begun anew."""

import asyncio
from collections.abc import Callable

import pytest

from shared.errors import Stopped
from shared.service.follower import Follower
from shared.telemetry.health import Health


class Part:
    """Fails of each of these in turn, then works."""

    def __init__(self, *errors: BaseException | None) -> None:
        self._errors = [*errors]
        self.runs = 0
        self.ended = False

    async def run(self) -> None:
        self.runs += 1
        if self._errors:
            error = self._errors.pop(0)
            if error is not None:
                raise error
            return
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not seen():  # noqa: ASYNC110 - the part says nothing when it has begun
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "error",
    [ValueError("a record that this release cannot read"), asyncio.CancelledError(), None],
    ids=["an error", "a cancellation by its client", "an end"],
)
async def test_a_failed_part_is_started_again_whatever_the_error(error: BaseException | None) -> None:
    health, part = Health(), Part(error)
    task = asyncio.ensure_future(Follower(part, name="view", health=health, steady_seconds=0.05).run())
    await until(lambda: health.report()["view, begun anew"]["standing"] == "degraded")
    assert health.ready
    await until(lambda: part.runs == 2 and health.report()["view, begun anew"]["standing"] == "ready")
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert part.ended


async def test_what_has_stopped_on_purpose_is_not_begun_anew() -> None:
    health, part = Health(), Part(Stopped("going on would do harm"))
    task = asyncio.ensure_future(Follower(part, name="view", health=health).run())
    await until(lambda: health.report()["view, begun anew"]["reason"] == "going on would do harm")
    await asyncio.sleep(0)
    assert part.runs == 1
    assert not task.done()
    task.cancel()
