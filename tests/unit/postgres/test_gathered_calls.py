"""Calls that go together: company is not waited for, each is told its own result, and one key never meets itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from shared.errors import Unavailable
from shared.postgres.gathered_calls import GatheredCalls


@dataclass
class Work:
    """Doubles numbers once it is let; notes which went together."""

    rounds: list[list[int]] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False

    async def __call__(self, items: Sequence[int]) -> Sequence[int]:
        self.rounds.append([*items])
        await self.let.wait()
        if self.fails:
            raise Unavailable("the database is away")
        return [2 * each for each in items]


def gathered(work: Work, *, most: int = 100) -> GatheredCalls[int, int]:
    return GatheredCalls(work, key=lambda item: item % 10, most=most)


async def begun(calls: GatheredCalls[int, int], *items: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(calls(each)) for each in items]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_a_single_call_goes_alone_and_calls_meanwhile_go_together() -> None:
    work = Work()
    calls = gathered(work)
    first = await begun(calls, 1)
    others = await begun(calls, 2, 3, 4)
    assert work.rounds == [[1]]
    work.let.set()
    assert await asyncio.gather(*first, *others) == [2, 4, 6, 8]
    assert work.rounds == [[1], [2, 3, 4]]
    assert await calls(5) == 10


async def test_of_one_key_each_goes_in_a_round_of_its_own_in_order() -> None:
    work = Work()
    calls = gathered(work)
    tasks = await begun(calls, 1, 2, 12, 22, 3)
    work.let.set()
    assert await asyncio.gather(*tasks) == [2, 4, 24, 44, 6]
    assert work.rounds[0] == [1, 2, 3]
    assert work.rounds[1:] == [[12], [22]]


async def test_a_round_has_an_end() -> None:
    work = Work()
    calls = gathered(work, most=2)
    tasks = await begun(calls, 1, 2, 3, 4, 5)
    work.let.set()
    await asyncio.gather(*tasks)
    assert work.rounds == [[1, 2], [3, 4], [5]]


async def test_a_failure_is_told_to_all_of_its_round_and_to_nobody_after_it() -> None:
    work = Work(fails=True)
    calls = gathered(work)
    tasks = await begun(calls, 1, 2)
    work.let.set()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in told] == [Unavailable, Unavailable]
    work.fails = False
    assert await calls(1) == 2


async def test_a_cancelled_call_cancels_no_other() -> None:
    work = Work()
    calls = gathered(work)
    (running,) = await begun(calls, 1)
    gone, stays = await begun(calls, 2, 3)
    gone.cancel()
    running.cancel()
    await asyncio.wait({gone, running})
    work.let.set()
    assert await stays == 6
    assert work.rounds == [[1], [3]]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_no_work_is_done_for_calls_that_were_all_cancelled() -> None:
    work = Work()
    calls = gathered(work)
    (running,) = await begun(calls, 1)
    (gone,) = await begun(calls, 2)
    gone.cancel()
    await asyncio.wait({gone})
    work.let.set()
    assert await running == 2
    assert await calls(3) == 6
    assert work.rounds == [[1], [3]]


async def test_one_that_cannot_be_worked_on_harms_no_other() -> None:
    async def work(items: Sequence[int]) -> Sequence[int]:
        if 3 in items:
            raise ValueError("3 is no text")
        return [2 * each for each in items]

    calls = GatheredCalls(work, key=lambda item: item)
    told = await asyncio.gather(*(calls(each) for each in (1, 2, 3, 4)), return_exceptions=True)
    assert [told[0], told[1], type(told[2]), told[3]] == [2, 4, ValueError, 8]
